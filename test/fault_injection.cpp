// SPDX-License-Identifier: MIT
// Every system call of every operation fails in every way: nothing crashes, hangs, leaks or lies,
// the error says what happened, and nothing was learnt wrongly. Which calls there are is learnt by
// tracing. Each case runs in a process of its own, of which the tracer lets the call fail.
#include "support/catch.hpp"
#include "support/error_tables.hpp"
#include "support/fault_operations.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/plausible_errors.hpp"
#include "support/processes.hpp"
#include "support/tracer.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <iostream>
#include <map>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

// 0 is a success of which nothing is true, as a seccomp filter can answer it.
constexpr int errors[] = {0,          EINTR,  EAGAIN, EACCES, EPERM,    ENOENT,
                          ENOMEM,     EMFILE, ENFILE, ENOSYS, ENOTTY,   EINVAL,
                          EOPNOTSUPP, EBADF,  EIO,    ESRCH,  EOVERFLOW};

enum class repetition {
    once,   // only the call itself
    twice,  // and the next one of its kind
    always, // and all further ones of its kind
};

struct fault {
    std::size_t position; // in the sequence of the operation's calls
    long number;
    int error;
    repetition times;
    std::string call; // its name

    bool is_sandbox() const { return error == EPERM || error == EACCES; }
};

/// What the asking process leaves for the tester, in memory that they share.
struct report {
    told disturbed;
    told undisturbed; // the next call
    int fds_lost;
    bool errno_kept;
    bool complete;
};

enum class end { reported, died, does_not_end };

struct outcome_of_case {
    end how = end::reported;
    int status = 0;
    bool met = false; // the call that was to fail came
    std::vector<system_call> calls;
    report got;
};

/// A limit far beyond what any case takes.
constexpr unsigned hang_seconds = 60;
constexpr std::size_t most_calls = 2000;
constexpr int some_errno = 4242;

class laboratory {
public:
    laboratory() : stranger_(test_child::ready(live_elsewhere)) {
        void* const memory = mmap(nullptr, sizeof(report), PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        REQUIRE(memory != MAP_FAILED);
        shared_ = static_cast<report*>(memory);
    }
    ~laboratory() { munmap(shared_, sizeof(report)); }
    laboratory(const laboratory&) = delete;
    laboratory& operator=(const laboratory&) = delete;

    /// Empty where nothing can be traced.
    std::optional<outcome_of_case> run(const profile& kernel, const fault_operation& operation,
                                       const fault* f) {
        *shared_ = {};
        const pid_t pid = fork();
        if (pid == 0)
            ask(kernel, operation);
        tracee asking(pid);
        if (!asking.traced())
            return {};
        outcome_of_case outcome;
        watch(asking, f, outcome);
        if (outcome.how != end::does_not_end) {
            outcome.status = asking.wait_for_end();
            outcome.how = shared_->complete && outcome.status == 0 ? end::reported : end::died;
        }
        outcome.got = *shared_;
        return outcome;
    }

private:
    /// In namespaces of its own, as another user: so that its answers are nobody else's.
    static bool live_elsewhere() {
        return geteuid() != 0 ||
               (unshare(CLONE_NEWUTS | CLONE_NEWIPC) == 0 && setgroups(0, nullptr) == 0 &&
                setresgid(1201, 1202, 1203) == 0 && setresuid(1204, 1205, 1206) == 0);
    }

    [[noreturn]] void ask(const profile& kernel, const fault_operation& operation) {
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
        s.stranger = stranger_.fd();
        s.stranger_pid = stranger_.pid();
        s.prepare(operation.child);
        const int fds_before = open_fds();
        if (!install(kernel.rules) || !be_traced())
            _exit(1);
        told first;
        errno = some_errno;
        make(mark::begin);
        operation.ask(s, first);
        make(mark::end);
        shared_->errno_kept = errno == some_errno;
        look_at(operation, s, first);
        shared_->disturbed = first;
        shared_->fds_lost = open_fds() - fds_before;
        if (first.error == 0) {
            s.clear();
            s.prepare(operation.child);
        }
        shared_->undisturbed = perform(operation, s);
        s.clear();
        shared_->complete = true;
        support::end_child(0);
    }

    static void watch(tracee& asking, const fault* f, outcome_of_case& outcome) {
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
                outcome.how = end::does_not_end;
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
            // Linux closes in any case.
            if (call->number == SYS_close)
                asking.falsify(f->error);
            else
                asking.refuse(f->error);
        }
        asking.let_go();
    }

    test_child stranger_;
    report* shared_ = nullptr;
};

/// Errnos that say that there is no such call, or that a sandbox forbids it. Where it says so every
/// time, it is right to believe it.
bool denies(int error) {
    return error == 0 || error == ENOSYS || error == ENOTTY || error == EOPNOTSUPP ||
           error == EINVAL || error == EPERM || error == EACCES;
}

/// Whether an answer mixes up the kernel and a filter, or the errnos of two calls.
bool mixes_up(const fault& f, int error) {
    // A filter forbids every such call, and the library has to ask again to see that.
    if (f.is_sandbox() && f.times == repetition::always)
        return error == EPERM || error == EACCES;
    // Forbidden once, it is the kernel's own answer, if the kernel has such an answer.
    const bool forbids =
        f.number == SYS_pidfd_send_signal || f.number == SYS_pidfd_getfd || f.number == SYS_setns;
    if (f.is_sandbox() && f.times == repetition::once && forbids && f.position == 0)
        return error == ERFKILL;
    return f.error == ESRCH && error == ESRCH && !can_tell_gone(f.number);
}

bool is_plausible(const fault& f, const told& answer, const fault_operation& operation) {
    // Nothing is left to see of a signal, and the kernel says no more than that it was sent.
    if (f.error == 0 && f.number == SYS_pidfd_send_signal && f.position == 0 && answer.error == 0)
        return true;
    // A status that cannot be asked for is not known.
    if (operation.kept_by_kernel && (denies(f.error) || f.error == ESRCH) &&
        (says_nothing(answer) || answer.error == ECHILD || answer.error == EOPNOTSUPP))
        return true;
    // No kernel is without mount namespaces: a process that has none has ended.
    if (operation.needs_namespace && f.error == ENOENT && answer.error == ESRCH)
        return true;
    if (mixes_up(f, answer.error))
        return false;
    const std::vector<int> allowed = plausible(f.number, f.error);
    return answer.error != 0 &&
           std::find(allowed.begin(), allowed.end(), answer.error) != allowed.end();
}

/// Whether it waits without a limit, or for an hour, in a call that signals interrupt again and again.
bool may_wait_on(const fault_operation& operation, const fault& f) {
    const std::string name = operation.name;
    const bool waits = name.rfind("wait", 0) == 0 && name != "wait_exit_for";
    return f.error == EINTR && f.times == repetition::always &&
           ((f.call == "waitid" && (waits || name.rfind("spawn", 0) == 0)) ||
            (f.call == "ppoll" && waits));
}

bool opened_files(const outcome_of_case& o) {
    return std::any_of(o.calls.begin(), o.calls.end(), [](const system_call& call) {
        return name_of(call) == "openat" || name_of(call) == "openat2";
    });
}

/// What is wrong with a case; empty if nothing is.
std::string judge(const fault_operation& operation, const fault& f, const outcome_of_case& o,
                  const told& right, const told& second) {
    if (o.how == end::does_not_end)
        return may_wait_on(operation, f) ? "" : "does not end";
    if (o.how == end::died)
        return "died, with status " + std::to_string(o.status);
    if (!o.met)
        return "made other calls than before";
    const report& got = o.got;
    if (got.fds_lost != 0)
        return "file descriptors leaked: " + std::to_string(got.fds_lost);
    if (!got.errno_kept)
        return "errno was changed";
    if (!agrees(got.disturbed, right) && !is_plausible(f, got.disturbed, operation))
        return "answered: " + to_string(got.disturbed);
    if (got.disturbed.error != 0 &&
        !is_documented(documented_name(operation.name), got.disturbed.error, opened_files(o)))
        return "returned what no table names: " + to_string(got.disturbed);
    if (!agrees(got.undisturbed, second))
        return "answered later: " + to_string(got.undisturbed);
    const bool may_learn = f.times == repetition::always && denies(f.error);
    if (got.undisturbed.path != second.path && !may_learn)
        return "took another path later: " + to_string(got.undisturbed);
    return {};
}

const char* to_string(repetition times) {
    return times == repetition::once ? "once" : times == repetition::twice ? "twice" : "always";
}

bool long_mode() {
    const char* const wish = std::getenv("PIDFD_UTIL_LONG");
    return wish != nullptr && std::strcmp(wish, "0") != 0;
}

/// In the short mode each call fails with each errno, in one of the three ways by turns.
bool selected(std::size_t position, std::size_t error, repetition times) {
    if (errors[error] == 0) // no filter answers so only now and then
        return times == repetition::always;
    return long_mode() || (position + error) % 3 == static_cast<std::size_t>(times);
}

constexpr int most_of_a_kind = 8; // where an operation makes a call many times

struct tally {
    std::size_t cases = 0;
    std::size_t findings = 0;
};

/// All faults of one operation.
bool disturb(laboratory& lab, const profile& kernel, const fault_operation& operation, tally& sum) {
    const auto baseline = lab.run(kernel, operation, nullptr);
    if (!baseline)
        return false;
    CAPTURE(kernel.name, operation.name);
    REQUIRE(documented_name(operation.name) != "");
    REQUIRE(baseline->how == end::reported);
    const told& right = baseline->got.disturbed;
    const told& second = baseline->got.undisturbed;
    REQUIRE(baseline->got.errno_kept);
    REQUIRE(baseline->got.fds_lost == 0);
    std::map<long, int> seen;
    for (std::size_t position = 0; position < baseline->calls.size(); ++position) {
        const system_call& call = baseline->calls[position];
        if (++seen[call.number] > most_of_a_kind)
            continue;
        // Nothing is left to do for who may not put its signal mask back.
        if (call.number == SYS_rt_sigprocmask && seen[call.number] > 1)
            continue;
        for (std::size_t e = 0; e < std::size(errors); ++e) {
            // Which process has made the call is what this one's 0 tells: the library asks first.
            if (errors[e] == 0 && call.number == SYS_clone && seen[call.number] > 1)
                continue;
            for (auto times : {repetition::once, repetition::twice, repetition::always}) {
                if (!selected(position, e, times))
                    continue;
                const fault f{position, call.number, errors[e], times, name_of(call)};
                const auto outcome = lab.run(kernel, operation, &f);
                REQUIRE(outcome);
                ++sum.cases;
                const std::string wrong = judge(operation, f, *outcome, right, second);
                if (wrong.empty())
                    continue;
                ++sum.findings;
                FAIL_CHECK(kernel.name << ", " << operation.name << ", call " << position << " "
                                       << name_of(call) << " says: " << std::strerror(errors[e])
                                       << " " << to_string(times) << ": " << wrong
                                       << "; right: " << to_string(right));
            }
        }
    }
    return true;
}

void disturb_all(const profile& kernel) {
    if (!can_falsify())
        SKIP_TEST("the tracer does not know this machine's registers");
    laboratory lab;
    tally sum;
    for (std::size_t i = 0; i < fault_operation_count; ++i)
        if (!disturb(lab, kernel, fault_operations[i], sum))
            SKIP_TEST("nothing can be traced here");
    std::cout << "fault injection, " << kernel.name << ": " << sum.cases << " cases of "
              << fault_operation_count << " operations, " << sum.findings << " findings"
              << std::endl;
    CHECK(sum.cases > 0);
}

} // namespace

TEST_CASE("no system call that fails makes an operation crash, hang, leak, lie or learn wrongly") {
    disturb_all(native());
}

TEST_CASE("nor does one of the paths for Linux 5.10") {
    disturb_all(linux_5_10());
}
