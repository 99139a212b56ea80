// SPDX-License-Identifier: MIT
// Processes with misleading names, groups or states, and callers in unusual states.
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/operations.hpp"
#include "support/processes.hpp"

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
// Under this name thread sanitizers do not mistake the child for a copy of the parent.
extern "C" int __clone(int (*)(void*), void*, int, void*, ...); // NOLINT: the name is glibc's
#else
#define __clone ::clone
#endif

using namespace pidfd_util;
using namespace support;

namespace {

/// What the operations say about a process.
struct facts {
    by_operation<int> errors;
    int send_signal;
    int get_namespace;
    int set_namespace;
    int get_remote_fd;
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
    f.errors = attempt_all(p);
    f.send_signal = error_of(p.send_signal(0));
    f.get_namespace = error_of(p.get_namespace(namespace_type::uts));
    f.set_namespace = error_of(p.set_namespace(namespace_flags::uts));
    f.get_remote_fd = error_of(p.get_remote_fd(0));
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
    const auto got = isolated(on(kernel), [=] { return ask(p); });
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

template <class Condition>
void wait_until(Condition condition) {
    while (!condition())
        usleep(1000);
}

/// A child that has run `prepare`, and sleeps.
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

/// Runs the function in another thread, after the first thread of the calling process has exited.
/// Never returns: the process ends after the function.
template <class F>
void without_first_thread(F f) {
    const pid_t first = getpid();
    std::thread([=] {
        // Its file in /proc shows when it has exited.
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

/// Runs the function, which returns facts, in another process whose first thread has exited.
facts ask_without_first_thread(const profile& kernel, pidfd_view p, bool& received) {
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
    received = read(ends[0], static_cast<void*>(&f), sizeof f) == sizeof f;
    close(ends[0]);
    waitpid(caller, nullptr, 0);
    return f;
}

} // namespace

TEST_CASE("every answer about a process with an odd name is right") {
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

TEST_CASE("every answer about a process with many groups is right") {
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

TEST_CASE("every answer to a caller with many groups is right") {
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

TEST_CASE("a process whose first thread has exited is alive, and every answer about it is right") {
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
        CHECK(f.send_signal == 0);
        // Its first thread has left its namespaces and closed its files; the second has both.
        CHECK(f.get_namespace == 0);
        CHECK((f.set_namespace == 0 || f.set_namespace == EPERM || refused(f.set_namespace)));
        // Before 6.9 no pidfd names another thread.
        CHECK((f.get_remote_fd == 0 || refused(f.get_remote_fd)));
    }
}

TEST_CASE("every answer to a caller whose first thread has exited is right") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child c = test_child::running();
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        bool received = false;
        const facts f = ask_without_first_thread(kernel, c.fd(), received);
        CHECK(received);
        CHECK(f.fully(c.pid(), getpid(), own_credentials()));
        CHECK(f.alive);
        // The errors are those of an ordinary caller.
        const facts ordinary = ask_under(kernel, c.fd());
        for (const operation_row* o : operations_on_any()) {
            CAPTURE(o->name);
            // Without the feature, setns cannot be tried in another thread: EINVAL stays EINVAL.
            if (o->needs_feature && availability_of(o->feature) != availability::available)
                continue;
            CHECK(f.errors[*o] == ordinary.errors[*o]);
        }
    }
}

TEST_CASE("a thread with its own file descriptor table gets answers about that table's pidfds") {
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
        CHECK(got->get_namespace == 0);
    }
}

TEST_CASE("a child that shares its parent's memory counts as a separate process") {
    if (emulated())
        SKIP_TEST(in_emulator);
    struct report {
        facts of_target;
        bool self_is_child;
        bool parent_is_right;
    };
    const test_child target = test_child::running();
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const auto got = isolated({}, [&] {
            struct {
                const profile& kernel;
                pidfd_view target;
                pid_t parent;
                report result;
            } shared{kernel, target.fd(), getpid(), {}};
            const auto body = [](void* argument) {
                auto& s = *static_cast<decltype(shared)*>(argument);
                if (!install(s.kernel.rules))
                    return 1;
                s.result.of_target = ask(s.target);
                const auto self = pidfd::from_self();
                const auto pid = static_cast<pid_t>(syscall(SYS_getpid));
                s.result.self_is_child = pid != s.parent && self->get_pid() == pid;
                s.result.parent_is_right = self->get_ppid() == s.parent;
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
        CHECK(got->parent_is_right);
    }
}

TEST_CASE("every answer to a caller that is not dumpable is right") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child target = test_child::running();
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const auto got = isolated({}, [&] {
            // Like a program that has changed its user: /proc/self then belongs to root.
            const bool set = prctl(PR_SET_DUMPABLE, 0) == 0 && install(kernel.rules);
            return set ? ask(target.fd()) : facts{};
        });
        REQUIRE(got);
        CHECK(got->fully(target.pid(), getpid(), own_credentials()));
    }
}

TEST_CASE("every answer about a process that is not dumpable is right") {
    const test_child target = prepared([] { return prctl(PR_SET_DUMPABLE, 0) == 0; });
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const facts f = ask_under(kernel, target.fd());
        CHECK(f.fully(target.pid(), getpid(), own_credentials()));
        if (geteuid() != 0)
            CHECK(f.get_namespace == EACCES);
    }
}

TEST_CASE("a stopped process is alive, and every answer about it is right") {
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
