// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/rounds.hpp"

#include <cerrno>
#include <string>
#include <sys/wait.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

TEST_CASE("thousands of spawns, a tenth of which fail, leave no file descriptor and no zombie") {
    const int fds = count_fds();
    int wrong = 0;
    const int count = rounds(10000);
    for (int i = 0; i < count; ++i) {
        const bool fails = i % 10 == 0;
        auto c = spawn(fails ? "/nonexistent" : spawnee(), arguments({"exit", "9"}));
        if (fails) {
            wrong += c || c.error().value() != ENOENT ? 1 : 0;
            continue;
        }
        const auto status = c ? c->wait() : expected<exit_status>(unexpected(c.error()));
        wrong += !status || status->code() != 9 ? 1 : 0;
    }
    CHECK(wrong == 0);
    CHECK(count_fds() == fds);
    CHECK(waitpid(-1, nullptr, WNOHANG | __WALL) == -1);
    CHECK(errno == ECHILD);
}

TEST_CASE("each of a thousand children at once can be waited for through its own pidfd") {
    constexpr int at_once = 200; // of descriptors there are few, and of memory under sanitizers
    const int fds = count_fds();
    for (int round = 0; round < rounds(5); ++round) {
        std::vector<pidfd_util::child> all;
        for (int i = 0; i < at_once; ++i) {
            const std::string code = std::to_string(i);
            auto c = spawn(spawnee(), arguments({"exit", code.c_str()}));
            REQUIRE(c);
            all.push_back(std::move(*c));
        }
        int wrong = 0;
        for (int i = at_once - 1; i >= 0; --i)
            wrong += all[static_cast<std::size_t>(i)].wait()->code() != i ? 1 : 0;
        CHECK(wrong == 0);
    }
    CHECK(count_fds() == fds);
}
