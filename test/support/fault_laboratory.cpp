// SPDX-License-Identifier: MIT
#include "fault_laboratory.hpp"

#include "catch.hpp"
#include "fds.hpp"
#include "isolated.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;

namespace support {

namespace {

/// A limit far beyond what any case takes.
constexpr unsigned hang_seconds = 60;
constexpr std::size_t most_calls = 20000; // a scan of /proc makes three for each process
constexpr int some_errno = 4242;

/// A process in its own namespaces, as another user, so that the answers about it differ from
/// all others.
bool live_elsewhere() {
    return setpgid(0, 0) == 0 &&
           (geteuid() != 0 ||
            (unshare(CLONE_NEWUTS | CLONE_NEWIPC) == 0 && setgroups(0, nullptr) == 0 &&
             setresgid(1201, 1202, 1203) == 0 && setresuid(1204, 1205, 1206) == 0));
}

void watch(tracee& asking, const fault* f, outcome_of_case& outcome) {
    bool began = false;
    int left = 0; // faults
    while (const auto call = asking.next_call()) {
        if (is(*call, mark::begin)) {
            began = true;
            continue;
        }
        if (!began)
            continue;
        if (is(*call, mark::end))
            break;
        if (outcome.calls.size() == most_calls) {
            outcome.how = end_of_case::does_not_end;
            return;
        }
        if (f != nullptr && outcome.calls.size() == f->position && call->number == f->number) {
            outcome.met = true;
            left = f->times == repetition::once ? 1 : f->times == repetition::twice ? 2 : -1;
        }
        outcome.calls.push_back(*call);
        if (f == nullptr || left == 0 || call->number != f->number)
            continue;
        --left;
        // Linux closes the file descriptor in any case.
        if (call->number == SYS_close)
            asking.falsify(f->error);
        else
            asking.refuse(f->error);
    }
    asking.let_go();
}

/// Makes the child, which leads a group as the stranger does.
void prepare(scene& s, child_kind kind) {
    s.prepare(kind);
    if (s.child)
        if (const auto pid = s.child.get_pid())
            (void)setpgid(*pid, *pid);
}

} // namespace

laboratory::laboratory() : stranger_(test_child::ready(live_elsewhere)) {
    void* const memory =
        mmap(nullptr, sizeof(report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(memory != MAP_FAILED);
    shared_ = static_cast<report*>(memory);
}
laboratory::~laboratory() {
    munmap(shared_, sizeof(report));
}

std::optional<outcome_of_case> laboratory::run(const profile& kernel, const trial& tried,
                                               const fault* f) {
    *shared_ = {};
    const pid_t pid = fork();
    if (pid == 0)
        ask(kernel, tried);
    tracee asking(pid);
    if (!asking.traced())
        return {};
    outcome_of_case outcome;
    watch(asking, f, outcome);
    if (outcome.how != end_of_case::does_not_end) {
        outcome.status = asking.wait_for_end();
        outcome.how =
            shared_->complete && outcome.status == 0 ? end_of_case::reported : end_of_case::died;
    }
    outcome.got = *shared_;
    return outcome;
}

void laboratory::ask(const profile& kernel, const trial& tried) {
    restore_signals();
    alarm(hang_seconds);
    sigset_t some;
    sigemptyset(&some);
    sigaddset(&some, SIGUSR2);
    sigprocmask(SIG_BLOCK, &some, nullptr);
    scene s;
    // A call that makes a file descriptor and returns 0 must not be taken for this one.
    if (const auto parent = pidfd::from_pid(getppid()); parent)
        dup3(parent->fd(), STDIN_FILENO, O_CLOEXEC);
    s.stranger = s.process = stranger_.fd();
    s.stranger_pid = stranger_.pid();
    prepare(s, tried.child);
    const int fds_before = open_fds();
    if (!install(kernel.rules) || !be_traced())
        _exit(1);
    plain_answer first;
    errno = some_errno;
    make(mark::begin);
    tried.operation.call(s, first);
    make(mark::end);
    shared_->errno_kept = errno == some_errno;
    look_at(tried.operation, s, first);
    shared_->disturbed = first;
    shared_->fds_lost = open_fds() - fds_before;
    if (first.error == 0) {
        s.clear();
        prepare(s, tried.child);
    }
    shared_->undisturbed = perform(tried.operation, s);
    s.clear();
    shared_->complete = true;
    support::end_child(0);
}

} // namespace support
