// SPDX-License-Identifier: MIT
// How a program is started.
#ifndef PIDFD_UTIL_SPAWN_OPTIONS_HPP
#define PIDFD_UTIL_SPAWN_OPTIONS_HPP

#include <pidfd_util/array_view.hpp>
#include <pidfd_util/namespaces.hpp>
#include <pidfd_util/setting.hpp>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <sys/resource.h> // RLIMIT_*
#include <sys/types.h>
#include <type_traits>

namespace pidfd_util {

/// The caller's file descriptor `from` becomes `to` in the child. All mappings happen at once: they
/// may swap numbers, and one `from` may have several `to`; a `to` has one `from`.
struct fd_mapping {
    int from; ///< open in the caller, from 0 on; its close-on-exec flag does not matter
    int to;   ///< open in the child, from 0 on and below the limit RLIMIT_NOFILE
};
/// The longest list of mappings that `spawn` takes.
inline constexpr std::size_t max_fd_mappings = 256;

/// A limit on what the child may use. See getrlimit(2).
struct resource_limit {
    int resource; ///< RLIMIT_*
    /// In the resource's own unit. RLIM_INFINITY, of any width, is no limit.
    struct {
        std::uint64_t soft; ///< the limit; the child may change it, up to the hard one
        std::uint64_t hard; ///< how far the soft one may be raised
    } limit;
};

/// The steps in which a child is started. `file_descriptors` is taken in two parts, before
/// `enter_namespaces` and after `process_group`, and `signal_setup` first of all in the child and again
/// before `exec`.
enum class spawn_step : unsigned char {
    options,          ///< before anything was done
    clone,            ///< making the child, in its namespaces and cgroup
    enter_namespaces, ///< setns(2)
    session,          ///< setsid(2)
    process_group,    ///< setpgid(2)
    file_descriptors, ///< dup3(2), close_range(2)
    limits,           ///< prlimit(2)
    priority,         ///< setpriority(2)
    groups,           ///< setgroups(2)
    gid,              ///< setresgid(2)
    uid,              ///< setresuid(2)
    directory,        ///< chdir(2)
    parent_death,     ///< prctl(2), PR_SET_PDEATHSIG
    no_new_privs,     ///< prctl(2), PR_SET_NO_NEW_PRIVS
    signal_setup,     ///< sigaction(2), sigprocmask(2)
    exec,             ///< execve(2)
};

/// The step's name, as spelt above.
[[nodiscard]] constexpr const char* to_string(spawn_step s) noexcept {
    switch (s) {
    case spawn_step::options:
        return "options";
    case spawn_step::clone:
        return "clone";
    case spawn_step::enter_namespaces:
        return "enter_namespaces";
    case spawn_step::session:
        return "session";
    case spawn_step::process_group:
        return "process_group";
    case spawn_step::file_descriptors:
        return "file_descriptors";
    case spawn_step::limits:
        return "limits";
    case spawn_step::priority:
        return "priority";
    case spawn_step::groups:
        return "groups";
    case spawn_step::gid:
        return "gid";
    case spawn_step::uid:
        return "uid";
    case spawn_step::directory:
        return "directory";
    case spawn_step::parent_death:
        return "parent_death";
    case spawn_step::no_new_privs:
        return "no_new_privs";
    case spawn_step::signal_setup:
        return "signal_setup";
    case spawn_step::exec:
        return "exec";
    }
    return "?";
}

/// What happens to the supplementary groups of a child: nothing is said (the default), a list
/// replaces them, or they are kept. Assign an array, `no_groups` or `keep_groups`:
///
///     const gid_t groups[] = {100, 101};
///     options.groups = groups;
///
/// The array is not copied: it must live until the program was started.
class group_choice {
public:
    /// Nothing is said.
    constexpr group_choice() noexcept = default;
    /// These groups replace the caller's.
    constexpr explicit group_choice(array_view<gid_t> list) noexcept
        : data_(list.begin()), size_(list.size()), kind_(replaced) {}
    /// The caller's groups are kept.
    [[nodiscard]] static constexpr group_choice keep() noexcept {
        group_choice kept;
        kept.kind_ = kept_as_they_are;
        return kept;
    }

    /// These groups replace the caller's.
    constexpr group_choice& operator=(array_view<gid_t> list) noexcept {
        return *this = group_choice(list);
    }

    /// Returns whether anything is said.
    [[nodiscard]] constexpr bool has_value() const noexcept { return kind_ != nothing; }
    /// Returns whether a list replaces the caller's groups.
    [[nodiscard]] constexpr bool is_list() const noexcept { return kind_ == replaced; }
    /// Returns whether this is one of the three choices.
    [[nodiscard]] constexpr bool is_valid() const noexcept {
        return kind_ <= kept_as_they_are && (is_list() || size_ == 0);
    }
    /// Returns the groups of the list; none if there is no list.
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

/// The child has no supplementary groups.
inline constexpr group_choice no_groups{array_view<gid_t>()};
/// The child has the caller's supplementary groups.
inline constexpr group_choice keep_groups = group_choice::keep();

/// How a program is started. What is not set here is inherited from the caller.
///
/// Options that contradict each other, half-set options and impossible values are refused with
/// EINVAL in step `options`, before anything is done.
///
/// A child that gets other credentials, or another user namespace, does not share the caller's
/// memory but has a copy of it, as with fork(2): what the kernel ties to the credentials of a
/// process would otherwise affect the caller as well.
struct spawn_options {
    /// A null-terminated array of NAME=VALUE; null: the caller's environment.
    const char* const* environment = nullptr;
    /// Where the program is started; null: in the caller's working directory.
    const char* directory = nullptr;

    /// The child's file descriptors beside 0, 1 and 2, or in place of these; at most
    /// `max_fd_mappings`. As every view here, it is of an array that must live until the program was
    /// started:
    ///
    ///     const fd_mapping mappings[] = {{output, 1}, {output, 2}};
    ///     options.fds = mappings;
    ///
    /// EINVAL: a negative `to`, or two mappings with the same `to`. See dup2(2).
    array_view<fd_mapping> fds;

    /// The signals that are blocked; null: those that the calling thread blocks.
    const sigset_t* signal_mask = nullptr;
    /// Signals that get their default action; handled ones do in any case. Null: none.
    const sigset_t* default_signals = nullptr;
    /// Signals that are ignored; SIGKILL and SIGSTOP cannot be, and are left out. Null: none.
    /// EINVAL: a signal that is also in `default_signals`.
    const sigset_t* ignored_signals = nullptr;

    /// Limits on what the child may use, set in the order of the list. See prlimit(2).
    array_view<resource_limit> limits;

    /// The supplementary groups, setgroups(2). Must be set if `uid` is.
    group_choice groups;
    /// All three group ids, setresgid(2). Must be set if `uid` is. EINVAL: -1.
    setting<gid_t> gid;
    /// All three user ids, setresuid(2). The groups of the caller would stay with the new user,
    /// and with them the rights of root's groups, so that `gid` and `groups` must be set as well:
    ///
    ///     options.uid = 1000;
    ///     options.gid = 1000;
    ///     options.groups = no_groups;
    ///
    /// EINVAL: -1; `uid` without `gid` or without `groups`.
    setting<uid_t> uid;

    /// The nice value: see setpriority(2). EINVAL: outside of -20 to 19.
    setting<int> priority;
    /// The process group to join; 0: a new one, of the child's own. EINVAL: a negative one, or one
    /// together with `new_session`. See setpgid(2).
    setting<pid_t> process_group;

    /// Namespaces of the process that this pidfd refers to, into which the child goes. EINVAL:
    /// negative, or without `enter_namespaces`.
    setting<int> enter_process;
    /// A directory of a cgroup2 hierarchy, opened for reading or with O_PATH, in which the child is
    /// born. A frozen one is refused, as the caller would wait for the program to run; if it is
    /// frozen at that very moment, the caller waits. EINVAL: negative, as after a failed open(2).
    /// Linux 5.7, on x86-64, arm64 and riscv64.
    setting<int> cgroup;

    /// Which namespaces of `enter_process` the child enters. Not `pid`, which a process cannot enter
    /// once it is there, and not `time`, which it cannot while it borrows its parent's memory.
    /// EINVAL: those two; unknown ones; any without `enter_process`. Linux 5.8. See setns(2).
    namespace_flags enter_namespaces = namespace_flags::none;
    /// Namespaces that are made anew for the child, with the caller's user namespace as their
    /// owner, or with the new one if that is among them. Not `time`, whose clocks would have to be
    /// set first. In a new `user` namespace no ids are mapped before the program runs: it has the
    /// overflow ids, and execve(2) takes its capabilities. EINVAL: `time`; unknown ones; any that
    /// is also in `enter_namespaces`; `user` together with `uid`, `gid` or a list of groups, which
    /// cannot be set there. See clone(2), namespaces(7).
    namespace_flags new_namespaces = namespace_flags::none;

    /// The signal that the child gets when the *thread* that started it ends; 0: none. See
    /// PR_SET_PDEATHSIG(2const).
    int parent_death_signal = 0;

    /// Looks up a `file` without a slash in the directories of the caller's PATH.
    bool search_path = false;
    /// If true, only 0, 1, 2 and the targets of `fds` stay open; if false, everything without
    /// close-on-exec does.
    bool close_other_fds = true;
    /// Makes the child the leader of a new session and process group, without a terminal. See
    /// setsid(2).
    bool new_session = false;
    /// Nothing that the child runs can gain rights, by set-user-ID for example. See
    /// PR_SET_NO_NEW_PRIVS(2const).
    bool no_new_privs = false;
    /// The child reaps itself when it ends: nobody can wait for it, and `get_exit_status` returns
    /// its status. For a moment after `wait_exit` has returned, `get_exit_status` can still be empty:
    /// the kernel reports the end before it reaps the child. Linux 7.1, on x86-64, arm64 and
    /// riscv64.
    bool autoreap = false;
    /// The kernel kills the child when the last duplicate of its pidfd is closed. Needs
    /// `no_new_privs` or the right CAP_SYS_ADMIN. EINVAL: without `autoreap`. Linux 7.1, likewise.
    bool autokill = false;

    /// Zeros, in the place of padding, for switches of later versions. Later versions put all other
    /// options behind this. The default of every new option is all zeros: a library that does not
    /// know the option accepts zeros, and refuses anything else with EOPNOTSUPP.
    unsigned char reserved[6] = {};
};

// Padding has no defined value: a later version could not put an option there, and an older library
// could not tell it from an option that is set.
static_assert(std::has_unique_object_representations_v<spawn_options>, "no padding");
static_assert(std::is_trivially_copyable_v<spawn_options>);

} // namespace pidfd_util

#endif
