// SPDX-License-Identifier: MIT
#include "process_start.hpp"

#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"
#include "../kernel/uapi.hpp"
#include "namespace_link.hpp"
#include "proc_root.hpp"
#include "process_stat.hpp"

#include <atomic>
#include <cerrno>
#include <ctime>
#include <fcntl.h>
#include <limits>
#include <optional>

namespace pidfd_util::process_start {

namespace {

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;

/// Finds the caller's time namespace. `first` is set if it is the first one, which has no offsets, or
/// if there are no others: before Linux 5.6, or in a kernel without time namespaces.
int find_namespace(int root, std::uint64_t& own, bool& first) noexcept {
    const int error = namespace_link::read_own(root, "thread-self/ns/time", own);
    first = error == ENOENT || (error == 0 && own == uapi::first_time_namespace);
    return error == ENOENT ? 0 : error;
}

/// Whether /proc is known to shift every start as the reader's time namespace does.
std::atomic<bool> shifts_starts{false};
static_assert(std::atomic<bool>::is_always_lock_free);

/// Checks that the starts in /proc are on the clock of boot of the caller's time namespace. Before
/// Linux 5.11 they are always on that of the first namespace.
int check_clock(int root) noexcept {
    if (shifts_starts.load(std::memory_order_relaxed))
        return 0;
    if (sys::kernel_is_since(5, 11)) {
        shifts_starts.store(true, std::memory_order_relaxed);
        return 0;
    }
    std::uint64_t own = 0;
    bool first = false;
    if (const int error = find_namespace(root, own, first); error != 0)
        return error;
    return first ? 0 : EOPNOTSUPP;
}

/// Reads the offset of the clock of boot in the time namespace of the first thread's children.
int read_offset(int root, std::int64_t& seconds, std::int64_t& nanoseconds) noexcept {
    unique_fd file;
    if (const int error = proc_root::open_entry(root, "self/timens_offsets", O_RDONLY, file);
        error != 0)
        return error;
    char buffer[128];
    text::line_reader lines(file.get(), buffer, sizeof buffer);
    std::optional<std::string_view> line;
    nanoseconds = -1;
    while (nanoseconds < 0) {
        if (const int unread = lines.next(line); unread != 0)
            return unread;
        if (!line)
            return EOPNOTSUPP; // Linux 5.6 numbers the clocks
        if (!parse_offset(*line, seconds, nanoseconds))
            return EBADMSG;
    }
    return 0;
}

} // namespace

bool parse_offset(std::string_view line, std::int64_t& seconds,
                  std::int64_t& nanoseconds) noexcept {
    if (text::take_word(line) != "boottime")
        return true;
    return text::parse_number(text::take_word(line), seconds) &&
           text::parse_number(text::take_word(line), nanoseconds) && nanoseconds >= 0 &&
           nanoseconds < nanoseconds_per_second;
}

int read(const procfs::process& process, std::uint64_t& ticks) noexcept {
    process_stat::record stat{};
    if (const int error = process.settle(process_stat::read(process, stat)); error != 0)
        return error;
    if (const int unclear = check_clock(process.root()); unclear != 0)
        return unclear;
    // A start before the beginning of the caller's time namespace is negative there, and the kernel
    // writes it as a huge number that is not exact.
    constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max();
    const std::int64_t most = longest / process_stat::nanoseconds_per_tick();
    if (stat.start > static_cast<std::uint64_t>(most))
        return EOPNOTSUPP;
    ticks = stat.start;
    return 0;
}

int read_clock(int root, std::uint64_t& ticks) noexcept {
    if (const int unclear = check_clock(root); unclear != 0)
        return unclear;
    std::int64_t now = 0;
    if (const int error = sys::read_clock(CLOCK_BOOTTIME, now); error != 0)
        return error;
    ticks = static_cast<std::uint64_t>(now / process_stat::nanoseconds_per_tick());
    return 0;
}

int shift_of_caller(int root, std::int64_t& ticks) noexcept {
    ticks = 0;
    std::uint64_t own = 0;
    bool first = false;
    if (const int error = find_namespace(root, own, first); error != 0 || first)
        return error;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    if (const int error = read_offset(root, seconds, nanoseconds); error != 0)
        return error;
    // The offsets were those of the caller's namespace if the first thread's children are in it even
    // now: once that thread has unshared its time namespace, it cannot return.
    std::uint64_t of_children = 0;
    if (const int error = namespace_link::read_own(root, "self/ns/time_for_children", of_children);
        error != 0)
        return error;
    if (own != of_children)
        return EOPNOTSUPP;
    const std::int64_t tick = process_stat::nanoseconds_per_tick();
    if (nanoseconds % tick != 0)
        return EOPNOTSUPP;
    ticks = seconds * (nanoseconds_per_second / tick) + nanoseconds / tick;
    return 0;
}

} // namespace pidfd_util::process_start
