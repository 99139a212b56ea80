// SPDX-License-Identifier: MIT
#include "isolated.hpp"

#include "catch.hpp"
#include "end_with.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef PIDFD_UTIL_TEST_COVERAGE
extern "C" void __gcov_dump();
#endif

namespace support {

namespace {

/// The step that fails where the tests run in an emulator of system calls, such as QEMU's.
constexpr const char* no_filters = "no filters of system calls";

bool write_file(const char* path, const std::string& text) {
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    close(fd);
    return written;
}

bool map_root(uid_t uid, gid_t gid) {
    return write_file("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1") &&
           write_file("/proc/self/setgroups", "deny") &&
           write_file("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1");
}

bool replace_proc(const std::string& proc) {
    if (!keep_mounts_here())
        return false;
    if (proc == "none")
        return mount("none", "/proc", "tmpfs", 0, nullptr) == 0;
    return mount("proc", "/proc", "proc", 0, proc == "fresh" ? nullptr : proc.c_str()) == 0;
}

/// The step that failed, or null.
const char* set_up_outside(const surroundings& s) {
    const uid_t uid = getuid();
    const gid_t gid = getgid();
    const int flags = (s.user_namespace ? CLONE_NEWUSER : 0) |
                      (s.pid_namespace ? CLONE_NEWPID : 0) |
                      (s.mount_namespace || !s.proc.empty() ? CLONE_NEWNS : 0);
    if (flags != 0 && unshare(flags) != 0)
        return "unshare";
    if (s.user_namespace && !map_root(uid, gid))
        return "mapping root";
    return nullptr;
}

const char* set_up_inside(const surroundings& s) {
    if (!s.proc.empty() && !replace_proc(s.proc))
        return "mounting /proc";
    if (s.uid && (setgroups(0, nullptr) != 0 || setresgid(*s.uid, *s.uid, *s.uid) != 0 ||
                  setresuid(*s.uid, *s.uid, *s.uid) != 0 ||
                  // Makes the process dumpable, as after an exec. Otherwise, Linux before 5.14
                  // hides its own fdinfo from it.
                  prctl(PR_SET_DUMPABLE, 1) != 0))
        return "becoming another user";
    if (s.file_limit != 0) {
        const rlimit limit{s.file_limit, s.file_limit};
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
            return "setrlimit";
    }
    return install(s.kernel.rules) ? nullptr : no_filters;
}

struct message {
    bool returned;
    char text[200];
};

[[noreturn]] void refuse(int to, const char* step) {
    message m{};
    std::snprintf(m.text, sizeof m.text, "%s: %s", step, std::strerror(errno));
    (void)!write(to, &m, sizeof m);
    _exit(0);
}

} // namespace

void end_child(int code) {
#ifdef PIDFD_UTIL_TEST_COVERAGE
    __gcov_dump();
#endif
    _exit(code);
}

void restore_signals() {
    for (const int signal : {SIGTERM, SIGINT, SIGABRT, SIGSEGV, SIGILL, SIGFPE})
        std::signal(signal, SIG_DFL);
}

namespace detail {

report run(const surroundings& s, void* result, std::size_t size, void (*call)(void*, void*),
           void* function) {
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return {end::died, "pipe"};
    // Higher than all numbers that the function counts or uses up, so that a limit on file
    // descriptors does not affect it.
    const int to = fcntl(pipe_fds[1], F_DUPFD_CLOEXEC, 500);
    close(pipe_fds[1]);
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0) {
        close(pipe_fds[0]);
        close(to);
        return {end::cannot_set_up, "fork"};
    }
    if (child == 0) {
        restore_signals();
        setpgid(0, 0);
        end_with(parent); // otherwise a hanging process could outlive a test runner that was killed
        close(pipe_fds[0]);
        if (const char* step = set_up_outside(s); step != nullptr)
            refuse(to, step);
        // A new pid namespace is for children only.
        const pid_t inner = s.pid_namespace ? fork() : 0;
        if (inner != 0) {
            int status = 0;
            while (waitpid(inner, &status, 0) < 0 && errno == EINTR) {
            }
            _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        }
        if (const char* step = set_up_inside(s); step != nullptr)
            refuse(to, step);
        call(function, result);
        const message m{true, {}};
        (void)!write(to, &m, sizeof m);
        (void)!write(to, result, size);
        end_child(0);
    }
    close(to);
    message m{};
    const bool received = read(pipe_fds[0], &m, sizeof m) == static_cast<ssize_t>(sizeof m);
    std::size_t got = 0;
    while (received && m.returned && got < size) {
        const ssize_t n = read(pipe_fds[0], static_cast<char*>(result) + got, size - got);
        if (n <= 0)
            break;
        got += static_cast<std::size_t>(n);
    }
    close(pipe_fds[0]);
    // If a check has failed, the function may have left processes behind, which end here. The group
    // has the child's pid, which cannot be reused until the child is reaped.
    siginfo_t info;
    while (waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) < 0 &&
           errno == EINTR) {
    }
    ::kill(-child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (received && !m.returned && std::strncmp(m.text, no_filters, std::strlen(no_filters)) == 0)
        skip_at_once(m.text);
    if (received && !m.returned)
        return {end::cannot_set_up, m.text};
    if (received && got == size && status == 0)
        return {end::returned, {}};
    return {end::died, "the isolated process died, with status " + std::to_string(status)};
}

} // namespace detail

bool keep_mounts_here() {
    return unshare(CLONE_NEWNS) == 0 &&
           mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

surroundings on(const profile& kernel) {
    surroundings around;
    around.kernel = kernel;
    return around;
}

void fail(const std::string& text) {
    FAIL(text);
}

} // namespace support
