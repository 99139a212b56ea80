// SPDX-License-Identifier: MIT
// The pid belongs to another process now. No operation through the old pidfd reads or changes
// anything of that process.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/operations.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

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
    by_operation<int> errors;
    bool says_alive;
    bool same_id;  // or unsupported
    bool heirs_id; // the id is that of the new process
    int kill_error;
    bool heir_lives; // after the kill
    int dir_error;   // of opening a file relative to an older directory
};

/// Runs as pid 1 of a pid namespace, where no unrelated process takes the pid in between.
facts after_reuse(const profile& kernel) {
    facts f{};
    test_child old = test_child::running();
    const pidfd_view fd = old.fd();
    const auto dir = fd.open_proc();
    const auto old_id = fd.get_id();
    old.reap();
    const pid_t pid = fork_sleeper_with_pid(old.pid());
    if (pid != old.pid())
        return f;
    f.reused = true;
    const auto heir = pidfd::from_pid(pid);
    const auto heir_id = heir->get_id();
    if (!dir || !install(kernel.rules))
        return f;

    f.errors = attempt_all(fd);
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

bool lacks(feature f) {
    return availability_of(f) != availability::available;
}

/// The error for a reaped process.
int expected_error(const operation_row& o) {
    switch (o.after) {
    case once_reaped::gone:
        return ESRCH;
    case once_reaped::no_child:
        return ECHILD;
    case once_reaped::answers:
    case once_reaped::perhaps:
        return 0;
    }
    return -1;
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
                SKIP_TEST(no_chosen_pid);
            for (const operation_row* o : operations_on_any()) {
                const int error = got->errors[*o];
                CAPTURE(kernel.name, proc, o->name, error);
                if (o->bad_argument)
                    CHECK(error != 0);
                else if (o->needs_feature && refused(error))
                    CHECK((!kernel.rules.empty() || lacks(o->feature)));
                else if (o->after == once_reaped::perhaps)
                    CHECK((error == 0 || refused(error)));
                else
                    CHECK(error == expected_error(*o));
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

TEST_CASE("no operation answers about the new owner of a pid in a sandbox") {
    for (const profile& kernel : {sandbox(EPERM), sandbox(ENOSYS)}) {
        const auto got = isolated(own_pid_namespace("fresh"), [&] { return after_reuse(kernel); });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->reused)
            SKIP_TEST(no_chosen_pid);
        for (const operation_row* o : operations_on_any()) {
            const int error = got->errors[*o];
            CAPTURE(kernel.name, o->name, error);
            if (o->bad_argument)
                CHECK(error != 0);
            else
                CHECK((error == expected_error(*o) || refused(error)));
        }
        CAPTURE(kernel.name);
        CHECK_FALSE(got->says_alive);
        CHECK(got->same_id);
        CHECK_FALSE(got->heirs_id);
        CHECK(got->heir_lives);
        CHECK(got->dir_error == ESRCH);
    }
}

TEST_CASE("get_ppid of an orphan never returns its dead parent's pid once that has a new owner") {
    struct answers {
        bool reused;
        bool before; // the parent was reported correctly
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
            const pid_t heir = fork_sleeper_with_pid(parent.pid());
            a.reused = heir == parent.pid();
            a.after = fd->get_ppid().value_or(0);
            return a; // the remaining processes end with the pid namespace
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->reused)
            SKIP_TEST(no_chosen_pid);
        CHECK(got->before);
        CHECK(got->after == 1); // the namespace's first process, as for any orphan
    }
}
