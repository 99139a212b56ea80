// SPDX-License-Identifier: MIT
#include "supervision.hpp"

#include <algorithm>
#include <chrono>
#include <poll.h>

using namespace pidfd_util;
using std::chrono::steady_clock;

namespace {

/// Sleeps until a signal has arrived, or the time `when` is reached. SIGCHLD is among the signals.
void sleep_until(int signals, std::optional<steady_clock::time_point> when) {
    timespec time{};
    if (when) {
        const auto left = std::max<steady_clock::duration>(*when - steady_clock::now(), {});
        const auto whole = std::chrono::duration_cast<std::chrono::duration<time_t>>(left);
        using fraction = std::chrono::duration<long, std::nano>;
        time.tv_sec = whole.count();
        time.tv_nsec = std::chrono::duration_cast<fraction>(left - whole).count();
    }
    pollfd fd{signals, POLLIN, 0};
    (void)ppoll(&fd, 1, when ? &time : nullptr, nullptr);
}

/// Returns whether nothing is left to do after the command has ended.
bool is_done(job& j, const policy_run& stop) {
    if (!stop.has_begun() || !j.has_more())
        return true;
    return stop.has_killed() ? j.kill_rest() : stop.is_over();
}

} // namespace

expected<outcome> supervise(job& j, const incoming_signals& signals, policy_run& stop,
                            bool as_init) {
    for (bool timed_out = false;;) {
        bool child_changed = false;
        while (const auto info = signals.next()) {
            if (info->ssi_signo == SIGCHLD)
                child_changed = true;
            else
                pass_on(*info, j, as_init);
        }
        // Reap before the steps: a command that ended just in time must not be reported as late.
        if (const auto reaped = j.reap(); !reaped)
            return unexpected(reaped.error());
        const auto status = j.command().status();
        if (status) {
            if (as_init && !stop.has_begun() && j.has_more()) {
                stop.start_at(steady_clock::now());
                stop.advance(j);
            }
            if (is_done(j, stop))
                return outcome{*status, timed_out};
        } else if (child_changed) {
            stop_with_command(j);
        }
        stop.advance(j);
        timed_out = timed_out || (!status && stop.has_begun());
        // What is left after SIGKILL may become a child of this process at any time, without a
        // signal. `is_done` sleeps then.
        if (!status || !stop.has_killed())
            sleep_until(signals.fd(), stop.next());
    }
}
