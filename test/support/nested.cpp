// SPDX-License-Identifier: MIT
#include "nested.hpp"

#include "end_with.hpp"
#include "isolated.hpp"
#include "processes.hpp"

#include <cerrno>
#include <csignal>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace support {

namespace {

[[noreturn]] void sleep_until_orphaned(pid_t parent) {
    end_with(parent);
    live_on();
}

relative grandchild(int unshared) {
    int pids[2];
    if (pipe(pids) != 0)
        return {};
    const pid_t self = getpid();
    const pid_t parent = fork();
    if (parent == 0) {
        const pid_t middle = getpid();
        const pid_t pid = unshared == 0 || unshare(unshared) == 0 ? fork() : -1;
        if (pid == 0)
            sleep_until_orphaned(middle);
        (void)!write(pids[1], &pid, sizeof pid);
        sleep_until_orphaned(self);
    }
    relative made;
    pid_t pid = 0;
    close(pids[1]);
    if (read(pids[0], &pid, sizeof pid) == sizeof pid && pid > 0)
        made = {pid, parent, raw_pidfd_open(pid, 0)};
    close(pids[0]);
    return made;
}

} // namespace

relative make_child() {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0)
        sleep_until_orphaned(parent);
    return {pid, parent, raw_pidfd_open(pid, 0)};
}

relative make_grandchild() {
    return grandchild(0);
}

relative make_grandchild_in_namespace() {
    return grandchild(CLONE_NEWPID);
}

relative make_zombie() {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    const int fd = raw_pidfd_open(pid, 0);
    siginfo_t info;
    while (waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
    return {pid, parent, fd};
}

bool mount_fresh_proc() {
    return keep_mounts_here() && mount("proc", "/proc", "proc", 0, nullptr) == 0;
}

} // namespace support
