// SPDX-License-Identifier: MIT
// Lets every system call of every operation fail in every way. No operation may crash, hang, leak,
// or give a wrong answer or error, and the probe must learn nothing wrong. A first, traced run
// finds the calls. Each case runs in a separate process, in which the tracer lets one call fail.
#include "support/catch.hpp"
#include "support/error_tables.hpp"
#include "support/fault_laboratory.hpp"
#include "support/fault_rows.hpp"
#include "support/operations.hpp"
#include "support/plausible_errors.hpp"
#include "support/rounds.hpp"
#include "support/tracer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <sys/syscall.h>
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
    // The process leads no group.
    if (f.number == SYS_pidfd_send_signal && f.error == ESRCH && answer.error == EINVAL &&
        tried.name().find("group") != std::string::npos)
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
    // A job that was killed, and whose end no call reports, may be left behind as a zombie.
    if (f.call == "ppoll" && std::string(tried.operation.name) == "run")
        return true;
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
    if (o.how == end_of_case::does_not_end)
        return "does not end";
    if (o.how == end_of_case::died)
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

/// All trials of a table, except those with an argument that is always wrong.
std::vector<trial> trials(const operation_range& rows) {
    std::vector<trial> all;
    for (const operation_row& o : rows) {
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
    REQUIRE(baseline->how == end_of_case::reported);
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

void disturb_all(const profile& kernel, const operation_range& rows) {
    if (!can_falsify())
        SKIP_TEST("the tracer does not know this machine's registers");
    laboratory lab;
    tally sum;
    const std::vector<trial> all = trials(rows);
    for (std::size_t i = 0; i < all.size(); ++i) {
        // Without it, a child that the failed call has reaped cannot be stopped with its group again.
        const operation_row& o = all[i].operation;
        if (!kernel.rules.empty() && o.kind == role::about_child && o.needs_feature &&
            o.feature == feature::signal_scope)
            continue;
        if (!disturb(lab, kernel, all[i], i, sum))
            SKIP_TEST("nothing can be traced here");
    }
    std::cout << "fault injection, " << kernel.name << ": " << sum.cases << " cases of "
              << all.size() << " operations, " << sum.findings << " findings" << std::endl;
    CHECK(sum.cases > 0);
}

} // namespace

TEST_CASE("no system call that fails makes an operation crash, hang, leak, lie or learn wrongly") {
    disturb_all(native(), operation_table());
}

TEST_CASE("no system call that fails on the paths for Linux 5.10 makes an operation crash, hang, "
          "leak, lie or learn wrongly") {
    disturb_all(linux_5_10(), operation_table());
}

TEST_CASE(
    "no system call that fails makes an operation on a group, a cgroup or all descendants, or a "
    "start with many options crash, hang, leak, lie or learn wrongly") {
    disturb_all(native(), fault_rows());
    disturb_all(linux_5_10(), fault_rows());
}
