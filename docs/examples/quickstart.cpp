// SPDX-License-Identifier: MIT
// Tells of a process, and with a second argument ends it: quickstart PID [end]
#include <pidfd_util/pidfd.hpp>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
    const auto process = pidfd_util::pidfd::from_pid(argc > 1 ? std::atoi(argv[1]) : 0);
    if (!process)
        return std::fprintf(stderr, "%s\n", process.error().message().c_str()), 1;
    if (const auto pid = process->get_pid())
        std::printf("pid %d\n", *pid);
    if (const auto ppid = process->get_ppid())
        std::printf("parent %d\n", *ppid);
    if (const auto cgroup = process->get_cgroupid())
        std::printf("cgroup %ju\n", std::uintmax_t{*cgroup});
    if (argc > 2 && !process->send_signal(SIGTERM)) // reaches this very process, or nobody
        return 1;
}
