// SPDX-License-Identifier: MIT
#include "reuse_cast.hpp"

#include "processes.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;

namespace support {

namespace {

constexpr pid_t the_pid = 7000;
constexpr int time_namespace = 0x80; // CLONE_NEWTIME
constexpr int kinds[] = {CLONE_NEWUTS, CLONE_NEWIPC,    CLONE_NEWNS,
                         CLONE_NEWNET, CLONE_NEWCGROUP, time_namespace};
constexpr uid_t home_owner = 1301;

/// Forks a child with these pids in the caller's pid namespace and in the one outside of it (0:
/// any), in this cgroup (-1: the caller's).
pid_t fork_as(pid_t inner, pid_t outer, int cgroup) {
    const pid_t wanted[] = {inner, outer};
    std::uint64_t arguments[11]{};                // clone_args as of Linux 5.7
    arguments[0] = cgroup >= 0 ? 0x200000000 : 0; // CLONE_INTO_CGROUP
    arguments[4] = SIGCHLD;
    arguments[8] = reinterpret_cast<std::uintptr_t>(wanted);
    arguments[9] = outer != 0 ? 2 : 1;
    arguments[10] = cgroup >= 0 ? static_cast<std::uint64_t>(cgroup) : 0;
    return static_cast<pid_t>(syscall(435, arguments, sizeof arguments)); // clone3
}

template <class T>
bool receive(int fd, T& value) {
    return read(fd, &value, sizeof value) == sizeof value;
}

template <class T>
bool send(int fd, const T& value) {
    return write(fd, &value, sizeof value) == sizeof value;
}

struct preparation { // of the victim
    bool changed;
    pid_t child;
};

struct order {
    pid_t inner; // 0: end the heir
    pid_t outer;
};

[[noreturn]] void make_heirs(int orders, int reports) {
    pid_t heir = 0;
    for (order o{}; receive(orders, o);) {
        if (o.inner != 0) {
            heir = fork_as(o.inner, o.outer, -1);
            if (heir == 0)
                live_on();
            send(reports, heir);
        } else {
            kill_made(heir);
            send(reports, waitpid(heir, nullptr, 0));
        }
    }
    _exit(0);
}

std::uint64_t hash(const std::string& text) {
    return std::hash<std::string>()(text);
}

} // namespace

std::uint64_t signature_in_proc(int dir) {
    const std::string comm = read_file_at(dir, "comm");
    const std::string status = read_file_at(dir, "status");
    return comm.empty() || status.empty()
               ? 0
               : hash(comm + field(status, "Uid:") + field(status, "PPid:"));
}

bool reuse_cast::ready(char* missing, std::size_t size) {
    const char* reason = nullptr;
    if (!make_home())
        reason = "no namespaces can be made here";
    else if (!make_parent())
        reason = "no process can be made here";
    else if (!enter_victim(false))
        reason = "no right to choose a pid, or no cgroup2";
    clear();
    if (reason != nullptr)
        std::snprintf(missing, size, "%s", reason);
    return reason == nullptr;
}

bool reuse_cast::make_home() {
    int pids[2];
    if (pipe2(pids, O_CLOEXEC) != 0)
        return false;
    if (fork() == 0) {
        for (const int kind : kinds)
            (void)unshare(kind);
        if (fork() == 0) { // born in the time namespace
            const bool made =
                setgroups(0, nullptr) == 0 && setresgid(home_owner, home_owner, home_owner) == 0 &&
                setresuid(home_owner, home_owner, home_owner) == 0 && unshare(CLONE_NEWUSER) == 0;
            send(pids[1], made ? getpid() : pid_t{-1});
        }
        live_on();
    }
    close(pids[1]);
    const bool made = receive(pids[0], home_) && home_ > 0;
    close(pids[0]);
    if (!made)
        return false;
    home_fd_.reset(raw_pidfd_open(home_, 0));
    auto user = pidfd_view(home_fd_.get()).get_namespace(namespace_type::user);
    if (user)
        home_user_ = std::move(*user);
    // The time makes the name unique. The caller's pid is the same in many tests.
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    if (auto made_here = test_cgroup::make("-reuse-" + std::to_string(now)))
        cgroup_.emplace(std::move(*made_here));
    if (cgroup_)
        cgroup_fd_.reset(open(cgroup_->path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    int prepared[2];
    if (pipe2(prepared, O_CLOEXEC) != 0)
        return false;
    prepared_[0].reset(prepared[0]);
    prepared_[1].reset(prepared[1]);
    return bool(home_user_);
}

bool reuse_cast::make_parent() {
    int orders[2];
    int reports[2];
    if (pipe2(orders, O_CLOEXEC) != 0 || pipe2(reports, O_CLOEXEC) != 0)
        return false;
    if (fork() == 0)
        make_heirs(orders[0], reports[1]);
    close(orders[0]);
    close(reports[1]);
    orders_.reset(orders[1]);
    reports_.reset(reports[0]);
    return true;
}

pid_t reuse_cast::pid() const {
    return the_pid;
}

void reuse_cast::live_as_victim(bool with_child) const {
    preparation p{};
    if (with_child)
        p.child = fork();
    if (with_child && p.child == 0)
        live_on();
    prctl(PR_SET_NAME, "the victim");
    for (const int kind : kinds)
        (void)setns(home_fd_.get(), kind);
    p.changed = setgroups(0, nullptr) == 0 && setresgid(1311, 1312, 1313) == 0 &&
                setresuid(1314, home_owner, 1315) == 0 &&
                setns(home_user_.get(), CLONE_NEWUSER) == 0;
    send(prepared_[1].get(), p);
}

bool reuse_cast::enter_victim(bool with_child) {
    const pid_t pid = fork_as(the_pid, 0, cgroup_fd_.get());
    if (pid == 0) {
        live_as_victim(with_child);
        live_on();
    }
    if (pid != the_pid)
        return false;
    victim_state_ = state::alive;
    victim_.reset(raw_pidfd_open(pid, 0));
    const std::string fdinfo = "/proc/thread-self/fdinfo/" + std::to_string(victim_.get());
    const std::string outer = field(read_file_at(AT_FDCWD, fdinfo.c_str()), "Pid:");
    outer_ = outer.empty() ? 0 : std::stoi(outer);
    if (outer_ == the_pid)
        outer_ = 0;
    preparation p{};
    if (!receive(prepared_[0].get(), p) || !p.changed || p.child < 0)
        return false;
    child_pid_ = p.child;
    if (with_child)
        child_.reset(raw_pidfd_open(child_pid_, 0));
    return true;
}

void reuse_cast::kill_victim() {
    if (victim_state_ != state::alive)
        return;
    kill_made(the_pid);
    siginfo_t info;
    waitid(P_PID, the_pid, &info, WEXITED | WNOWAIT);
    victim_state_ = state::dead;
}

void reuse_cast::reap_victim() {
    if (victim_state_ != state::dead)
        return;
    waitpid(the_pid, nullptr, 0);
    victim_state_ = state::reaped;
}

bool reuse_cast::enter_heir(heir_kind kind) {
    pid_t heir = 0;
    const pid_t inner = kind == heir_kind::same_outer_number ? the_pid + 1 : the_pid;
    send(orders_.get(), order{inner, kind == heir_kind::same_inner_number ? 0 : outer_});
    heir_ = receive(reports_.get(), heir) && heir == inner;
    return heir_;
}

void reuse_cast::clear() {
    kill_victim();
    reap_victim();
    victim_.reset();
    child_.reset();
    if (child_pid_ > 0) {
        kill_made(child_pid_);
        waitpid(child_pid_, nullptr, 0);
    }
    child_pid_ = 0;
    if (heir_) {
        pid_t ended = 0;
        send(orders_.get(), order{0, 0});
        receive(reports_.get(), ended);
    }
    heir_ = false;
}

} // namespace support
