// SPDX-License-Identifier: MIT
// wait and try_wait: how children end. wait_traps.cpp has the unusual cases.
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr int p_pidfd = 3;

constexpr int exited(int code) {
    return code << 8;
}

template <class Die>
pid_t forked(Die die) {
    const pid_t pid = fork();
    if (pid == 0) {
        restore_signals();
        die();
        _exit(99);
    }
    return pid;
}

std::vector<profile> kernels() {
    return {native(), linux_5_4(), linux_5_10(), linux_6_12()};
}

surroundings refusing_waitid(int error) {
    surroundings around;
    around.kernel = {"no waitid", {{SYS_waitid, error, 0, ~0U, p_pidfd}}};
    return around;
}

} // namespace

TEST_CASE("wait returns the exit code, on every kernel") {
    for (const profile& kernel : kernels()) {
        for (const int code : {0, 7, 255}) {
            CAPTURE(kernel.name, code);
            const auto got = isolated(on(kernel), [&] {
                const auto fd = pidfd::from_pid(forked([&] { _exit(code); }));
                return fd ? wait_for(*fd) : -1;
            });
            REQUIRE(got);
            CHECK(*got == exited(code));
        }
    }
}

TEST_CASE("wait gives a status from which neither code nor signal can be misread") {
    test_child exits = test_child::that([] { return 255; });
    exits.go();
    const auto code = exits.fd().wait();
    exits.disown();
    REQUIRE(code);
    CHECK(code->code() == 255);
    CHECK_FALSE(code->signal());
    CHECK_FALSE(code->success());

    test_child dies = test_child::running();
    REQUIRE(dies.fd().send_signal(SIGTERM));
    const auto signal = dies.fd().wait();
    dies.disown();
    REQUIRE(signal);
    CHECK_FALSE(signal->code());
    CHECK(signal->signal() == SIGTERM);
    CHECK_FALSE(signal->core_dumped());
    CHECK_FALSE(signal->success());
}

TEST_CASE("wait reports that a core was dumped") {
    struct result {
        bool possible;
        int status;
    };
    char directory[] = "/tmp/pidfd-util-test-XXXXXX";
    REQUIRE(mkdtemp(directory) != nullptr);
    const auto dump = [&] {
        const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
        setrlimit(RLIMIT_CORE, &unlimited);
        if (chdir(directory) == 0)
            std::raise(SIGSEGV);
    };
    const auto got = isolated({}, [&] {
        // The status that waitpid returns for another child that died in the same way.
        int status = 0;
        waitpid(forked(dump), &status, 0);
        const auto fd = pidfd::from_pid(forked(dump));
        return result{WIFSIGNALED(status) && WCOREDUMP(status), fd ? wait_for(*fd) : -1};
    });
    if (DIR* const dir = opendir(directory); dir != nullptr) {
        while (const dirent* entry = readdir(dir))
            unlinkat(dirfd(dir), entry->d_name, 0);
        closedir(dir);
    }
    rmdir(directory);
    REQUIRE(got);
    CHECK(exit_status::from_wait_status(got->status).signal() == SIGSEGV);
    if (!got->possible)
        SKIP_TEST("no core is dumped here: /proc/sys/kernel/core_pattern or a limit");
    CHECK(exit_status::from_wait_status(got->status).core_dumped());
}

TEST_CASE("try_wait is empty while the child lives, and returns its status afterwards") {
    test_child c = test_child::that([] { return 7; });
    CHECK(try_wait_for(c.fd()) == not_yet);
    CHECK(try_wait_for(c.fd()) == not_yet);
    c.go();
    c.wait_for_end();
    CHECK(try_wait_for(c.fd()) == exited(7));
    c.disown();
}

TEST_CASE("wait and try_wait of a child that was waited for fail with ECHILD") {
    for (const bool try_first : {true, false}) {
        CAPTURE(try_first);
        test_child c = test_child::zombie(7);
        CHECK((try_first ? try_wait_for(c.fd()) : wait_for(c.fd())) == exited(7));
        c.disown();
        for (int i = 0; i < 2; ++i) {
            CHECK(wait_for(c.fd()) == -ECHILD);
            CHECK(try_wait_for(c.fd()) == -ECHILD);
        }
    }
}

TEST_CASE("wait of a child that was waited for by its pid fails with ECHILD") {
    const test_child c = test_child::reaped();
    CHECK(wait_for(c.fd()) == -ECHILD);
    CHECK(try_wait_for(c.fd()) == -ECHILD);
}

TEST_CASE("wait of a process that is not a child of the caller fails at once") {
    const test_child sibling = test_child::running();
    const test_child zombie = test_child::zombie();
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] {
            const auto self = pidfd::from_self();
            const auto parent = pidfd::from_pid(getppid());
            const unique_fd non_blocking(raw_pidfd_open(getpid(), O_NONBLOCK));
            if (non_blocking && wait_for(pidfd_view(non_blocking.get())) != -ECHILD)
                return false;
            for (const pidfd_view fd :
                 {sibling.fd(), zombie.fd(), pidfd_view(*self), pidfd_view(*parent)})
                if (wait_for(fd) != -ECHILD || try_wait_for(fd) != -ECHILD)
                    return false;
            return true;
        });
        REQUIRE(got);
        CHECK(*got);
    }
}

TEST_CASE("wait with SIGCHLD ignored waits for the end, and fails with ECHILD") {
    const auto got = isolated({}, [] {
        std::signal(SIGCHLD, SIG_IGN);
        int ends[2];
        if (pipe(ends) != 0)
            return false;
        const auto fd = pidfd::from_pid(forked([&] {
            char byte = 0;
            (void)!read(ends[0], &byte, 1);
        }));
        const bool lives = try_wait_for(*fd) == not_yet;
        (void)!write(ends[1], "g", 1);
        return lives && wait_for(*fd) == -ECHILD && fd->is_alive() == false;
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("wait also waits on a pidfd in non-blocking mode, and does not change the mode") {
    const int probe = raw_pidfd_open(getpid(), O_NONBLOCK);
    if (probe < 0)
        SKIP_TEST("this kernel has no PIDFD_NONBLOCK");
    close(probe);
    struct result {
        int while_alive;
        int status;
        int mode;
    };
    const auto got = isolated({}, [] {
        int ends[2];
        if (pipe(ends) != 0)
            return result{};
        const pid_t pid = forked([&] {
            char byte = 0;
            close(ends[1]);
            (void)!read(ends[0], &byte, 1);
            _exit(7);
        });
        close(ends[0]);
        const unique_fd fd(raw_pidfd_open(pid, O_NONBLOCK));
        result r{};
        r.while_alive = try_wait_for(pidfd_view(fd.get()));
        // Ends, and so releases the child, once this process sleeps in `wait`.
        const pid_t caller = getpid();
        forked([&] {
            while (state_of(caller) != 'S')
                usleep(1000);
            _exit(0);
        });
        close(ends[1]);
        r.status = wait_for(pidfd_view(fd.get()));
        r.mode = fcntl(fd.get(), F_GETFL) & O_NONBLOCK;
        return r;
    });
    REQUIRE(got);
    CHECK(got->while_alive == not_yet);
    CHECK(got->status == exited(7));
    CHECK(got->mode == O_NONBLOCK);
}

TEST_CASE("wait and try_wait refuse a file descriptor that is not a pidfd, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] {
                return wait_for(pidfd_view(s.fd)) == -EBADFD &&
                       try_wait_for(pidfd_view(s.fd)) == -EBADFD;
            });
            REQUIRE(got);
            CHECK(*got);
        }
    }
}

TEST_CASE("wait and try_wait with an empty or a closed handle fail with EBADF") {
    for (const profile& kernel : all_profiles()) {
        for (const int fd : {-1, -10000, 999}) {
            CAPTURE(kernel.name, fd);
            const auto got = isolated(on(kernel), [&] {
                return wait_for(pidfd_view(fd)) == -EBADF && try_wait_for(pidfd_view(fd)) == -EBADF;
            });
            REQUIRE(got);
            CHECK(*got);
        }
    }
}

TEST_CASE("wait reports a sandbox that refuses waitid, and is unsupported without waitid") {
    for (const int error : {EPERM, EACCES, ENOSYS, EINVAL}) {
        CAPTURE(error);
        const auto got = isolated(refusing_waitid(error), [&] {
            const pid_t pid = forked([] { _exit(7); });
            const auto fd = pidfd::from_pid(pid);
            const auto waited = fd->wait();
            const auto tried = fd->try_wait();
            const auto expected_error = error == EPERM || error == EACCES
                                            ? pidfd_errc::forbidden_by_sandbox
                                            : pidfd_errc::unsupported;
            const bool right = !waited && !tried && waited.error() == expected_error &&
                               tried.error() == expected_error;
            int status = 0;
            return right && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7;
        });
        REQUIRE(got);
        CHECK(*got);
    }
}

TEST_CASE(
    "wait mistakes a filter's empty success neither for a status nor for a child that still runs") {
    const auto got = isolated(refusing_waitid(0), [] {
        const auto fd = pidfd::from_pid(forked([] { _exit(7); }));
        return try_wait_for(*fd);
    });
    REQUIRE(got);
    CHECK(*got == -ENOSYS);
}
