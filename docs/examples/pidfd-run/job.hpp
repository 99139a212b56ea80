// SPDX-License-Identifier: MIT
// The job: the command and its descendants.
#ifndef PIDFD_RUN_JOB_HPP
#define PIDFD_RUN_JOB_HPP

#include <pidfd_util/cgroup.hpp>
#include <pidfd_util/child.hpp>

#include <csignal>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

/// Which processes belong to the job.
enum class reach : unsigned char { command, descendants };

/// A signal and, for one that was queued, its value.
struct sent_signal {
    int number;
    std::optional<sigval> value;
};

/// The command and its descendants. They stay in the caller's process group and session, so that the
/// keys of the terminal reach them. Descendants that lose their parent become children of this process,
/// which is a subreaper. So all of them are found below this process, whatever group or session they are
/// in.
class job {
public:
    /// Call this before the command starts. Makes this process a subreaper, unless the job is only the
    /// command, and remembers the children that it already has: a shell can start jobs, and then
    /// execute this program.
    explicit job(reach r);

    /// Adds a cgroup, in which the command will be born. If it is empty now, everything that will be
    /// in it belongs to the job.
    void add_cgroup(pidfd_util::cgroup_view group);

    void start(pidfd_util::child command, const char* name);
    [[nodiscard]] const pidfd_util::child& command() const { return command_; }

    /// Reaps what has ended. The status of the command is in `command().status()` then.
    pidfd_util::expected<void> reap();

    /// Sends the signal to the command. Returns whether it got the signal.
    bool send_to_command(sent_signal signal);
    /// Sends the signal to every process of the job. Returns whether one of them got it.
    bool send(sent_signal signal);

    /// Returns whether a process of the job is left, after the command has ended.
    [[nodiscard]] bool has_more();
    /// Kills what is left after the command has ended. Takes a tenth of a second at most. Returns
    /// whether nothing is left that can be killed: call it again until then.
    bool kill_rest();

private:
    bool deliver(pidfd_util::pidfd_view process, sent_signal signal, bool is_command);
    bool is_command(pidfd_util::pidfd_view process) const;
    /// Appends the children that are not the caller's from before the start.
    bool append_children(pidfd_util::pidfd_view parent, std::vector<pidfd_util::pidfd>& found);
    /// Returns the processes of the job that run now. The command is among them.
    std::vector<pidfd_util::pidfd> find();

    reach reach_;
    bool reported_missing_ = false; // that descendants cannot be found
    bool reported_denied_ = false;  // that a signal is not permitted
    bool owns_cgroup_ = false;
    pidfd_util::cgroup_view cgroup_;
    pidfd_util::pidfd self_;
    std::vector<pidfd_util::pidfd> earlier_children_; // the children from before the start
    std::error_code why_earlier_unknown_;
    pidfd_util::child command_;
    std::string name_;
};

#endif
