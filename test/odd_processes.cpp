// SPDX-License-Identifier: MIT
// Processes that are made to confuse, and callers in odd states.
#include "support/attempts.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#ifdef __GLIBC__
// By this name thread sanitizers do not take the child for a copy of the parent.
extern "C" int __clone(int (*)(void*), void*, int, void*, ...); // NOLINT: the name is glibc's
#else
#define __clone ::clone
#endif

using namespace pidfd_util;
using namespace support;

namespace {

/// Everything that can be told of a process, with errors.
struct facts {
    std::array<int, attempt_count> errors;
    pid_t pid;
    pid_t ppid;
    credentials creds;
    process_info info;
    bool alive;
    bool right_directory;

    bool fully(pid_t expected_pid, pid_t expected_ppid, const credentials& expected_creds) const {
        return pid == expected_pid && ppid == expected_ppid && creds == expected_creds &&
               info.pid == expected_pid && info.ppid == expected_ppid &&
               info.creds == expected_creds && right_directory;
    }
};

facts ask(pidfd_view p) {
    facts f{};
    for (std::size_t i = 0; i < attempt_count; ++i)
        f.errors[i] = attempts[i].on(p);
    f.pid = p.get_pid().value_or(-1);
    f.ppid = p.get_ppid().value_or(-1);
    f.creds = p.get_creds().value_or(credentials{});
    f.info = p.get_info().value_or(process_info{});
    f.alive = p.is_alive().value_or(false);
    const auto shown =
        p.access_proc([](int dir) { return field(read_file_at(dir, "status"), "Pid:"); });
    f.right_directory = shown && *shown == std::to_string(f.pid);
    return f;
}

facts ask_under(const profile& kernel, pidfd_view p) {
    surroundings around;
    around.kernel = kernel;
    const auto got = isolated(around, [=] { return ask(p); });
    return got ? *got : facts{};
}

credentials own_credentials() {
    credentials c{};
    getresuid(&c.ruid, &c.euid, &c.suid);
    getresgid(&c.rgid, &c.egid, &c.sgid);
    c.fsuid = c.euid;
    c.fsgid = c.egid;
    return c;
}

int error_in(const facts& f, const char* name) {
    return f.errors[attempt_of(name)];
}

template <class Condition>
void wait_until(Condition condition) {
    while (!condition())
        usleep(1000);
}

/// A child that has done this to itself, and sleeps.
test_child prepared(const std::function<bool()>& prepare) {
    int ready[2];
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    test_child c = test_child::that([&] {
        const char done = prepare() ? 'y' : 'n';
        (void)!write(ready[1], &done, 1);
        for (;;)
            pause();
        return 0;
    });
    c.go();
    char done = 0;
    CHECK((read(ready[0], &done, 1) == 1 && done == 'y'));
    close(ready[0]);
    close(ready[1]);
    return c;
}

std::vector<profile> kernels() {
    return {native(), linux_6_12(), linux_5_10(), linux_5_4()};
}

/// In a thread of a process whose first thread has exited. There is no coming back from this: the
/// function must leave by _exit.
template <class F>
void without_first_thread(F f) {
    const pid_t first = getpid();
    std::thread([=] {
        // Its file of /proc says when it has gone.
        wait_until([=] {
            const std::string status =
                read_file_at(AT_FDCWD, ("/proc/" + std::to_string(first) + "/status").c_str());
            return field(status, "State:").substr(0, 1) == "Z";
        });
        f();
        _exit(0);
    }).detach();
    syscall(SYS_exit, 0);
}

/// Runs the function, which returns facts, in a process of its own without a first thread.
facts told_without_first_thread(const profile& kernel, pidfd_view p, bool& told) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const pid_t caller = fork();
    if (caller == 0) {
        without_first_thread([&kernel, p, to = ends[1]] {
            if (!install(kernel.rules))
                return;
            const facts f = ask(p);
            (void)!write(to, &f, sizeof f);
        });
    }
    close(ends[1]);
    facts f{};
    told = read(ends[0], static_cast<void*>(&f), sizeof f) == sizeof f;
    close(ends[0]);
    waitpid(caller, nullptr, 0);
    return f;
}

} // namespace

TEST_CASE("a process with an odd name is told of like any other") {
    for (const char* name : {"a b  c", "x\nUid:\t0", "x\nPid:\t1", "a) S 1 (b", "\\\nPPid:\t1",
                             "\t:", "\nTgid:\t1\nPid:", "", "(((", "x\nNSpid:\t1", "\n\n\n"}) {
        const test_child c = prepared([=] { return prctl(PR_SET_NAME, name) == 0; });
        for (const profile& kernel : kernels()) {
            CAPTURE(kernel.name, name);
            const facts f = ask_under(kernel, c.fd());
            CHECK(f.fully(c.pid(), getpid(), own_credentials()));
        }
    }
}

TEST_CASE("a process with many groups is told of like any other") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child c = prepared([] {
        std::vector<gid_t> groups;
        for (gid_t g = 0; g < 2000; ++g)
            groups.push_back(1000000000 + g);
        return setgroups(groups.size(), groups.data()) == 0 || errno == EPERM;
    });
    if (field(read_file_at(AT_FDCWD, ("/proc/" + std::to_string(c.pid()) + "/status").c_str()),
              "Groups:")
            .size() < 10000)
        SKIP_TEST("no right to have many groups");
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        CHECK(ask_under(kernel, c.fd()).fully(c.pid(), getpid(), own_credentials()));
    }
}

TEST_CASE("a caller with many groups still learns everything") {
    const test_child c = test_child::running();
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const auto got = isolated({}, [&] {
            std::vector<gid_t> groups(3000, 4000000000U);
            const bool set = setgroups(groups.size(), groups.data()) == 0;
            return set && install(kernel.rules) ? ask(c.fd()) : facts{};
        });
        REQUIRE(got);
        if (got->pid == 0)
            SKIP_TEST("no right to have many groups");
        CHECK(got->fully(c.pid(), getpid(), own_credentials()));
    }
}

TEST_CASE("a process whose first thread has exited lives, and is told of") {
    test_child c = test_child::that([] {
        without_first_thread([] {
            for (;;)
                pause();
        });
        return 0;
    });
    c.go();
    const std::string status = "/proc/" + std::to_string(c.pid()) + "/status";
    wait_until([&] {
        return field(read_file_at(AT_FDCWD, status.c_str()), "State:").substr(0, 1) == "Z";
    });
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const facts f = ask_under(kernel, c.fd());
        CHECK(f.alive);
        CHECK(f.fully(c.pid(), getpid(), own_credentials()));
        CHECK(error_in(f, "send_signal") == 0);
        // Its first thread has left its namespaces and closed its files; the second has both.
        const auto never_gone = [&](const char* name, int otherwise) {
            const int error = error_in(f, name);
            CAPTURE(name, error);
            CHECK((error == 0 || error == otherwise || refused(error)));
        };
        CHECK(error_in(f, "get_namespace") == 0);
        never_gone("set_namespace", EPERM);
        // Before 6.9 no pidfd names another thread. Some of those kernels say that there is no
        // such file.
        never_gone("get_remote_fd", EBADF);
    }
}

TEST_CASE("a caller whose first thread has exited learns everything") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child c = test_child::running();
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        bool told = false;
        const facts f = told_without_first_thread(kernel, c.fd(), told);
        CHECK(told);
        CHECK(f.fully(c.pid(), getpid(), own_credentials()));
        CHECK(f.alive);
        // Whatever an ordinary caller is told, so is this one.
        const facts ordinary = ask_under(kernel, c.fd());
        for (std::size_t i = 0; i < attempt_count; ++i) {
            CAPTURE(attempts[i].name);
            CHECK(f.errors[i] == ordinary.errors[i]);
        }
    }
}

TEST_CASE("a thread with file descriptors of its own asks about those, not about its process's") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child target = test_child::running();
    const test_child decoy = test_child::running();
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const auto got = isolated({}, [&] {
            facts f{};
            // In the first thread, and so in /proc/self, the number is the decoy's.
            constexpr int number = 50;
            if (!install(kernel.rules) || dup2(decoy.fd().fd(), number) != number)
                return f;
            std::thread([&] {
                if (unshare(CLONE_FILES) == 0 && dup2(target.fd().fd(), number) == number)
                    f = ask(pidfd_view(number));
            }).join();
            return f;
        });
        REQUIRE(got);
        CHECK(got->fully(target.pid(), getpid(), own_credentials()));
        CHECK(error_in(*got, "get_namespace") == 0);
    }
}

TEST_CASE("a child that shares its parent's memory is a process of its own to the library") {
    if (emulated())
        SKIP_TEST(in_emulator);
    struct told {
        facts of_target;
        bool self_is_child;
        bool parent_is_told;
    };
    const test_child target = test_child::running();
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const auto got = isolated({}, [&] {
            struct {
                const profile& kernel;
                pidfd_view target;
                pid_t parent;
                told result;
            } shared{kernel, target.fd(), getpid(), {}};
            const auto body = [](void* argument) {
                auto& s = *static_cast<decltype(shared)*>(argument);
                if (!install(s.kernel.rules))
                    return 1;
                s.result.of_target = ask(s.target);
                const auto self = pidfd::from_self();
                const auto pid = static_cast<pid_t>(syscall(SYS_getpid));
                s.result.self_is_child = pid != s.parent && self->get_pid() == pid;
                s.result.parent_is_told = self->get_ppid() == s.parent;
                return 0;
            };
            std::vector<char> stack(std::size_t{1} << 20);
            const pid_t pid = __clone(body, stack.data() + stack.size(),
                                      CLONE_VM | CLONE_VFORK | SIGCHLD, &shared);
            waitpid(pid, nullptr, 0);
            return shared.result;
        });
        REQUIRE(got);
        CHECK(got->of_target.fully(target.pid(), getpid(), own_credentials()));
        CHECK(got->self_is_child);
        CHECK(got->parent_is_told);
    }
}

TEST_CASE("a caller that the kernel protects from inspection learns everything") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child target = test_child::running();
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const auto got = isolated({}, [&] {
            // As a program that has changed its user: /proc/self belongs to root then.
            const bool set = prctl(PR_SET_DUMPABLE, 0) == 0 && install(kernel.rules);
            return set ? ask(target.fd()) : facts{};
        });
        REQUIRE(got);
        CHECK(got->fully(target.pid(), getpid(), own_credentials()));
    }
}

TEST_CASE("a process that is protected from inspection is told of") {
    const test_child target = prepared([] { return prctl(PR_SET_DUMPABLE, 0) == 0; });
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const facts f = ask_under(kernel, target.fd());
        CHECK(f.fully(target.pid(), getpid(), own_credentials()));
        if (geteuid() != 0)
            CHECK(error_in(f, "get_namespace") == EACCES);
    }
}

TEST_CASE("a stopped process is told of, and lives") {
    const test_child target = test_child::running();
    REQUIRE(::kill(target.pid(), SIGSTOP) == 0);
    siginfo_t info{};
    REQUIRE(waitid(P_PID, static_cast<id_t>(target.pid()), &info, WSTOPPED) == 0);
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const facts f = ask_under(kernel, target.fd());
        CHECK(f.fully(target.pid(), getpid(), own_credentials()));
        CHECK(f.alive);
    }
    CHECK(target.fd().try_wait().value().has_value() == false); // a stop is no end
}
