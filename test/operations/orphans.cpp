// SPDX-License-Identifier: MIT
// become_subreaper, kill_descendants and reap_orphans.
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/rounds.hpp"

#include <pidfd_util/child.hpp>
#include <pidfd_util/orphans.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

/// Forks a child that lives on when its parent has ended.
pid_t fork_lasting() {
    const pid_t pid = fork();
    if (pid == 0)
        live_on();
    return pid;
}

bool has_no_children() {
    return waitpid(-1, nullptr, WNOHANG | __WALL) < 0 && errno == ECHILD;
}

template <class T>
int code_of(const expected<T>& result) {
    return error_of(result);
}

} // namespace

TEST_CASE(
    "a subreaper becomes the parent of an orphan, and reap_orphans reaps it when it has ended") {
    struct facts {
        int became;
        bool adopted;
        int early;
        int reaped;
        bool none_left;
        bool kept;
    };
    const auto got = isolated({}, [] {
        facts f{};
        f.became = code_of(become_subreaper());
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            return f;
        const pid_t middle = fork();
        if (middle == 0) {
            if (fork() == 0) {
                const pid_t pid = getpid();
                while (getppid() == middle)
                    usleep(100);
                (void)!write(ends[1], &pid, sizeof pid);
                live_on();
            }
            _exit(0);
        }
        pidfd_util::child own(*pidfd::from_pid(middle));
        (void)!own.wait_exit();
        pid_t orphan = 0;
        (void)!read(ends[0], &orphan, sizeof orphan);
        auto process = pidfd::from_pid(orphan);
        f.adopted = process && process->get_ppid() == getpid();
        const pidfd_util::child* const keep = &own;
        const pidfd_view kept[] = {pidfd_view(*keep)};
        f.early = static_cast<int>(reap_orphans(kept).value());
        (void)!process->kill();
        (void)!process->wait_exit();
        f.reaped = static_cast<int>(reap_orphans(kept).value());
        const auto status = own.wait();
        f.kept = status && status->code() == 0;
        f.none_left = has_no_children();
        return f;
    });
    REQUIRE(got);
    CHECK(got->became == 0);
    CHECK(got->adopted);
    CHECK(got->early == 0);
    CHECK(got->reaped == 1);
    CHECK(got->kept);
    CHECK(got->none_left);
}

TEST_CASE("without children to keep, reap_orphans reaps every child that has ended") {
    struct facts {
        std::size_t reaped;
        std::size_t again;
        bool living;
    };
    const auto got = isolated({}, [] {
        facts f{};
        for (int i = 0; i < 3; ++i) {
            const pid_t pid = fork();
            if (pid == 0)
                _exit(i);
            siginfo_t info;
            waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
        }
        const pid_t sleeper = fork_lasting();
        f.reaped = reap_orphans().value();
        f.again = reap_orphans().value();
        f.living = waitpid(sleeper, nullptr, WNOHANG) == 0;
        kill(sleeper, SIGKILL);
        return f;
    });
    REQUIRE(got);
    CHECK(got->reaped == 3);
    CHECK(got->again == 0);
    CHECK(got->living);
}

TEST_CASE(
    "reap_orphans reaps every child that has ended, also of a list that takes several reads") {
    constexpr int many = 1500;
    struct facts {
        int made;
        std::size_t reaped;
        bool none_left;
    };
    const auto got = isolated({}, [] {
        facts f{};
        std::vector<pid_t> pids;
        for (; f.made < many; ++f.made) {
            pids.push_back(fork());
            if (pids.back() < 0)
                break;
            if (pids.back() == 0)
                _exit(0);
        }
        siginfo_t info;
        for (const pid_t pid : pids)
            waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
        f.reaped = reap_orphans().value_or(0);
        f.none_left = has_no_children();
        return f;
    });
    REQUIRE(got);
    if (got->made < many)
        SKIP_TEST("too few processes are permitted");
    CHECK(got->reaped == many);
    CHECK(got->none_left);
}

TEST_CASE("kill_descendants needs a subreaper, or the first process of a pid namespace") {
    const auto plain = isolated({}, [] {
        const pid_t sleeper = fork_lasting();
        const int error = code_of(kill_descendants(5s));
        const bool alive = waitpid(sleeper, nullptr, WNOHANG) == 0;
        kill(sleeper, SIGKILL);
        return alive ? error : -1;
    });
    REQUIRE(plain);
    CHECK(*plain == EINVAL);
    surroundings inside;
    inside.pid_namespace = true;
    inside.mount_namespace = true;
    inside.user_namespace = geteuid() != 0;
    inside.proc = "fresh";
    const auto first = isolated(inside, [] {
        fork_lasting();
        return code_of(kill_descendants(5s)) * 2 + (has_no_children() ? 1 : 0);
    });
    if (!first)
        SKIP_TEST(first.missing);
    CHECK(*first == 1);
}

TEST_CASE("kill_descendants spares the children that are kept, and their descendants") {
    struct facts {
        int error;
        std::size_t reaped;
        bool kept;
        bool kept_grandchild;
        bool others;
    };
    const auto got = isolated({}, [] {
        facts f{};
        int ends[2];
        if (!become_subreaper() || pipe2(ends, O_CLOEXEC) != 0)
            return f;
        pid_t grandchild = 0;
        const pid_t kept = fork();
        if (kept == 0) {
            const pid_t pid = fork_lasting();
            (void)!write(ends[1], &pid, sizeof pid);
            live_on();
        }
        (void)!read(ends[0], &grandchild, sizeof grandchild);
        for (int i = 0; i < 3; ++i)
            fork_lasting();
        pidfd_util::child owner(*pidfd::from_pid(kept));
        const pidfd_util::child keep[] = {std::move(owner)};
        const auto killed = kill_descendants(keep, 10s);
        f.error = code_of(killed);
        f.reaped = killed ? *killed : 0;
        f.kept = keep[0].is_alive() == true;
        f.kept_grandchild = ::kill(grandchild, 0) == 0 && state_of(grandchild) == 'S';
        const auto rest = kill_descendants(10s);
        f.others = rest && *rest == 2 && has_no_children();
        return f;
    });
    REQUIRE(got);
    CHECK(got->error == 0);
    CHECK(got->reaped == 3);
    CHECK(got->kept);
    CHECK(got->kept_grandchild);
    CHECK(got->others);
}

TEST_CASE(
    "nothing of a fork bomb with double forks and sessions survives kill_descendants, and nothing "
    "outside is hit") {
    struct facts {
        int error;
        std::size_t reaped;
        bool none;
        bool deserted;
    };
    const auto sentinel = test_child::running();
    const int many = long_mode() ? 10'000 : rounds(40);
    for (int round = 0; round < many; ++round) {
        CAPTURE(round);
        const auto got = isolated({}, [round] {
            facts f{};
            int line[2];
            if (!become_subreaper() || pipe2(line, O_CLOEXEC) != 0)
                return f;
            if (fork() == 0) {
                (void)!write(line[1], "+", 1);
                for (int level = 0; level < 5; ++level) {
                    const pid_t pid = fork();
                    // Each second process that has made another one ends: its child is an orphan.
                    if (pid > 0 && (level + round) % 2 == 0)
                        _exit(0);
                    if (pid == 0 && (level + round) % 3 != 0)
                        setsid();
                    if (pid == 0)
                        fork();
                }
                live_on();
            }
            char byte = 0;
            (void)!read(line[0], &byte, 1);
            close(line[1]);
            const auto killed = kill_descendants(30s);
            f.error = code_of(killed);
            f.reaped = killed ? *killed : 0;
            f.none = has_no_children();
            f.deserted = read(line[0], &byte, 1) == 0;
            return f;
        });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK(got->reaped >= 1);
        CHECK(got->none);
        CHECK(got->deserted);
    }
    CHECK(sentinel.fd().is_alive() == true);
    CHECK(state_of(sentinel.pid()) == 'S');
}

TEST_CASE("kill_descendants works while SIGCHLD is ignored, and the children reap themselves") {
    const auto got = isolated({}, [] {
        std::signal(SIGCHLD, SIG_IGN);
        if (!become_subreaper())
            return -1;
        for (int i = 0; i < 4; ++i)
            fork_lasting();
        return code_of(kill_descendants(10s)) * 2 + (has_no_children() ? 1 : 0);
    });
    REQUIRE(got);
    CHECK(*got == 1);
}

TEST_CASE("a handle to keep must be a pidfd; it has no effect if its process is not a child") {
    const auto stranger = pidfd::from_pid(getppid());
    const auto got = isolated({}, [&] {
        int wrong = 0;
        if (!become_subreaper())
            return -1;
        fork_lasting();
        wrong +=
            code_of(kill_descendants(std::initializer_list<pidfd_view>{pidfd_view()}, 1s)) == EBADF
                ? 0
                : 1;
        const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        wrong += code_of(reap_orphans({pidfd_view(null)})) == EBADFD ? 0 : 2;
        const auto killed =
            kill_descendants(std::initializer_list<pidfd_view>{pidfd_view(*stranger)}, 10s);
        wrong += killed && *killed == 1 ? 0 : 4;
        return wrong;
    });
    if (!stranger)
        SKIP_TEST("the parent is not visible");
    REQUIRE(got);
    CHECK(*got == 0);
}

TEST_CASE("a list of children to keep can be written in braces") {
    const auto got = isolated({}, [] {
        if (!become_subreaper())
            return -1;
        const auto one = pidfd::from_pid(fork_lasting());
        const auto other = pidfd::from_pid(fork_lasting());
        fork_lasting();
        const auto killed = kill_descendants({pidfd_view(*one), pidfd_view(*other)}, 10s);
        const bool kept = one->is_alive() == true && other->is_alive() == true;
        (void)!kill_descendants(10s);
        return killed && *killed == 1 && kept ? 0 : 1;
    });
    REQUIRE(got);
    CHECK(*got == 0);
}

TEST_CASE("a handle that is kept may be of a process that this /proc does not show") {
    const auto stranger = pidfd::from_self();
    surroundings inside;
    inside.pid_namespace = true;
    inside.mount_namespace = true;
    inside.user_namespace = geteuid() != 0;
    inside.proc = "fresh";
    const auto got = isolated(inside, [&] {
        fork_lasting();
        const auto killed =
            kill_descendants(std::initializer_list<pidfd_view>{pidfd_view(*stranger)}, 10s);
        return code_of(killed) * 2 + (has_no_children() ? 1 : 0);
    });
    if (!stranger || !got)
        SKIP_TEST(got.missing);
    CHECK(*got == 1);
}

TEST_CASE("on every kernel and sandbox, orphans are killed and reaped, or the error says why not") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        struct facts {
            int error;
            bool none;
        };
        const auto got = isolated(on(kernel), [] {
            facts f{};
            if (!become_subreaper())
                return f;
            fork_lasting();
            f.error = code_of(kill_descendants(10s));
            f.none = has_no_children();
            if (!f.none)
                kill(-1, 0); // nothing: the isolated process's end takes its children along
            return f;
        });
        REQUIRE(got);
        CHECK((got->error == 0) == got->none);
        if (kernel.refuses_pidfd_open())
            CHECK(got->error == (kernel.forbids() ? ERFKILL : ENOSYS));
        else
            CHECK(got->error == 0);
    }
}

TEST_CASE("a filter that says that the caller is a subreaper is noticed") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const auto empty = isolated({}, [] {
        return install({{SYS_prctl, 0}}) ? code_of(become_subreaper()) : -1;
    });
    REQUIRE(empty);
    CHECK(*empty == ENOSYS);
    const auto refused = isolated({}, [] {
        return install({{SYS_prctl, EPERM}}) ? code_of(become_subreaper()) : -1;
    });
    REQUIRE(refused);
    CHECK(*refused == ERFKILL);
}

TEST_CASE("a filter that refuses to kill the children is not taken for a pid namespace") {
    const auto got = isolated({}, [] {
        fork_lasting();
        if (!become_subreaper() || !install({{SYS_pidfd_send_signal, EINVAL, 1, ~0U, SIGKILL}}))
            return -1;
        return error_of(kill_descendants(1ms));
    });
    REQUIRE(got);
    CHECK(*got == EIO);
}
