// SPDX-License-Identifier: MIT
// Waits for a child in a reactor, as seastar does by hand in reactor.cc and util/process.cc (commit
// 525fcc86): pidfd_open in a thread pool, and if this fails, polling with pauses that grow to a second.
//
// The traps that this avoids: without a free file descriptor, the exit is seen up to a second late; a
// signal by number after the child was reaped; and a pidfd that is readable although the child cannot be
// waited for yet.
#ifndef ADOPTED_WAIT_CHILD_HPP
#define ADOPTED_WAIT_CHILD_HPP

#include <pidfd_util/child.hpp>

#include <chrono>
#include <utility>

namespace adopted {

/// Takes over a child of the caller, which was not reaped, for `wait_child`. The pidfd is opened once: if
/// there is no file descriptor left, the caller knows it before it waits. A child of `spawn` has a pidfd
/// from the start, and does not need this.
inline pidfd_util::expected<pidfd_util::child> open_child(pid_t pid) {
    auto process = pidfd_util::pidfd::from_pid(pid);
    if (!process)
        return pidfd_util::unexpected(process.error());
    return pidfd_util::child(std::move(*process));
}

/// Calls `done(status)` once the child has ended. The child must not be moved until then.
/// `reactor.when_readable(fd, f)` calls `f` once when `fd` can be read. `reactor.after(time, f)`
/// calls `f` when the time has passed. This is needed only for a child that another process traces:
/// its pidfd is readable, but its status is not available until the tracer has seen it.
template <class Reactor, class Done>
void wait_child(Reactor& reactor, pidfd_util::child& process, Done done) {
    reactor.when_readable(process.fd(), [&reactor, &process, done] {
        const auto status = process.try_wait();
        if (!status)
            done(pidfd_util::expected<pidfd_util::exit_status>(
                pidfd_util::unexpected(status.error())));
        else if (*status)
            done(pidfd_util::expected<pidfd_util::exit_status>(**status));
        else
            reactor.after(std::chrono::milliseconds(20),
                          [&reactor, &process, done] { wait_child(reactor, process, done); });
    });
}

} // namespace adopted

#endif
