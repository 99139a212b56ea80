// SPDX-License-Identifier: MIT
#include "child_fds.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/local_array.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"

#include <algorithm>
#include <cerrno>
#include <unistd.h>

namespace pidfd_util {

namespace {

constexpr int first_unwanted = 3;

bool is_target(const mapped_fds& map, int fd) noexcept {
    return std::binary_search(map.targets, map.targets + map.list.size(), fd);
}

/// Makes a copy with a number that no mapping will overwrite, `lowest` or higher. Raises `lowest`
/// for the next call.
int copy_aside(const mapped_fds& map, int fd, int& lowest, int& aside) noexcept {
    for (;;) {
        unique_fd copy;
        if (const int error = sys::duplicate_above(fd, lowest, copy); error != 0)
            return error;
        lowest = copy.get() + 1;
        if (!is_target(map, copy.get())) {
            aside = copy.release();
            return 0;
        }
    }
}

/// Two sorted lists of the numbers that stay open, read as one.
class kept_fds {
public:
    kept_fds(const mapped_fds& map, const path_fds& until_exec) noexcept
        : targets_(map.targets), targets_end_(map.targets + map.list.size()) {
        for (const int fd : until_exec)
            others_[count_++] = fd;
        std::sort(others_, others_ + count_);
    }
    kept_fds(const kept_fds&) = delete;
    kept_fds& operator=(const kept_fds&) = delete;

    /// Calls `close(first, last)` for each run of numbers above 2 that are not kept, up to `highest`,
    /// until that returns an errno.
    template <class Close>
    [[nodiscard]] int for_each_gap(unsigned highest, Close close) const noexcept {
        unsigned next = first_unwanted;
        const int* target = targets_;
        const int* other = others_;
        const int* const others_end = others_ + count_;
        while (target != targets_end_ || other != others_end) {
            const bool is_from_targets =
                other == others_end || (target != targets_end_ && *target <= *other);
            const auto fd = static_cast<unsigned>(is_from_targets ? *target++ : *other++);
            if (fd > highest)
                break;
            if (next < fd)
                if (const int error = close(next, fd - 1); error != 0)
                    return error;
            next = std::max(next, fd + 1);
        }
        return next <= highest ? close(next, highest) : 0;
    }

private:
    const int* targets_;
    const int* targets_end_;
    int others_[path_fds::capacity];
    std::size_t count_ = 0;
};

/// Finds out whether the kernel's table of file descriptors has a slot for `fd`. select returns
/// EBADF for a closed number, and ignores numbers for which the table has no slot.
int table_reaches(unsigned fd, bool& reaches) noexcept {
    int flags = 0;
    if (const int error = sys::open_flags(static_cast<int>(fd), flags); error != EBADF) {
        reaches = true;
        return error;
    }
    constexpr std::size_t word_bits = 8 * sizeof(unsigned long);
    local_array<unsigned long, 4096 / word_bits> set;
    if (const int error = set.make(fd / word_bits + 1); error != 0)
        return explain_denial(error);
    set.get()[fd / word_bits] = 1UL << (fd % word_bits);
    std::int64_t no_time[2] = {}; // zero for a timespec of either width
    const int error =
        sys::call(uapi::sys_pselect6, fd + 1, set.get(), nullptr, nullptr, no_time, nullptr);
    reaches = error == EBADF;
    if (reaches)
        return 0;
    if (error != 0)
        return explain_refusal(error);
    return explain_success([] {
        return sys::call(uapi::sys_pselect6, -1, nullptr, nullptr, nullptr, nullptr, nullptr);
    });
}

/// Closes the number if it is open. Returns an errno if a sandbox refuses that.
int close_if_open(int fd) noexcept {
    switch (const int error = sys::call(SYS_close, fd); error) {
    case EPERM:
    case EACCES:
    case ENOSYS:
        return explain_refusal(error);
    default: // EBADF: it was not open. After every other errno it is closed.
        return 0;
    }
}

/// Closes those of 0, 1 and 2 that are close-on-exec. execve would close them as well, but only
/// after the parent continues.
int close_marked(const mapped_fds& map, const path_fds& until_exec) noexcept {
    for (int fd = 0; fd < first_unwanted; ++fd) {
        const bool stays = is_target(map, fd) ||
                           std::find(until_exec.begin(), until_exec.end(), fd) != until_exec.end();
        bool marked = false;
        if (stays || sys::is_cloexec(fd, marked) != 0 ||
            !marked) // if it is refused, execve closes it
            continue;
        if (const int error = close_if_open(fd); error != 0)
            return error;
    }
    return 0;
}

/// Marks a file descriptor as close-on-exec, if it is open.
int mark(int fd) noexcept {
    if (const int error = sys::set_cloexec(fd); error != EBADF)
        return error;
    // A filter can answer EBADF although the file descriptor is open.
    bool marked = false;
    const int error = sys::is_cloexec(fd, marked);
    if (error == EBADF)
        return 0;
    return error == 0 && !marked ? ENOSYS : error;
}

/// Finds a number above every open one. RLIMIT_NOFILE is not such a number, as it may have been
/// lowered. Needs neither /proc nor a free number.
int find_table_size(unsigned& size) noexcept {
    constexpr unsigned smallest = 64;
    constexpr unsigned largest = 1U << 30;
    for (unsigned above = smallest; above <= largest; above *= 2) {
        bool reaches = false;
        if (const int error = table_reaches(above, reaches); error != 0)
            return error;
        if (!reaches) {
            size = above;
            return 0;
        }
    }
    return EOPNOTSUPP; // closing so many, one by one, would take minutes
}

} // namespace

bool sort_targets(array_view<fd_mapping> fds, int* targets) noexcept {
    std::size_t count = 0;
    for (const fd_mapping& m : fds) {
        if (m.to < 0)
            return false;
        targets[count++] = m.to;
    }
    std::sort(targets, targets + count);
    return std::adjacent_find(targets, targets + count) == targets + count;
}

int map_child_fds(const mapped_fds& map, int& parent, int& program) noexcept {
    // All sources are checked before any mapping is made: a new one could take the number of a
    // closed source. The library opened `parent`: if the caller names this number, it was closed.
    if (program >= 0) {
        int flags = 0;
        if (const int error = sys::open_flags(program, flags); error != 0 || program == parent)
            return error != 0 ? error : EBADF;
    }
    int program_target = -1;
    for (const fd_mapping& m : map.list) {
        if (m.from == parent && parent >= 0)
            return EBADF;
        int flags = 0;
        if (const int error = sys::open_flags(m.from, flags); error != 0)
            return error;
        if (m.from == program)
            program_target = m.to;
    }
    // A source that would be overwritten before its turn is copied aside. The others are not
    // copied, because there may be no free number.
    int lowest = first_unwanted;
    std::size_t count = 0;
    for (const fd_mapping& m : map.list) {
        int& source = map.sources[count++];
        source = m.from;
        if (m.from != m.to && is_target(map, m.from))
            if (const int error = copy_aside(map, m.from, lowest, source); error != 0)
                return error;
    }
    const auto keep = [&](int& own) {
        return own >= 0 && is_target(map, own) ? copy_aside(map, own, lowest, own) : 0;
    };
    if (const int error = keep(parent); error != 0)
        return error;
    if (program_target >= 0)
        program = program_target;
    else if (const int error = keep(program); error != 0)
        return error;
    count = 0;
    for (const fd_mapping& m : map.list) {
        const int source = map.sources[count++];
        const int error = source == m.to ? sys::keep_on_exec(m.to) : sys::replace(source, m.to);
        if (error != 0)
            return error;
    }
    count = 0;
    for (const fd_mapping& m : map.list)
        if (const int source = map.sources[count++]; source != m.from)
            sys::close(source);
    return 0;
}

int close_on_exec(const mapped_fds& map, int fd) noexcept {
    return fd < first_unwanted || is_target(map, fd) ? 0 : mark(fd);
}

int close_child_fds(const mapped_fds& map, const path_fds& until_exec) noexcept {
    for (const int fd : until_exec)
        if (const int error = close_on_exec(map, fd); error != 0)
            return error;
    if (const int error = close_marked(map, until_exec); error != 0)
        return error;
    const kept_fds kept(map, until_exec);
    if (kept.for_each_gap(~0U, sys::close_range) == 0)
        return 0;
    // close_range is missing, or a sandbox refuses it.
    unsigned size = 0;
    if (const int error = find_table_size(size); error != 0)
        return error;
    return kept.for_each_gap(size - 1, [](unsigned first, unsigned last) {
        for (unsigned fd = first; fd <= last; ++fd)
            if (const int error = close_if_open(static_cast<int>(fd)); error != 0)
                return error;
        return 0;
    });
}

} // namespace pidfd_util
