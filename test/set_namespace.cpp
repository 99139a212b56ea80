// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"
#include "support/sanitizers.hpp"
#include "uapi.hpp"

#include <pidfd_util/features.hpp>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr namespace_flags no_flag_of_a_namespace = static_cast<namespace_flags>(CLONE_VM);

/// The caller's namespaces, by their inode numbers.
struct places {
    unsigned long long inode[7];
    bool operator==(const places& other) const {
        return std::memcmp(inode, other.inode, sizeof inode) == 0;
    }
};
enum place { cgroup, ipc, mnt, net, pid_for_children, user, uts };

places whereabouts() {
    constexpr const char* links[] = {"cgroup",           "ipc",  "mnt", "net",
                                     "pid_for_children", "user", "uts"};
    places p{};
    for (int i = 0; i < 7; ++i) {
        const std::string path = std::string("/proc/self/ns/") + links[i];
        struct stat st {};
        p.inode[i] = stat(path.c_str(), &st) == 0 ? st.st_ino : 0;
    }
    return p;
}

struct result {
    int error;
    places before;
    places after;
    bool unchanged() const { return before == after; }
};

result enter(int fd, namespace_flags flags) {
    result r{};
    r.before = whereabouts();
    r.error = error_of(pidfd_view(fd).set_namespace(flags));
    r.after = whereabouts();
    return r;
}

/// A child in namespaces of its own.
test_child in_new(int flags) {
    return test_child::ready([flags] { return unshare(flags) == 0; });
}

constexpr int several = CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET;
constexpr namespace_flags several_flags =
    namespace_flags::uts | namespace_flags::ipc | namespace_flags::net;

const char* const no_right = "no namespace can be made here";

/// As before Linux 5.8, where setns takes no pidfd: neither the target nor the one that the library
/// opens to find that out, but the namespaces' own file descriptors.
bool refuse_pidfds(int target) {
    const auto probes = static_cast<std::uint32_t>(lowest_free_fd());
    return install({{SYS_setns, EINVAL, 0, ~0U, static_cast<std::uint32_t>(target)},
                    {SYS_setns, EINVAL, 0, ~0U, probes}});
}

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
    if (query(feature::setns) != availability::available) {
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
            _exit(static_cast<int>(getpid()));
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
    // The second one there; or the third, where TSan's thread has been the second.
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
            surroundings around;
            around.kernel = kernel;
            const auto got = isolated(around, [&] { return enter(c.fd().fd(), flags); });
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
    const bool at_once = query(feature::setns) == availability::available;
    CHECK(got->error == (at_once ? EINVAL : EOPNOTSUPP));
    CHECK(got->unchanged());
}

TEST_CASE("set_namespace into one's own user namespace is an invalid argument") {
    const auto got = isolated({}, [] {
        const auto self = pidfd::from_self();
        return enter(self->fd(), namespace_flags::user);
    });
    REQUIRE(got);
    CHECK(got->error == EINVAL);
    CHECK(got->unchanged());
}

TEST_CASE("set_namespace claims no missing type where no namespace can be looked at") {
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
    CHECK(*got == (query(feature::setns) == availability::available ? EINVAL : EOPNOTSUPP));
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
            if (query(feature::setns) != availability::available && flags == several_flags)
                CHECK(got->error == EOPNOTSUPP);
            else
                CHECK(got->error == ESRCH);
            CHECK(got->unchanged());
        }
    }
}

TEST_CASE("set_namespace without privilege is not permitted, which no sandbox did") {
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
        // Through /proc it is the namespace that may not be looked at.
        if (!own && query(feature::setns) != availability::available)
            CHECK(got->error == EACCES);
        else
            CHECK(got->error == EPERM);
        CHECK(got->unchanged());
    }
}

TEST_CASE("set_namespace in a sandbox that refuses setns says so") {
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

TEST_CASE("set_namespace enters nothing through what is no pidfd, not through a namespace either") {
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
            surroundings around;
            around.kernel = kernel;
            const auto got = isolated(around, [&] { return enter(s.fd, namespace_flags::uts); });
            REQUIRE(got);
            CHECK(got->error == EBADFD);
            CHECK(got->unchanged());
        }
    }
    CHECK(error_of(pidfd_view().set_namespace(namespace_flags::uts)) == EBADF);
    CHECK(error_of(pidfd_view(999).set_namespace(namespace_flags::uts)) == EBADF);
}

TEST_CASE("set_namespace before Linux 5.8 enters one namespace through /proc") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child c = in_new(several);
    if (!c.prepared())
        SKIP_TEST(no_right);
    for (const namespace_flags flag : {namespace_flags::uts, namespace_flags::ipc}) {
        CAPTURE(static_cast<unsigned>(flag));
        const auto got = isolated(
            {}, [&] { return refuse_pidfds(c.fd().fd()) ? enter(c.fd().fd(), flag) : result{}; });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK((got->after.inode[uts] != got->before.inode[uts]) == (flag == namespace_flags::uts));
        CHECK((got->after.inode[ipc] != got->before.inode[ipc]) == (flag == namespace_flags::ipc));
    }
}

TEST_CASE("set_namespace before Linux 5.8 of several is unsupported, and enters none of them") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child c = in_new(several);
    if (!c.prepared())
        SKIP_TEST(no_right);
    const auto got = isolated({}, [&] {
        return refuse_pidfds(c.fd().fd()) ? enter(c.fd().fd(), several_flags) : result{};
    });
    REQUIRE(got);
    CHECK(got->error == EOPNOTSUPP);
    CHECK(got->unchanged());
}

TEST_CASE("set_namespace before Linux 5.8 tells the errors apart as well") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child zombie = test_child::zombie();
    const test_child reaped = test_child::reaped();
    for (const test_child* c : {&zombie, &reaped}) {
        CAPTURE(c == &zombie);
        const auto got = isolated({}, [&] {
            return refuse_pidfds(c->fd().fd()) ? enter(c->fd().fd(), namespace_flags::uts)
                                               : result{};
        });
        REQUIRE(got);
        CHECK(got->error == ESRCH);
    }
    const test_child c = test_child::running();
    const auto own_user_namespace = isolated({}, [&] {
        return refuse_pidfds(c.fd().fd()) ? enter(c.fd().fd(), namespace_flags::user) : result{};
    });
    REQUIRE(own_user_namespace);
    CHECK(own_user_namespace->error == EINVAL);
    surroundings unprivileged;
    if (geteuid() == 0)
        unprivileged.uid = 65534;
    const auto own = isolated(unprivileged, [] {
        const auto self = pidfd::from_self();
        return refuse_pidfds(self->fd()) ? enter(self->fd(), namespace_flags::uts) : result{};
    });
    REQUIRE(own);
    CHECK(own->error == EPERM);
}

TEST_CASE(
    "set_namespace in a later thread before Linux 6.9, which cannot be asked, guesses nothing") {
    surroundings around;
    around.kernel = {"no pidfds of threads",
                     {{SYS_pidfd_open, EINVAL, 1, uapi::pidfd_thread, uapi::pidfd_thread}}};
    const auto got = isolated(around, [] {
        // Into one's own user namespace, which is invalid in truth.
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
    // From within one of its own, the caller has no power over the other.
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
