// SPDX-License-Identifier: MIT
// What the probe learns about the kernel, and from which calls it must not learn.
#include "support/answers.hpp"
#include "support/cgroups.hpp"
#include "support/emulated.hpp"

#include "kernel/uapi.hpp"

#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct paths {
    answer_path pid, ppid, id, creds, cgroupid, info, ns;
};

bool operator==(const paths& a, const paths& b) {
    return a.pid == b.pid && a.ppid == b.ppid && a.id == b.id && a.creds == b.creds &&
           a.cgroupid == b.cgroupid && a.info == b.info && a.ns == b.ns;
}

answer_path path_to_namespace(int fd) {
    answer_path path{};
    const auto ns = pidfd_view(fd).get_namespace(namespace_type::mnt, &path);
    return path;
}

paths ask_every_query(int fd) {
    return {ask(fd, &pidfd_view::get_pid).path,
            ask(fd, &pidfd_view::get_ppid).path,
            ask<std::uint64_t>(fd, &pidfd_view::get_id).path,
            ask(fd, &pidfd_view::get_creds).path,
            ask(fd, &pidfd_view::get_cgroupid).path,
            ask(fd, &pidfd_view::get_info).path,
            path_to_namespace(fd)};
}

/// Whether this kernel is known to have the feature.
paths best() {
    const bool info = has(feature::info_ioctl);
    const bool mounted = !cgroup2_mount().empty();
    const auto by_info = info ? answer_path::ioctl : answer_path::procfs;
    return {info ? answer_path::ioctl : answer_path::fdinfo,
            by_info,
            has(feature::pidfs) ? answer_path::inode : answer_path::none,
            by_info,
            info || mounted ? by_info : answer_path::none,
            by_info,
            has(feature::namespace_ioctl) ? answer_path::ioctl : answer_path::procfs};
}

} // namespace

TEST_CASE("the probe learns nothing from a call on a non-pidfd, or about a process that is gone") {
    const test_child good = test_child::running();
    const test_child gone = test_child::reaped();
    std::vector<int> fds{-1, 9999, gone.fd().fd()};
    const std::vector<subject> bad = impostors();
    for (const subject& s : bad)
        fds.push_back(s.fd);
    for (const int fd : fds) {
        CAPTURE(fd);
        const auto got = isolated({}, [&] {
            ask_every_query(fd);
            ask_every_query(fd);
            return ask_every_query(good.fd().fd());
        });
        REQUIRE(got);
        CHECK(*got == best());
    }
}

TEST_CASE("the probe learns nothing from a call that runs out of file descriptors") {
    const test_child good = test_child::running();
    surroundings around;
    around.file_limit = 100;
    const auto got = isolated(around, [&] {
        int last = -1;
        for (int fd = 0; fd >= 0; fd = dup(0))
            last = fd;
        ask_every_query(good.fd().fd());
        for (int fd = last; fd > last - 10; --fd)
            close(fd);
        return ask_every_query(good.fd().fd());
    });
    REQUIRE(got);
    CHECK(*got == best());
}

TEST_CASE("the probe does not take a namespace type that the kernel was built without for a "
          "missing ioctl") {
    if (!has(feature::namespace_ioctl))
        SKIP_TEST("no ioctl for namespaces");
    constexpr auto request = uapi::get_namespace(static_cast<unsigned>(namespace_type::time) + 1);
    const test_child c = test_child::running();
    const profile without_time{"no time namespaces", {rule::ioctl(request, EOPNOTSUPP)}};
    const auto got = isolated(on(without_time), [&] {
        (void)pidfd_view(c.fd()).get_namespace(namespace_type::time);
        return path_to_namespace(c.fd().fd());
    });
    REQUIRE(got);
    CHECK(*got == answer_path::ioctl);
}

TEST_CASE("a filter that is installed later is noticed") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child c = test_child::running();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        struct facts {
            bool installed;
            answer<pid_t> before, after;
        };
        const auto got = isolated({}, [&]() -> facts {
            const auto before = ask(c.fd().fd(), &pidfd_view::get_ppid);
            const bool installed = install(kernel.rules);
            return {installed, before, ask(c.fd().fd(), &pidfd_view::get_ppid)};
        });
        REQUIRE(got);
        REQUIRE(got->installed);
        CHECK(got->before.value == getpid());
        CHECK(got->after.value == getpid());
    }
}

TEST_CASE("other threads still get an answer after one thread has learnt under its own filter") {
    if (!has(feature::info_ioctl))
        SKIP_TEST("no PIDFD_GET_INFO to be taken away");
    const test_child c = test_child::running();
    for (const char* proc : {"", "none"}) {
        CAPTURE(proc);
        struct facts {
            bool installed;
            answer<pid_t> there, here;
        };
        surroundings around = with_proc(proc);
        const auto got = isolated(around, [&] {
            facts result{};
            std::thread([&] {
                result.installed = install(linux_5_10().rules);
                result.there = ask(c.fd().fd(), &pidfd_view::get_ppid);
            }).join();
            result.here = ask(c.fd().fd(), &pidfd_view::get_ppid);
            return result;
        });
        if (!got)
            SKIP_TEST(got.missing);
        REQUIRE(got->installed);
        CHECK(got->there.error == (around.proc.empty() ? 0 : EOPNOTSUPP));
        CHECK(got->here.error == 0);
        CHECK(got->here.value == getpid());
    }
}
