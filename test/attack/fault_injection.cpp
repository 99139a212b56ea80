// SPDX-License-Identifier: MIT
// Lets every system call of every operation fail in every way. No operation may crash, hang, leak,
// or give a wrong answer or error, and the probe must learn nothing wrong. A first, traced run
// finds the calls. Each case runs in a separate process, in which the tracer lets one call fail.
#include "support/catch.hpp"
#include "support/error_tables.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/operations.hpp"
#include "support/plausible_errors.hpp"
#include "support/processes.hpp"
#include "support/rounds.hpp"
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

// The errnos that mean something in many calls. 0 is a success without any effect, as a seccomp filter
// can answer it.
constexpr int usual_errors[] = {0,          EINTR,  EAGAIN, EACCES, EPERM,    ENOENT,
                                ENOMEM,     EMFILE, ENFILE, ENOSYS, ENOTTY,   EINVAL,
                                EOPNOTSUPP, EBADF,  EIO,    ESRCH,  EOVERFLOW};
constexpr int last_errno = 133;

bool is_usual(int error) {
    return std::find(std::begin(usual_errors), std::end(usual_errors), error) !=
           std::end(usual_errors);
}

/// The errnos for one call of one trial: the usual ones, and in the short mode a handful of the
/// others. Which ones depends only on these numbers, so that a run can be repeated.
std::vector<int> errors_for(std::size_t trial, std::size_t position) {
    std::vector<int> others;
    for (int error = 1; error <= last_errno; ++error)
        if (!is_usual(error))
            others.push_back(error);
    constexpr std::size_t handful = 4;
    const std::size_t first = long_mode() ? 0 : handful * (trial + position);
    const std::size_t count = long_mode() ? others.size() : handful;
    std::vector<int> chosen(std::begin(usual_errors), std::end(usual_errors));
    for (std::size_t i = 0; i < count; ++i)
        chosen.push_back(others[(first + i) % others.size()]);
    return chosen;
}

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

/// The results of the process that calls the operation, in memory that it shares with the test.
struct report {
    plain_answer disturbed;
    plain_answer undisturbed; // the next call
    int fds_lost;
    bool errno_kept;
    bool complete;
};

/// An operation, and the process that it is called on: the stranger, or a child in this state.
struct trial {
    const operation_row& operation;
    child_kind child;

    std::string name() const {
        constexpr const char* kinds[] = {"", ", a running child", ", a zombie", ", a lost child"};
        return operation.name + std::string(kinds[static_cast<int>(child)]);
    }
};

/// All trials of the table, except those with an argument that is always wrong.
std::vector<trial> trials() {
    std::vector<trial> all;
    for (const operation_row& o : operation_table()) {
        if (o.bad_argument)
            continue;
        if (o.on_stranger)
            all.push_back({o, child_kind::none});
        for (const child_kind c : o.children)
            if (c != child_kind::none)
                all.push_back({o, c});
    }
    return all;
}

enum class end { reported, died, does_not_end };

struct outcome_of_case {
    end how = end::reported;
    int status = 0;
    bool met = false; // the call that should fail was made
    std::vector<system_call> calls;
    report got;
};

/// A limit far beyond what any case takes.
constexpr unsigned hang_seconds = 60;
constexpr std::size_t most_calls = 20000; // a scan of /proc makes three for each process
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
    std::optional<outcome_of_case> run(const profile& kernel, const trial& tried, const fault* f) {
        *shared_ = {};
        const pid_t pid = fork();
        if (pid == 0)
            ask(kernel, tried);
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
    /// A process in its own namespaces, as another user, so that the answers about it differ from
    /// all others.
    static bool live_elsewhere() {
        return geteuid() != 0 ||
               (unshare(CLONE_NEWUTS | CLONE_NEWIPC) == 0 && setgroups(0, nullptr) == 0 &&
                setresgid(1201, 1202, 1203) == 0 && setresuid(1204, 1205, 1206) == 0);
    }

    [[noreturn]] void ask(const profile& kernel, const trial& tried) {
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
        s.prepare(tried.child);
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
            s.prepare(tried.child);
        }
        shared_->undisturbed = perform(tried.operation, s);
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
            // Linux closes the file descriptor in any case.
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

/// Errnos that mean that there is no such call, or that a sandbox forbids it. If the call returns
/// one every time, the library may believe it.
bool denies(int error) {
    return error == 0 || error == ENOSYS || error == ENOTTY || error == EOPNOTSUPP ||
           error == EINVAL || error == EPERM || error == EACCES;
}

/// Whether an answer confuses the kernel with a filter, or the errnos of two calls.
bool mixes_up(const fault& f, int error) {
    // A filter forbids every such call, which only a second call shows.
    if (f.is_sandbox() && f.times == repetition::always)
        return error == EPERM || error == EACCES;
    // A call that is forbidden only once looks like the kernel's own denial, if the kernel can deny
    // it.
    const bool forbids =
        f.number == SYS_pidfd_send_signal || f.number == SYS_pidfd_getfd || f.number == SYS_setns;
    if (f.is_sandbox() && f.times == repetition::once && forbids && f.position == 0)
        return error == ERFKILL;
    return f.error == ESRCH && error == ESRCH && !can_tell_gone(f.number);
}

bool is_plausible(const fault& f, const plain_answer& answer, const trial& tried) {
    // A signal leaves no trace, and the kernel reports only that it was sent.
    if (f.error == 0 && f.number == SYS_pidfd_send_signal && f.position == 0 && answer.error == 0)
        return true;
    // A status that cannot be read is not known.
    if (tried.operation.kept_by_kernel &&
        (denies(f.error) || f.error == ESRCH || f.error == ECHILD || f.error == EREMOTE) &&
        (says_nothing(answer) || answer.error == ECHILD || answer.error == EOPNOTSUPP))
        return true;
    // A child that failed and that another thread has reaped is not waited for.
    if (tried.operation.kind == role::starts && f.call == "waitid" && f.error == ECHILD &&
        answer.error == 0)
        return true;
    // Every kernel has mount namespaces: a process without one has ended.
    if (tried.operation.needs_namespace && f.error == ENOENT && answer.error == ESRCH)
        return true;
    if (mixes_up(f, answer.error))
        return false;
    const std::vector<int> allowed = plausible(f.number, f.error);
    return answer.error != 0 &&
           std::find(allowed.begin(), allowed.end(), answer.error) != allowed.end();
}

/// Whether the operation would wait for a zombie to be reaped: that is what the owner of a child waits
/// for, if the kernel says that the child is another process's.
bool would_wait(const trial& tried, const fault& f) {
    return f.call == "waitid" && f.error == ECHILD && tried.operation.blocks != blocking::never;
}

bool opened_files(const outcome_of_case& o) {
    return std::any_of(o.calls.begin(), o.calls.end(), [](const system_call& call) {
        return name_of(call) == "openat" || name_of(call) == "openat2";
    });
}

/// Returns the fault of a case, or an empty text.
std::string judge(const trial& tried, const fault& f, const outcome_of_case& o,
                  const plain_answer& right, const plain_answer& second) {
    if (o.how == end::does_not_end)
        return "does not end";
    if (o.how == end::died)
        return "died, with status " + std::to_string(o.status);
    if (!o.met && !tried.operation.calls_vary)
        return "made other calls than before";
    const report& got = o.got;
    if (got.fds_lost != 0)
        return "file descriptors leaked: " + std::to_string(got.fds_lost);
    if (!got.errno_kept)
        return "errno was changed";
    if (!agrees(got.disturbed, right) && !is_plausible(f, got.disturbed, tried))
        return "answered: " + to_string(got.disturbed);
    if (got.disturbed.error != 0 &&
        !is_documented(documented_name(tried.operation), got.disturbed.error, opened_files(o)))
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

/// A call fails with an errno in one of the three ways by turns; in the long mode, with a usual errno
/// in all three.
bool selected(std::size_t position, int error, repetition times) {
    if (error == 0) // no filter answers this way only sometimes
        return times == repetition::always;
    if (long_mode() && is_usual(error))
        return true;
    return (position + static_cast<std::size_t>(error)) % 3 == static_cast<std::size_t>(times);
}

constexpr int most_of_a_kind = 8; // where an operation makes a call many times

struct tally {
    std::size_t cases = 0;
    std::size_t findings = 0;
};

/// All faults of one operation; `index` is that of the trial.
bool disturb(laboratory& lab, const profile& kernel, const trial& tried, std::size_t index,
             tally& sum) {
    const auto baseline = lab.run(kernel, tried, nullptr);
    if (!baseline)
        return false;
    CAPTURE(kernel.name, tried.name());
    REQUIRE(documented_name(tried.operation) != "");
    REQUIRE(baseline->how == end::reported);
    const plain_answer& right = baseline->got.disturbed;
    const plain_answer& second = baseline->got.undisturbed;
    REQUIRE(baseline->got.errno_kept);
    REQUIRE(baseline->got.fds_lost == 0);
    std::map<long, int> seen;
    for (std::size_t position = 0; position < baseline->calls.size(); ++position) {
        const system_call& call = baseline->calls[position];
        if (++seen[call.number] > most_of_a_kind)
            continue;
        // A caller that cannot restore its signal mask can do nothing about it.
        if (call.number == SYS_rt_sigprocmask && seen[call.number] > 1)
            continue;
        for (const int error : errors_for(index, position)) {
            // A result of 0 means that this is the child, which the library therefore checks first.
            if (error == 0 && seen[call.number] > 1 &&
                (call.number == SYS_clone || call.number == SYS_clone3))
                continue;
            for (auto times : {repetition::once, repetition::twice, repetition::always}) {
                if (!selected(position, error, times))
                    continue;
                const fault f{position, call.number, error, times, name_of(call)};
                if (would_wait(tried, f))
                    continue;
                const auto outcome = lab.run(kernel, tried, &f);
                REQUIRE(outcome);
                ++sum.cases;
                const std::string wrong = judge(tried, f, *outcome, right, second);
                if (wrong.empty())
                    continue;
                ++sum.findings;
                FAIL_CHECK(kernel.name << ", " << tried.name() << ", call " << position << " "
                                       << name_of(call) << " says: " << std::strerror(error) << " "
                                       << to_string(times) << ": " << wrong
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
    const std::vector<trial> all = trials();
    for (std::size_t i = 0; i < all.size(); ++i)
        if (!disturb(lab, kernel, all[i], i, sum))
            SKIP_TEST("nothing can be traced here");
    std::cout << "fault injection, " << kernel.name << ": " << sum.cases << " cases of "
              << all.size() << " operations, " << sum.findings << " findings" << std::endl;
    CHECK(sum.cases > 0);
}

} // namespace

TEST_CASE("no system call that fails makes an operation crash, hang, leak, lie or learn wrongly") {
    disturb_all(native());
}

TEST_CASE("no system call that fails on the paths for Linux 5.10 makes an operation crash, hang, "
          "leak, lie or learn wrongly") {
    disturb_all(linux_5_10());
}
