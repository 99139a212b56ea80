// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <pidfd_util/exit_status.hpp>

#include <csignal>
#include <sys/wait.h>
#include <type_traits>

using pidfd_util::exit_status;

namespace {

constexpr exit_status exited(int code) {
    return exit_status::from_wait_status(code << 8);
}

static_assert(exited(0).success());
static_assert(exited(7).code() == 7 && !exited(7).signal());
static_assert(!exit_status::from_wait_status(SIGKILL).code());
static_assert(exited(1) != exited(2) && exited(1) == exited(1));
static_assert(std::is_trivially_copyable_v<exit_status> && sizeof(exit_status) == sizeof(int));
static_assert(!std::is_default_constructible_v<exit_status>, "there is no status by default");
static_assert(!std::is_convertible_v<exit_status, int> && !std::is_convertible_v<exit_status, bool>,
              "a status is taken for neither a code nor a success");
static_assert(!std::is_convertible_v<int, exit_status>);

} // namespace

TEST_CASE("exit_status of a process that exited has a code and no signal") {
    for (int code = 0; code < 256; ++code) {
        CAPTURE(code);
        const exit_status status = exited(code);
        CHECK(status.code() == code);
        CHECK_FALSE(status.signal());
        CHECK_FALSE(status.core_dumped());
        CHECK(status.success() == (code == 0));
    }
}

TEST_CASE("exit_status of a process that was killed has a signal and no code") {
    for (int signal = 1; signal <= 64; ++signal) {
        for (const int dumped : {0, 0x80}) {
            CAPTURE(signal, dumped);
            const auto status = exit_status::from_wait_status(signal | dumped);
            CHECK_FALSE(status.code());
            CHECK(status.signal() == signal);
            CHECK(status.core_dumped() == (dumped != 0));
            CHECK_FALSE(status.success());
        }
    }
}

TEST_CASE("exit_status agrees with the macros of wait(2)") {
    const auto agrees = [](int word) {
        const auto status = exit_status::from_wait_status(word);
        const int again = status.wait_status();
        const bool code = WIFEXITED(again) ? status.code() == WEXITSTATUS(again) : !status.code();
        const bool signal =
            WIFSIGNALED(again) ? status.signal() == WTERMSIG(again) : !status.signal();
        return again == word && code && signal;
    };
    for (int code = 0; code < 256; ++code)
        CHECK(agrees(code << 8));
    for (int signal = 1; signal <= 64; ++signal) {
        CHECK(agrees(signal));
        CHECK(agrees(signal | 0x80));
    }
}

TEST_CASE("exit_status objects of different ends differ") {
    CHECK(exited(SIGKILL) != exit_status::from_wait_status(SIGKILL));
    CHECK(exit_status::from_wait_status(SIGSEGV) != exit_status::from_wait_status(SIGSEGV | 0x80));
    CHECK(exited(9) == exited(9));
}
