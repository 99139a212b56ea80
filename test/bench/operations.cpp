// SPDX-License-Identifier: MIT
// What each operation costs beside the bare system call that it stands for, in the same run. The
// ratio is the number to look at: the times are this machine's.
#include "uapi.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;

namespace {

constexpr int rounds = 7;
constexpr int calls = 2000;

/// Nanoseconds for a call, of one round. A call that fails ends the program: it would measure
/// something else.
template <class Call>
double time_round(const char* name, Call call) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < calls; ++i) {
        if (!call()) {
            std::fprintf(stderr, "%s failed\n", name);
            std::exit(1);
        }
    }
    const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
    return time.count() / calls;
}

/// The rounds of both alternate, and the best of each counts: what else runs here meanwhile can
/// only make a round slower.
template <class Operation, class Raw>
void compare(const char* name, Operation operation, const char* raw_name, Raw raw) {
    if (!operation() || !raw()) {
        std::printf("%-16s %-42s not on this kernel\n", name, raw_name);
        return;
    }
    double mine = 1e12;
    double bare = 1e12;
    for (int i = 0; i < rounds; ++i) {
        mine = std::min(mine, time_round(name, operation));
        bare = std::min(bare, time_round(raw_name, raw));
    }
    std::printf("%-16s %-42s %8.0f ns %8.0f ns  %5.2f\n", name, raw_name, mine, bare, mine / bare);
}

bool close_one(long fd) {
    return fd >= 0 && close(static_cast<int>(fd)) == 0;
}

} // namespace

int main() {
    const auto self = pidfd::from_self();
    if (!self) {
        std::fprintf(stderr, "no pidfd here: %s\n", self.error().message().c_str());
        return 77;
    }
    const int fd = self->fd();
    const pid_t pid = getpid();
    const auto get_info = [fd](std::uint64_t mask) {
        uapi::pidfd_info info{};
        info.mask = mask;
        return ioctl(fd, uapi::get_info, &info) == 0;
    };

    std::printf("%-16s %-42s %11s %11s  %5s\n", "operation", "beside", "operation", "bare",
                "ratio");
    compare(
        "from_pid", [=] { return pidfd::from_pid(pid).has_value(); }, "pidfd_open, close",
        [=] { return close_one(syscall(SYS_pidfd_open, pid, 0)); });
    compare(
        "get_pid", [&] { return self->get_pid().has_value(); }, "PIDFD_GET_INFO",
        [=] { return get_info(uapi::info_pid); });
    compare(
        "get_ppid", [&] { return self->get_ppid().has_value(); }, "PIDFD_GET_INFO",
        [=] { return get_info(uapi::info_pid); });
    compare(
        "get_creds", [&] { return self->get_creds().has_value(); }, "PIDFD_GET_INFO",
        [=] { return get_info(uapi::info_creds); });
    compare(
        "get_cgroupid", [&] { return self->get_cgroupid().has_value(); }, "PIDFD_GET_INFO",
        [=] { return get_info(uapi::info_cgroupid); });
    compare(
        "get_info", [&] { return self->get_info().has_value(); }, "PIDFD_GET_INFO",
        [=] { return get_info(uapi::info_pid | uapi::info_creds | uapi::info_cgroupid); });
    compare(
        "get_id", [&] { return self->get_id().has_value(); }, "statx",
        [=] {
            struct statx s {};
            return statx(fd, "", AT_EMPTY_PATH, STATX_INO, &s) == 0;
        });
    compare(
        "get_namespace", [&] { return self->get_namespace(namespace_type::mnt).has_value(); },
        "PIDFD_GET_MNT_NAMESPACE, close",
        [=] { return close_one(ioctl(fd, uapi::get_namespace(3), 0)); });
    compare(
        "open_proc", [&] { return self->open_proc().has_value(); },
        "open of /proc/PID, close: not safe",
        [=] {
            char path[32];
            std::snprintf(path, sizeof path, "/proc/%d", pid);
            return close_one(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
        });
    compare(
        "send_signal", [&] { return self->send_signal(0).has_value(); }, "pidfd_send_signal",
        [=] { return syscall(SYS_pidfd_send_signal, fd, 0, nullptr, 0) == 0; });
    compare(
        "get_remote_fd", [&] { return self->get_remote_fd(0).has_value(); }, "pidfd_getfd, close",
        [=] { return close_one(syscall(SYS_pidfd_getfd, fd, 0, 0)); });
    compare(
        "is_alive", [&] { return self->is_alive().has_value(); }, "poll",
        [=] {
            pollfd p{fd, POLLIN, 0};
            return poll(&p, 1, 0) == 0;
        });
    const pid_t child = fork();
    if (child == 0) {
        for (;;)
            pause();
    }
    if (const auto running = pidfd::from_pid(child)) {
        const auto id = static_cast<id_t>(running->fd());
        compare(
            "try_wait", [&] { return running->try_wait().has_value(); }, "waitid, WNOHANG",
            [=] {
                siginfo_t info;
                return syscall(SYS_waitid, uapi::p_pidfd, id, &info, WEXITED | WNOHANG, nullptr) ==
                       0;
            });
        (void)running->kill();
        (void)running->wait();
    }
    return 0;
}
