// SPDX-License-Identifier: MIT
#include "policy_run.hpp"

#include "../tool-parts/signals.hpp"
#include "messages.hpp"

using std::chrono::steady_clock;

void policy_run::advance(job& j) {
    while (next_ && *next_ <= steady_clock::now()) {
        const pidfd_util::stop_step& step = steps_[taken_];
        if (verbose_)
            say("sending " + signal_name(step.signal));
        if (j.send({step.signal, std::nullopt}))
            sent_.push_back(step.signal);
        has_killed_ = has_killed_ || step.signal == SIGKILL;
        ++taken_;
        if (is_over())
            next_.reset();
        else
            next_ = steady_clock::now() + step.time; // also if this process was stopped meanwhile
    }
}
