// SPDX-License-Identifier: MIT
// Thousands of kills: none is lost, and each is reported within a limit.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/readiness.hpp"
#include "support/rounds.hpp"

#include <pidfd_util/child.hpp>

#include <csignal>
#include <string>
#include <utility>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// Where the first mistake was; null: nowhere.
const char* kill_one(bool keeps_status) {
    int raw = -1;
    fork_sleeping(raw);
    const unique_fd fd(raw);
    const pidfd_view process(fd.get());
    if (process.is_alive() != true)
        return "is_alive before the kill";
    if (!process.kill())
        return "kill";
    if ((events_of(fd.get(), long_time) & POLLIN) == 0)
        return "the kill was not reported in time";
    if (process.is_alive() != false)
        return "is_alive after the kill";
    const auto early = process.get_exit_status();
    if (!early || !*early || (*early)->signal() != SIGKILL)
        return "get_exit_status before the wait";
    const auto status = process.wait();
    if (!status || status->signal() != SIGKILL)
        return "wait";
    const auto late = process.get_exit_status();
    if (keeps_status && (!late || !*late || (*late)->signal() != SIGKILL))
        return "get_exit_status after the wait";
    return nullptr;
}

} // namespace

TEST_CASE("each of thousands of kills is reported within a limit, with the right status") {
    const bool keeps_status = keeps_exits();
    const int fds = count_fds();
    const int count = rounds(5000);
    int done = 0;
    const char* mistake = nullptr;
    for (; done < count && mistake == nullptr; ++done)
        mistake = kill_one(keeps_status);
    CAPTURE(done);
    CHECK(std::string(mistake != nullptr ? mistake : "none") == "none");
    CHECK(count_fds() == fds);
}

TEST_CASE("kills of hundreds of processes at once are all reported within a limit") {
    constexpr std::size_t at_once = 200;
    const int fds = count_fds();
    for (int round = 0; round < rounds(10); ++round) {
        std::vector<pidfd_util::child> all;
        for (std::size_t i = 0; i < at_once; ++i) {
            int raw = -1;
            fork_sleeping(raw);
            unique_fd fd(raw);
            auto owner = pidfd::adopt(std::move(fd));
            REQUIRE(owner);
            all.emplace_back(std::move(*owner));
        }
        std::size_t killed = 0;
        for (const auto& c : all)
            killed += c.kill() ? 1U : 0U;
        CHECK(killed == at_once);
        std::size_t reported = 0;
        for (const auto& c : all)
            reported += (events_of(c.fd(), long_time) & POLLIN) != 0 ? 1U : 0U;
        CHECK(reported == at_once);
        std::size_t right = 0;
        for (auto& c : all) {
            const auto status = c.try_wait();
            right += status && *status && (*status)->signal() == SIGKILL ? 1U : 0U;
        }
        CHECK(right == at_once);
    }
    CHECK(count_fds() == fds);
}
