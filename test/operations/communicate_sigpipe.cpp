// SPDX-License-Identifier: MIT
// No SIGPIPE of communicate reaches the caller, on any kernel, whatever the caller does with the
// signal, and none of the caller's own is lost.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/piped.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

volatile sig_atomic_t handled = 0;

/// A kernel before Linux 6.18, which has no RWF_NOSIGNAL.
profile without_flag(int error) {
    return {"no RWF_NOSIGNAL", {{SYS_pwritev2, error}}};
}

struct facts {
    int error;
    exchange_end end;
    bool pending;
    int count;    // of those that are pending
    bool blocked; // in the mask afterwards
    int handled;
    bool handler_kept;
};

/// Writes to a process that has closed its input.
facts write_in_vain(void (*action)(int), bool blocked, bool pending) {
    facts f{};
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGPIPE);
    std::signal(SIGPIPE, action);
    if (blocked)
        sigprocmask(SIG_BLOCK, &only, nullptr);
    if (pending)
        raise(SIGPIPE);
    const std::string input = pattern(100000);
    auto c = spawn_with_streams(spawnee(), arguments({"shut", "0", "say", "1", "x", "copy", "0"}),
                                {}, three_pipes());
    char byte = 0;
    (void)!read(c->ends.output.get(), &byte, 1); // now it has closed it
    stream_exchange e;
    e.input = input;
    const auto end = communicate(c->process, c->ends, e);
    f.error = error_of(end);
    f.end = end ? *end : exchange_end{};
    sigset_t set;
    sigpending(&set);
    f.pending = sigismember(&set, SIGPIPE) == 1;
    const timespec at_once{};
    while (f.count < 2 && blocked && sigtimedwait(&only, nullptr, &at_once) == SIGPIPE)
        ++f.count;
    sigprocmask(SIG_SETMASK, nullptr, &set);
    f.blocked = sigismember(&set, SIGPIPE) == 1;
    f.handled = handled;
    f.handler_kept = std::signal(SIGPIPE, SIG_IGN) == action;
    return f;
}

void count_it(int) {
    handled = handled + 1;
}

} // namespace

TEST_CASE("a write to a closed input raises no SIGPIPE, and changes neither mask nor action") {
    for (const profile& kernel :
         {native(), without_flag(EOPNOTSUPP), without_flag(EPERM), without_flag(0)}) {
        for (void (*const action)(int) : {SIG_DFL, SIG_IGN, &count_it}) {
            for (const bool blocked : {false, true}) {
                CAPTURE(kernel.name, blocked, action == SIG_IGN, action == SIG_DFL);
                const auto got =
                    isolated(on(kernel), [=] { return write_in_vain(action, blocked, false); });
                REQUIRE(got);
                CHECK(got->error == 0);
                CHECK(got->end == exchange_end::complete);
                CHECK(!got->pending);
                CHECK(got->blocked == blocked);
                CHECK(got->handled == 0);
                CHECK(got->handler_kept);
            }
        }
    }
}

TEST_CASE("a SIGPIPE of the caller that was pending before stays pending") {
    for (const profile& kernel : {native(), without_flag(EOPNOTSUPP)}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] { return write_in_vain(&count_it, true, true); });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK(got->pending);
        CHECK(got->handled == 0);
    }
}

TEST_CASE("a SIGPIPE that was pending for the thread or for the process is still pending after the "
          "write, once") {
    for (const profile& kernel :
         {native(), without_flag(EOPNOTSUPP),
          profile{"no RWF_NOSIGNAL, no tgkill", {{SYS_pwritev2, EOPNOTSUPP}, {SYS_tgkill, EPERM}}},
          profile{"no RWF_NOSIGNAL, no tgkill", {{SYS_pwritev2, EOPNOTSUPP}, {SYS_tgkill, 0}}}}) {
        for (const bool of_thread : {true, false}) {
            CAPTURE(kernel.name, of_thread);
            const auto got = isolated(on(kernel), [=] {
                sigset_t only;
                sigemptyset(&only);
                sigaddset(&only, SIGPIPE);
                sigprocmask(SIG_BLOCK, &only, nullptr);
                if (of_thread)
                    syscall(SYS_tkill, syscall(SYS_gettid), SIGPIPE);
                else
                    kill(getpid(), SIGPIPE);
                return write_in_vain(SIG_DFL, true, false).count;
            });
            REQUIRE(got);
            // Where it could not be put back, none is taken.
            const bool can_put_back = kernel.name != std::string("no RWF_NOSIGNAL, no tgkill");
            CHECK(*got >= 1);
            if (can_put_back || of_thread)
                CHECK(*got == 1);
        }
    }
}

TEST_CASE("a write that fails with EPIPE without a SIGPIPE leaves the signal unblocked") {
    const profile kernel = without_flag(EOPNOTSUPP);
    const auto got = isolated(on(kernel), [] {
        auto c = spawn_with_streams(spawnee(), arguments({"copy", "0"}), {}, three_pipes());
        rule fails{SYS_write, EPIPE};
        fails.argument = 0;
        fails.value = static_cast<std::uint32_t>(c->ends.input.get());
        facts f{};
        if (!install({fails}))
            return f;
        stream_exchange e;
        e.input = "x";
        const auto end = communicate(c->process, c->ends, e);
        f.error = error_of(end);
        f.end = end ? *end : exchange_end{};
        sigset_t set;
        sigprocmask(SIG_SETMASK, nullptr, &set);
        f.blocked = sigismember(&set, SIGPIPE) == 1;
        f.handled = 1; // the end was reached
        return f;
    });
    REQUIRE(got);
    CHECK(got->handled == 1);
    CHECK(got->error == 0);
    CHECK(got->end == exchange_end::complete);
    CHECK(!got->blocked);
}

TEST_CASE("where the signal cannot be taken back, it stays blocked and does not end the caller") {
    for (const int error : {EPERM, ENOSYS, 0}) {
        CAPTURE(error);
        const profile kernel{"no RWF_NOSIGNAL, no rt_sigtimedwait",
                             {{SYS_pwritev2, EOPNOTSUPP}, {uapi::sys_rt_sigtimedwait, error}}};
        const auto got = isolated(on(kernel), [] { return write_in_vain(SIG_DFL, false, false); });
        REQUIRE(got);
        CHECK(got->error == (error == EPERM ? ERFKILL : ENOSYS));
        CHECK(got->blocked);
        CHECK(got->pending);
    }
}

TEST_CASE("where signals cannot be blocked, nothing is written") {
    for (const long number : {SYS_rt_sigprocmask, SYS_write}) {
        CAPTURE(number);
        for (const int error : {EPERM, ENOSYS}) {
            const auto got = isolated(on(native()), [=] {
                auto c = spawn_with_streams(spawnee(), arguments({"copy", "0"}), {}, three_pipes());
                stream_exchange e;
                e.input = "x";
                rule refused{number, error};
                if (number == SYS_write) { // the test itself writes to other files
                    refused.argument = 0;
                    refused.value = static_cast<std::uint32_t>(c->ends.input.get());
                }
                if (!install({{SYS_pwritev2, EOPNOTSUPP}, refused}))
                    return -1;
                return error_of(communicate(c->process, c->ends, e));
            });
            REQUIRE(got);
            CHECK(*got == (error == EPERM ? ERFKILL : ENOSYS));
        }
    }
}
