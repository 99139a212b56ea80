// SPDX-License-Identifier: MIT
#include "stop_policy.hpp"

#include "duration.hpp"
#include "signals.hpp"

std::optional<std::vector<pidfd_util::stop_step>> parse_stop_policy(std::string_view text) {
    std::vector<pidfd_util::stop_step> steps;
    bool time_may_follow = false;
    for (;;) {
        const std::size_t comma = text.find(',');
        const std::string_view word = text.substr(0, comma);
        const auto time = time_may_follow ? parse_duration(word) : std::nullopt;
        if (time) {
            steps.back().time = *time;
        } else {
            const auto signal = parse_signal(word);
            if (!signal)
                return std::nullopt;
            steps.push_back({*signal, std::chrono::nanoseconds(0)});
        }
        time_may_follow = !time;
        if (comma == std::string_view::npos)
            return steps;
        text.remove_prefix(comma + 1);
    }
}
