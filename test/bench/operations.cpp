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
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr int calls = 2000;

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
        scene on(*self, pid);
        table.compare(
            calls, o.name,
            [&] {
                plain_answer answer;
                o.call(on, answer);
                on.made.reset();
                return answer.error == 0;
            },
            o.bare_name, [&] { return o.bare(fd, pid); });
    }
    compare_try_wait(table);
    return 0;
}
