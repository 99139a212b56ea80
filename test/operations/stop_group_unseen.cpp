// SPDX-License-Identifier: MIT
// child::stop of a process group where the number of the child is not certain, or /proc does not show what
// runs.
#include "support/led_group.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

TEST_CASE("a stop of the group does not take a member for ended that a mount on /proc conceals") {
    if (geteuid() != 0)
        SKIP_TEST("only root can mount");
    surroundings around = on(linux_5_10());
    around.mount_namespace = true;
    struct facts {
        bool mounted;
        int error;
        bool member_ended;
    };
    const auto got = isolated(around, [] {
        facts f{};
        constexpr stop_step gentle[] = {{SIGTERM, 20ms, group}};
        led_group g(leader::exits, member::ignores_sigterm);
        const std::string path = "/proc/" + std::to_string(g.member_pid());
        f.mounted = mount("none", path.c_str(), "tmpfs", 0, nullptr) == 0;
        f.error = error_of(g.child().stop(gentle));
        f.member_ended = g.member_has_ended();
        kill_made(g.member_pid());
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    REQUIRE(got->mounted);
    CHECK(got->error == EOPNOTSUPP);
    CHECK_FALSE(got->member_ended);
}

TEST_CASE(
    "before Linux 6.9, the group is signalled only while the number of the child is certain") {
    struct facts {
        int ignored;
        bool alive;
        int reaped;
        bool member_lives;
    };
    const auto got = isolated(on(linux_5_10()), [] {
        facts f{};
        {
            led_group g(leader::runs, member::obeys);
            for (const int flags : {0, SA_NOCLDWAIT}) {
                struct sigaction action {};
                action.sa_handler = flags == 0 ? SIG_IGN : SIG_DFL;
                action.sa_flags = flags;
                sigaction(SIGCHLD, &action, nullptr);
                const int error = error_of(g.child().stop(kill_all));
                f.ignored = f.ignored == 0 || f.ignored == error ? error : -1;
            }
            f.alive = g.child().is_alive() == true && !g.member_has_ended();
            std::signal(SIGCHLD, SIG_DFL);
            (void)!g.child().stop(kill_all);
        }
        led_group g(leader::exits, member::obeys);
        int status = 0;
        waitpid(g.pid(), &status, 0);
        f.reaped = error_of(g.child().stop(kill_all));
        f.member_lives = !g.member_has_ended();
        ::kill(-g.pid(), SIGKILL);
        return f;
    });
    REQUIRE(got);
    CHECK(got->ignored == EOPNOTSUPP);
    CHECK(got->alive);
    CHECK(got->reaped == EOPNOTSUPP);
    CHECK(got->member_lives);
}

TEST_CASE("a child that has ended stays certain when SIGCHLD is ignored afterwards") {
    const auto got = isolated(on(linux_5_10()), [] {
        led_group g(leader::exits, member::ignores_sigterm);
        std::signal(SIGCHLD, SIG_IGN);
        const auto result = g.child().stop(kill_all);
        return g.ok() && result && result->status.code() == 7 && g.member_has_ended();
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("since Linux 6.9, a stop of the group works after the child was reaped elsewhere") {
    if (!has(feature::signal_scope))
        SKIP_TEST("no signal scopes: Linux before 6.9");
    led_group g(leader::exits, member::ignores_sigterm);
    REQUIRE(g.ok());
    int status = 0;
    REQUIRE(waitpid(g.pid(), &status, 0) == g.pid());
    // The member becomes a zombie of the init process, which reaps it at some time.
    constexpr stop_step steps[] = {{SIGKILL, 20s, group}};
    const auto result = g.child().stop(steps);
    CHECK(g.member_has_ended());
    if (keeps_exits())
        CHECK(result.value().status.code() == 7);
    else
        CHECK(error_of(result) == ECHILD);
}

TEST_CASE("a stop of the group fails without /proc, unless the kernel has scopes") {
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        surroundings around = with_proc("none");
        around.kernel = kernel;
        const auto got = isolated(
            around, [] { return stop(leader::leaves_no_member, member::obeys, kill_all); });
        if (!got)
            SKIP_TEST(got.missing);
        // The profile of 6.12 refuses nothing that a stop needs.
        const bool scopes = has(feature::signal_scope) &&
                            (kernel.rules.empty() || kernel.name == std::string("6.12"));
        CHECK(got->error == (scopes ? 0 : EOPNOTSUPP));
        CHECK(got->status_kept);
    }
}

TEST_CASE("without /proc, a stop reaches the members that outlive their leader if the kernel has "
          "scopes") {
    if (!has(feature::signal_scope))
        SKIP_TEST("no signal scopes: Linux before 6.9");
    for (const profile& kernel : {native(), linux_6_12()}) {
        CAPTURE(kernel.name);
        surroundings around = with_proc("none");
        around.kernel = kernel;
        const auto got =
            isolated(around, [] { return stop(leader::exits, member::ignores_sigterm, kill_all); });
        if (!got)
            SKIP_TEST(got.missing);
        REQUIRE(got->ready);
        CHECK(got->error == 0);
        CHECK(got->member_ended);
        CHECK(got->code == 7);
    }
}

TEST_CASE("a stop of the group kills it although nothing shows which of its processes run") {
    if (!has(feature::signal_scope))
        SKIP_TEST("no signal scopes: Linux before 6.9");
    struct facts {
        bool ready;
        int error;
        bool member_ended;
    };
    const auto got = isolated({}, [] {
        // The subreaper does not reap the member: the kernel alone never shows that it has ended.
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
        led_group g(leader::exits, member::ignores_sigterm);
        facts f{};
        rlimit before{};
        getrlimit(RLIMIT_NOFILE, &before);
        const rlimit none{0, before.rlim_max};
        f.ready = g.ok() && setrlimit(RLIMIT_NOFILE, &none) == 0; // /proc cannot be opened
        f.error = error_of(g.child().stop(kill_all));
        f.ready = f.ready && setrlimit(RLIMIT_NOFILE, &before) == 0;
        siginfo_t info{};
        f.member_ended = f.error == EMFILE &&
                         waitid(P_PID, static_cast<id_t>(g.member_pid()), &info, WEXITED) == 0 &&
                         info.si_status == SIGKILL;
        return f;
    });
    REQUIRE(got);
    REQUIRE(got->ready);
    CHECK(got->error == EMFILE);
    CHECK(got->member_ended);
}
