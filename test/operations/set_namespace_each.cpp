// SPDX-License-Identifier: MIT
// Enters each type of namespace separately, through a pidfd and through the file descriptor that
// get_namespace opens. Namespaces of a sibling user namespace cannot be entered.
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;
using namespace support;

namespace {

struct kind {
    namespace_type type;
    namespace_flags flag;
    const char* name; // in /proc/PID/ns
};

/// The user namespace comes first: it gives the right to enter the others.
constexpr kind kinds[] = {
    {namespace_type::user, namespace_flags::user, "user"},
    {namespace_type::mnt, namespace_flags::mnt, "mnt"},
    {namespace_type::cgroup, namespace_flags::cgroup, "cgroup"},
    {namespace_type::uts, namespace_flags::uts, "uts"},
    {namespace_type::ipc, namespace_flags::ipc, "ipc"},
    {namespace_type::net, namespace_flags::net, "net"},
};
constexpr std::size_t kind_count = sizeof kinds / sizeof *kinds;

struct places {
    unsigned long long inode[kind_count];
};

places whereabouts() {
    places p{};
    for (std::size_t i = 0; i < kind_count; ++i) {
        struct stat st {};
        const std::string path = std::string("/proc/self/ns/") + kinds[i].name;
        p.inode[i] = stat(path.c_str(), &st) == 0 ? st.st_ino : 0;
    }
    return p;
}

/// A child with separate namespaces of every type.
test_child in_all_new() {
    return test_child::ready([] {
        return unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                       CLONE_NEWNET) == 0;
    });
}

constexpr const char* no_right = "no user namespace can be made here";

struct steps {
    places before;
    int errors[kind_count];
    places after[kind_count];
};

/// Enters one after the other, in a separate process.
template <class Enter>
void check_each(Enter enter) {
    const test_child c = in_all_new();
    if (!c.prepared())
        SKIP_TEST(no_right);
    places there{};
    for (std::size_t i = 0; i < kind_count; ++i) {
        const auto ns = c.fd().get_namespace(kinds[i].type);
        REQUIRE(ns);
        there.inode[i] = inode_of(ns->get());
    }
    const auto got = isolated({}, [&] {
        steps s{};
        s.before = whereabouts();
        for (std::size_t i = 0; i < kind_count; ++i) {
            s.errors[i] = enter(c.fd(), kinds[i]);
            s.after[i] = whereabouts();
        }
        return s;
    });
    REQUIRE(got);
    for (std::size_t i = 0; i < kind_count; ++i) {
        CAPTURE(kinds[i].name);
        CHECK(got->errors[i] == 0);
        CHECK(got->before.inode[i] != there.inode[i]);
        for (std::size_t j = 0; j < kind_count; ++j) {
            CAPTURE(kinds[j].name);
            CHECK(got->after[i].inode[j] == (j <= i ? there.inode[j] : got->before.inode[j]));
        }
    }
}

/// The subject of the test: the first process of a pid namespace that is a sibling of the caller's.
struct inner_process {
    test_child maker;
    pidfd fd;
};

/// A process with separate namespaces of all types, including pid and time if the kernel has them.
inner_process in_sibling() {
    int pids[2];
    REQUIRE(pipe2(pids, O_CLOEXEC) == 0);
    test_child maker = test_child::that([&] {
        constexpr int new_time = 0x80; // CLONE_NEWTIME
        constexpr int all = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                            CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWPID;
        pid_t inner = -1;
        if (unshare(all) == 0) {
            (void)unshare(new_time);
            inner = fork();
        }
        if (inner == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                pause();
        }
        (void)!write(pids[1], &inner, sizeof inner);
        for (;;)
            pause();
        return 0;
    });
    maker.go();
    pid_t inner = -1;
    (void)!read(pids[0], &inner, sizeof inner);
    close(pids[0]);
    close(pids[1]);
    auto fd = inner > 0 ? pidfd::from_pid(inner) : expected<pidfd>(pidfd());
    REQUIRE(fd);
    return {std::move(maker), std::move(*fd)};
}

bool is_built(const char* name) {
    const std::string path = std::string("/proc/self/ns/") + name;
    return access(path.c_str(), F_OK) == 0;
}

} // namespace

TEST_CASE("set_namespace enters the user, mount, cgroup and other namespaces one by one") {
    check_each(
        [](pidfd_view target, const kind& k) { return error_of(target.set_namespace(k.flag)); });
}

TEST_CASE("the file descriptor that get_namespace opens can be entered, for each type") {
    check_each([](pidfd_view target, const kind& k) {
        const auto ns = target.get_namespace(k.type);
        if (!ns)
            return ns.error().value();
        return setns(ns->get(), static_cast<int>(k.flag)) == 0 ? 0 : errno;
    });
}

TEST_CASE("set_namespace refuses every type of a sibling user namespace, and enters nothing") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const inner_process sibling = in_sibling();
    if (!sibling.fd)
        SKIP_TEST(no_right);
    constexpr kind others[] = {
        {namespace_type::pid, namespace_flags::pid, "pid"},
        {namespace_type::time, namespace_flags::time, "time"},
    };
    // The caller has all rights in its own user namespace, which has the same parent.
    surroundings around;
    around.user_namespace = true;
    struct facts {
        int error;
        bool unchanged;
    };
    const auto try_to_enter = [&](namespace_flags flags) {
        return isolated(around, [&, flags] {
            const places before = whereabouts();
            const int error = error_of(sibling.fd.set_namespace(flags));
            const places after = whereabouts();
            bool unchanged = true;
            for (std::size_t i = 0; i < kind_count; ++i)
                unchanged = unchanged && before.inode[i] == after.inode[i];
            return facts{error, unchanged};
        });
    };
    namespace_flags all = namespace_flags::none;
    const auto check = [&](const kind& k) {
        CAPTURE(k.name);
        const auto got = try_to_enter(k.flag);
        REQUIRE(got);
        // Before Linux 5.8 the library reads a link in /proc that the caller may not read.
        if (!is_built(k.name) && availability_of(feature::setns) == availability::available)
            CHECK(got->error == EOPNOTSUPP);
        else
            CHECK((got->error == EPERM || got->error == EACCES));
        CHECK(got->unchanged);
        if (is_built(k.name))
            all |= k.flag;
    };
    for (const kind& k : kinds)
        check(k);
    for (const kind& k : others)
        check(k);
    const auto at_once = try_to_enter(all);
    REQUIRE(at_once);
    if (availability_of(feature::setns) == availability::available)
        CHECK((at_once->error == EPERM || at_once->error == EACCES));
    else
        CHECK(at_once->error == EOPNOTSUPP);
    CHECK(at_once->unchanged);
}

TEST_CASE("get_namespace opens no namespace of a sibling user namespace") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const inner_process sibling = in_sibling();
    if (!sibling.fd)
        SKIP_TEST(no_right);
    surroundings around;
    around.user_namespace = true;
    for (const profile& kernel : {native(), linux_5_10()}) {
        for (const kind& k : kinds) {
            CAPTURE(kernel.name, k.name);
            around.kernel = kernel;
            const auto got =
                isolated(around, [&] { return error_of(sibling.fd.get_namespace(k.type)); });
            REQUIRE(got);
            CHECK(*got == (is_built(k.name) ? EACCES : EOPNOTSUPP));
        }
    }
}
