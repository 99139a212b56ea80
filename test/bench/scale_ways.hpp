// SPDX-License-Identifier: MIT
// The ways to watch many processes that the benchmark compares.
#ifndef PIDFD_UTIL_TEST_BENCH_SCALE_WAYS_HPP
#define PIDFD_UTIL_TEST_BENCH_SCALE_WAYS_HPP

#include <pidfd_util/pidfd.hpp>

#include <cstdint>
#include <memory>
#include <optional>

namespace bench {

/// A process that has ended and was reaped, and the time when the handler had its status.
struct ending {
    std::uint32_t slot;
    std::int64_t time;
};

/// Watches children of the calling process, each by its slot number.
class way {
public:
    way() = default;
    way(const way&) = delete;
    way& operator=(const way&) = delete;
    virtual ~way() = default;

    /// Watches one more process. Returns false on failure.
    virtual bool add(std::uint32_t slot, pidfd_util::pidfd process) = 0;

    /// Waits until one of the processes has ended, reaps it, takes the time, and forgets it. `known`
    /// is the slot whose process will end, for the one way that does not find out. Returns nothing
    /// on failure.
    virtual std::optional<ending> next(std::uint32_t known) = 0;
};

struct way_kind {
    const char* name;
    unsigned fds;     // that the watcher holds for each process
    unsigned watches; // of epoll, for each process, kept between two waits
    /// Makes the way, for this many processes.
    std::unique_ptr<way> (*make)(std::uint32_t count);
    const char* missing; // why this build lacks the way, or null
};

inline constexpr std::size_t way_count = 4;
extern const way_kind ways[way_count];

/// Makes the way with Asio, or null if this build lacks it.
std::unique_ptr<way> make_asio(std::uint32_t count);
/// Why `make_asio` returns null, or null.
extern const char* const asio_missing;

} // namespace bench

#endif
