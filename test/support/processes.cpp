// SPDX-License-Identifier: MIT
#include "processes.hpp"
#include "sleeping_thread.hpp"

#include "catch.hpp"
#include "end_with.hpp"
#include "isolated.hpp"
#include "kernel/uapi.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <grp.h>
#include <memory>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace support {

namespace {

void wait_for_byte(int fd) {
    char byte = 0;
    while (read(fd, &byte, 1) < 0 && errno == EINTR) {
    }
}

subject of_child(std::string name, test_child c) {
    auto shared = std::make_shared<test_child>(std::move(c));
    return {std::move(name), shared->fd().fd(), shared->pid(),
            [shared]() mutable { shared.reset(); }};
}

subject stranger() {
    return of_child("a child of another user", test_child::ready([] {
                        return setgroups(0, nullptr) == 0 && setresgid(65534, 65534, 65534) == 0 &&
                               setresuid(65534, 65534, 65534) == 0;
                    }));
}

/// Its pid namespace's first process.
bool in_child_namespace(std::vector<subject>& all) {
    int pids[2];
    int ready[2];
    REQUIRE(pipe2(pids, O_CLOEXEC) == 0);
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    test_child parent = test_child::that([&] {
        if (unshare(CLONE_NEWPID) != 0)
            return 1;
        const pid_t inner = fork();
        if (inner == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            (void)!write(ready[1], "r", 1);
            live_on();
        }
        wait_for_byte(ready[0]); // otherwise it could outlive its parent
        (void)!write(pids[1], &inner, sizeof inner);
        live_on();
        return 0;
    });
    parent.go();
    close(pids[1]);
    close(ready[0]);
    close(ready[1]);
    pid_t inner = 0;
    const bool made = read(pids[0], &inner, sizeof inner) == sizeof inner;
    close(pids[0]);
    if (!made)
        return false;
    const int fd = raw_pidfd_open(inner, 0);
    auto shared = std::make_shared<test_child>(std::move(parent));
    all.emplace_back("a process in a child pid namespace", fd, inner, [shared, fd]() mutable {
        ::close(fd);
        shared.reset();
    });
    return true;
}

bool own_thread(std::vector<subject>& all) {
    const auto thread = std::make_shared<sleeping_thread>();
    const int fd = raw_pidfd_open(thread->tid(), pidfd_util::uapi::pidfd_thread);
    const auto end = [thread, fd] {
        if (fd >= 0)
            ::close(fd);
        thread->end();
    };
    if (fd < 0) {
        end();
        return false;
    }
    all.emplace_back("a thread", fd, thread->tid(), end);
    return true;
}

/// kthreadd, in the first pid namespace.
bool kernel_thread(std::vector<subject>& all) {
    std::ifstream status("/proc/2/status");
    std::string line;
    if (!std::getline(status, line) || line != "Name:\tkthreadd")
        return false;
    const int fd = raw_pidfd_open(2, 0);
    if (fd < 0)
        return false;
    all.emplace_back("a kernel thread", fd, 2, [fd] { ::close(fd); });
    return true;
}

} // namespace

int raw_pidfd_open(pid_t pid, unsigned flags) {
    return static_cast<int>(syscall(SYS_pidfd_open, pid, flags));
}

pid_t fork_with_pid(pid_t pid) {
    const pid_t wanted[] = {pid};
    // clone_args as of Linux 5.5.
    std::uint64_t arguments[10]{};
    arguments[4] = SIGCHLD;
    arguments[8] = reinterpret_cast<std::uintptr_t>(wanted);
    arguments[9] = 1;
    return static_cast<pid_t>(syscall(435, arguments, sizeof arguments)); // clone3
}

pid_t fork_sleeper_with_pid(pid_t pid) {
    const pid_t made = fork_with_pid(pid);
    if (made == 0)
        live_on();
    return made;
}

void live_on() {
    for (;;)
        pause();
}

pid_t fork_sleeper() {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) {
        end_with(parent);
        live_on();
    }
    return pid;
}

std::string read_file_at(int dir, const char* path) {
    std::string text;
    const int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return text;
    char buffer[4096];
    for (ssize_t n = 0; (n = read(fd, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(n));
    // Without libc, as in the library. A thread sanitizer that sees only the open or only the close
    // of a number reports a race with its next owner.
    syscall(SYS_close, fd);
    return text;
}

std::string field(const std::string& text, const std::string& key) {
    const std::size_t at = ("\n" + text).find("\n" + key);
    if (at == std::string::npos)
        return {};
    const std::size_t begin = text.find_first_not_of(" \t", at + key.size());
    const std::size_t end = text.find('\n', at);
    return begin < end ? text.substr(begin, end - begin) : std::string();
}

char state_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(file, text);
    const auto end = text.rfind(')');
    return end == std::string::npos ? '?' : text[end + 2];
}

test_child::test_child(pid_t pid, int start) noexcept : pid_(pid), start_(start) {
    if (auto fd = pidfd_util::pidfd::from_pid(pid))
        fd_ = std::move(*fd);
}

test_child::test_child(test_child&& other) noexcept
    : pid_(other.pid_), fd_(std::move(other.fd_)), start_(std::exchange(other.start_, -1)),
      reaped_(std::exchange(other.reaped_, true)), prepared_(other.prepared_) {}

test_child::~test_child() {
    reap();
    if (start_ >= 0)
        close(start_);
}

test_child test_child::that(std::function<int()> body) {
    int start[2];
    REQUIRE(pipe2(start, O_CLOEXEC) == 0);
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        restore_signals();
        close(start[1]);
        wait_for_byte(start[0]);
        close(start[0]);
        end_child(body());
    }
    close(start[0]);
    test_child c(pid, start[1]);
    REQUIRE(c.fd());
    return c;
}

test_child test_child::ready(std::function<bool()> prepare) {
    int ready[2];
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    test_child c = that([&] {
        const char prepared = prepare() ? 'y' : 'n';
        (void)!write(ready[1], &prepared, 1);
        live_on();
        return 0;
    });
    c.go();
    ::close(ready[1]);
    char prepared = 'n';
    while (read(ready[0], &prepared, 1) < 0 && errno == EINTR) {
    }
    ::close(ready[0]);
    c.prepared_ = prepared == 'y';
    return c;
}

test_child test_child::running() {
    return ready([] { return true; });
}

test_child test_child::zombie(int code) {
    test_child c = that([code] { return code; });
    c.go();
    c.wait_for_end();
    return c;
}

test_child test_child::reaped() {
    test_child c = zombie();
    c.reap();
    return c;
}

void test_child::go() {
    if (start_ >= 0)
        (void)!write(start_, "g", 1);
}

void test_child::wait_for_end() {
    siginfo_t info;
    while (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 &&
           errno == EINTR) {
    }
}

void test_child::reap() {
    if (std::exchange(reaped_, true))
        return;
    kill_made(pid_);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
}

std::vector<subject> living() {
    std::vector<subject> all;
    all.push_back(of_child("a child", test_child::running()));
    const int self = raw_pidfd_open(getpid(), 0);
    REQUIRE(self >= 0);
    all.emplace_back("the caller", self, getpid(), [self] { ::close(self); });
    if (geteuid() == 0)
        all.push_back(stranger());
    own_thread(all);
    kernel_thread(all);
    in_child_namespace(all);
    return all;
}

std::vector<subject> impostors() {
    std::vector<subject> all;
    const auto add = [&](const char* name, int fd) {
        REQUIRE(fd >= 0);
        all.emplace_back(name, fd, 0, [fd] { ::close(fd); });
    };
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    ::close(ends[1]);
    add("a pipe", ends[0]);
    add("a device", open("/dev/null", O_RDWR | O_CLOEXEC));
    add("a socket", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    add("a directory of /proc/PID", open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    add("a namespace", open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC));
    add("the place of a directory", open("/etc", O_PATH | O_CLOEXEC));
    const pidfd_util::pidfd self = *pidfd_util::pidfd::from_self();
    const std::string its_place = "/proc/self/fd/" + std::to_string(self.fd());
    add("the place of a pidfd", open(its_place.c_str(), O_PATH | O_CLOEXEC));
    return all;
}

std::vector<subject> everything() {
    std::vector<subject> all = living();
    all.push_back(of_child("a zombie", test_child::zombie()));
    all.push_back(of_child("a reaped process", test_child::reaped()));
    for (subject& s : impostors())
        all.push_back(std::move(s));
    all.emplace_back("a closed file descriptor", 9999, 0, nullptr);
    all.emplace_back("-1", -1, 0, nullptr);
    return all;
}

int count_fds() {
    int count = 0;
    DIR* const directory = opendir("/proc/self/fd");
    REQUIRE(directory != nullptr);
    while (const dirent* entry = readdir(directory))
        if (entry->d_name[0] != '.')
            ++count;
    closedir(directory);
    return count - 1; // the directory itself
}

} // namespace support
