// SPDX-License-Identifier: MIT
// The options of `spawn`.
#ifndef PIDFD_UTIL_SPAWN_OPTIONS_HPP
#define PIDFD_UTIL_SPAWN_OPTIONS_HPP

#include <pidfd_util/array_view.hpp>
#include <pidfd_util/io_priority.hpp>
#include <pidfd_util/namespaces.hpp>
#include <pidfd_util/resource_limit.hpp>
#include <pidfd_util/setting.hpp>
#include <pidfd_util/signal_list.hpp>
#include <pidfd_util/spawn_step.hpp>

#include <cstddef>
#include <cstdint>
#include <sched.h>        // SCHED_*
#include <sys/resource.h> // RLIMIT_*
#include <sys/types.h>
#include <type_traits>

namespace pidfd_util {

/// A file descriptor that the child gets: the caller's `from` becomes the child's `to`. All
/// mappings take effect at once: they may swap numbers. Several mappings may have the same `from`,
/// but not the same `to`.
struct fd_mapping {
    int from; ///< open in the caller, 0 or greater; its close-on-exec flag does not matter
    int to;   ///< open in the child, 0 or greater, and below the limit RLIMIT_NOFILE
};

/// The choice of a child's supplementary groups. By default no choice is made. Otherwise a list
/// replaces the groups, or they are kept. Assign an array, `no_groups` or `keep_groups`:
///
///     const gid_t groups[] = {100, 101};
///     options.groups = groups;
///
/// The array is not copied: it must live until `spawn` returns.
class group_choice {
public:
    /// Makes no choice.
    constexpr group_choice() noexcept = default;
    /// Makes the choice that these groups replace the caller's.
    constexpr explicit group_choice(array_view<gid_t> list) noexcept
        : data_(list.begin()), size_(list.size()), kind_(replaced) {}
    /// Returns the choice to keep the caller's groups.
    [[nodiscard]] static constexpr group_choice keep() noexcept {
        group_choice kept;
        kept.kind_ = kept_as_they_are;
        return kept;
    }

    /// Makes the choice that these groups replace the caller's.
    constexpr group_choice& operator=(array_view<gid_t> list) noexcept {
        return *this = group_choice(list);
    }

    /// Returns whether a choice was made.
    [[nodiscard]] constexpr bool has_value() const noexcept { return kind_ != nothing; }
    /// Returns whether a list replaces the caller's groups.
    [[nodiscard]] constexpr bool is_list() const noexcept { return kind_ == replaced; }
    /// Returns whether the object has one of the three states that it can have.
    [[nodiscard]] constexpr bool is_valid() const noexcept {
        return kind_ <= kept_as_they_are && (is_list() || size_ == 0);
    }
    /// Returns the groups of the list; an empty view if there is no list.
    [[nodiscard]] constexpr array_view<gid_t> list() const noexcept {
        return array_view<gid_t>(data_, size_);
    }

private:
    static constexpr std::size_t nothing = 0;
    static constexpr std::size_t replaced = 1;
    static constexpr std::size_t kept_as_they_are = 2;

    const gid_t* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t kind_ = nothing;
};

/// The choice to give the child no supplementary groups.
inline constexpr group_choice no_groups{array_view<gid_t>()};
/// The choice to give the child the caller's supplementary groups.
inline constexpr group_choice keep_groups = group_choice::keep();

/// The options of `spawn`. The child inherits everything else from the caller. Options that name no
/// Linux version work on Linux 5.4.
///
/// `spawn` refuses options that contradict each other, are set only in part, or have impossible
/// values. It then fails with EINVAL in the step `options`, before it does anything.
///
/// A child shares the caller's memory until it runs the program, unless it gets other credentials
/// or another user namespace, or `copy_memory` is true. Then it has a copy, as with fork(2): a
/// change of credentials also changes the state of the memory, and would make the caller
/// undumpable.
struct spawn_options {
    /// The child's environment, a null-terminated array of NAME=VALUE; null: the caller's
    /// environment.
    const char* const* environment = nullptr;
    /// The root directory of the child; null: the caller's root directory. Its working directory is
    /// the new root too, unless `directory` is set. `file`, `directory` and PATH are looked up below
    /// the new root. Needs CAP_SYS_CHROOT, as in a new user namespace. See chroot(2).
    const char* root = nullptr;
    /// The working directory that the program starts in; null: the caller's working directory, or
    /// `root` if that is set.
    const char* directory = nullptr;

    /// A function that the child calls just before it runs the program; null: none. After it, the
    /// child only sets its parent-death signal, closes file descriptors and sets its signal mask.
    /// The function returns 0 to go on, or an errno, with which `spawn` then fails in the step
    /// `before_exec`. (A result that is neither counts as EIO.)
    ///
    /// All signals are blocked. All file descriptors of the caller are open, except those whose
    /// numbers are targets of `fds`. Those that the function opens are closed before the program
    /// runs, unless `close_other_fds` is false.
    ///
    /// Unless `copy_memory` is true, the child *borrows the caller's memory*: what it writes, the
    /// caller sees, and other threads of the caller run on. Call no function that allocates memory
    /// or takes a lock, which another thread may hold: only async-signal-safe functions, see
    /// signal-safety(7). Change neither ids nor capabilities, and enter no user namespace: the
    /// kernel would make the caller undumpable too. For the same reason, change nothing that the
    /// kernel keeps with the memory: call no prctl(2) with PR_SET_DUMPABLE, PR_SET_THP_DISABLE,
    /// PR_SET_MDWE or PR_SET_MM. Return: do not exit, throw or jump out. The function has 16 KiB of
    /// stack.
    ///
    /// With `copy_memory`, ids, capabilities and user namespaces may change. In a program with
    /// threads, the rule about functions still holds, as after fork(2).
    ///
    /// A seccomp filter that the function installs must allow what the child still calls: openat2,
    /// readlinkat, statfs, fcntl, close_range, close, rt_sigprocmask, rt_sigreturn, execve, exit,
    /// exit_group; with `program` also execveat and pread64; with a parent-death signal also prctl
    /// and getppid, and in a new pid namespace waitid, ppoll and clock_gettime; before Linux 5.9 also
    /// pselect6, mmap and munmap. 32-bit machines have some of them in a second form, such as
    /// fcntl64.
    int (*before_exec)(void*) noexcept = nullptr;
    /// The argument of `before_exec`. EINVAL: without `before_exec`.
    void* before_exec_argument = nullptr;

    /// The file descriptors that the child has in addition to 0, 1 and 2, or in place of these.
    /// Like every view in this structure, it refers to an array that must live until `spawn`
    /// returns:
    ///
    ///     const fd_mapping mappings[] = {{output, 1}, {output, 2}};
    ///     options.fds = mappings;
    ///
    /// EINVAL: a negative `to`, or two mappings with the same `to`. See dup2(2).
    array_view<fd_mapping> fds;

    /// The CPUs that the child may run on, by number; empty: those of the caller. EINVAL in the step
    /// `options`: a negative number, or 8192 or greater; in the step `cpus`: a CPU that does not
    /// exist, is offline, or that the child's cpuset does not have. See sched_setaffinity(2).
    array_view<int> cpus;

    /// The limits on what the child may use, set in the order of the list. See prlimit(2).
    array_view<resource_limit> limits;

    /// The signals that the child blocks; unset: those that the calling thread blocks.
    signal_list signal_mask;
    /// The signals that get their default action. Signals that the caller handles get it in any
    /// case. Unset: no other signals.
    signal_list default_signals;
    /// The signals that the child ignores; unset: none. SIGKILL and SIGSTOP cannot be ignored, and
    /// the library skips them. EINVAL: another signal that is also in `default_signals`.
    signal_list ignored_signals;

    /// The supplementary groups. Must be set if `uid` is. See setgroups(2).
    group_choice groups;
    /// The real, effective and saved group id. Must be set if `uid` is. EINVAL: -1. See
    /// setresgid(2).
    setting<gid_t> gid;
    /// The real, effective and saved user id. `gid` and `groups` must be set as well: otherwise the
    /// new user would keep the caller's groups, and with them the rights of root's groups. If the
    /// user id changes, the child loses its ambient capabilities: otherwise, the program of the new
    /// user could have CAP_SETUID, which a caller that is not root needs for this option.
    /// `before_exec` can raise them again. The inheritable set does not change. It gives capabilities
    /// only to programs whose files have inheritable capabilities. See setresuid(2),
    /// capabilities(7).
    ///
    ///     options.uid = 1000;
    ///     options.gid = 1000;
    ///     options.groups = no_groups;
    ///
    /// EINVAL: -1; `uid` without `gid` or without `groups`.
    setting<uid_t> uid;

    /// A file descriptor of the program, opened for reading or with O_PATH. `file` must then be
    /// null. It works without /proc. The program does not inherit the file descriptor, unless `fds`
    /// maps it, or it is 0, 1 or 2. A script must be mapped, to any number, as its interpreter opens
    /// it by /dev/fd/NUMBER: if it is not, the error is EBADF in the step `exec` if the library can
    /// read the file, otherwise it is ENOENT. EINVAL: a negative value; together with `file` or
    /// `search_path`. See execveat(2).
    setting<int> program;
    /// The terminal that the child gets, by a file descriptor of the caller. With `new_session`, it
    /// becomes the controlling terminal of the new session; it must be open for reading, and no
    /// other session may have it. With `process_group`, the group becomes the foreground group of
    /// the terminal before the program runs, so that the program can read from it at once. If
    /// `spawn` fails later, it makes the former group the foreground group again. EINVAL: a negative
    /// value; neither `new_session` nor `process_group`. See ioctl_tty(2), credentials(7).
    setting<int> terminal;

    /// The nice value, from -20 to 19. EINVAL: a value outside of this range. See setpriority(2).
    setting<int> priority;
    /// The scheduling policy: SCHED_OTHER, SCHED_BATCH, SCHED_IDLE, SCHED_FIFO or SCHED_RR;
    /// `| SCHED_RESET_ON_FORK`. EINVAL: another one, such as SCHED_DEADLINE, which has more
    /// parameters. See sched(7).
    setting<int> scheduling_policy;
    /// The priority of SCHED_FIFO and SCHED_RR, from 1 to 99, which these need. EINVAL: another
    /// value; without one of these policies.
    setting<int> scheduling_priority;
    /// The I/O priority: `realtime_io(level)`, `best_effort_io(level)` or `idle_io()`. EINVAL: a
    /// level outside of 0 to 7. See ioprio_set(2).
    setting<int> io_priority;
    /// The adjustment of the score by which the kernel chooses what to kill when memory runs out,
    /// from -1000 (never) to 1000 (first). Everyone may raise it; lowering it needs
    /// CAP_SYS_RESOURCE. Needs /proc, and up to three free file descriptors. EACCES: lowering it
    /// without the capability; or the caller is undumpable and is not root. EINVAL: a value outside
    /// of the range. See proc_pid_oom_score_adj(5).
    setting<int> oom_score_adj;
    /// The file mode creation mask, from 0 to 0777. EINVAL: any other bit. See umask(2).
    setting<mode_t> umask;
    /// The process group that the child joins; 0: a new one, which the child leads. EINVAL: a
    /// negative value, or any value together with `new_session`. See setpgid(2).
    setting<pid_t> process_group;

    /// A pidfd of the process whose namespaces the child enters. EINVAL: a negative value, or any
    /// value without `enter_namespaces`.
    setting<int> enter_process;
    /// A directory of a cgroup2 hierarchy, opened for reading or with O_PATH, in which the child is
    /// born. A frozen cgroup is refused, because the caller would wait for the program to run. If
    /// the cgroup is frozen right after this check, the caller waits until it is thawed. A threaded
    /// cgroup is accepted: the process is in its domain, and its threads start in it. EINVAL: a
    /// negative value, as after a failed open(2). Make a new cgroup for each job: some versions of
    /// Linux 6.1 to 6.18 kill the child at birth if this cgroup, or that of the caller, was ever
    /// killed by cgroup.kill, and `spawn` fails with ECANCELED at the step `clone`. Linux 5.7, on
    /// x86-64, arm64 and riscv64.
    setting<int> cgroup;

    /// The namespaces of `enter_process` that the child enters. `pid` is not allowed, because only
    /// the children of a process can enter a pid namespace. `time` is not allowed, because the
    /// child cannot enter it while it shares the caller's memory. EINVAL: these two; unknown ones;
    /// any without `enter_process`. Linux 5.8. See setns(2).
    namespace_flags enter_namespaces = namespace_flags::none;
    /// The namespaces that are made for the child. Their owner is the caller's user namespace, or
    /// the new one if `user` is among them. `time` is not allowed, because its clocks would have to
    /// be set before the child starts. In a new `user` namespace, no ids are mapped before the
    /// program runs: the program has the overflow ids, and execve(2) removes its capabilities.
    /// EINVAL: `time`; unknown ones; any that is also in `enter_namespaces`; `user` together with
    /// `uid`, `gid` or a list of groups, which cannot be set there. See clone(2), namespaces(7).
    namespace_flags new_namespaces = namespace_flags::none;

    /// The signal that the child gets when the *thread* that started it ends; 0: none. In a new pid
    /// namespace, the child is the first process: a signal other than SIGKILL has no effect unless
    /// the program handles it. The kernel resets the signal for some programs: see
    /// `die_with_parent`. EINVAL: a negative number, or one that is greater than any signal's. See
    /// PR_SET_PDEATHSIG(2const).
    int parent_death_signal = 0;

    /// If true, a `file` without a slash is looked up in the directories of the caller's PATH; if
    /// PATH is not set, in /bin and /usr/bin. If false, `file` is a path: `spawn("sleep", ...)` means
    /// ./sleep, and if there is none, `spawn` fails with ENOENT in the step `exec_unsearched`.
    bool search_path = false;
    /// If true, the shell runs a file that is neither a binary nor begins with `#!`, as execvp(3) does:
    /// /bin/sh gets its path and the arguments from the second one on. A path that begins with '-',
    /// which the shell would take for an option, gets "./" in front. If false, or if there is no
    /// /bin/sh, the error is ENOEXEC.
    bool run_scripts_by_shell = false;
    /// If true, only 0, 1, 2 and the targets of `fds` stay open in the program. If false, all file
    /// descriptors without close-on-exec do.
    bool close_other_fds = true;
    /// If true, the child is the leader of a new session and process group, without a terminal. See
    /// setsid(2).
    bool new_session = false;
    /// If true, no program that the child runs can gain rights, for example by set-user-ID. See
    /// PR_SET_NO_NEW_PRIVS(2const).
    bool no_new_privs = false;
    /// If true, the child has a copy of the caller's memory until it runs the program, as with
    /// fork(2), instead of sharing it. This takes longer the more memory the caller has.
    bool copy_memory = false;
    /// If true, the kernel kills the child with SIGKILL when the calling *process* ends. The kernel
    /// ties this to the thread that calls `spawn`, so it must be the process's first thread, which
    /// usually ends last; for any other thread `spawn` fails with EOPNOTSUPP in the step
    /// `parent_death`. The child also dies if the first thread calls pthread_exit(3), or another
    /// thread calls execve(2).
    ///
    /// The kernel resets the signal when it runs a program that gets more rights, and the child is
    /// then not killed. `no_new_privs` prevents some of these cases: a program that is set-user-ID,
    /// set-group-ID or has file capabilities; user 0 with fewer permitted capabilities than its
    /// bounding set, which execve(2) gives back to it, for example if `before_exec` has dropped some
    /// with capset(2). It does not prevent others: a security module (AppArmor, SELinux) gives the
    /// program another profile or domain; before Linux 6.16, the real and the effective id of the
    /// caller differ. A program that must not survive needs `autokill`, or a cgroup that something
    /// else kills. EINVAL: together with `parent_death_signal`. See PR_SET_PDEATHSIG(2const).
    bool die_with_parent = false;
    /// If true, the child reaps itself when it ends: it cannot be waited for, and `get_exit_status`
    /// returns its status. Right after `wait_exit` has returned, `get_exit_status` can still return
    /// an empty result: the kernel reports the end before it reaps the child. Linux 7.1, on x86-64,
    /// arm64 and riscv64.
    bool autoreap = false;
    /// If true, the kernel kills the child when the last duplicate of its pidfd is closed. Needs
    /// `no_new_privs` or the capability CAP_SYS_ADMIN. EINVAL: without `autoreap`. Linux 7.1, on
    /// x86-64, arm64 and riscv64.
    bool autokill = false;

    /// Zeros, in place of padding, for boolean options of later versions. Later versions put all
    /// other options behind this member. The default of every new option is all zeros: a library
    /// that does not know the option accepts zeros, and refuses any other value with EOPNOTSUPP.
    unsigned char reserved[11] = {};
};

// Padding has no defined value. A later version could not put an option there, because an older
// library could not distinguish the padding from an option that is set.
static_assert(std::has_unique_object_representations_v<spawn_options>, "no padding");
static_assert(std::is_trivially_copyable_v<spawn_options>);

} // namespace pidfd_util

#endif
