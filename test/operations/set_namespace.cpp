// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/entering.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"
#include "support/sanitizers.hpp"

#include <pidfd_util/features.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr namespace_flags no_flag_of_a_namespace = static_cast<namespace_flags>(CLONE_VM);

} // namespace

TEST_CASE("set_namespace enters one namespace and leaves the others") {
    const test_child c = in_new(several);
    if (!c.prepared())
        SKIP_TEST(no_right);
    const auto got = isolated({}, [&] { return enter(c.fd().fd(), namespace_flags::uts); });
    REQUIRE(got);
    CHECK(got->error == 0);
    CHECK(got->after.inode[uts] != got->before.inode[uts]);
    CHECK(got->after.inode[ipc] == got->before.inode[ipc]);
    CHECK(got->after.inode[net] == got->before.inode[net]);
}

TEST_CASE("set_namespace enters the target's namespace and no other") {
    const test_child c = in_new(CLONE_NEWUTS);
    if (!c.prepared())
        SKIP_TEST(no_right);
    const auto target = c.fd().get_namespace(namespace_type::uts);
    REQUIRE(target);
    const auto got = isolated({}, [&] { return enter(c.fd().fd(), namespace_flags::uts); });
    REQUIRE(got);
    CHECK(got->after.inode[uts] == inode_of(target->get()));
}

TEST_CASE("set_namespace enters several namespaces at once") {
    const test_child c = in_new(several);
    if (!c.prepared())
        SKIP_TEST(no_right);
    const auto got = isolated({}, [&] { return enter(c.fd().fd(), several_flags); });
    REQUIRE(got);
    if (availability_of(feature::setns) != availability::available) {
        CHECK(got->error == EOPNOTSUPP);
        CHECK(got->unchanged());
        return;
    }
    CHECK(got->error == 0);
    for (const place p : {uts, ipc, net})
        CHECK(got->after.inode[p] != got->before.inode[p]);
    CHECK(got->after.inode[mnt] == got->before.inode[mnt]);
}

TEST_CASE("set_namespace moves only children into a pid namespace") {
    if (emulated())
        SKIP_TEST(in_emulator);
    struct facts {
        int error;
        bool caller_moved;
        pid_t seen_by_child;
    };
    if (!in_new(CLONE_NEWPID).prepared())
        SKIP_TEST(no_right);
    const auto got = isolated({}, [] {
        facts r{};
        int pids[2];
        if (pipe(pids) != 0)
            return r;
        const pid_t maker = fork();
        if (maker == 0) {
            if (unshare(CLONE_NEWPID) != 0)
                _exit(1);
            const pid_t inner = fork();
            if (inner == 0)
                for (;;)
                    pause();
            (void)!write(pids[1], &inner, sizeof inner);
            for (;;)
                pause();
        }
        pid_t inner = 0;
        (void)!read(pids[0], &inner, sizeof inner);
        const auto target = pidfd::from_pid(inner);
        const pid_t self = getpid();
        r.error = target ? error_of(target->set_namespace(namespace_flags::pid)) : -1;
        r.caller_moved = getpid() != self;
        const pid_t probe = fork();
        if (probe == 0)
            _exit(getpid());
        int status = 0;
        waitpid(probe, &status, 0);
        r.seen_by_child = WEXITSTATUS(status);
        if (target)
            (void)target->kill();
        kill_made(maker);
        waitpid(maker, nullptr, 0);
        return r;
    });
    REQUIRE(got);
    CHECK(got->error == 0);
    CHECK_FALSE(got->caller_moved);
    // The second process there, or the third if TSan's thread was the second.
    CHECK((got->seen_by_child == 2 || (thread_sanitizer && got->seen_by_child == 3)));
}

TEST_CASE(
    "set_namespace of no or of unknown flags is an invalid argument, before anything changes") {
    const test_child c = in_new(several);
    const auto all_bits = static_cast<namespace_flags>(~0U);
    for (const profile& kernel : all_profiles()) {
        for (const namespace_flags flags : {namespace_flags::none, no_flag_of_a_namespace, all_bits,
                                            namespace_flags::uts | no_flag_of_a_namespace,
                                            namespace_flags::user | no_flag_of_a_namespace}) {
            CAPTURE(kernel.name, static_cast<unsigned>(flags));
            const auto got = isolated(on(kernel), [&] { return enter(c.fd().fd(), flags); });
            REQUIRE(got);
            CHECK(got->error == EINVAL);
            CHECK(got->unchanged());
        }
    }
}

TEST_CASE("set_namespace changes nothing where one of several cannot be entered") {
    const test_child c = in_new(several);
    if (!c.prepared())
        SKIP_TEST(no_right);
    // The caller's own user namespace cannot be entered again.
    const auto got =
        isolated({}, [&] { return enter(c.fd().fd(), several_flags | namespace_flags::user); });
    REQUIRE(got);
    const bool at_once = availability_of(feature::setns) == availability::available;
    CHECK(got->error == (at_once ? EINVAL : EOPNOTSUPP));
    CHECK(got->unchanged());
}

TEST_CASE("set_namespace into the caller's own user namespace is an invalid argument") {
    const auto got = isolated({}, [] {
        const auto self = pidfd::from_self();
        return enter(self->fd(), namespace_flags::user);
    });
    REQUIRE(got);
    CHECK(got->error == EINVAL);
    CHECK(got->unchanged());
}

TEST_CASE("set_namespace does not report a type as missing if it can inspect no namespace") {
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.proc = "none";
    around.kernel = {"no ioctl of pidfds", {rule::pidfd_ioctls(ENOTTY)}};
    const auto got = isolated(around, [] {
        const auto self = pidfd::from_self();
        return error_of(self->set_namespace(namespace_flags::user));
    });
    if (!got)
        SKIP_TEST(got.missing);
    // Without setns for pidfds /proc would be needed.
    CHECK(*got ==
          (availability_of(feature::setns) == availability::available ? EINVAL : EOPNOTSUPP));
}

TEST_CASE("set_namespace of a process that has ended says that it is gone, and changes nothing") {
    const test_child zombie = test_child::zombie();
    const test_child reaped = test_child::reaped();
    for (const test_child* c : {&zombie, &reaped}) {
        for (const namespace_flags flags :
             {namespace_flags::uts, namespace_flags::pid, namespace_flags::user, several_flags}) {
            CAPTURE(c == &zombie, static_cast<unsigned>(flags));
            const auto got = isolated({}, [&] { return enter(c->fd().fd(), flags); });
            REQUIRE(got);
            if (availability_of(feature::setns) != availability::available &&
                flags == several_flags)
                CHECK(got->error == EOPNOTSUPP);
            else
                CHECK(got->error == ESRCH);
            CHECK(got->unchanged());
        }
    }
}

TEST_CASE("set_namespace without privilege is EPERM, and not reported as a sandbox's refusal") {
    const test_child c = test_child::running();
    for (const bool own : {true, false}) {
        CAPTURE(own);
        surroundings around;
        if (geteuid() == 0)
            around.uid = 65534;
        const auto got = isolated(around, [&] {
            const auto self = pidfd::from_self();
            return enter(own ? self->fd() : c.fd().fd(), namespace_flags::uts);
        });
        REQUIRE(got);
        // Through /proc, the caller may not inspect the namespace.
        if (!own && availability_of(feature::setns) != availability::available)
            CHECK(got->error == EACCES);
        else
            CHECK(got->error == EPERM);
        CHECK(got->unchanged());
    }
}

TEST_CASE("set_namespace reports a sandbox that refuses setns") {
    const test_child c = test_child::running();
    for (const int error : {EPERM, EACCES}) {
        CAPTURE(error);
        surroundings around;
        around.kernel = {"no setns", {{SYS_setns, error}}};
        const auto got = isolated(around, [&] { return enter(c.fd().fd(), namespace_flags::uts); });
        REQUIRE(got);
        CHECK(got->error == ERFKILL);
    }
}

TEST_CASE("set_namespace without the system call is unsupported") {
    const test_child c = test_child::running();
    surroundings around;
    around.kernel = {"no setns", {{SYS_setns, ENOSYS}}};
    const auto got = isolated(around, [&] {
        const auto entered = c.fd().set_namespace(namespace_flags::uts);
        return !entered && entered.error() == pidfd_errc::unsupported;
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("set_namespace enters nothing through a file descriptor that is not a pidfd, even if it "
          "is a namespace") {
    const test_child c = in_new(CLONE_NEWUTS);
    auto others = impostors();
    if (c.prepared()) {
        const auto file = "/proc/" + std::to_string(c.pid()) + "/ns/uts";
        const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
        REQUIRE(fd >= 0);
        others.emplace_back("a namespace that could be entered", fd, 0, [fd] { close(fd); });
    }
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : others) {
            CAPTURE(kernel.name, s.name);
            const auto got =
                isolated(on(kernel), [&] { return enter(s.fd, namespace_flags::uts); });
            REQUIRE(got);
            CHECK(got->error == EBADFD);
            CHECK(got->unchanged());
        }
    }
    CHECK(error_of(pidfd_view().set_namespace(namespace_flags::uts)) == EBADF);
    CHECK(error_of(pidfd_view(999).set_namespace(namespace_flags::uts)) == EBADF);
}

TEST_CASE("set_namespace before Linux 6.9 reports EINVAL in a thread that is not the first") {
    surroundings around;
    around.kernel = {"no pidfds of threads",
                     {{SYS_pidfd_open, EINVAL, 1, uapi::pidfd_thread, uapi::pidfd_thread}}};
    const auto got = isolated(around, [] {
        // Into the caller's own user namespace, which is an invalid argument on every kernel.
        std::array<int, 2> errors{};
        std::thread([&] {
            const auto self = pidfd::from_self();
            errors = {error_of(self->set_namespace(namespace_flags::user)),
                      error_of(self->set_namespace(namespace_flags::user | namespace_flags::ipc))};
        }).join();
        return errors;
    });
    REQUIRE(got);
    CHECK((*got)[0] == EINVAL);
    CHECK((*got)[1] == EINVAL);
}

TEST_CASE("set_namespace into the namespaces of a sibling user namespace is refused") {
    const test_child inside =
        test_child::ready([] { return unshare(CLONE_NEWUSER | several) == 0; });
    if (!inside.prepared())
        SKIP_TEST("no user namespace can be made here");
    // From a user namespace of its own, the caller has no rights in the other one.
    surroundings around;
    around.user_namespace = true;
    for (const namespace_flags flag : {namespace_flags::user, namespace_flags::uts,
                                       namespace_flags::ipc, namespace_flags::net}) {
        CAPTURE(static_cast<unsigned>(flag));
        const auto got = isolated(around, [&] { return enter(inside.fd().fd(), flag); });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK((got->error == EPERM || got->error == EACCES));
        CHECK(got->unchanged());
    }
}
