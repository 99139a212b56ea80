// SPDX-License-Identifier: MIT
// run-in-cgroup DIRECTORY: runs a program in a new cgroup below the directory, and ends it together with
// everything that it has started.
#include <pidfd_util/cgroup.hpp>
#include <pidfd_util/pidfd_util.hpp>

#include <chrono>
#include <cstdio>

using namespace pidfd_util;

int main(int argc, char** argv) {
    const auto fail = [](const char* what, const std::error_code& why) {
        std::fprintf(stderr, "cannot %s: %s\n", what, why.message().c_str());
        return 1;
    };
    const auto parent = cgroup::open(argc == 2 ? argv[1] : "/sys/fs/cgroup");
    if (!parent)
        return fail("open the cgroup", parent.error());
    const auto job = parent->create("example-job");
    if (!job)
        return fail("make a cgroup", job.error());

    // The shell leaves a process behind.
    const char* const command[] = {"/bin/sh", "-c", "setsid sleep 60 & exit 0", nullptr};
    spawn_options options;
    options.cgroup = job->fd();
    auto process = spawn(command[0], command, options);
    if (!process)
        return fail("start the program", process.error());
    (void)process->wait();
    std::puts(job->is_empty() == false ? "it has left a process" : "it has left nothing");
    if (const auto killed = job->kill(); !killed)
        return fail("kill the job", killed.error());
    if (const auto empty = job->wait_empty_for(std::chrono::seconds(10)); !empty)
        return fail("wait for the job", empty.error());
    std::puts("the cgroup is empty");
    const auto removed = parent->remove("example-job");
    return removed ? 0 : fail("remove the cgroup", removed.error());
}

// Output of "run-in-cgroup CGROUP", from Linux 5.7 on:
//     it has left a process
//     the cgroup is empty
