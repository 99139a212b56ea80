// SPDX-License-Identifier: MIT
// The ioctls and the fallbacks give the same answers about the same process.
#include "support/answers.hpp"
#include "support/cgroups.hpp"
#include "support/nested.hpp"

#include "kernel/uapi.hpp"

#include <cstdint>
#include <sys/stat.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr namespace_type all_types[] = {
    namespace_type::cgroup, namespace_type::ipc,
    namespace_type::mnt,    namespace_type::net,
    namespace_type::pid,    namespace_type::pid_for_children,
    namespace_type::time,   namespace_type::time_for_children,
    namespace_type::user,   namespace_type::uts,
};
constexpr int types = sizeof all_types / sizeof *all_types;

struct answers {
    answer<pid_t> pid;
    answer<pid_t> ppid;
    answer<credentials> creds;
    answer<std::uint64_t> cgroupid;
    answer<process_info> info;
    answer<std::uint64_t> namespaces[types]; // their inode numbers
};

answer<std::uint64_t> ask_namespace(int fd, namespace_type type) {
    answer<std::uint64_t> result{};
    const auto ns = pidfd_view(fd).get_namespace(type, &result.path);
    struct stat st {};
    result.error = ns ? 0 : ns.error().value();
    if (ns && fstat(ns->get(), &st) == 0)
        result.value = st.st_ino;
    return result;
}

answers ask_all(int fd) {
    answers a{ask(fd, &pidfd_view::get_pid),   ask(fd, &pidfd_view::get_ppid),
              ask(fd, &pidfd_view::get_creds), ask(fd, &pidfd_view::get_cgroupid),
              ask(fd, &pidfd_view::get_info),  {}};
    for (int i = 0; i < types; ++i)
        a.namespaces[i] = ask_namespace(fd, all_types[i]);
    return a;
}

template <class T>
void check_same(const answer<T>& best, const answer<T>& fallback) {
    CHECK(best.error == fallback.error);
    CHECK(best.value == fallback.value);
}

void check_agreement(const answers& best, const answers& fallback) {
    check_same(best.pid, fallback.pid);
    check_same(best.ppid, fallback.ppid);
    check_same(best.creds, fallback.creds);
    const process_info& a = best.info.value;
    const process_info& b = fallback.info.value;
    CHECK(best.info.error == fallback.info.error);
    CHECK(a.pid == b.pid);
    CHECK(a.tgid == b.tgid);
    CHECK(a.ppid == b.ppid);
    CHECK((a.creds == b.creds));
    if (!cgroup2_mount().empty()) { // without it, only the ioctl can answer
        check_same(best.cgroupid, fallback.cgroupid);
        CHECK(a.cgroupid == b.cgroupid);
    }
    for (int i = 0; i < types; ++i) {
        CAPTURE(i);
        check_same(best.namespaces[i], fallback.namespaces[i]);
    }
}

void check_paths(const answers& best, const answers& fallback) {
    CHECK(best.pid.path == answer_path::ioctl);
    CHECK(fallback.pid.path == answer_path::fdinfo);
    CHECK(best.creds.path == answer_path::ioctl);
    CHECK(fallback.creds.path == answer_path::procfs);
    CHECK(best.info.path == answer_path::ioctl);
    CHECK(fallback.info.path == answer_path::procfs);
}

constexpr const char* one_path = "no PIDFD_GET_INFO: there is only one path";

surroundings as(const profile& kernel, std::optional<uid_t> uid) {
    surroundings around = on(kernel);
    around.uid = uid;
    return around;
}

/// The processes around the first one of a pid namespace, asked on both paths.
constexpr int relatives = 5;
struct family {
    answers best[relatives];
    answers fallback[relatives];
};

family ask_family() {
    const int fds[relatives] = {raw_pidfd_open(getpid(), 0), make_child().fd, make_grandchild().fd,
                                make_grandchild_in_namespace().fd, make_zombie().fd};
    family all{};
    for (int i = 0; i < relatives; ++i)
        all.best[i] = ask_all(fds[i]);
    install(linux_5_10().rules);
    for (int i = 0; i < relatives; ++i)
        all.fallback[i] = ask_all(fds[i]);
    return all;
}

} // namespace

TEST_CASE("the paths agree on every living process") {
    if (!has(feature::info_ioctl))
        SKIP_TEST(one_path);
    for (const subject& s : living()) {
        CAPTURE(s.name);
        const auto best = isolated({}, [&] { return ask_all(s.fd); });
        const auto fallback = isolated(on(linux_5_10()), [&] { return ask_all(s.fd); });
        REQUIRE((best && fallback));
        check_agreement(*best, *fallback);
        check_paths(*best, *fallback);
        CHECK(best->pid.value == s.pid);
    }
}

TEST_CASE("the paths agree on a zombie and on a reaped process") {
    if (!has(feature::info_ioctl))
        SKIP_TEST(one_path);
    for (const test_child& c : {test_child::zombie(), test_child::reaped()}) {
        const auto best = isolated({}, [&] { return ask_all(c.fd().fd()); });
        const auto fallback = isolated(on(linux_5_10()), [&] { return ask_all(c.fd().fd()); });
        REQUIRE((best && fallback));
        check_agreement(*best, *fallback);
        for (const auto& ns : best->namespaces)
            CHECK(ns.error == ESRCH);
    }
}

TEST_CASE("the paths agree for a caller that has no right over the process") {
    if (!has(feature::info_ioctl))
        SKIP_TEST(one_path);
    for (const subject& s : living()) {
        CAPTURE(s.name);
        const auto best = isolated(as(native(), 65533), [&] { return ask_all(s.fd); });
        const auto fallback = isolated(as(linux_5_10(), 65533), [&] { return ask_all(s.fd); });
        if (!best)
            SKIP_TEST(best.missing);
        REQUIRE(fallback);
        check_agreement(*best, *fallback);
        CHECK(best->namespaces[0].error == EACCES);
    }
}

TEST_CASE("the paths agree within a pid namespace, whichever /proc is mounted") {
    if (!has(feature::info_ioctl))
        SKIP_TEST(one_path);
    for (const char* proc : {"", "fresh"}) {
        const auto got = isolated(in_pid_namespace(proc), ask_family);
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->best[0].pid.value == 1);
        for (int i = 0; i < relatives; ++i) {
            CAPTURE(proc, i);
            CHECK(got->best[i].pid.error == 0);
            check_agreement(got->best[i], got->fallback[i]);
            check_paths(got->best[i], got->fallback[i]);
        }
    }
}

TEST_CASE("the paths agree two pid namespaces below the one of /proc") {
    if (!has(feature::info_ioctl))
        SKIP_TEST(one_path);
    const surroundings around = in_pid_namespace("");
    const auto got = isolated(around, [&] {
        const auto inner = isolated(around, ask_family);
        return inner ? *inner : family{};
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->best[0].pid.value == 1);
    for (int i = 0; i < relatives; ++i) {
        CAPTURE(i);
        CHECK(got->best[i].pid.error == 0);
        check_agreement(got->best[i], got->fallback[i]);
        check_paths(got->best[i], got->fallback[i]);
    }
}

TEST_CASE("the paths agree on a process of a foreign pid namespace") {
    if (!has(feature::info_ioctl))
        SKIP_TEST(one_path);
    for (const subject& s : living()) {
        for (const char* proc : {"", "fresh"}) {
            CAPTURE(s.name, proc);
            surroundings around = in_pid_namespace(proc);
            const auto best = isolated(around, [&] { return ask_all(s.fd); });
            around.kernel = linux_5_10();
            const auto fallback = isolated(around, [&] { return ask_all(s.fd); });
            if (!best)
                SKIP_TEST(best.missing);
            REQUIRE(fallback);
            check_same(best->pid, fallback->pid);
            check_same(best->ppid, fallback->ppid);
            check_same(best->creds, fallback->creds);
            check_same(best->cgroupid, fallback->cgroupid);
            CHECK(best->info.error == fallback->info.error);
        }
    }
}
