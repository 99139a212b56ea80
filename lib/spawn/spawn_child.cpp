// SPDX-License-Identifier: MIT
#include "spawn_child.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "certain.hpp"
#include "child_attributes.hpp"
#include "child_fds.hpp"
#include "child_parent.hpp"
#include "child_program.hpp"
#include "child_signals.hpp"
#include "child_terminal.hpp"
#include "spawn_ids.hpp"
#include "spawn_plan.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace pidfd_util {

namespace {

// Every system call here is made directly, because sanitizers intercept libc's functions.
using sys::call;

int start_session() noexcept {
    long session = 0;
    // The kernel denies it only to the leader of a group, which a new child never is.
    if (const int error = sys::call_for(session, SYS_setsid); error != 0)
        return explain_denial(error);
    return session != 0 ? 0 : ENOSYS; // the kernel returns the number of the new session
}

int set_directory(const char* directory) noexcept {
    return certain([&] { return call(SYS_chdir, directory); }, [] { return call(SYS_chdir, ""); });
}

/// Makes a call that follows a path. The path may lead through a number that is closed in the caller,
/// and that the library's own pidfd has here: then the errno is ENOTDIR, and without the pidfd it is
/// that of the caller's path.
template <class Call>
int follow_path(int parent_fd, Call make) noexcept {
    const int error = make();
    if (error != ENOTDIR || parent_fd < 0)
        return error;
    sys::close(parent_fd); // the child ends after this failure
    const int again = make();
    return again != 0 ? again : error;
}

/// Changes the root, and the working directory to the new root: a directory outside of it would stay
/// accessible.
int set_root(const char* root) noexcept {
    const auto change = [](long number, const char* path) {
        return certain([&] { return call(number, path); }, [&] { return call(number, ""); });
    };
    const int error = change(SYS_chroot, root);
    return error != 0 ? error : change(SYS_chdir, "/");
}

/// Calls the caller's function.
int call_before_exec(const spawn_options& o) noexcept {
    constexpr int largest_errno = 4095;
    const int result = o.before_exec(o.before_exec_argument);
    // The exit status of the child is the low byte of the errno, and must not be 0.
    const bool is_errno = result >= 0 && result <= largest_errno && (result & 0xff) != 0;
    return result == 0 || is_errno ? result : EIO;
}

/// Returns whether the program is a name that a search would have looked up, and that the working
/// directory does not have. If it does, ENOENT is about an interpreter, or the target of a link.
bool is_unsearched(const spawn_plan& plan) noexcept {
    if (plan.file == nullptr || *plan.file == '\0' || plan.search != nullptr ||
        std::strchr(plan.file, '/') != nullptr)
        return false;
    char target[1];
    return call(SYS_readlinkat, AT_FDCWD, plan.file, target, sizeof target) == ENOENT;
}

class steps {
public:
    explicit steps(spawn_outcome& outcome) noexcept : outcome_(outcome) {}

    /// Takes the step if it is wanted and no step has failed before.
    template <class Step>
    void take(spawn_step name, bool wanted, Step step) noexcept {
        if (!wanted || error_ != 0)
            return;
        error_ = step();
        if (error_ != 0)
            outcome_ = {error_, name, true};
    }

    [[nodiscard]] int error() const noexcept { return error_; }

private:
    spawn_outcome& outcome_;
    int error_ = 0;
};

} // namespace

int run_spawn_plan(void* argument) noexcept {
    const spawn_plan& plan = *static_cast<const spawn_plan*>(argument);
    const spawn_options& o = plan.options;
    plan.outcome->began = true;
    steps s(*plan.outcome);

    // Kernels before CLONE_PIDFD ignore the flag.
    s.take(spawn_step::clone, plan.made != nullptr && *plan.made < 0, [] { return EOPNOTSUPP; });
    // First: before signals are unblocked, none of the parent's handlers may be left.
    s.take(spawn_step::signal_setup, true, [&] { return set_child_signal_actions(plan); });
    // Before the namespaces and the root change: in another /proc, the child may not find itself.
    s.take(spawn_step::oom_score_adj, o.oom_score_adj.has_value(),
           [&] { return set_oom_score_adj(*o.oom_score_adj); });
    s.take(spawn_step::enter_namespaces, o.enter_namespaces != namespace_flags::none, [&] {
        const auto enter = [&o](int fd) {
            return call(SYS_setns, fd, static_cast<unsigned>(o.enter_namespaces));
        };
        const int error =
            certain([&] { return enter(*o.enter_process); }, [&] { return enter(-1); });
        // The caller may name the number that the library's own file descriptor has.
        if (plan.opened_target)
            sys::close(*o.enter_process);
        return error;
    });
    s.take(spawn_step::session, o.new_session, start_session);
    s.take(spawn_step::process_group, o.process_group.has_value(), [&] {
        return certain([&] { return call(SYS_setpgid, 0, *o.process_group); },
                       [] { return call(SYS_setpgid, 0, -1); });
    });
    // Before the mappings, as it is a file descriptor of the caller.
    s.take(spawn_step::terminal, o.terminal.has_value(), [&] { return take_terminal(o); });
    int parent_fd = plan.parent_fd;
    int program = o.program.value_or(-1);
    s.take(spawn_step::file_descriptors, true,
           [&] { return map_child_fds(plan.fds, parent_fd, program); });
    s.take(spawn_step::limits, true, [&] { return set_limits(o.limits); });
    s.take(spawn_step::priority, o.priority.has_value(), [&] { return set_priority(*o.priority); });
    // After the nice value, which a process of SCHED_IDLE may be unable to change.
    s.take(spawn_step::scheduling, o.scheduling_policy.has_value(),
           [&] { return set_scheduling(*o.scheduling_policy, *o.scheduling_priority); });
    s.take(spawn_step::cpus, o.cpus.size() != 0, [&] { return set_cpus(o.cpus); });
    s.take(spawn_step::io_priority, o.io_priority.has_value(),
           [&] { return set_io_priority(*o.io_priority); });
    s.take(spawn_step::umask, o.umask.has_value(), [&] { return set_umask(*o.umask); });
    // Before the change of ids, which takes the capability for it.
    s.take(spawn_step::root, o.root != nullptr,
           [&] { return follow_path(parent_fd, [&] { return set_root(o.root); }); });
    // If ids change, the child runs in a copy of the parent's memory: coverage does not see these
    // lines.
    s.take(spawn_step::groups, o.groups.is_list(), [&] { return set_groups(o.groups.list()); });
    s.take(spawn_step::gid, o.gid.has_value(), [&] { return set_gid(*o.gid); });
    s.take(spawn_step::uid, o.uid.has_value(), [&] { return set_uid(*o.uid); });
    s.take(spawn_step::directory, o.directory != nullptr,
           [&] { return follow_path(parent_fd, [&] { return set_directory(o.directory); }); });
    s.take(spawn_step::no_new_privs, o.no_new_privs, [] {
        return certain([] { return call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); },
                       [] { return call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0); });
    });
    s.take(spawn_step::before_exec, o.before_exec != nullptr, [&] { return call_before_exec(o); });
    // After all changes of ids, which clear the signal.
    s.take(spawn_step::parent_death, death_signal_of(o) != 0,
           [&] { return set_parent_death(plan, parent_fd); });
    // The path of the program may lead through its number, which is closed in the caller.
    if (parent_fd >= 0)
        sys::close(parent_fd);
    // This is not left to execve, which lets the parent go on before it closes anything. It is done
    // late, because the directory and the program may be reached through a file descriptor.
    s.take(spawn_step::file_descriptors, o.close_other_fds,
           [&] { return close_all_but_program(plan, program); });
    s.take(spawn_step::file_descriptors, !o.close_other_fds && program >= 0,
           [&] { return close_on_exec(plan.fds, program); });
    s.take(spawn_step::signal_setup, true, [&] { return set_child_signal_mask(plan); });
    s.take(spawn_step::exec, true, [&] { return run_child_program(plan, program); });
    if (plan.outcome->step == spawn_step::exec && s.error() == ENOENT && is_unsearched(plan))
        plan.outcome->step = spawn_step::exec_unsearched;
    return exit_status_of(s.error());
}

} // namespace pidfd_util
