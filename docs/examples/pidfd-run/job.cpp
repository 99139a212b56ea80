// SPDX-License-Identifier: MIT
#include "job.hpp"

#include "../tool-parts/target.hpp"
#include "../tool-parts/text.hpp"
#include "messages.hpp"

#include <pidfd_util/enumeration.hpp>
#include <pidfd_util/orphans.hpp>

#include <algorithm>
#include <cerrno>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;
using std::chrono::milliseconds;

namespace {

bool lacks_fds(const std::error_code& error) {
    return error == std::errc::too_many_files_open ||
           error == std::errc::too_many_files_open_in_system;
}

struct opened_children {
    std::vector<pidfd> list;
    bool complete;
};

/// Opens the children of a process: all of them, or as many as there are file descriptors for.
expected<opened_children> open_children(const pidfd_identity& parent) {
    std::error_code lack;
    for (std::size_t size = 16; size > 0; size = lack ? size / 2 : size * 4) {
        std::vector<pidfd> found(size);
        const auto list = children(parent, found);
        if (list && (list->complete || lack)) {
            found.resize(list->count);
            return opened_children{std::move(found), list->complete};
        }
        if (!list && !lacks_fds(list.error()))
            return unexpected(list.error());
        if (!list)
            lack = list.error();
    }
    return unexpected(lack);
}

bool is_among(const std::vector<pidfd>& list, pidfd_view process) {
    return std::any_of(list.begin(), list.end(), [process](const pidfd& other) {
        const auto same = same_process(process, other);
        return same && *same;
    });
}

bool is_denied(const std::error_code& error) {
    return error == std::errc::operation_not_permitted || error == std::errc::permission_denied;
}

} // namespace

job::job(reach r) : reach_(r) {
    if (reach_ == reach::command)
        return;
    if (const auto done = become_subreaper(); !done)
        say("cannot adopt orphans: " + done.error().message());
    if (auto self = pidfd::from_pid(getpid()))
        self_ = std::move(*self);
    auto found = open_children(self_);
    if (found && found->complete)
        earlier_children_ = std::move(found->list);
    else
        why_earlier_unknown_ =
            found ? std::make_error_code(std::errc::too_many_files_open) : found.error();
}

void job::add_cgroup(cgroup_view group) {
    const auto empty = group.is_empty();
    cgroup_ = group;
    owns_cgroup_ = reach_ == reach::descendants && empty && *empty;
}

void job::start(child command, const char* name) {
    command_ = std::move(command);
    command_.keep_usage();
    name_ = shell_word(name);
    // Each descendant needs a file descriptor. Not before the start: the command would inherit it.
    allow_many_files();
}

expected<void> job::reap() {
    // The library's `reap_orphans` needs /proc, which the first process of a container may not have.
    // The pid of an ended child cannot be reused before this process reaps it.
    for (;;) {
        siginfo_t ended{};
        if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0)
            break;
        if (!command_.status()) {
            const auto status = command_.try_wait();
            if (!status)
                return unexpected(status.error());
            if (*status)
                continue; // it may have been the command
        }
        if (waitid(P_PID, static_cast<id_t>(ended.si_pid), nullptr, WEXITED | WNOHANG) != 0)
            break;
    }
    // The loop above does not find a command that reaps itself, or that was reaped elsewhere.
    const auto status = command_.try_wait();
    if (!status)
        return unexpected(status.error());
    return {};
}

bool job::is_command(pidfd_view process) const {
    if (command_.status())
        return false;
    const auto same = same_process(process, command_);
    return same && *same;
}

bool job::append_children(pidfd_view parent, std::vector<pidfd>& found) {
    // Without these, a job of the caller could be taken for a descendant of the command.
    const auto open = [&]() -> expected<opened_children> {
        if (why_earlier_unknown_)
            return unexpected(why_earlier_unknown_);
        return open_children(parent);
    };
    auto below = open();
    if (!below) {
        const auto error = below.error();
        if (error == pidfd_errc::not_found)
            return true;
        if (!std::exchange(reported_missing_, true))
            say("cannot find the descendants of " + name_ + ": " + error.message());
        return false;
    }
    for (pidfd& process : below->list)
        if (!is_among(earlier_children_, process))
            found.push_back(std::move(process));
    return true;
}

std::vector<pidfd> job::find() {
    std::vector<pidfd> found;
    if (append_children(self_, found))
        for (std::size_t i = 0; i < found.size(); ++i)
            if (!append_children(pidfd_view(found[i]), found))
                break;
    if (owns_cgroup_) {
        std::vector<pidfd> members(1024);
        if (const auto list = cgroup_.members(members); list)
            for (std::size_t i = 0; i < list->count; ++i)
                if (!is_among(found, members[i]))
                    found.push_back(std::move(members[i]));
    }
    return found;
}

bool job::deliver(pidfd_view process, sent_signal signal, bool is_command) {
    const auto sent = signal.value ? process.queue_signal(signal.number, *signal.value)
                                   : process.send_signal(signal.number);
    if (!sent && is_denied(sent.error()) && !std::exchange(reported_denied_, true)) {
        const auto pid = process.get_pid();
        const std::string who = is_command ? name_ : "a descendant of " + name_;
        say("may not signal " + who + (pid ? " (pid " + std::to_string(*pid) + ")" : "") +
            ", which runs as another user" + (is_command ? "; waiting for its end" : ""));
    }
    return sent.has_value();
}

bool job::send_to_command(sent_signal signal) {
    return !command_.status() && deliver(pidfd_view(command_), signal, true);
}

bool job::send(sent_signal signal) {
    bool sent = send_to_command(signal);
    if (reach_ == reach::command)
        return sent;
    // The kernel kills the members of a cgroup even if they run as another user.
    if (owns_cgroup_ && signal.number == SIGKILL && cgroup_.kill())
        sent = true;
    // A process that is born while the others are found is seen by the next look. The number of looks
    // is limited: SIGKILL ends those that start processes all the time.
    std::vector<pid_t> seen;
    for (int look = 0; look < 10; ++look) {
        bool is_new = false;
        for (const pidfd& process : find()) {
            const auto pid = process.get_pid();
            if (!pid || std::find(seen.begin(), seen.end(), *pid) != seen.end())
                continue;
            seen.push_back(*pid);
            is_new = true;
            if (!is_command(process))
                sent = deliver(process, signal, false) || sent;
        }
        if (!is_new)
            break;
    }
    return sent;
}

bool job::has_more() {
    if (reach_ == reach::command)
        return false;
    if (owns_cgroup_)
        if (const auto empty = cgroup_.is_empty(); empty && !*empty)
            return true;
    siginfo_t ended{};
    if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 && errno == ECHILD)
        return false; // without a look at /proc, which may be missing
    // Space for one child more than those that do not belong to the job.
    std::vector<pidfd> found(earlier_children_.size() + 1);
    if (why_earlier_unknown_)
        return false;
    const auto list = children(self_, found);
    if (!list)
        return lacks_fds(list.error());
    return std::any_of(
        found.begin(), found.begin() + static_cast<std::ptrdiff_t>(list->count),
        [this](const pidfd& process) { return !is_among(earlier_children_, process); });
}

bool job::kill_rest() {
    if (owns_cgroup_ && cgroup_.kill())
        (void)cgroup_.wait_empty_for(milliseconds(100));
    if (why_earlier_unknown_)
        return true;
    const auto killed = kill_descendants(earlier_children_, milliseconds(100));
    if (killed)
        return !has_more();
    if (killed.error() == std::errc::timed_out)
        return false;
    if (!is_denied(killed.error()))
        return true;
    // Those that may be killed have got the signal. Their children come to this process only now.
    const auto left = find();
    const bool is_more = std::any_of(left.begin(), left.end(), [](const pidfd& process) {
        return process.is_alive() == true && process.kill().has_value();
    });
    if (is_more)
        std::this_thread::sleep_for(milliseconds(10));
    return !is_more;
}
