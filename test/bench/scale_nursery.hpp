// SPDX-License-Identifier: MIT
// Processes that wait until they may exit, cheap enough for a hundred thousand of them.
#ifndef PIDFD_UTIL_TEST_BENCH_SCALE_NURSERY_HPP
#define PIDFD_UTIL_TEST_BENCH_SCALE_NURSERY_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <sys/types.h>
#include <time.h>

namespace bench {

/// Returns the time of CLOCK_MONOTONIC in nanoseconds, which all processes share.
inline std::int64_t now() noexcept {
    timespec time{};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

/// What a sleeping process and its watcher share.
struct slot {
    std::atomic<std::uint32_t> may_exit; // the process sleeps on it as a futex
    pid_t pid;
    std::int64_t exited; // the time right before its last system call
};

/// The result of making processes: how many were made, and the errno that stopped it, or 0.
struct made {
    int error = 0;
    std::uint32_t count = 0;
};

/// Makes sleeping processes, which are children of the calling process, and lets them exit.
///
/// One helper process clones them. They share its memory, so that each costs a stack of 2 KiB and
/// its kernel structures, but no page tables. They are processes, not threads: each has its own pid
/// and is waited for separately. CLONE_PARENT makes them children of the caller. The kernel kills
/// them, and the helper, when the calling thread ends.
class nursery {
public:
    /// Starts the helper, for at most this many processes at a time.
    explicit nursery(std::uint32_t capacity);
    nursery(const nursery&) = delete;
    nursery& operator=(const nursery&) = delete;

    /// Returns 0, or the errno of starting the helper.
    [[nodiscard]] int error() const noexcept { return error_; }

    [[nodiscard]] slot& operator[](std::uint32_t index) noexcept { return slots_[index]; }

    /// Returns the slot numbers that the other functions go by: all of them, in any order.
    [[nodiscard]] std::uint32_t* order() noexcept { return order_; }

    /// Makes processes in the first `count` slots of the order, and returns when all of them sleep.
    made fill(std::uint32_t count);

    /// Lets the processes in the first `count` slots of the order exit, one after the other. Returns
    /// at once. The helper lets the next one exit when the caller has counted the one before, has
    /// gone to sleep again, and a random time of 0.2 to 1.2 ms has passed. So no exit waits behind
    /// another one, and what the helper does before it is not in the measured time.
    bool begin_exits(std::uint32_t count);
    /// Counts an exit that the caller has handled.
    void count_handled() noexcept { shared_->handled.fetch_add(1, std::memory_order_release); }

    /// Lets all processes exit at once. Returns when they all have been woken.
    bool end_all();

private:
    struct shared {
        std::atomic<std::uint32_t> sleeping; // processes that have reached their futex
        std::atomic<std::uint32_t> handled;
    };
    enum class task : std::uint32_t { fill, exits, end_all };
    struct command {
        task what;
        std::uint32_t count;
    };

    bool send(task what, std::uint32_t count);
    made receive();

    // In the helper:
    [[noreturn]] void serve(int socket, pid_t watcher);
    made make(std::uint32_t count);
    template <class Asleep>
    void let_exit(std::uint32_t count, Asleep is_watcher_asleep);
    static int sleep_and_exit(void* where);

    std::uint32_t capacity_;
    int error_ = 0;
    int socket_ = -1;
    shared* shared_ = nullptr;
    slot* slots_ = nullptr;
    std::uint32_t* order_ = nullptr;
    char* stacks_ = nullptr;
};

} // namespace bench

#endif
