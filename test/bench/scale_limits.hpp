// SPDX-License-Identifier: MIT
// How many processes this machine can hold, and why not more.
#ifndef PIDFD_UTIL_TEST_BENCH_SCALE_LIMITS_HPP
#define PIDFD_UTIL_TEST_BENCH_SCALE_LIMITS_HPP

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// The number of processes that can be watched now, and the limit that comes first.
struct room {
    std::int64_t processes;
    std::string reason;
};

/// Returns the room for a watcher that holds this many file descriptors and epoll watches for each
/// process. The kernel may still refuse earlier.
room find_room(unsigned fds, unsigned watches);

/// Raises this process's limits of file descriptors and processes as far as it may.
void raise_own_limits();

/// Raises settings of the system that are too small, and restores them at the end of its life.
class raised_settings {
public:
    /// Makes room for this many processes. Settings that cannot be raised stay as they are.
    explicit raised_settings(std::int64_t processes);
    raised_settings(const raised_settings&) = delete;
    raised_settings& operator=(const raised_settings&) = delete;
    ~raised_settings();

private:
    struct setting {
        std::string path;
        std::int64_t old;
    };

    std::vector<setting> changed_;
};

} // namespace bench

#endif
