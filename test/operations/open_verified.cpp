// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/lifecycle.hpp"
#include "support/opened.hpp"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// Whether another open file description has the lock of flock(2) on the file.
bool is_locked(int file) {
    if (flock(file, LOCK_SH | LOCK_NB) != 0)
        return errno == EWOULDBLOCK;
    flock(file, LOCK_UN);
    return false;
}

/// Reads the pid, as a client of the daemon does.
pid_t read_pid_file(int file) {
    char text[32] = {};
    return pread(file, text, sizeof text - 1, 0) > 0 ? std::atoi(text) : 0;
}

/// For the daemon: locks the file, and writes its pid to it.
bool claim(const std::string& path) {
    const int file = open(path.c_str(), O_RDWR | O_CREAT, 0600);
    return file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0 && dprintf(file, "%d\n", getpid()) > 0;
}

/// Whether the process executes this program.
expected<bool> executes(pidfd_view process, const char* program) {
    return process.access_proc([program](int dir) {
        char path[PATH_MAX] = {};
        return readlinkat(dir, "exe", path, sizeof path - 1) > 0 && std::string(path) == program;
    });
}

/// Makes a child with this pid that executes another program. False if it has another pid.
bool give_away(pid_t pid, const char* program) {
    int executed[2];
    if (pipe2(executed, O_CLOEXEC) != 0)
        return false;
    const arguments argv{"sleep"};
    const pid_t heir = fork_with_pid(pid);
    if (heir == 0) {
        execv(program, const_cast<char* const*>(static_cast<const char* const*>(argv)));
        _exit(1);
    }
    close(executed[1]);
    char byte = 0;
    (void)!read(executed[0], &byte, 1); // the other end is closed when the program runs
    close(executed[0]);
    return heir == pid;
}

} // namespace

TEST_CASE("open_verified returns the handle of the process if the predicate holds") {
    const test_child c = test_child::running();
    pid_t seen = 0;
    int fd = -1;
    const auto holds = [&](pidfd_view process) {
        seen = process.get_pid().value_or(-1);
        fd = process.fd();
        return true;
    };
    const auto process = pidfd::open_verified(c.pid(), holds);
    REQUIRE(process);
    CHECK(seen == c.pid());
    CHECK(process->fd() == fd);
    const opened got = look_at(process);
    CHECK(got.pid == c.pid());
    CHECK(got.cloexec);
}

TEST_CASE("open_verified fails with not_found if the predicate does not hold, returns the "
          "predicate's error, and leaves no file descriptor open") {
    const test_child c = test_child::running();
    const auto failing = [](int error) -> expected<bool> {
        return unexpected(std::error_code(error, pidfd_category()));
    };
    const auto with = [&](auto result) {
        return error_of(pidfd::open_verified(c.pid(), [=](pidfd_view) { return result; }));
    };
    const int before = open_fds();
    CHECK(with(true) == 0);
    CHECK(with(false) == ESRCH);
    CHECK(with(expected<bool>(true)) == 0);
    CHECK(with(expected<bool>(false)) == ESRCH);
    for (const int error : {EPERM, ESRCH, EBADF, EMFILE, EREMOTE})
        CHECK(with(failing(error)) == error);
    CHECK(open_fds() == before);
    const auto refused =
        pidfd::open_verified(c.pid(), [&](pidfd_view) { return failing(EREMOTE); });
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == pidfd_errc::foreign_namespace);
}

TEST_CASE("open_verified does not ask about a process that it could not open") {
    bool asked = false;
    const auto holds = [&](pidfd_view) { return asked = true; };
    CHECK(error_of(pidfd::open_verified(0, holds)) == EINVAL);
    CHECK(error_of(pidfd::open_verified(-1, holds)) == EINVAL);
    CHECK(error_of(pidfd::open_verified(std::numeric_limits<pid_t>::max(), holds)) == ESRCH);
    CHECK_FALSE(asked);
    for (const profile& kernel : {sandbox(EPERM), sandbox(ENOSYS)}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] {
            const int error = error_of(pidfd::open_verified(getpid(), holds));
            return asked ? -1 : error;
        });
        REQUIRE(got);
        CHECK(*got == (kernel.forbids() ? ERFKILL : ENOSYS));
    }
}

TEST_CASE("open_verified asks any kind of predicate, exactly once") {
    struct counting {
        int& calls;
        bool operator()(pidfd_view) & { return ++calls, false; }
        bool operator()(pidfd_view) && { return ++calls, true; }
    };
    struct immovable {
        immovable() = default;
        immovable(const immovable&) = delete;
        immovable& operator=(const immovable&) = delete;
        expected<bool> operator()(const pidfd_view& process) const { return process.is_alive(); }
    };
    int calls = 0;
    counting lasting{calls};
    CHECK(error_of(pidfd::open_verified(getpid(), lasting)) == ESRCH);
    CHECK(calls == 1);
    CHECK(error_of(pidfd::open_verified(getpid(), counting{calls})) == 0);
    CHECK(calls == 2);
    CHECK(error_of(pidfd::open_verified(getpid(), immovable())) == 0);
    const auto owning = [owned = std::make_unique<bool>(true)](pidfd_view) { return *owned; };
    CHECK(error_of(pidfd::open_verified(getpid(), owning)) == 0);
    constexpr bool (*function)(pidfd_view) = [](pidfd_view process) {
        return process.get_pid() == getpid();
    };
    CHECK(error_of(pidfd::open_verified(getpid(), function)) == 0);
}

#ifdef __cpp_exceptions
TEST_CASE("open_verified closes the pidfd if the predicate throws") {
    const int before = open_fds();
    const auto throwing = [](pidfd_view) -> bool { throw std::runtime_error("no answer"); };
    CHECK_THROWS_AS((void)pidfd::open_verified(getpid(), throwing), std::runtime_error);
    CHECK(open_fds() == before);
}
#endif

TEST_CASE("the lock on a pid file shows whether the pid in it is still the daemon's") {
    const temporary_directory d;
    const std::string path = d.path() + "/daemon.pid";
    test_child daemon = test_child::ready([&] { return claim(path); });
    REQUIRE(daemon.prepared());
    const unique_fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(file);
    const pid_t pid = read_pid_file(file.get());
    CHECK(pid == daemon.pid());
    const auto holds = [&](pidfd_view) { return is_locked(file.get()); };
    const opened got = look_at(pidfd::open_verified(pid, holds));
    CHECK(got.error == 0);
    CHECK(got.pid == daemon.pid());

    kill_made(pid);
    daemon.wait_for_end();
    CHECK(error_of(pidfd::from_pid(pid)) == 0); // a zombie still has the pid, but not the lock
    CHECK(error_of(pidfd::open_verified(pid, holds)) == ESRCH);
    daemon.reap();
    CHECK(error_of(pidfd::open_verified(pid, holds)) == ESRCH);
}

TEST_CASE("open_verified does not open the new owner of the pid in a stale pid file") {
    struct facts {
        bool reused;
        int unverified;
        int by_lock;
        int by_program;
        int right_program; // for comparison: the heir's
        int left;          // file descriptors
    };
    const std::string program = this_program();
    const std::string other = spawnee();
    const temporary_directory d;
    const std::string path = d.path() + "/daemon.pid";
    surroundings around = in_pid_namespace("fresh");
    const auto got = isolated(around, [&]() -> facts {
        facts f{};
        test_child daemon = test_child::ready([&] { return claim(path); });
        const unique_fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
        const pid_t pid = read_pid_file(file.get());
        const auto by_program = [&](pidfd_view process) {
            return executes(process, program.c_str());
        };
        if (error_of(pidfd::open_verified(pid, by_program)) != 0)
            return f;
        daemon.reap(); // and another program gets its pid
        f.reused = give_away(pid, other.c_str());
        const int before = open_fds();
        f.unverified = error_of(pidfd::from_pid(pid));
        f.by_lock =
            error_of(pidfd::open_verified(pid, [&](pidfd_view) { return is_locked(file.get()); }));
        f.by_program = error_of(pidfd::open_verified(pid, by_program));
        f.right_program = error_of(pidfd::open_verified(
            pid, [&](pidfd_view process) { return executes(process, other.c_str()); }));
        f.left = open_fds() - before;
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->reused)
        SKIP_TEST(no_chosen_pid);
    CHECK(got->unverified == 0); // what the verification is for
    CHECK(got->by_lock == ESRCH);
    CHECK(got->by_program == ESRCH);
    CHECK(got->right_program == 0);
    CHECK(got->left == 0);
}

TEST_CASE("a pid that is given away while the predicate runs does not change the handle") {
    struct facts {
        bool reused;
        int opened;
        int pid;
        int signal;
        int program; // of the predicate that looks at the program through the view afterwards
        bool heir_lives;
    };
    const std::string program = this_program();
    const auto got = isolated(in_pid_namespace("fresh"), [&]() -> facts {
        facts f{};
        pid_t pid = 0;
        const auto replace = [&](test_child& process) {
            process.reap();
            const pid_t heir = fork_sleeper_with_pid(pid);
            return heir == pid;
        };
        test_child first = test_child::running();
        pid = first.pid();
        const auto held = pidfd::open_verified(pid, [&](pidfd_view) {
            f.reused = replace(first);
            return true;
        });
        f.opened = error_of(held);
        f.pid = held ? error_of(held->get_pid()) : -1;
        f.signal = held ? error_of(held->kill()) : -1;
        siginfo_t info{};
        f.heir_lives =
            waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid == 0;
        // The heir executes the expected program, but the view does not refer to it.
        test_child second = test_child::running();
        pid = second.pid();
        f.program = error_of(pidfd::open_verified(pid, [&](pidfd_view process) {
            f.reused = f.reused && replace(second);
            return executes(process, program.c_str());
        }));
        return f; // the heirs end with the pid namespace
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->reused)
        SKIP_TEST(no_chosen_pid);
    CHECK(got->opened == 0);
    CHECK(got->pid == ESRCH);
    CHECK(got->signal == ESRCH);
    CHECK(got->heir_lives);
    CHECK(got->program == ESRCH);
}
