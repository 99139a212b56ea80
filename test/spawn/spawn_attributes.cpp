// SPDX-License-Identifier: MIT
// What a child may use, and how much: its scheduling, CPUs, I/O priority, score for the OOM killer;
// and its umask.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr char score_path[] = "/proc/self/oom_score_adj";

int error_of(const spawn_options& o, spawn_step* step = nullptr) {
    auto c = spawn(spawnee(), arguments({}), o, step);
    if (!c)
        return c.error().value();
    (void)c->wait();
    return 0;
}

void check_invalid(const spawn_options& o) {
    spawn_step step{};
    CHECK(error_of(o, &step) == EINVAL);
    CHECK(step == spawn_step::options);
}

mode_t own_umask() {
    const mode_t mask = umask(0);
    umask(mask);
    return mask;
}

int own_score() {
    char text[16] = {};
    const unique_fd file(open(score_path, O_RDONLY | O_CLOEXEC));
    return read(file.get(), text, sizeof text - 1) > 0 ? std::atoi(text) : -9999;
}

struct score {
    int error;
    spawn_step step;
    int of_child;
    int of_caller_before;
    int of_caller_after;
};

score with_score(const spawn_options& o) {
    score s{};
    s.of_caller_before = own_score();
    const run_result r = run({"file", score_path}, o);
    s.error = r.error;
    s.step = r.step;
    s.of_child = std::atoi(r.output.c_str());
    s.of_caller_after = own_score();
    return s;
}

bool may_use_realtime() {
    spawn_options o;
    o.scheduling_policy = SCHED_FIFO;
    o.scheduling_priority = 1;
    return error_of(o) == 0;
}

} // namespace

TEST_CASE("a child has the caller's umask, or the given one, and the caller's stays") {
    const mode_t own = own_umask();
    spawn_options o;
    for (const mode_t mask : {mode_t{0}, mode_t{077}, mode_t{0777}}) {
        char text[16];
        std::snprintf(text, sizeof text, "%o", static_cast<unsigned>(mask));
        o.umask = mask;
        CHECK(run({"facts"}, o)["umask"] == text);
        CHECK(own_umask() == own);
    }
    for (const mode_t wrong : {mode_t{01000}, mode_t{S_IFMT}, ~mode_t{0}}) {
        o.umask = wrong;
        check_invalid(o);
    }
}

TEST_CASE("a child has the given scheduling policy") {
    const std::string own = std::to_string(sched_getscheduler(0));
    CHECK(run({"facts"})["policy"] == own);
    spawn_options o;
    for (const int policy : {SCHED_BATCH, SCHED_IDLE, SCHED_BATCH | SCHED_RESET_ON_FORK}) {
        o.scheduling_policy = policy;
        const run_result r = run({"facts"}, o);
        CHECK(r.error == 0);
        CHECK(r["policy"] == std::to_string(policy));
    }
    CHECK(std::to_string(syscall(SYS_sched_getscheduler, 0)) == own);
}

TEST_CASE("a real-time policy has its priority, or fails with EPERM") {
    spawn_options o;
    o.scheduling_policy = SCHED_RR;
    o.scheduling_priority = 3;
    if (may_use_realtime()) {
        const run_result r = run({"facts"}, o);
        CHECK(r["policy"] == std::to_string(SCHED_RR));
        CHECK(r["rt_priority"] == "3");
    }
    if (geteuid() != 0)
        SKIP_TEST("only root can become a user without the capability");
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [&] {
        spawn_step step{};
        const int error = error_of(o, &step);
        return step == spawn_step::scheduling ? error : -1;
    });
    REQUIRE(got);
    CHECK(*got == EPERM);
}

TEST_CASE("a policy that the library cannot set completely, and a wrong priority, are refused") {
    const auto check_scheduling = [](int policy, setting<int> priority) {
        CAPTURE(policy, *priority);
        spawn_options o;
        o.scheduling_policy = policy;
        o.scheduling_priority = priority;
        check_invalid(o);
    };
    for (const int policy : {-1, 4, 6, 7, 99}) // 6 is SCHED_DEADLINE, 7 is SCHED_EXT
        check_scheduling(policy, {});
    for (const int policy : {SCHED_FIFO, SCHED_RR}) {
        check_scheduling(policy, {});
        for (const int priority : {-1, 0, 100})
            check_scheduling(policy, priority);
    }
    for (const int policy : {SCHED_OTHER, SCHED_BATCH, SCHED_IDLE})
        check_scheduling(policy, 1);
    spawn_options o;
    o.scheduling_priority = 1;
    check_invalid(o);
}

TEST_CASE("a child runs on the given CPUs, and on no fewer") {
    cpu_set_t own;
    CPU_ZERO(&own);
    REQUIRE(sched_getaffinity(0, sizeof own, &own) == 0);
    std::vector<int> cpus;
    int missing = -1;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(static_cast<unsigned>(cpu), &own))
            cpus.push_back(cpu);
        else
            missing = cpu; // beyond every CPU that the kernel has
    }
    spawn_options o;
    for (const int cpu : cpus) {
        const int one[] = {cpu, cpu};
        o.cpus = one;
        CHECK(run({"facts"}, o)["cpus"] == std::to_string(cpu));
    }
    o.cpus = cpus;
    CHECK(run({"facts"}, o)["cpus"] == run({"facts"})["cpus"]);
    cpu_set_t after;
    CPU_ZERO(&after);
    REQUIRE(sched_getaffinity(0, sizeof after, &after) == 0);
    CHECK(CPU_EQUAL(&own, &after));
    if (missing >= 0) {
        cpus.push_back(missing); // the kernel would leave it out
        o.cpus = cpus;
        spawn_step step{};
        CHECK(error_of(o, &step) == EINVAL);
        CHECK(step == spawn_step::cpus);
    }
    for (const int wrong : {-1, 8192, 1 << 30}) {
        const int list[] = {0, wrong};
        o.cpus = list;
        check_invalid(o);
    }
}

TEST_CASE("a child has the given I/O priority") {
    spawn_options o;
    for (const int priority : {best_effort_io(0), best_effort_io(7), idle_io()}) {
        o.io_priority = priority;
        const run_result r = run({"facts"}, o);
        if (r.error == ENOSYS)
            SKIP_TEST("this kernel was built without block devices");
        CHECK(r["io_priority"] == std::to_string(priority));
    }
    for (const int wrong : {-1, 1, 7, best_effort_io(8), realtime_io(-1), 4 << 13, (2 << 13) + 8}) {
        o.io_priority = wrong;
        check_invalid(o);
    }
    if (geteuid() != 0)
        return;
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [] {
        spawn_options realtime;
        realtime.io_priority = realtime_io(0);
        spawn_step step{};
        const int error = error_of(realtime, &step);
        return step == spawn_step::io_priority ? error : -1;
    });
    REQUIRE(got);
    CHECK(*got == EPERM);
}

TEST_CASE(
    "only the child's OOM score is adjusted, not that of the caller whose memory it borrows") {
    for (const bool copied : {false, true}) {
        spawn_options o;
        o.copy_memory = copied;
        for (const int more : {1, 57}) {
            const int own = own_score();
            o.oom_score_adj = std::min(own + more, 1000);
            const score s = with_score(o);
            CHECK(s.error == 0);
            CHECK(s.of_child == *o.oom_score_adj);
            CHECK(s.of_caller_before == own);
            CHECK(s.of_caller_after == own);
        }
    }
    for (const int wrong : {-1001, 1001, 1 << 20}) {
        spawn_options o;
        o.oom_score_adj = wrong;
        check_invalid(o);
    }
}

TEST_CASE("the OOM score cannot be lowered without the capability") {
    if (geteuid() != 0)
        SKIP_TEST("only root can become a user without the capability");
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [] {
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); // the change of ids has made it undumpable
        spawn_options o;
        o.oom_score_adj = -1000;
        return with_score(o);
    });
    REQUIRE(got);
    CHECK(got->error == EACCES);
    CHECK(got->step == spawn_step::oom_score_adj);
}

TEST_CASE("the OOM score is adjusted before the namespaces and ids change") {
    spawn_options o;
    o.oom_score_adj = 1000;
    o.new_namespaces = namespace_flags::user | namespace_flags::pid | namespace_flags::mnt;
    if (error_of(o) == EPERM || error_of(o) == ENOSPC)
        SKIP_TEST("this user may not make user namespaces");
    CHECK(with_score(o).of_child == 1000);
    if (geteuid() != 0)
        return;
    spawn_options user;
    user.oom_score_adj = 999;
    user.uid = 65534;
    user.gid = 65534;
    user.groups = no_groups;
    const score s = with_score(user);
    if (s.error != EACCES)
        CHECK(s.of_child == 999);
}

TEST_CASE("without /proc, and with something mounted over it, the OOM score is unsupported") {
    static const std::string program = spawnee();
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.mount_namespace = true;
    around.proc = "none";
    const auto got = isolated(around, [] {
        spawn_options o;
        o.oom_score_adj = 1000;
        spawn_step step{};
        const auto c = spawn(program.c_str(), arguments({}), o, &step);
        return c || step != spawn_step::oom_score_adj ? -1 : c.error().value();
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got == EOPNOTSUPP);
}
