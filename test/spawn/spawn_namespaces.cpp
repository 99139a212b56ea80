// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/lifecycle.hpp"
#include "support/talking.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct kind {
    namespace_flags flag;
    const char* name;
};
constexpr kind kinds[] = {
    {namespace_flags::cgroup, "cgroup"}, {namespace_flags::ipc, "ipc"},
    {namespace_flags::mnt, "mnt"},       {namespace_flags::net, "net"},
    {namespace_flags::user, "user"},     {namespace_flags::uts, "uts"},
};

std::string link_of(const std::string& path) {
    char target[256];
    const ssize_t size = readlink(path.c_str(), target, sizeof target);
    return {target, size > 0 ? static_cast<std::size_t>(size) : 0};
}

std::string own(const char* name) {
    return link_of(std::string("/proc/self/ns/") + name);
}

std::string child_s(const char* name, const spawn_options& o, int& error) {
    const std::string path = std::string("/proc/self/ns/") + name;
    const run_result r = run({"link", path.c_str()}, o);
    error = r.error;
    return r.output.substr(0, r.output.find('\n'));
}

} // namespace

TEST_CASE("a child is in the caller's namespaces") {
    for (const kind& k : kinds) {
        CAPTURE(k.name);
        int error = 0;
        CHECK(child_s(k.name, {}, error) == own(k.name));
    }
}

TEST_CASE("each type of namespace can be made for a child, and the caller stays in its own") {
    for (const kind& k : kinds) {
        CAPTURE(k.name);
        const std::string before = own(k.name);
        if (before.empty()) // not built into this kernel
            continue;
        spawn_options o;
        o.new_namespaces = k.flag;
        int error = 0;
        const std::string child = child_s(k.name, o, error);
        if (error == EPERM) {
            CHECK((geteuid() != 0 || k.flag == namespace_flags::user));
            continue;
        }
        CHECK(error == 0);
        CHECK(child != before);
        CHECK(child.compare(0, std::string(k.name).size() + 1, std::string(k.name) + ":") == 0);
        CHECK(own(k.name) == before);
    }
}

TEST_CASE("a caller that may make a user namespace may make the other types together with it") {
    spawn_options o;
    o.new_namespaces = namespace_flags::user | namespace_flags::uts | namespace_flags::net |
                       namespace_flags::ipc | namespace_flags::mnt | namespace_flags::cgroup;
    int error = 0;
    const std::string child = child_s("uts", o, error);
    if (error == EPERM || error == ENOSPC)
        SKIP_TEST("this user may not make user namespaces");
    CHECK(error == 0);
    CHECK(child != own("uts"));
}

TEST_CASE("a child in a new pid namespace is its pid 1") {
    spawn_options o;
    o.new_namespaces = namespace_flags::pid;
    if (geteuid() != 0)
        o.new_namespaces = o.new_namespaces | namespace_flags::user;
    o.parent_death_signal = SIGKILL; // its parent has no pid there
    const run_result r = run({"facts"}, o);
    if (r.error == EPERM || r.error == ENOSPC)
        SKIP_TEST("this user may not make pid namespaces");
    CHECK(r.error == 0);
    CHECK(r["pid"] == "1");
    CHECK(r["ppid"] == "0");
    REQUIRE(r.status);
    CHECK(r.status->success());
}

TEST_CASE("a failure in a new pid namespace leaves nothing") {
    spawn_options o;
    o.new_namespaces = namespace_flags::pid;
    if (geteuid() != 0)
        o.new_namespaces = o.new_namespaces | namespace_flags::user;
    const int fds = count_fds();
    const int children = count_children();
    spawn_step step{};
    const auto c = spawn("/nonexistent", arguments({}), o, &step);
    REQUIRE_FALSE(c);
    if (step == spawn_step::clone)
        SKIP_TEST("this user may not make pid namespaces");
    CHECK(c.error().value() == ENOENT);
    CHECK(step == spawn_step::exec);
    CHECK(count_fds() == fds);
    CHECK(count_children() == children);
}

TEST_CASE("without the right to make namespaces, spawn fails with EPERM at the step clone") {
    surroundings around;
    if (geteuid() == 0)
        around.uid = 65534;
    struct facts {
        int uts;
        spawn_step uts_step;
    };
    const auto got = isolated(around, [] {
        facts f{};
        spawn_options o;
        o.new_namespaces = namespace_flags::uts;
        f.uts = spawn(spawnee(), arguments({}), o, &f.uts_step).error().value();
        return f;
    });
    REQUIRE(got);
    CHECK(got->uts == EPERM);
    CHECK(got->uts_step == spawn_step::clone);
}

TEST_CASE("a child may enter the namespaces of a running process") {
    if (availability_of(feature::setns) != availability::available)
        SKIP_TEST("setns takes no pidfd here: Linux before 5.8");
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const fd_mapping map[] = {{ends[1], 1}};
    spawn_options made;
    made.fds = map;
    made.new_namespaces = namespace_flags::uts | namespace_flags::net | namespace_flags::ipc |
                          namespace_flags::mnt | namespace_flags::cgroup;
    if (geteuid() != 0)
        made.new_namespaces = made.new_namespaces | namespace_flags::user;
    auto host = spawn(spawnee(), arguments({"ready", "sleep"}), made);
    close(ends[1]);
    char byte = 0;
    const bool ready = host && read(ends[0], &byte, 1) == 1;
    close(ends[0]);
    if (!host)
        SKIP_TEST("this user may not make namespaces");
    REQUIRE(ready);
    const std::string proc = "/proc/" + std::to_string(*host->get_pid()) + "/ns/";
    spawn_options o;
    o.enter_process = host->fd();
    // First all at once, then each alone.
    o.enter_namespaces = made.new_namespaces;
    for (const kind& k : kinds) {
        if ((made.new_namespaces & k.flag) == namespace_flags::none)
            continue;
        CAPTURE(k.name);
        int error = 0;
        const std::string got = child_s(k.name, o, error);
        CHECK(error == 0);
        CHECK(got == link_of(proc + k.name));
        CHECK(got != own(k.name));
    }
    o.enter_namespaces = namespace_flags::uts;
    if (geteuid() == 0) {
        int error = 0;
        CHECK(child_s("uts", o, error) == link_of(proc + "uts"));
        CHECK(child_s("net", o, error) == own("net"));
    }
    CHECK(host->kill());
    CHECK(host->wait());
}

TEST_CASE("a child may enter the namespaces of a process whose first thread has exited") {
    if (!has(feature::setns))
        SKIP_TEST("setns takes no pidfd here: Linux before 5.8");
    constexpr auto both = namespace_flags::uts | namespace_flags::ipc;
    spawn_options made;
    made.new_namespaces = both;
    if (geteuid() != 0)
        made.new_namespaces = both | namespace_flags::user;
    talking_child host({"last_thread", "tid", "sleep"}, made);
    if (host.error() != 0)
        SKIP_TEST("this user may not make namespaces");
    const int tid = host.number("tid");
    REQUIRE(tid > 0);
    host.wait_for_end_of_first_thread();
    const std::string proc =
        "/proc/" + std::to_string(host.pid()) + "/task/" + std::to_string(tid) + "/ns/";
    const std::string uts = link_of(proc + "uts");
    REQUIRE(uts.substr(0, 4) == "uts:");
    const int fds = count_fds();
    const int children = count_children();
    for (const profile& kernel : {native(), linux_5_10()})
        for (const bool several : {false, true}) {
            CAPTURE(kernel.name, several);
            struct facts {
                int error;
                spawn_step step;
                bool entered;
            };
            const auto got = isolated(on(kernel), [&] {
                spawn_options o;
                o.enter_process = host.fd().fd();
                o.enter_namespaces = several ? made.new_namespaces : namespace_flags::uts;
                if (geteuid() != 0 && !several)
                    o.enter_namespaces = namespace_flags::user;
                const run_result r = run({"link", "/proc/self/ns/uts"}, o);
                return facts{r.error, r.step, r.output == uts + "\n"};
            });
            REQUIRE(got);
            if (several && (!has(feature::thread) || !kernel.rules.empty())) {
                CHECK(got->error == EOPNOTSUPP);
                CHECK(got->step == spawn_step::enter_namespaces);
                continue;
            }
            CHECK(got->error == 0);
            CHECK(got->entered == (several || geteuid() == 0));
        }
    CHECK(count_fds() == fds);
    CHECK(count_children() == children);
}

TEST_CASE("spawn cannot enter the namespaces of a process that has ended") {
    if (!has(feature::setns))
        SKIP_TEST("setns takes no pidfd here: Linux before 5.8");
    const test_child zombie = test_child::zombie();
    const test_child reaped = test_child::reaped();
    for (const test_child* host : {&zombie, &reaped}) {
        spawn_options o;
        o.enter_process = host->fd().fd();
        o.enter_namespaces = namespace_flags::uts;
        const run_result r = run({"facts"}, o);
        CHECK(r.error == ESRCH);
        CHECK(r.step == spawn_step::enter_namespaces);
    }
}

TEST_CASE(
    "spawn works, and shares no memory, if the caller's children are born in a time namespace") {
    surroundings around;
    around.user_namespace = geteuid() != 0;
    const auto got = isolated(around, [] {
        const int time = 0x80; // CLONE_NEWTIME
        if (unshare(time) != 0)
            return -errno;
        auto c = spawn(spawnee(), arguments({}));
        if (!c)
            return c.error().value();
        const auto status = c->wait();
        return status && status->success() ? 0 : 1;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (*got == -EINVAL || *got == -EPERM)
        SKIP_TEST("no time namespaces");
    CHECK(*got == 0);
}

TEST_CASE("impossible combinations of pid and time namespaces are EINVAL before anything is done") {
    const auto c = support::test_child::running();
    for (const namespace_flags flag : {namespace_flags::pid, namespace_flags::time}) {
        spawn_options o;
        o.enter_process = c.fd().fd();
        o.enter_namespaces = flag;
        spawn_step step{};
        const auto made = spawn(spawnee(), arguments({}), o, &step);
        REQUIRE_FALSE(made);
        CHECK(made.error().value() == EINVAL);
        CHECK(step == spawn_step::options);
    }
    spawn_options o;
    o.new_namespaces = namespace_flags::time;
    CHECK(spawn(spawnee(), arguments({}), o).error().value() == EINVAL);
}
