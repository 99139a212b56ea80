// SPDX-License-Identifier: MIT
// The traps of a handler that ends the program by the fault that it got: see reraise_signal.hpp.
#include "reraise_signal.hpp"

#include "support/answers.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"

#include <csignal>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

void crash_in_thread() {
    struct sigaction action {};
    action.sa_flags = SA_SIGINFO;
    action.sa_sigaction = [](int, siginfo_t* info, void*) {
        if (!adopted::reraise_signal(*info))
            raise(info->si_signo);
    };
    sigaction(SIGSEGV, &action, nullptr);
    std::thread([] { *reinterpret_cast<volatile char*>(16) = 1; }).join();
}

struct facts {
    bool traced;
    int faults; // that were about to be delivered
    siginfo_t first, last;
    pid_t first_thread, last_thread;
    int status; // of the process
};

/// Lets a child crash, and looks at the signals that reach it.
facts watch_crash() {
    facts f{};
    const pid_t child = fork();
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME) != 0)
            _exit(1);
        raise(SIGSTOP);
        crash_in_thread();
        _exit(2);
    }
    if (waitpid(child, &f.status, 0) != child || !WIFSTOPPED(f.status))
        return f;
    f.traced = ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_TRACECLONE) == 0;
    ptrace(PTRACE_CONT, child, nullptr, nullptr);
    int status = 0;
    for (pid_t thread; (thread = waitpid(-1, &status, __WALL)) > 0;) {
        if (!WIFSTOPPED(status)) {
            if (thread == child)
                f.status = status;
            continue;
        }
        const bool is_fault = WSTOPSIG(status) == SIGSEGV;
        if (is_fault) {
            f.last_thread = thread;
            ptrace(PTRACE_GETSIGINFO, thread, nullptr, &f.last);
            if (f.faults++ == 0) {
                f.first = f.last;
                f.first_thread = thread;
            }
        }
        ptrace(PTRACE_CONT, thread, nullptr, is_fault ? SIGSEGV : 0);
    }
    return f;
}

} // namespace

TEST_CASE(
    "a tracer sees the fault of a second thread with its cause and address, after a handler") {
    const auto got = isolated({}, watch_crash);
    REQUIRE(got);
    if (!got->traced)
        SKIP_TEST("nothing can be traced here");
    CHECK(WIFSIGNALED(got->status));
    CHECK(WTERMSIG(got->status) == SIGSEGV);
    CHECK(got->faults == 2);
    CHECK(got->last_thread == got->first_thread);
    if (!has(feature::thread)) {
        CHECK(got->last.si_code == SI_TKILL);
        return;
    }
    CHECK(got->last.si_code == SEGV_MAPERR);
    CHECK(got->last.si_addr == got->first.si_addr);
}
