// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/timed_out.hpp"

#include <pidfd_util/child.hpp>
#include <pidfd_util/features.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

using owner = pidfd_util::child;

/// Every way to get the status, as one code: -1 none yet, -errno below -1000.
using way = std::function<int(owner&)>;

int code_of(const expected<exit_status>& s) {
    if (timed_out(s))
        return -1;
    return s ? s->code().value_or(-2) : -1000 - s.error().value();
}

int code_of(const expected<std::optional<exit_status>>& s) {
    if (!s)
        return -1000 - s.error().value();
    return *s ? (*s)->code().value_or(-2) : -1;
}

std::vector<way> ways() {
    return {
        [](owner& c) { return code_of(c.wait()); },
        [](owner& c) { return code_of(c.try_wait()); },
        [](owner& c) { return code_of(c.wait_for(1h)); },
        [](owner& c) { return code_of(c.wait_until(clock_type::time_point::max())); },
        [](owner& c) {
            const auto s = c.stop();
            return s ? s->status.code().value_or(-2) : -3;
        },
    };
}

constexpr bool is_unknown(int code) {
    return code == -1000 - ECHILD;
}

} // namespace

TEST_CASE("all waits for a child, in any form, order and number, return the same status") {
    const auto all = ways();
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < all.size(); ++i)
        order.push_back(i);
    int code = 1;
    do {
        owner c = exiting(code);
        CHECK_FALSE(c.status());
        REQUIRE(c.wait_exit());
        for (int repeat = 0; repeat < 2; ++repeat)
            for (const std::size_t i : order)
                CHECK(all[i](c) == code);
        REQUIRE(c.status());
        CHECK(c.status()->code() == code);
        code = code % 250 + 1;
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("a wait that ran out of time, or found no status, leaves the status to the next wait") {
    auto source = support::test_child::that([] {
        usleep(5000);
        return 33;
    });
    owner c(*source.fd().duplicate());
    source.disown();
    CHECK(code_of(c.try_wait()) == -1);
    CHECK(code_of(c.wait_for(0s)) == -1);
    CHECK(code_of(c.wait_until(clock_type::time_point::min())) == -1);
    CHECK_FALSE(c.status());
    source.go();
    int tries = 0;
    int code = -1;
    while (code == -1)
        code = ++tries % 2 != 0 ? code_of(c.try_wait()) : code_of(c.wait_for(100us));
    CHECK(code == 33);
    CHECK(c.wait()->code() == 33);
}

TEST_CASE("waits in a storm of signals get the status, and EINTR is neither returned nor stored") {
    const signal_storm storm;
    for (int i = 0; i < 5; ++i) {
        auto source = support::test_child::that([] {
            usleep(10000);
            return 34;
        });
        owner c(*source.fd().duplicate());
        source.disown();
        source.go();
        CHECK(ways()[static_cast<std::size_t>(i % 4) == 1 ? 0 : static_cast<std::size_t>(i % 4)](
                  c) == 34);
        CHECK(code_of(c.try_wait()) == 34);
    }
    CHECK(signal_storm::count() > 0);
}

TEST_CASE("the status of a child that was reaped elsewhere comes from the kernel, or is ECHILD") {
    for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), linux_5_4()}) {
        for (std::size_t i = 0; i < ways().size() - 1; ++i) {
            CAPTURE(kernel.name, i);
            const auto got = isolated(on(kernel), [i] {
                int fd = -1;
                const pid_t pid = fork_exiting(35, fd);
                owner c = owner_of(fd);
                int status = 0;
                while (waitpid(pid, &status, 0) < 0) {
                }
                const int first = ways()[i](c);
                return first == ways()[0](c) ? first : -4;
            });
            REQUIRE(got);
            if (kernel.rules.empty() && keeps_exits())
                CHECK(*got == 35);
            else
                CHECK(is_unknown(*got));
        }
    }
}

TEST_CASE("a child that reaps itself because SIGCHLD is ignored returns its status each time") {
    if (!keeps_exits())
        SKIP_TEST("the kernel does not keep the status of reaped processes");
    for (const bool no_zombies : {false, true}) {
        CAPTURE(no_zombies);
        const auto wrong = isolated({}, [no_zombies] {
            struct sigaction action {};
            action.sa_handler = no_zombies ? SIG_DFL : SIG_IGN;
            action.sa_flags = no_zombies ? SA_NOCLDWAIT : 0;
            sigaction(SIGCHLD, &action, nullptr);
            int bad = 0;
            for (int i = 0; i < 300; ++i) {
                int fd = -1;
                fork_exiting(36, fd);
                owner c = owner_of(fd);
                int code = ways()[static_cast<std::size_t>(i % 4)](c);
                while (code == -1)
                    code = code_of(c.try_wait());
                bad += code != 36 ? 1 : 0;
            }
            return bad;
        });
        REQUIRE(wrong);
        CHECK(*wrong == 0);
    }
}

TEST_CASE("a wait for a child that reaps itself ends with the child or at the deadline") {
    struct facts {
        bool first_empty;
        bool timed_empty;
        bool ended;
        bool killed;
    };
    for (const profile& kernel : {native(), linux_5_10()}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] {
            std::signal(SIGCHLD, SIG_IGN);
            facts f{};
            int fd = -1;
            fork_sleeping(fd);
            owner c = owner_of(fd);
            f.first_empty = code_of(c.try_wait()) == -1;
            f.timed_empty = code_of(c.wait_for(5ms)) == -1;
            (void)!c.kill();
            const auto status = c.wait();
            f.ended = status || status.error().value() == ECHILD;
            f.killed = status && status->signal() == SIGKILL;
            return f;
        });
        REQUIRE(got);
        CHECK(got->first_empty);
        CHECK(got->timed_empty);
        CHECK(got->ended);
        if (kernel.rules.empty() && keeps_exits())
            CHECK(got->killed);
    }
}

TEST_CASE("an error is not stored: the next wait gets the status") {
    if (emulated())
        SKIP_TEST(in_emulator);
    for (const int error : {ECHILD, EPERM, ENOSYS, ENOMEM}) {
        CAPTURE(error);
        struct facts {
            int first;
            int second;
        };
        const auto got = isolated({}, [error] {
            facts f{};
            int fd = -1;
            fork_exiting(37, fd);
            owner c = owner_of(fd);
            (void)!c.wait_exit();
            // Only this thread is under the filter.
            std::thread([&] {
                const bool filtered = install({{SYS_waitid, error}, rule::pidfd_ioctls(ENOTTY)});
                f.first = filtered ? ways()[0](c) : 0;
            }).join();
            f.second = ways()[0](c);
            return f;
        });
        REQUIRE(got);
        CHECK(got->first < -1000);
        CHECK(got->second == 37);
    }
}

TEST_CASE("the status of a child that another thread reaps is available after that") {
    if (!keeps_exits())
        SKIP_TEST("the kernel does not keep the status of reaped processes");
    // For the isolated process, which is a copy of this one, it is the child of another process.
    int reap_now[2];
    int reaped[2];
    REQUIRE(pipe2(reap_now, O_CLOEXEC) == 0);
    REQUIRE(pipe2(reaped, O_CLOEXEC) == 0);
    auto source = support::test_child::zombie(38);
    std::thread reaper([&] {
        char byte = 0;
        (void)!read(reap_now[0], &byte, 1);
        source.reap();
        (void)!write(reaped[1], "r", 1);
    });
    struct facts {
        int before;
        int after;
    };
    owner c(*source.fd().duplicate());
    const auto got = isolated({}, [&] {
        facts f{};
        f.before = ways()[1](c);
        (void)!write(reap_now[1], "g", 1);
        char byte = 0;
        (void)!read(reaped[0], &byte, 1);
        f.after = ways()[0](c);
        return f;
    });
    close(reap_now[1]);
    reaper.join();
    for (const int fd : {reap_now[0], reaped[0], reaped[1]})
        close(fd);
    REQUIRE(got);
    CHECK(got->before == -1); // not yet
    CHECK(got->after == 38);
}

TEST_CASE("the status of a child that a signal killed has the signal and no code") {
    owner c = sleeping();
    REQUIRE(c.send_signal(SIGUSR1));
    const auto status = c.wait();
    REQUIRE(status);
    CHECK(status->signal() == SIGUSR1);
    CHECK_FALSE(status->code());
    CHECK_FALSE(status->success());
}

TEST_CASE("a child returns its stored status even if the kernel keeps none") {
    for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), sandbox(EPERM)}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] {
            int fd = -1;
            fork_exiting(7, fd);
            owner c(*pidfd::adopt(unique_fd(fd)));
            if (!c.wait_exit() && !c.wait())
                return std::array<int, 2>{-1, -1};
            const int before = code_of(c.get_exit_status());
            (void)!c.wait();
            return std::array<int, 2>{before, code_of(c.get_exit_status())};
        });
        REQUIRE(got);
        if (!kernel.forbids())
            CHECK((*got)[0] == 7);
        if (!kernel.forbids())
            CHECK((*got)[1] == 7);
    }
}

TEST_CASE("with RLIMIT_NOFILE 0, waits work and queries fail with EMFILE") {
    const auto got = isolated({}, [] {
        int fd = -1;
        fork_sleeping(fd);
        owner c(*pidfd::adopt(unique_fd(fd)));
        const rlimit none{0, 0};
        setrlimit(RLIMIT_NOFILE, &none);
        std::array<int, 3> said{};
        const auto alive = c.is_alive();
        said[0] = alive ? 0 : alive.error().value();
        said[1] = code_of(c.wait_for(std::chrono::milliseconds(3)));
        (void)!c.kill();
        const auto ended = c.wait_for(1h);
        said[2] = ended ? ended->signal().value_or(-1) : -2;
        return said;
    });
    REQUIRE(got);
    CHECK((*got)[0] == EMFILE);
    CHECK((*got)[1] == -1); // not yet
    CHECK((*got)[2] == SIGKILL);
}

TEST_CASE("a child that another process has to reap first is not reported as lost, and try_wait "
          "does not block") {
    if (emulated())
        SKIP_TEST(in_emulator);
    // The caller's child has a child, and does not reap it. In the end, the caller becomes its
    // parent.
    const auto got = isolated({}, [] {
        std::array<int, 2> said{};
        int ends[2];
        if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || pipe2(ends, O_CLOEXEC) != 0)
            return said;
        const pid_t middle = fork();
        if (middle == 0) {
            const pid_t pid = fork();
            if (pid == 0)
                _exit(9);
            siginfo_t info;
            waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
            (void)!write(ends[1], &pid, sizeof pid);
            for (;;)
                pause();
        }
        pid_t pid = 0;
        (void)!read(ends[0], &pid, sizeof pid);
        auto process = pidfd::from_pid(pid);
        owner c(process ? std::move(*process) : pidfd());
        said[0] = code_of(c.try_wait());
        kill_made(middle);
        waitpid(middle, nullptr, 0);
        said[1] = code_of(c.wait_for(1h));
        return said;
    });
    REQUIRE(got);
    const bool kept = *availability_of(feature::info_ioctl) == availability::available;
    CHECK((*got)[0] == (kept ? -1 : -1000 - ECHILD));
    CHECK((*got)[1] == 9);
}
