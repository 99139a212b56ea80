// SPDX-License-Identifier: MIT
// become_subreaper, kill_descendants and reap_orphans.
#include "../kernel/backoff.hpp"
#include "../kernel/local_array.hpp"
#include "../kernel/sys.hpp"
#include "../paths/child_numbers.hpp"
#include "../paths/identify.hpp"
#include "../paths/process_opener.hpp"
#include "wait.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/abi_orphans.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace pidfd_util {

namespace {

/// The caller's children that are left alone.
struct kept_children {
    const void* where;
    int (*fd_at)(const void*, std::size_t);
    std::size_t count;
};

/// The numbers of the kept children in this /proc. A child keeps its number until it is reaped.
class kept_numbers {
public:
    [[nodiscard]] int read(const kept_children& kept) noexcept {
        if (const int error = numbers_.make(kept.count); error != 0)
            return error;
        for (std::size_t i = 0; i < kept.count; ++i) {
            const int fd = kept.fd_at(kept.where, i);
            bool thread = false;
            if (const int error = abi::is_thread(fd, thread); error != 0)
                return error;
            if (thread) // it shows its own number, and not that of the child
                return EINVAL;
            procfs::process process;
            switch (const int error = process.open(fd); error) {
            case 0:
                numbers_.get()[count_++] = process.shown().pid;
                break;
            case ESRCH:   // it was reaped
            case EREMOTE: // this /proc does not show it, but would show a child of the caller
                break;
            default:
                return identify::explain(fd, error);
            }
        }
        return 0;
    }
    [[nodiscard]] bool has(pid_t number) noexcept {
        const pid_t* const first = numbers_.get();
        return std::find(first, first + count_, number) != first + count_;
    }

private:
    local_array<pid_t, 64> numbers_;
    std::size_t count_ = 0;
};

/// What one look at the caller's children has found.
struct round {
    bool kill;
    std::size_t reaped = 0;
    bool left = false;    // a child that has not been reaped
    bool changed = false; // one was reaped, so that its children are the caller's now
    int failed = 0;       // of a signal
};

/// Reaps a child if it has ended; otherwise kills it, if that is wanted.
int treat(const unique_fd& child, round& r) noexcept {
    bool ended = false;
    int status = 0;
    switch (const int error = wait_for_end(child.get(), 0, abi::at_once, ended, status); error) {
    case 0:
        if (ended) {
            ++r.reaped;
            r.changed = true;
            return 0;
        }
        break;
    case ECHILD: // another thread has reaped it; or it reaps itself
        if (const int unknown = identify::has_ended(child.get(), ended); unknown != 0)
            return unknown;
        if (ended) {
            r.changed = true;
            return 0;
        }
        break;
    default:
        return error;
    }
    r.left = true;
    if (!r.kill)
        return 0;
    const int error = abi::send_signal(child.get(), SIGKILL);
    // Every child is visible in the caller's pid namespace: a filter answered EINVAL.
    if (error != 0 && error != ESRCH && r.failed == 0)
        r.failed = error == EREMOTE ? EIO : error;
    return 0;
}

int try_visit(const kept_children& kept, round& r) noexcept {
    unique_fd self;
    if (const int error = identify::open_self(self); error != 0)
        return error;
    procfs::process caller;
    if (const int error = caller.open(self.get()); error != 0)
        return error;
    process_opener opener;
    if (const int error = opener.prepare(caller.root()); error != 0)
        return error;
    kept_numbers others;
    if (const int error = others.read(kept); error != 0)
        return error;
    bool hidden = false;
    int outcome = 0;
    const auto visit = [&](pid_t number, pid_t) {
        if (others.has(number))
            return true;
        unique_fd child;
        process_stat::record stat{};
        outcome = opener.open_child(caller, opener.self(), number, child, stat);
        if (outcome == 0) {
            outcome = treat(child, r);
        } else if (outcome == ESRCH) { // another thread has reaped it
            r.changed = true;
            outcome = 0;
        }
        return outcome == 0;
    };
    const int error = child_numbers::for_each(caller, opener.self(), hidden, visit);
    if (error != 0 || outcome != 0)
        return error != 0 ? error : outcome;
    return hidden ? EACCES : 0;
}

int visit_children(const kept_children& kept, round& r) noexcept {
    // The caller itself cannot be gone, nor be hidden from itself.
    return proc_root::explain_entry(try_visit(kept, r));
}

/// Returns 0 if orphans come to the caller.
int check_adopts() noexcept {
    bool adopts = false;
    if (const int error = sys::is_subreaper(adopts); error != 0 || adopts)
        return error;
    pid_t pid = 0;
    if (const int error = sys::getpid(pid); error != 0)
        return error;
    return pid == 1 ? 0 : EINVAL;
}

} // namespace

namespace abi {

int become_subreaper() noexcept {
    return sys::set_subreaper();
}

int kill_descendants(std::size_t& reaped, std::int64_t deadline, const void* where,
                     int (*fd_at)(const void*, std::size_t), std::size_t count) noexcept {
    if (const int error = check_adopts(); error != 0)
        return error;
    backoff pauses(100'000, 10'000'000);
    // Each thread has a list of children, and they are read one after the other. Meanwhile, a child in
    // a later list can end and reap itself, and its orphan comes to the first list. The next look finds
    // the orphan there.
    constexpr int enough_looks = 2;
    int looks_without_child = 0;
    for (std::size_t all = 0;;) {
        round r{true};
        if (const int error = visit_children({where, fd_at, count}, r); error != 0)
            return error;
        all += r.reaped;
        if (!r.left && !r.changed) {
            if (++looks_without_child < enough_looks)
                continue;
            reaped = all;
            return 0;
        }
        looks_without_child = 0;
        if (r.failed != 0)
            return r.failed;
        if (r.changed)
            pauses.restart();
        bool over = false;
        if (const int error = pauses.sleep(deadline, over); error != 0)
            return error;
        if (over)
            return ETIMEDOUT;
    }
}

int reap_orphans(std::size_t& reaped, const void* where, int (*fd_at)(const void*, std::size_t),
                 std::size_t count) noexcept {
    // A list that takes several reads is not read to its end once a child in it was reaped: the kernel
    // counts the entries that it skips. The bound is for children that end all the time.
    constexpr int most_looks = 100;
    std::size_t all = 0;
    for (int i = 0; i < most_looks; ++i) {
        round r{false};
        if (const int error = visit_children({where, fd_at, count}, r); error != 0)
            return error;
        all += r.reaped;
        if (!r.changed)
            break;
    }
    reaped = all;
    return 0;
}

} // namespace abi
} // namespace pidfd_util
