// SPDX-License-Identifier: MIT
#include "stop.hpp"

using namespace pidfd_util;
using std::chrono::steady_clock;

namespace {

bool runs(const job& j) {
    return !j.has_ended && !j.refusal;
}

void send(job& j, int signal) {
    j.has_ended = j.process.is_alive() == false;
    if (!runs(j))
        return;
    const auto done = j.process.send_signal(signal);
    if (done)
        j.sent.push_back(signal);
    else if (done.error() == pidfd_errc::not_found)
        j.has_ended = true;
    else
        j.refusal = done.error();
}

/// Waits until all that run have ended, but not beyond the time point `when`.
expected<void> wait_for_end(std::vector<job>& jobs, steady_clock::time_point when) {
    std::vector<pidfd_view> running;
    for (const job& j : jobs)
        if (runs(j))
            running.emplace_back(j.process);
    const auto done = wait_all_until(running, when);
    for (job& j : jobs)
        j.has_ended = j.has_ended || j.process.is_alive() == false;
    return done;
}

} // namespace

expected<void> stop(std::vector<job>& jobs, const std::vector<stop_step>& policy) {
    for (const stop_step& step : policy) {
        for (job& j : jobs)
            if (runs(j))
                send(j, step.signal);
        const bool without_limit = &step == &policy.back() && step.time.count() == 0;
        const auto when =
            without_limit ? steady_clock::time_point::max() : steady_clock::now() + step.time;
        const auto done = wait_for_end(jobs, when);
        if (done)
            break;
        if (done.error() != std::errc::timed_out)
            return done;
    }
    return {};
}
