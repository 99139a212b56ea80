// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/timed_out.hpp"
#include "uapi.hpp"

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

template <class Handle, class = void>
constexpr bool can_wait_for_changes = false;
template <class Handle>
constexpr bool can_wait_for_changes<
    Handle, std::void_t<decltype(std::declval<Handle&>().wait_change(wait_flags::exited))>> = true;

// What would take the status away from its owner is not to be had by mistake.
static_assert(std::is_base_of_v<pidfd_operations, owner>);
static_assert(!can_wait_for_changes<owner> && can_wait_for_changes<pidfd_view>);
static_assert(!std::is_convertible_v<owner&, pidfd_view> && !std::is_copy_constructible_v<owner>);

owner owner_of(int fd) {
    return owner(*pidfd::adopt(unique_fd(fd)));
}

owner exiting(int code) {
    int fd = -1;
    REQUIRE(fork_exiting(code, fd) > 0);
    return owner_of(fd);
}

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

bool keeps_exits() {
    const auto gone = support::test_child::reaped();
    return static_cast<bool>(gone.fd().get_exit_status());
}

} // namespace

TEST_CASE("waiting for a child in any form, order and number gives the same status") {
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

TEST_CASE("a wait that ran out of time, or found nothing, leaves the status to the next") {
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

TEST_CASE("waits in a storm of signals get the status, and EINTR is neither told nor remembered") {
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
            surroundings around;
            around.kernel = kernel;
            const auto got = isolated(around, [i] {
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

TEST_CASE("a child that reaps itself because SIGCHLD is ignored tells its status each time") {
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

TEST_CASE("a child that reaps itself is waited for as long as it lives, and no longer than asked") {
    struct facts {
        bool first_empty;
        bool timed_empty;
        bool ended;
        bool killed;
    };
    for (const profile& kernel : {native(), linux_5_10()}) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        const auto got = isolated(around, [] {
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

TEST_CASE("an error is not remembered: a wait elsewhere in the program gets the status after it") {
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

TEST_CASE("the status of a child that somebody else reaps comes once that is done") {
    if (!keeps_exits())
        SKIP_TEST("the kernel does not keep the status of reaped processes");
    // To the isolated process, which is a copy of this one, it is somebody else's child.
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

TEST_CASE("an empty child fails with EBADF, and works once it owns one") {
    owner c;
    CHECK_FALSE(c);
    CHECK(c.fd() == -1);
    CHECK(c.wait().error().value() == EBADF);
    CHECK(c.try_wait().error().value() == EBADF);
    CHECK(c.wait_for(1h).error().value() == EBADF);
    CHECK(c.stop().error().value() == EBADF);
    c = exiting(39);
    CHECK(c);
    CHECK(c.wait()->code() == 39);
}

TEST_CASE("a moved child takes its status along, and what is left behind is empty") {
    owner a = exiting(40);
    CHECK(a.wait()->code() == 40);
    owner b = std::move(a);
    CHECK(a.wait().error().value() == EBADF); // NOLINT: what is left behind is the point
    CHECK_FALSE(a.status());
    CHECK(b.status()->code() == 40);
    owner c = exiting(41);
    c = std::move(b);
    CHECK(c.wait()->code() == 40);
    CHECK_FALSE(b); // NOLINT
    owner& same = c;
    c = std::move(same);
    CHECK(c.wait()->code() == 40);
    const pidfd released = c.release();
    CHECK(released.fd() >= 0);
    CHECK_FALSE(c);
    CHECK_FALSE(c.status());
    while (waitpid(-1, nullptr, 0) > 0) { // the one that was assigned over
    }
}

TEST_CASE("a child that is destroyed is neither killed nor reaped, and its pidfd is closed") {
    const int fds = count_fds();
    int fd = -1;
    const pid_t pid = fork_sleeping(fd);
    REQUIRE(pid > 0);
    { const owner c = owner_of(fd); }
    CHECK(count_fds() == fds);
    CHECK(waitpid(pid, nullptr, WNOHANG) == 0);
    REQUIRE(kill(pid, SIGKILL) == 0);
    int status = 0;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(status == SIGKILL);
}

TEST_CASE("the status of a child that a signal killed has no code, and tells its signal") {
    owner c = sleeping();
    REQUIRE(c.send_signal(SIGUSR1));
    const auto status = c.wait();
    REQUIRE(status);
    CHECK(status->signal() == SIGUSR1);
    CHECK_FALSE(status->code());
    CHECK_FALSE(status->success());
}

TEST_CASE("a child tells the status that it has where the kernel keeps none") {
    for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), sandbox(EPERM)}) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        const auto got = isolated(around, [] {
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

TEST_CASE("waiting without the right to any file descriptor works, and asking says EMFILE") {
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

TEST_CASE("a child that somebody else has to reap is not said to be lost, and no look blocks") {
    if (emulated())
        SKIP_TEST(in_emulator);
    // The caller's child has a child, and does not reap it. It falls to the caller in the end.
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
    const bool kept = *query(feature::info_ioctl) == availability::available;
    CHECK((*got)[0] == (kept ? -1 : -1000 - ECHILD));
    CHECK((*got)[1] == 9);
}
