// SPDX-License-Identifier: MIT
// The operations in a signal handler on a small stack, and in a storm of signals.
#include "support/answers.hpp"
#include "support/fds.hpp"
#include "support/operations.hpp"
#include "support/rounds.hpp"
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
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// The size that docs/design.md promises to be enough. A sanitizer's frames are much larger.
constexpr std::size_t promised = std::size_t{sanitized ? 512 : 20} << 10;

/// The processes that the handler and the interrupted program ask about, and the expected answers.
pid_t child_pid;
pid_t parent_pid;
int child_fd;
std::vector<const operation_row*> asked;
by_operation<plain_answer> expected_answers;
const char* volatile wrong_operation = "none"; // the last one; a literal of this program
volatile std::sig_atomic_t handled = 0;
volatile std::sig_atomic_t mistakes = 0; // in the handler

/// Operations that neither block nor change the process, nor what the handler asks about.
bool can_be_asked(const operation_row& o) {
    return !o.changes_shared && ((o.harmless() && !o.enters) || o.kind == role::opens);
}

plain_answer answer_of(const operation_row& o) {
    scene s(pidfd_view(child_fd), child_pid);
    return perform(o, s);
}

/// Without a signal, the answers are those of the operations' own tests.
void prepare_answers() {
    asked = operations_that(can_be_asked);
    for (const operation_row* o : asked)
        expected_answers[*o] = answer_of(*o);
}

bool all_right() {
    const pidfd_view fd(child_fd);
    bool right = fd.get_pid() == child_pid && fd.get_ppid() == parent_pid;
    for (const operation_row* o : asked)
        if (!agrees(answer_of(*o), expected_answers[*o])) {
            wrong_operation = o->name;
            right = false;
        }
    return right;
}

/// How many signals must have been handled.
int needed() {
    return slow_machine() ? 20 : 100;
}

/// Sends the next signal. Signals come one after the other, and not for ever, so that the
/// interrupted program makes progress on a machine of any speed.
bool rearm() {
    const itimerval soon{{0, 0}, {0, 500}};
    return handled >= 3 * needed() || setitimer(ITIMER_REAL, &soon, nullptr) == 0;
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

/// A stack for handlers that ends at a page without any access.
bool use_small_stack() {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    // The size of the kernel's own frame depends on the machine: libc asks the kernel.
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
    bool waited; // with the right status
    const char* wrong_operation;
};

facts ask_in_storm() {
    facts f{};
    const test_child c = test_child::running();
    // The process that is waited for ends only after many signals.
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
    prepare_answers();
    f.prepared = other && use_small_stack() && start_storm(SA_ONSTACK); // without SA_RESTART
    if (!f.prepared)
        return f;
    while (handled < needed()) {
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
    f.wrong_operation = wrong_operation;
    f.leaked = open_fds() - before;
    return f;
}

} // namespace

TEST_CASE(
    "every operation is right in a signal handler on a small stack, and in a storm of signals") {
    for (const profile& kernel : {native(), linux_5_10()}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), ask_in_storm);
        REQUIRE(got);
        REQUIRE(got->prepared);
        CAPTURE(got->wrong_operation);
        CHECK(got->handled >= needed());
        CHECK(got->mistakes_in_handler == 0);
        CHECK(got->mistakes_outside == 0);
        CHECK(got->leaked == 0);
        CHECK(got->waited);
    }
}
