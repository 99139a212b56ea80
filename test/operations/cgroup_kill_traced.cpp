// SPDX-License-Identifier: MIT
// Killing a cgroup without cgroup.kill while a process traces the caller.
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/opened_cgroup.hpp"
#include "support/process_pair.hpp"
#include "support/processes.hpp"
#include "support/shared_object.hpp"

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <string>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct tracing {
    bool prepared;
    bool traced;
    bool over; // the call has returned
    int error;
    bool tracer_runs;
    bool frozen;
};

/// Stops the process at each system call, and lets it go on, as strace does, until it ends.
void follow(pid_t pid, bool& traced, int ready) {
    const bool seized = ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0 &&
                        ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr) == 0;
    int status = 0;
    while (seized && waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
        ptrace(PTRACE_SYSCALL, pid, nullptr, nullptr);
        if (!traced) {
            traced = true;
            (void)!write(ready, "+", 1);
        }
    }
}

/// Kills the cgroup, in which a process traces this one.
void kill_with_tracer(tracing& t, const test_cgroup& home, const handle& job, bool by_thread) {
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0)
        return;
    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    const pid_t caller = getpid();
    const pid_t tracer = fork();
    if (tracer == 0) {
        close(ready[0]);
        if (home.add(0)) {
            if (by_thread)
                std::thread([&] { follow(caller, t.traced, ready[1]); }).join();
            else
                follow(caller, t.traced, ready[1]);
        }
        _exit(0);
    }
    close(ready[1]);
    char byte = 0;
    if (read(ready[0], &byte, 1) != 1)
        return;
    t.error = error_of(job.kill());
    t.frozen = job.is_frozen().value_or(true);
    t.tracer_runs = kill(tracer, 0) == 0 && waitpid(tracer, nullptr, WNOHANG) == 0;
    t.over = true;
}

} // namespace

TEST_CASE("without cgroup.kill, a cgroup with the caller's tracer is refused before it is frozen") {
    for (const bool by_thread : {false, true}) {
        CAPTURE(by_thread);
        const auto made = test_cgroup::make("-tracer");
        if (!made)
            SKIP_TEST(no_cgroup);
        const auto below = made->make_below("below");
        REQUIRE(below);
        const std::string file = made->path() + "/cgroup.kill";
        const bool has_file = access(file.c_str(), F_OK) == 0;
        const auto got = isolated({}, [&] {
            auto& t = make_shared_object<tracing>();
            // What is mounted over the file hides it.
            t.prepared = !has_file || (keep_mounts_here() && mount("/dev/null", file.c_str(),
                                                                   nullptr, MS_BIND, nullptr) == 0);
            const handle job = *handle::open(made->path().c_str());
            const pid_t caller = fork();
            if (caller == 0) {
                kill_with_tracer(t, *below, job, by_thread);
                _exit(0);
            }
            // If the call does not return, this process and the tracer must still end.
            (void)gets_state(caller, 'Z');
            kill_made(caller);
            (void)made->write("cgroup.freeze", "0");
            (void)job.wait_empty_for(std::chrono::seconds(20));
            return t;
        });
        if (!got)
            SKIP_TEST(got.missing);
        REQUIRE(got->prepared);
        if (!got->traced)
            SKIP_TEST("no process can be traced here");
        REQUIRE(got->over);
        CHECK(got->error == EDEADLK);
        CHECK_FALSE(got->frozen);
        CHECK(got->tracer_runs);
    }
}
