// SPDX-License-Identifier: MIT
// Executes the stop policy.
#ifndef PIDFD_RUN_POLICY_RUN_HPP
#define PIDFD_RUN_POLICY_RUN_HPP

#include "job.hpp"

#include <chrono>
#include <optional>
#include <vector>

class policy_run {
public:
    using time_point = std::chrono::steady_clock::time_point;

    policy_run(const std::vector<pidfd_util::stop_step>& steps, bool verbose)
        : steps_(steps), verbose_(verbose) {}

    /// Takes the first step at this time.
    void start_at(time_point when) { next_ = when; }

    /// Takes the steps that are due.
    void advance(job& j);

    /// Returns whether a step was taken.
    [[nodiscard]] bool has_begun() const { return taken_ != 0; }
    /// Returns whether all steps were taken.
    [[nodiscard]] bool is_over() const { return taken_ == steps_.size(); }
    /// Returns whether a step has sent SIGKILL.
    [[nodiscard]] bool has_killed() const { return has_killed_; }
    /// Returns the time of the next step, if there is one.
    [[nodiscard]] std::optional<time_point> next() const { return next_; }
    /// Returns the signals that were sent, without those that nobody got.
    [[nodiscard]] const std::vector<int>& sent() const { return sent_; }

private:
    const std::vector<pidfd_util::stop_step>& steps_;
    bool verbose_;
    bool has_killed_ = false;
    std::size_t taken_ = 0;
    std::vector<int> sent_;
    std::optional<time_point> next_;
};

#endif
