// SPDX-License-Identifier: MIT
#include "child_fds.hpp"

#include "answer.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <unistd.h>

namespace pidfd_util {

namespace {

constexpr int first_unwanted = 3;

bool is_target(const spawn_options& o, int fd) noexcept {
    return std::any_of(o.fds.begin(), o.fds.end(), [fd](fd_mapping m) { return m.to == fd; });
}

/// A copy under a number that no mapping will overwrite. `lowest` goes up from call to call.
int copy_aside(const spawn_options& o, int fd, int& lowest) noexcept {
    for (;;) {
        const int copy = sys::duplicate_above(fd, lowest);
        if (copy < 0)
            return copy;
        lowest = copy + 1;
        if (!is_target(o, copy))
            return copy;
        sys::close(copy);
    }
}

/// What stays open beside 0, 1 and 2, in the order of the numbers.
class kept_fds {
public:
    kept_fds(const spawn_options& o, const path_fds& until_exec) noexcept {
        for (const fd_mapping& m : o.fds)
            add(m.to);
        for (const int fd : until_exec)
            add(fd);
        std::sort(fds_, fds_ + count_);
    }
    kept_fds(const kept_fds&) = delete;
    kept_fds& operator=(const kept_fds&) = delete;

    /// Calls `close(first, last)` for each run of numbers that are not kept, up to `highest`, until
    /// that returns an error.
    template <class Close>
    long for_each_gap(unsigned highest, Close close) const noexcept {
        unsigned next = first_unwanted;
        for (std::size_t i = 0; i < count_; ++i) {
            const auto fd = static_cast<unsigned>(fds_[i]);
            if (fd > highest)
                break;
            if (next < fd)
                if (const long error = close(next, fd - 1); error != 0)
                    return error;
            next = fd + 1;
        }
        return next <= highest ? close(next, highest) : 0;
    }

private:
    void add(int fd) noexcept {
        if (fd >= first_unwanted)
            fds_[count_++] = fd;
    }

    int fds_[max_fd_mappings + path_fds::capacity];
    std::size_t count_ = 0;
};

/// A set of file descriptors as select(2) has it.
class fd_bits {
public:
    static constexpr unsigned word_bits = 8 * sizeof(unsigned long);

    /// For numbers up to `last`.
    explicit fd_bits(unsigned last) noexcept : size_((last / word_bits + 1) * sizeof(long)) {
        if (size_ <= sizeof small_) {
            words_ = small_;
            return;
        }
        void* where = nullptr;
        error_ = sys::map_memory(size_, where);
        words_ = static_cast<unsigned long*>(where);
    }
    ~fd_bits() {
        if (words_ != small_ && words_ != nullptr)
            sys::unmap(words_, size_);
    }
    fd_bits(const fd_bits&) = delete;
    fd_bits& operator=(const fd_bits&) = delete;

    int error() const noexcept { return error_; }
    unsigned long* words() noexcept { return words_; }
    void add(unsigned fd) noexcept { words_[fd / word_bits] |= 1UL << (fd % word_bits); }

private:
    unsigned long small_[512 / sizeof(long)] = {};
    std::size_t size_;
    unsigned long* words_ = nullptr;
    int error_ = 0;
};

/// Whether the table of file descriptors has a place for `fd`: 1 or 0, or a negated errno. select
/// says EBADF for a number that is not open, and passes over those that the table has no place for.
long table_reaches(unsigned fd) noexcept {
    const int flags = sys::open_flags(static_cast<int>(fd));
    if (flags != -EBADF)
        return flags < 0 ? flags : 1;
    fd_bits set(fd);
    if (set.error() != 0)
        return -sandboxed(-set.error());
    set.add(fd);
    std::int64_t no_time[2] = {}; // as every width of timespec has it
    const long ready =
        sys::call(uapi::sys_pselect6, fd + 1, set.words(), nullptr, nullptr, no_time, nullptr);
    if (ready == -EBADF)
        return 1;
    if (ready < 0)
        return -refusal(static_cast<int>(-ready));
    return -who_succeeds([] {
        return sys::call(uapi::sys_pselect6, -1, nullptr, nullptr, nullptr, nullptr, nullptr);
    });
}

/// Closes the number, if it is open. Returns an errno where a sandbox refuses to.
int refusal_to_close(int fd) noexcept {
    switch (const auto error = static_cast<int>(-sys::call(SYS_close, fd)); error) {
    case EPERM:
    case EACCES:
    case ENOSYS:
        return refusal(error);
    default: // EBADF: it was not open. After every other errno it is closed.
        return 0;
    }
}

/// Closes those of 0, 1 and 2 that execve would close: it does so only after the parent goes on.
int close_marked(const spawn_options& o, const path_fds& until_exec) noexcept {
    for (int fd = 0; fd < first_unwanted; ++fd) {
        const bool stays = is_target(o, fd) ||
                           std::find(until_exec.begin(), until_exec.end(), fd) != until_exec.end();
        if (stays || sys::is_cloexec(fd) <= 0) // where this is refused, execve still closes it
            continue;
        if (const int error = refusal_to_close(fd); error != 0)
            return error;
    }
    return 0;
}

/// A number that is above every open one. A limit says nothing: it may have been lowered since.
/// Needs neither /proc nor a free number.
long find_table_size(unsigned& size) noexcept {
    constexpr unsigned smallest = 64;
    constexpr unsigned largest = 1U << 30;
    for (unsigned above = smallest; above <= largest; above *= 2) {
        const long reached = table_reaches(above);
        if (reached < 0)
            return reached;
        if (reached == 0) {
            size = above;
            return 0;
        }
    }
    return -EOPNOTSUPP; // to try them all would take minutes
}

} // namespace

long map_child_fds(const spawn_options& o, int& own) noexcept {
    // All are looked at before any is made: a new one could take the number of one that is closed.
    for (const fd_mapping& m : o.fds) {
        if (m.from == own && own >= 0)
            return -EBADF; // closed in the caller: only therefore could `own` get this number
        if (const int flags = sys::open_flags(m.from); flags < 0)
            return flags;
    }
    // What would be overwritten before its turn is put aside. Others need no further number, of
    // which there may be none.
    int sources[max_fd_mappings] = {};
    int lowest = first_unwanted;
    std::size_t count = 0;
    for (const fd_mapping& m : o.fds) {
        const bool in_the_way = m.from != m.to && is_target(o, m.from);
        const int source = in_the_way ? copy_aside(o, m.from, lowest) : m.from;
        if (source < 0)
            return source;
        sources[count++] = source;
    }
    if (own >= 0 && is_target(o, own)) {
        own = copy_aside(o, own, lowest);
        if (own < 0)
            return own;
    }
    count = 0;
    for (const fd_mapping& m : o.fds) {
        const int source = sources[count++];
        const int error = source == m.to ? sys::keep_on_exec(m.to) : sys::replace(source, m.to);
        if (error < 0)
            return error;
    }
    count = 0;
    for (const fd_mapping& m : o.fds)
        if (const int source = sources[count++]; source != m.from)
            sys::close(source);
    return 0;
}

long close_child_fds(const spawn_options& o, const path_fds& until_exec) noexcept {
    for (const int fd : until_exec) {
        if (fd < first_unwanted || is_target(o, fd))
            continue;
        if (const int error = sys::set_cloexec(fd); error != 0 && error != -EBADF)
            return error;
        if (const int marked = sys::is_cloexec(fd); marked <= 0 && marked != -EBADF)
            return marked == 0 ? -ENOSYS : marked;
    }
    if (const int error = close_marked(o, until_exec); error != 0)
        return -error;
    const kept_fds kept(o, until_exec);
    const auto close_range = [](unsigned first, unsigned last) -> long {
        return sys::close_range(first, last);
    };
    if (kept.for_each_gap(~0U, close_range) == 0)
        return 0;
    // close_range is missing, or refused by a sandbox.
    unsigned size = 0;
    if (const long error = find_table_size(size); error != 0)
        return error;
    return kept.for_each_gap(size - 1, [](unsigned first, unsigned last) -> long {
        for (unsigned fd = first; fd <= last; ++fd)
            if (const int error = refusal_to_close(static_cast<int>(fd)); error != 0)
                return -error;
        return 0;
    });
}

} // namespace pidfd_util
