// SPDX-License-Identifier: MIT
// The operations in a signal handler, on a small stack of its own, and under a storm of signals.
#include "support/answers.hpp"
#include "support/fds.hpp"
#include "support/sanitizers.hpp"
#include "support/timed_out.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// What docs/design.md promises to be enough. A sanitizer's frames are many times as large.
constexpr std::size_t promised = std::size_t{sanitized ? 512 : 20} << 10;

/// What the handler and the interrupted program ask about, and what they expect.
pid_t child_pid;
pid_t parent_pid;
int child_fd;
volatile std::sig_atomic_t handled = 0;
volatile std::sig_atomic_t mistakes = 0; // in the handler

bool all_right() {
    const pidfd_view fd(child_fd);
    const auto info = fd.get_info();
    const auto dir = fd.open_proc();
    const auto ns = fd.get_namespace(namespace_type::uts);
    const auto status = fd.try_wait();
    (void)fd.get_cgroupid(); // which is what needs the most stack
    (void)fd.get_id();
    (void)fd.get_remote_fd(0);
    return fd.get_pid() == child_pid && fd.get_ppid() == parent_pid && fd.get_creds() && info &&
           info->pid == child_pid && dir && ns && status && !*status && fd.send_signal(0) &&
           fd.is_alive().value_or(false) && fd.duplicate() && pidfd::from_pid(child_pid);
}

/// The next signal. One after the other, and not for ever: however slow the machine is, the program
/// that they interrupt gets on.
bool rearm() {
    constexpr int enough = 300;
    const itimerval soon{{0, 0}, {0, 500}};
    return handled >= enough || setitimer(ITIMER_REAL, &soon, nullptr) == 0;
}

void handle(int) {
    const int saved = errno;
    errno = 4711;
    if (!all_right() || errno != 4711)
        mistakes = mistakes + 1;
    handled = handled + 1;
    if (!rearm())
        mistakes = mistakes + 1;
    errno = saved;
}

/// A stack for handlers that ends at a page which nobody may touch.
bool use_small_stack() {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    // What the kernel itself puts there depends on the machine: libc asks it.
    const auto frame = static_cast<std::size_t>(MINSIGSTKSZ);
    const std::size_t size = (promised + frame + page - 1) / page * page;
    void* const memory =
        mmap(nullptr, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE) != 0)
        return false;
    stack_t stack{};
    stack.ss_sp = static_cast<char*>(memory) + page;
    stack.ss_size = size;
    return sigaltstack(&stack, nullptr) == 0;
}

bool start_storm(int flags) {
    struct sigaction action {};
    action.sa_handler = handle;
    action.sa_flags = flags;
    return sigaction(SIGALRM, &action, nullptr) == 0 && rearm();
}

void stop_storm() {
    const itimerval never{};
    setitimer(ITIMER_REAL, &never, nullptr);
}

struct facts {
    bool prepared;
    int handled;
    int mistakes_in_handler;
    int mistakes_outside;
    int leaked;
    bool waited; // and told the truth
};

facts ask_in_storm() {
    facts f{};
    const test_child c = test_child::running();
    // Whom the program waits for ends only once many signals have come.
    int go[2];
    if (pipe(go) != 0)
        return f;
    const pid_t waited_for = fork();
    if (waited_for == 0) {
        char byte = 0;
        _exit(read(go[0], &byte, 1) == 1 ? 42 : 1);
    }
    const auto other = pidfd::from_pid(waited_for);
    child_pid = c.pid();
    child_fd = c.fd().fd();
    parent_pid = getpid();
    const int before = open_fds();
    f.prepared = other && use_small_stack() && start_storm(SA_ONSTACK); // without SA_RESTART
    if (!f.prepared)
        return f;
    while (handled < 100) {
        errno = 815;
        if (!all_right() || errno != 815)
            ++f.mistakes_outside;
    }
    const auto not_yet = other->wait_for(std::chrono::milliseconds(20));
    while (write(go[1], "g", 1) < 0 && errno == EINTR) {
    }
    const auto status = other->wait();
    f.waited = timed_out(not_yet) && status && status->code() == 42;
    stop_storm();
    f.handled = handled;
    f.mistakes_in_handler = mistakes;
    f.leaked = open_fds() - before;
    return f;
}

} // namespace

TEST_CASE(
    "every operation is right in a signal handler on a small stack, and under a storm of them") {
    for (const profile& kernel : {native(), linux_5_10()}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), ask_in_storm);
        REQUIRE(got);
        REQUIRE(got->prepared);
        CHECK(got->handled >= 100);
        CHECK(got->mistakes_in_handler == 0);
        CHECK(got->mistakes_outside == 0);
        CHECK(got->leaked == 0);
        CHECK(got->waited);
    }
}
