// SPDX-License-Identifier: MIT
// A pid that names another process now: nothing of that one may show through the old pidfd.
#include "support/attempts.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct facts {
    bool reused;
    std::array<int, attempt_count> errors;
    bool says_alive;
    bool same_id;  // or unsupported
    bool heirs_id; // the id is that of the new process
    int kill_error;
    bool heir_lives; // after the kill
    int dir_error;   // of opening a file relative to an older directory
};

/// As pid 1 of a pid namespace, where no stranger takes the pid in between.
facts after_reuse(const profile& kernel) {
    facts f{};
    test_child old = test_child::running();
    const pidfd_view fd = old.fd();
    const auto dir = fd.open_proc();
    const auto old_id = fd.get_id();
    old.reap();
    const pid_t pid = fork_with_pid(old.pid());
    if (pid == 0)
        for (;;)
            pause();
    if (pid != old.pid())
        return f;
    f.reused = true;
    const auto heir = pidfd::from_pid(pid);
    const auto heir_id = heir->get_id();
    if (!dir || !install(kernel.rules))
        return f;

    for (std::size_t i = 0; i < attempt_count; ++i)
        f.errors[i] = attempts[i].on(fd);
    f.says_alive = fd.is_alive().value_or(false);
    const auto id = fd.get_id();
    f.same_id = !id || (old_id && *id == *old_id);
    f.heirs_id = id && heir_id && *id == *heir_id;
    const auto killed = fd.kill();
    f.kill_error = killed ? 0 : killed.error().value();
    siginfo_t info{};
    f.heir_lives = waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
                   info.si_pid == 0;
    const unique_fd file(openat(dir->get(), "status", O_RDONLY | O_CLOEXEC));
    f.dir_error = file ? 0 : errno;
    kill_made(pid);
    waitpid(pid, nullptr, 0);
    return f;
}

surroundings own_pid_namespace(const char* proc) {
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.pid_namespace = true;
    around.proc = proc;
    return around;
}

} // namespace

TEST_CASE("every operation says that the old process is gone when its pid has a new owner") {
    for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), linux_5_4()}) {
        for (const char* proc : {"fresh", ""}) {
            const auto got = isolated(own_pid_namespace(proc), [&] { return after_reuse(kernel); });
            if (!got)
                SKIP_TEST(got.missing);
            if (!got->reused)
                SKIP_TEST("no right to choose a pid");
            for (std::size_t i = 0; i < attempt_count; ++i) {
                const std::string name = attempts[i].name;
                const int error = got->errors[i];
                CAPTURE(kernel.name, proc, name, error);
                // What tells of the pidfd, not of the process, goes on.
                if (name == "is_alive" || name == "duplicate" || name == "adopt")
                    CHECK(error == 0);
                else if (name == "get_id")
                    CHECK((error == 0 || refused(error)));
                else if (name == "wait" || name == "try_wait")
                    CHECK(error == ECHILD);
                else if (name == "get_remote_fd" && kernel.name == std::string("5.4"))
                    CHECK(refused(error));
                else
                    CHECK(error == ESRCH);
            }
            CAPTURE(kernel.name, proc);
            CHECK_FALSE(got->says_alive);
            CHECK(got->same_id);
            CHECK_FALSE(got->heirs_id);
            CHECK(got->kill_error == ESRCH);
            CHECK(got->heir_lives);
            CHECK((got->dir_error == ESRCH || got->dir_error == ENOENT));
        }
    }
}

TEST_CASE("in a sandbox too no operation answers about the new owner of a pid") {
    for (const profile& kernel : {sandbox(EPERM), sandbox(ENOSYS)}) {
        const auto got = isolated(own_pid_namespace("fresh"), [&] { return after_reuse(kernel); });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->reused)
            SKIP_TEST("no right to choose a pid");
        for (std::size_t i = 0; i < attempt_count; ++i) {
            const std::string name = attempts[i].name;
            const int error = got->errors[i];
            CAPTURE(kernel.name, name, error);
            if (name == "is_alive" || name == "duplicate" || name == "adopt")
                CHECK(error == 0);
            else
                CHECK((error == ESRCH || refused(error)));
        }
        CAPTURE(kernel.name);
        CHECK_FALSE(got->says_alive);
        CHECK(got->same_id);
        CHECK_FALSE(got->heirs_id);
        CHECK(got->heir_lives);
        CHECK(got->dir_error == ESRCH);
    }
}

TEST_CASE("an orphan's parent is never the new owner of its dead parent's pid") {
    struct answers {
        bool reused;
        bool before; // the parent was told rightly
        pid_t after;
    };
    for (const profile& kernel : {native(), linux_5_10()}) {
        CAPTURE(kernel.name);
        const auto got = isolated(own_pid_namespace("fresh"), [&]() -> answers {
            int pids[2];
            if (pipe(pids) != 0)
                return {};
            test_child parent = test_child::that([&] {
                const pid_t inner = fork();
                if (inner != 0)
                    (void)!write(pids[1], &inner, sizeof inner);
                for (;;)
                    pause();
                return 0;
            });
            parent.go();
            pid_t orphan = 0;
            if (read(pids[0], &orphan, sizeof orphan) != sizeof orphan)
                return {};
            const auto fd = pidfd::from_pid(orphan);
            if (!install(kernel.rules))
                return {};
            answers a{};
            a.before = fd->get_ppid() == parent.pid();
            parent.reap();
            const pid_t heir = fork_with_pid(parent.pid());
            if (heir == 0)
                for (;;)
                    pause();
            a.reused = heir == parent.pid();
            a.after = fd->get_ppid().value_or(0);
            return a; // what is left ends with the pid namespace
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->reused)
            SKIP_TEST("no right to choose a pid");
        CHECK(got->before);
        CHECK(got->after == 1); // the namespace's init, as any orphan's
    }
}
