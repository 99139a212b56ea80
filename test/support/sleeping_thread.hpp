// SPDX-License-Identifier: MIT
// A thread of the calling process that does nothing until it is ended.
#ifndef PIDFD_UTIL_TEST_SLEEPING_THREAD_HPP
#define PIDFD_UTIL_TEST_SLEEPING_THREAD_HPP

#include <atomic>
#include <sys/syscall.h>
#include <sys/types.h>
#include <thread>
#include <unistd.h>

namespace support {

/// The id of the calling thread. Older C libraries have no gettid.
inline pid_t own_tid() {
    return static_cast<pid_t>(syscall(SYS_gettid));
}

class sleeping_thread {
public:
    /// Returns once the thread runs.
    sleeping_thread()
        : thread_([this] {
              tid_ = own_tid();
              while (!stop_)
                  usleep(500);
          }) {
        while (tid_ == 0)
            usleep(100);
    }
    sleeping_thread(const sleeping_thread&) = delete;
    sleeping_thread& operator=(const sleeping_thread&) = delete;
    ~sleeping_thread() { end(); }

    pid_t tid() const { return tid_; }

    /// Ends the thread, and waits for it.
    void end() {
        stop_ = true;
        if (thread_.joinable())
            thread_.join();
    }

private:
    std::atomic<pid_t> tid_{0};
    std::atomic<bool> stop_{false};
    std::thread thread_; // last: it uses the others
};

} // namespace support

#endif
