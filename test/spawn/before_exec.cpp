// SPDX-License-Identifier: MIT
// before_exec: the caller's function in the child, in borrowed or in copied memory.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

int return_it(void* error) noexcept {
    return *static_cast<int*>(error);
}

struct called {
    int count;
    pid_t pid;
    int fds;
    bool has_fd;
    int fd;
    bool all_blocked;
    char directory[256];
};

int look_around(void* where) noexcept {
    auto& c = *static_cast<called*>(where);
    ++c.count;
    c.pid = getpid();
    c.has_fd = fcntl(c.fd, F_GETFD) >= 0;
    sigset_t mask;
    sigprocmask(SIG_SETMASK, nullptr, &mask);
    c.all_blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGCHLD) == 1;
    if (getcwd(c.directory, sizeof c.directory) == nullptr)
        return errno;
    errno = ENOTTY; // which the caller must not see
    return 0;
}

int become_nobody(void*) noexcept {
    return setgid(65534) == 0 && setuid(65534) == 0 ? 0 : errno;
}

int open_null(void*) noexcept {
    return open("/dev/null", O_RDONLY) >= 0 ? 0 : errno;
}

int use_stack(void*) noexcept {
    volatile unsigned char room[15 * 1024];
    for (std::size_t i = 0; i < sizeof room; i += 512)
        room[i] = 1;
    return room[0] == 1 ? 0 : EIO;
}

int kill_itself(void*) noexcept {
    return kill(getpid(), SIGKILL) == 0 ? 0 : errno;
}

int set_no_new_privs(void*) noexcept {
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

spawn_options calling(int (*f)(void*) noexcept, void* argument, bool copied) {
    spawn_options o;
    o.before_exec = f;
    o.before_exec_argument = argument;
    o.copy_memory = copied;
    return o;
}

} // namespace

TEST_CASE("before_exec runs once in the child, as the last step, with all signals blocked and the "
          "caller's file descriptors open") {
    const temporary_directory d;
    const unique_fd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
    called c{};
    c.fd = fd.get();
    spawn_options o = calling(look_around, &c, false);
    o.directory = d.path().c_str();
    errno = 4242;
    auto child = spawn(spawnee(), arguments({}), o);
    CHECK(errno == 4242);
    REQUIRE(child);
    const auto pid = child->get_pid();
    CHECK(child->wait());
    CHECK(c.count == 1); // and the caller sees what the function wrote
    CHECK(c.pid == pid.value());
    CHECK(c.has_fd);
    CHECK(c.all_blocked);
    CHECK(c.directory == d.path());
}

TEST_CASE("with copy_memory the caller does not see what before_exec writes") {
    called c{};
    auto child = spawn(spawnee(), arguments({}), calling(look_around, &c, true));
    REQUIRE(child);
    CHECK(child->wait());
    CHECK(c.count == 0);
}

TEST_CASE("the errno of before_exec is returned with its step, and nothing is left") {
    for (const bool copied : {false, true}) {
        for (const int error : {EPERM, ENOENT, ENOSYS, 4095, 255, 257}) {
            CAPTURE(copied, error);
            const int fds = count_fds();
            const int children = count_children();
            int value = error;
            spawn_step step{};
            const auto c =
                spawn(spawnee(), arguments({}), calling(return_it, &value, copied), &step);
            REQUIRE_FALSE(c);
            CHECK(c.error().value() == error);
            CHECK(step == spawn_step::before_exec);
            CHECK(count_fds() == fds);
            CHECK(count_children() == children);
        }
        for (const int nonsense : {-1, -EPERM, 4096, 256, 512, INT_MIN, INT_MAX}) {
            CAPTURE(copied, nonsense);
            int value = nonsense;
            spawn_step step{};
            const auto c =
                spawn(spawnee(), arguments({}), calling(return_it, &value, copied), &step);
            REQUIRE_FALSE(c);
            CHECK(c.error().value() == EIO);
            CHECK(step == spawn_step::before_exec);
        }
    }
}

TEST_CASE("before_exec may change ids in copied memory, and the parent-death signal survives it") {
    if (geteuid() != 0)
        SKIP_TEST("only root may become another user");
    spawn_options o = calling(become_nobody, nullptr, true);
    o.parent_death_signal = SIGUSR1;
    const run_result r = run({"facts"}, o);
    if (r.error == EACCES)
        SKIP_TEST("the test's program is out of reach of another user");
    CHECK(r["uid"] == "65534 65534 65534");
    CHECK(r["parent_death_signal"] == std::to_string(SIGUSR1));
    CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1);
}

TEST_CASE("what before_exec opens is closed, unless the other file descriptors stay open") {
    spawn_options o = calling(open_null, nullptr, false);
    const auto lines = [&] {
        const run_result r = run({"fds"}, o);
        return std::count(r.output.begin(), r.output.end(), '\n');
    };
    CHECK(lines() == 3);
    o.close_other_fds = false;
    const auto more = lines();
    o.before_exec = nullptr;
    CHECK(more == lines() + 1);
}

TEST_CASE("before_exec has 16 KiB of stack") {
    for (const bool copied : {false, true})
        CHECK(run({}, calling(use_stack, nullptr, copied)).error == 0);
}

TEST_CASE("a child that dies in before_exec is reported, and reaped") {
    for (const bool copied : {false, true}) {
        const int children = count_children();
        const auto c = spawn(spawnee(), arguments({}), calling(kill_itself, nullptr, copied));
        REQUIRE_FALSE(c);
        CHECK(c.error().value() == ECANCELED);
        CHECK(count_children() == children);
    }
}

TEST_CASE("before_exec may set what the caller could set itself") {
    CHECK(run({"facts"}, calling(set_no_new_privs, nullptr, false))["no_new_privs"] == "1");
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
}

TEST_CASE("an argument without before_exec is refused") {
    spawn_step step{};
    int argument = 0;
    const auto c = spawn(spawnee(), arguments({}), calling(nullptr, &argument, false), &step);
    REQUIRE_FALSE(c);
    CHECK(c.error().value() == EINVAL);
    CHECK(step == spawn_step::options);
}
