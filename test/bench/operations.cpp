// SPDX-License-Identifier: MIT
// The cost of each operation compared with the bare system call: time, system calls, heap allocations.
//
//   bench-operations [--json]
#include "kernel/uapi.hpp"

#include "../support/end_with.hpp"
#include "../support/operations.hpp"
#include "compare.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <csignal>
#include <cstdio>
#include <string_view>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr int calls = 2000;

/// An operation as a program calls it. The calls of the table of operations also convert the answer for
/// the tests, which takes as long as a part of the operation.
struct direct_call {
    std::string_view name;
    bool (*call)(const pidfd& process, pid_t pid);
};

constexpr direct_call direct_calls[] = {
    {"get_pid", [](const pidfd& p, pid_t) { return p.get_pid().has_value(); }},
    {"get_ppid", [](const pidfd& p, pid_t) { return p.get_ppid().has_value(); }},
    {"get_id", [](const pidfd& p, pid_t) { return p.get_id().has_value(); }},
    {"get_creds", [](const pidfd& p, pid_t) { return p.get_creds().has_value(); }},
    {"get_cgroupid", [](const pidfd& p, pid_t) { return p.get_cgroupid().has_value(); }},
    {"get_info", [](const pidfd& p, pid_t) { return p.get_info().has_value(); }},
    {"get_namespace mnt",
     [](const pidfd& p, pid_t) { return p.get_namespace(namespace_type::mnt).has_value(); }},
    {"open_proc", [](const pidfd& p, pid_t) { return p.open_proc().has_value(); }},
    {"send_signal", [](const pidfd& p, pid_t) { return p.send_signal(0).has_value(); }},
    {"get_remote_fd", [](const pidfd& p, pid_t) { return p.get_remote_fd(0).has_value(); }},
    {"is_alive", [](const pidfd& p, pid_t) { return p.is_alive().has_value(); }},
    {"from_pid", [](const pidfd&, pid_t pid) { return pidfd::from_pid(pid).has_value(); }},
};

/// Returns null for an operation that needs what the table prepares.
auto find_direct(std::string_view name) {
    for (const direct_call& d : direct_calls)
        if (d.name == name)
            return d.call;
    return decltype(direct_call::call)();
}

/// Forks a child that lives until it is killed, or until its parent ends.
pid_t fork_running() {
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child != 0)
        return child;
    end_with(parent);
    for (;;)
        pause();
}

bool bare_try_wait(const pidfd& process) {
    siginfo_t info;
    return syscall(SYS_waitid, uapi::p_pidfd, static_cast<id_t>(process.fd()), &info,
                   WEXITED | WNOHANG, nullptr) == 0;
}

void compare_try_wait(const bench::comparisons& table) {
    const auto running = pidfd::from_pid(fork_running());
    if (!running)
        return;
    // The child that counts has a child of its own.
    const auto make_running = [] { return pidfd::from_pid(fork_running()).value(); };
    table.compare_prepared(
        calls, "try_wait", [&] { return running->try_wait().has_value(); }, "waitid, WNOHANG",
        [&] { return bare_try_wait(*running); },
        [=] { return [p = make_running()] { return p.try_wait().has_value(); }; },
        [=] { return [p = make_running()] { return bare_try_wait(p); }; });
    (void)running->kill();
    (void)running->wait();
}

} // namespace

int main(int argc, char** argv) {
    const bool json = bench::json_is_wanted(argc, argv);
    const auto self = pidfd::from_self();
    if (!self) {
        std::fprintf(stderr, "no pidfd here: %s\n", self.error().message().c_str());
        return 77;
    }
    const int fd = self->fd();
    const pid_t pid = getpid();
    const bench::comparisons table("operations", json);
    for (const operation_row& o : operation_table()) {
        if (o.bare == nullptr)
            continue;
        const auto bare = [&] { return o.bare(fd, pid); };
        if (const auto call = find_direct(o.name); call != nullptr) {
            table.compare(
                calls, o.name, [&] { return call(*self, pid); }, o.bare_name, bare);
            continue;
        }
        scene on(*self, pid);
        table.compare(
            calls, o.name,
            [&] {
                plain_answer answer;
                o.call(on, answer);
                on.made.reset();
                return answer.error == 0;
            },
            o.bare_name, bare);
    }
    compare_try_wait(table);
    return 0;
}
