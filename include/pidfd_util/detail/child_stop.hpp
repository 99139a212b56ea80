// SPDX-License-Identifier: MIT
// How `child::stop` takes its steps.
#ifndef PIDFD_UTIL_DETAIL_CHILD_STOP_HPP
#define PIDFD_UTIL_DETAIL_CHILD_STOP_HPP

#include <pidfd_util/child.hpp>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace pidfd_util {

inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

template <class Steps, class Meanwhile>
expected<stop_result> child::stop_all(stop_scope with, const Steps& steps,
                                      const Meanwhile& meanwhile) noexcept {
    std::size_t count = 0;
    std::size_t kill_end = 0; // the number of the steps up to the last one with SIGKILL
    for (const stop_step& step : steps) {
        with.group = with.group || step.scope == signal_scope::process_group;
        ++count;
        if (step.signal == SIGKILL)
            kill_end = count;
    }
    std::optional<std::size_t> sent;
    std::size_t index = 0;
    auto ended = wait_stopped(with, abi::at_once);
    for (const stop_step& step : steps) {
        if (ended)
            break;
        // After a failed look, the steps up to SIGKILL are still taken: unseen processes may run.
        const int seen = ended.error().value();
        if (seen != ETIMEDOUT && (!is_failed_look(seen) || index >= kill_end))
            break;
        const int error = take_step(step, with);
        // A cgroup is killed even if the caller may not signal the child.
        const bool kill_follows =
            with.cgroup != nullptr && step.signal != SIGKILL && index + 1 < kill_end;
        const bool denied = error == EPERM || error == ERFKILL;
        // ESRCH: the child may have ended, and reaped itself, since the last wait.
        if (error != 0 && error != ESRCH && !(denied && kill_follows))
            return detail::failure(error);
        if (error == 0)
            sent = index;
        ++index;
        const std::int64_t deadline = detail::to_deadline(step.time);
        meanwhile(deadline);
        ended = wait_stopped(with, deadline);
    }
    if (!ended)
        return unexpected(ended.error());
    return stop_result{*ended, sent};
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE

} // namespace pidfd_util

#endif
