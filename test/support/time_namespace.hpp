// SPDX-License-Identifier: MIT
// Time namespaces whose clock of boot is shifted, for isolated children.
#ifndef PIDFD_UTIL_TEST_TIME_NAMESPACE_HPP
#define PIDFD_UTIL_TEST_TIME_NAMESPACE_HPP

#include "isolated.hpp"

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <fcntl.h>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <type_traits>
#include <unistd.h>

namespace support {

inline constexpr int new_time_namespace = 0x80; // CLONE_NEWTIME
inline constexpr const char* no_time_namespace = "no time namespace can be made here";
inline constexpr std::int64_t second = 1'000'000'000; // in nanoseconds

inline std::int64_t clock_of_boot() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * second + now.tv_nsec;
}

/// Returns once the clock of boot shows more than this.
inline void pass(std::int64_t time) {
    while (clock_of_boot() <= time)
        usleep(1000);
}

/// The surroundings in which the caller may make a time namespace, if anywhere.
inline surroundings with_clocks() {
    surroundings around;
    around.user_namespace = geteuid() != 0;
    return around;
}

/// Makes a time namespace for the caller's children; its clock of boot is ahead by this many
/// nanoseconds.
inline bool unshare_time(std::int64_t shift) {
    if (unshare(new_time_namespace) != 0)
        return false;
    const std::int64_t nanoseconds = (shift % second + second) % second;
    const std::string text = "boottime " + std::to_string((shift - nanoseconds) / second) + " " +
                             std::to_string(nanoseconds);
    const int file = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
    const bool written =
        file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    close(file);
    return written;
}

/// Whether /proc shows starts on the clock of the reader's time namespace: Linux 5.11, which is also
/// the first with epoll_pwait2.
inline bool starts_follow_clock() {
    constexpr long epoll_pwait2_number = 441;
    return syscall(epoll_pwait2_number, -1, nullptr, 0, nullptr, nullptr, 0) == 0 ||
           errno != ENOSYS;
}

/// Runs the function in a process that was born in such a namespace. The result is empty if there
/// can be none.
template <class F>
auto in_shifted_time(std::int64_t shift, F f) -> std::optional<std::invoke_result_t<F>> {
    using result = std::invoke_result_t<F>;
    static_assert(std::is_trivially_copyable_v<result>);
    int ends[2];
    if (!unshare_time(shift) || pipe2(ends, O_CLOEXEC) != 0)
        return std::nullopt;
    const pid_t pid = fork();
    if (pid == 0) {
        const result made = f();
        (void)!write(ends[1], &made, sizeof made);
        end_child(0);
    }
    close(ends[1]);
    result made{};
    const bool got = read(ends[0], &made, sizeof made) == static_cast<ssize_t>(sizeof made);
    close(ends[0]);
    waitpid(pid, nullptr, 0);
    if (!got)
        return std::nullopt;
    return made;
}

} // namespace support

#endif
