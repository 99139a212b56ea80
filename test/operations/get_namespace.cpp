// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <sched.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct named_type {
    namespace_type type;
    const char* name; // in /proc/PID/ns
};

constexpr named_type types[] = {
    {namespace_type::cgroup, "cgroup"}, {namespace_type::ipc, "ipc"},
    {namespace_type::mnt, "mnt"},       {namespace_type::net, "net"},
    {namespace_type::pid, "pid"},       {namespace_type::pid_for_children, "pid_for_children"},
    {namespace_type::time, "time"},     {namespace_type::time_for_children, "time_for_children"},
    {namespace_type::user, "user"},     {namespace_type::uts, "uts"},
};

struct answer {
    int error;
    unsigned long long inode;
    bool cloexec;
    answer_path path;
};

answer ask(int fd, namespace_type type) {
    answer_path path{};
    const auto ns = pidfd_view(fd).get_namespace(type, &path);
    if (!ns)
        return {ns.error().value(), 0, false, path};
    return {0, inode_of(ns->get()), has_cloexec(ns->get()), path};
}

/// The inode number that /proc shows, or the negated errno.
long long shown_inode(pid_t pid, const char* name) {
    const std::string path = "/proc/" + std::to_string(pid) + "/ns/" + name;
    struct stat st {};
    return stat(path.c_str(), &st) == 0 ? static_cast<long long>(st.st_ino) : -errno;
}

profile no_ioctl(int error) {
    return {"no ioctls", {rule::pidfd_ioctls(error)}};
}

/// Both paths: the best of this kernel, and /proc.
std::vector<profile> both_paths() {
    return {native(), no_ioctl(ENOTTY)};
}

} // namespace

TEST_CASE("get_namespace opens all ten namespaces of every process, on every kernel, as in "
          "/proc/PID/ns") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : living()) {
            for (const named_type& t : types) {
                CAPTURE(kernel.name, s.name, t.name);
                const auto got = isolated(on(kernel), [&] { return ask(s.fd, t.type); });
                REQUIRE(got);
                const long long shown = shown_inode(s.pid, t.name);
                if (shown > 0) {
                    CHECK(got->error == 0);
                    CHECK(static_cast<long long>(got->inode) == shown);
                    CHECK(got->cloexec);
                } else if (shown == -EACCES) {
                    CHECK(got->error == EACCES);
                } else { // not built into this kernel
                    CHECK(got->error == (kernel.forbids() ? ERFKILL : EOPNOTSUPP));
                }
            }
        }
    }
}

TEST_CASE(
    "get_namespace takes the path ioctl if the kernel has it, and otherwise the path procfs") {
    const test_child c = test_child::running();
    const bool has_ioctl = availability_of(feature::namespace_ioctl) == availability::available;
    for (const profile& kernel : both_paths()) {
        CAPTURE(kernel.name);
        const auto got =
            isolated(on(kernel), [&] { return ask(c.fd().fd(), namespace_type::uts); });
        REQUIRE(got);
        CHECK(got->error == 0);
        const bool by_ioctl = has_ioctl && kernel.rules.empty();
        CHECK(got->path == (by_ioctl ? answer_path::ioctl : answer_path::procfs));
    }
}

TEST_CASE("get_namespace of an unknown type is an invalid argument") {
    for (const int type : {10, 11, 255}) {
        CAPTURE(type);
        const auto self = pidfd::from_self();
        REQUIRE(self);
        CHECK(error_of(self->get_namespace(static_cast<namespace_type>(type))) == EINVAL);
    }
}

TEST_CASE("get_namespace of a process that has ended says that it is gone, on both paths") {
    const test_child zombie = test_child::zombie();
    const test_child reaped = test_child::reaped();
    for (const profile& kernel : both_paths()) {
        for (const named_type& t : types) {
            CAPTURE(kernel.name, t.name);
            surroundings around;
            around.kernel = kernel;
            const auto of_zombie = isolated(around, [&] { return ask(zombie.fd().fd(), t.type); });
            REQUIRE(of_zombie);
            CHECK(of_zombie->error == ESRCH);
            const auto of_reaped = isolated(around, [&] { return ask(reaped.fd().fd(), t.type); });
            REQUIRE(of_reaped);
            CHECK(of_reaped->error == ESRCH);
        }
    }
}

TEST_CASE(
    "get_namespace of another user's process is EACCES, and not reported as a sandbox's refusal") {
    const test_child c = test_child::running();
    for (const profile& kernel : both_paths()) {
        for (const named_type& t : types) {
            CAPTURE(kernel.name, t.name);
            surroundings around;
            around.kernel = kernel;
            around.uid = 65534;
            const auto got = isolated(around, [&] { return ask(c.fd().fd(), t.type); });
            if (!got)
                SKIP_TEST(got.missing);
            CHECK(got->error == EACCES);
        }
    }
}

TEST_CASE("get_namespace takes the path procfs where a sandbox refuses the ioctl") {
    const test_child c = test_child::running();
    for (const int error : {EPERM, EACCES, ENOSYS, EINVAL}) {
        CAPTURE(error);
        surroundings around;
        around.kernel = no_ioctl(error);
        const auto got = isolated(around, [&] { return ask(c.fd().fd(), namespace_type::net); });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK(got->path == answer_path::procfs);
        CHECK(static_cast<long long>(got->inode) == shown_inode(c.pid(), "net"));
    }
}

TEST_CASE("get_namespace never mistakes a filter's success without a file descriptor for fd 0") {
    const test_child c = test_child::running();
    surroundings around;
    around.kernel = no_ioctl(0);
    const auto got = isolated(around, [&] {
        const bool before = is_open(STDIN_FILENO);
        const answer a = ask(c.fd().fd(), namespace_type::net);
        return is_open(STDIN_FILENO) == before ? a : answer{};
    });
    REQUIRE(got);
    CHECK(got->path == answer_path::procfs);
    CHECK(static_cast<long long>(got->inode) == shown_inode(c.pid(), "net"));
}

TEST_CASE("get_namespace without ioctl and /proc distinguishes a sandbox from an old kernel") {
    const test_child c = test_child::running();
    for (const int error : {EPERM, ENOTTY}) {
        CAPTURE(error);
        surroundings around;
        around.user_namespace = geteuid() != 0;
        around.proc = "none";
        around.kernel = no_ioctl(error);
        const auto got = isolated(around, [&] { return ask(c.fd().fd(), namespace_type::net); });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->error == (error == EPERM ? ERFKILL : EOPNOTSUPP));
        CHECK(got->path == answer_path::none);
    }
}

TEST_CASE("get_namespace distinguishes a time namespace from that of future children") {
    const test_child c =
        test_child::ready([] { return unshare(static_cast<int>(namespace_flags::time)) == 0; });
    if (!c.prepared())
        SKIP_TEST("no time namespace can be made here");
    const auto own = shown_inode(c.pid(), "time");
    const auto of_children = shown_inode(c.pid(), "time_for_children");
    CHECK(own != of_children);
    for (const profile& kernel : both_paths()) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        const auto time = isolated(around, [&] { return ask(c.fd().fd(), namespace_type::time); });
        const auto children =
            isolated(around, [&] { return ask(c.fd().fd(), namespace_type::time_for_children); });
        REQUIRE(time);
        REQUIRE(children);
        CHECK(static_cast<long long>(time->inode) == own);
        CHECK(static_cast<long long>(children->inode) == of_children);
    }
}

TEST_CASE("get_namespace distinguishes a pid namespace from that of future children") {
    const test_child c = test_child::ready([] {
        if (unshare(CLONE_NEWPID) != 0)
            return false;
        // The first process creates the namespace, and lives as long as its parent.
        int pipe_fds[2];
        if (pipe(pipe_fds) != 0)
            return false;
        if (fork() == 0) {
            close(pipe_fds[1]);
            char byte = 0;
            (void)!read(pipe_fds[0], &byte, 1);
            _exit(0);
        }
        return true;
    });
    if (!c.prepared())
        SKIP_TEST("no pid namespace can be made here");
    const auto own = shown_inode(c.pid(), "pid");
    const auto of_children = shown_inode(c.pid(), "pid_for_children");
    CHECK(own != of_children);
    for (const profile& kernel : both_paths()) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        const auto pid = isolated(around, [&] { return ask(c.fd().fd(), namespace_type::pid); });
        const auto children =
            isolated(around, [&] { return ask(c.fd().fd(), namespace_type::pid_for_children); });
        REQUIRE(pid);
        REQUIRE(children);
        CHECK(static_cast<long long>(pid->inode) == own);
        CHECK(static_cast<long long>(children->inode) == of_children);
    }
}

TEST_CASE(
    "get_namespace of a process in a foreign pid namespace is right or says that it is foreign") {
    const test_child c = test_child::running();
    const auto shown = shown_inode(c.pid(), "net");
    for (const profile& kernel : both_paths()) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        around.pid_namespace = true;
        around.proc = "fresh";
        const auto got = isolated(around, [&] { return ask(c.fd().fd(), namespace_type::net); });
        if (!got)
            SKIP_TEST(got.missing);
        if (got->path == answer_path::ioctl)
            CHECK(static_cast<long long>(got->inode) == shown);
        else
            CHECK(got->error == EREMOTE);
    }
}

TEST_CASE("get_namespace through the /proc of another pid namespace reaches the right process") {
    // There the caller's first child is pid 2 in its own namespace, and pid 2 in this /proc is
    // kthreadd.
    const test_child c = test_child::ready([] { return unshare(CLONE_NEWUTS) == 0; });
    if (!c.prepared())
        SKIP_TEST("no uts namespace can be made here");
    struct result {
        int error;
        bool right;
    };
    surroundings around;
    around.kernel = no_ioctl(ENOTTY);
    around.pid_namespace = true;
    const auto got = isolated(around, [] {
        int ready[2];
        if (pipe(ready) != 0)
            return result{-1, false};
        const pid_t pid = fork();
        if (pid == 0) {
            const bool made = unshare(CLONE_NEWUTS) == 0;
            const auto own =
                made ? inode_of(pidfd::from_self()->get_namespace(namespace_type::uts)->get()) : 0;
            (void)!write(ready[1], &own, sizeof own);
            for (;;)
                pause();
        }
        unsigned long long own = 0;
        (void)!read(ready[0], &own, sizeof own);
        const answer a = ask(pidfd::from_pid(pid)->fd(), namespace_type::uts);
        const answer mine = ask(pidfd::from_self()->fd(), namespace_type::uts);
        kill_made(pid);
        waitpid(pid, nullptr, 0);
        return result{a.error, own != 0 && a.inode == own && a.inode != mine.inode};
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->error == 0);
    CHECK(got->right);
}

TEST_CASE("get_namespace refuses a file descriptor that is not a pidfd, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] {
                int error = EBADFD;
                for (const named_type& t : types)
                    if (const int e = ask(s.fd, t.type).error; e != EBADFD)
                        error = e;
                return error;
            });
            REQUIRE(got);
            CHECK(*got == EBADFD);
        }
    }
    CHECK(ask(-1, namespace_type::uts).error == EBADF);
    CHECK(ask(999, namespace_type::uts).error == EBADF);
}

TEST_CASE("get_namespace without enough file descriptors fails with EMFILE and leaks none, on both "
          "paths") {
    struct result {
        int error;
        int leaked;
    };
    const test_child c = test_child::running();
    for (const profile& kernel : both_paths()) {
        int worked = 0;
        for (int left = 0; left < 7; ++left) {
            CAPTURE(kernel.name, left);
            surroundings around;
            around.kernel = kernel;
            around.file_limit = 64;
            const auto got = isolated(around, [&] {
                fill_fds(left);
                const int before = open_fds();
                const int error = ask(c.fd().fd(), namespace_type::ipc).error;
                return result{error, open_fds() - before};
            });
            REQUIRE(got);
            CHECK(got->leaked == 0);
            CHECK((got->error == EMFILE || (left > 0 && got->error == 0)));
            worked += got->error == 0 ? 1 : 0;
        }
        CHECK(worked > 0);
    }
}
