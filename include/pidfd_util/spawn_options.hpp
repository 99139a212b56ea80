// SPDX-License-Identifier: MIT
// How a program is started.
#ifndef PIDFD_UTIL_SPAWN_OPTIONS_HPP
#define PIDFD_UTIL_SPAWN_OPTIONS_HPP

#include <pidfd_util/namespaces.hpp>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <sys/resource.h> // RLIMIT_*
#include <sys/types.h>
#include <type_traits>
#include <utility>

namespace pidfd_util {

/// A view of an array that somebody else keeps: made of any contiguous range that has a name.
template <class T>
class array_view {
public:
    /// Of nothing.
    constexpr array_view() noexcept = default;
    /// Of `size` elements from `data` on.
    constexpr explicit array_view(const T* data, std::size_t size) noexcept
        : data_(data), size_(size) {}
    /// Of an array, a `std::array`, a `std::vector` or the like.
    template <class Range,
              class = std::enable_if_t<std::is_convertible_v<
                  std::remove_pointer_t<decltype(std::data(std::declval<Range&>()))> (*)[],
                  const T (*)[]>>>
    // cppcheck-suppress noExplicitConstructor // a view is made in passing
    constexpr array_view(Range& range) noexcept
        : data_(std::data(range)), size_(std::size(range)) {}

    /// The first element.
    [[nodiscard]] constexpr const T* begin() const noexcept { return data_; }
    /// Behind the last element.
    [[nodiscard]] constexpr const T* end() const noexcept { return data_ + size_; }
    /// The number of elements.
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

private:
    const T* data_ = nullptr;
    std::size_t size_ = 0;
};

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

/// How a program is started. What is left as it is here is inherited from the caller.
///
/// A child that gets other credentials, or another user namespace, does not share the caller's
/// memory but has a copy of it, as with fork(2): what the kernel ties to the credentials of a
/// process would else befall the caller too.
struct spawn_options {
    /// A null-terminated array of NAME=VALUE; null: the caller's environment.
    const char* const* environment = nullptr;
    /// Looks up a `file` without a slash in the directories of the caller's PATH.
    bool search_path = false;
    /// Where the program is started; null: in the caller's working directory.
    const char* directory = nullptr;

    /// The child's file descriptors beside 0, 1 and 2, or in place of these; at most
    /// `max_fd_mappings`. As every view here, it is of an array that must live until the program was
    /// started:
    ///
    ///     const fd_mapping mappings[] = {{output, 1}, {output, 2}};
    ///     options.fds = mappings;
    ///
    /// See dup2(2).
    array_view<fd_mapping> fds;
    /// Leaves open in the child: 0, 1, 2 and what `fds` maps. Otherwise also what has no
    /// close-on-exec flag.
    bool close_other_fds = true;

    /// The signals that are blocked; null: those that the calling thread blocks.
    const sigset_t* signal_mask = nullptr;
    /// Signals that get their default action; handled ones do in any case. Null: none.
    const sigset_t* default_signals = nullptr;
    /// Signals that are ignored. Null: none.
    const sigset_t* ignored_signals = nullptr;

    /// Makes the child the leader of a new session and process group, without a terminal. See
    /// setsid(2).
    bool new_session = false;
    /// The process group to join; 0: a new one, of the child's own. -1: the caller's. See
    /// setpgid(2).
    pid_t process_group = -1;

    /// Limits on what the child may use. See prlimit(2).
    array_view<resource_limit> limits;
    bool set_priority = false; ///< whether `priority` counts
    int priority = 0;          ///< the nice value, -20 to 19: see setpriority(2)

    /// All three user ids, setresuid(2); -1: as they are. A caller that gives up rights sets `gid`
    /// and `groups` too: `uid` alone leaves those of root.
    uid_t uid = static_cast<uid_t>(-1);
    gid_t gid = static_cast<gid_t>(-1); ///< all three group ids, setresgid(2); -1: as they are
    bool set_groups = false;            ///< whether `groups` counts
    array_view<gid_t> groups;           ///< the further groups, setgroups(2); an empty list is none
    /// Nothing that the child runs can gain rights, by set-user-ID say. See
    /// PR_SET_NO_NEW_PRIVS(2const).
    bool no_new_privs = false;

    /// The signal that the child gets when the *thread* that started it ends; 0: none. See
    /// PR_SET_PDEATHSIG(2const).
    int parent_death_signal = 0;

    /// Namespaces that are made anew for the child, with the caller's user namespace as their
    /// owner, or with the new one if that is among them. Not `time`, of which the clocks would have
    /// to be set first. In a new `user` namespace nobody has mapped the ids before the program runs:
    /// it has the overflow ids, `uid` and `gid` cannot be set, and execve(2) takes its capabilities.
    /// See clone(2), namespaces(7).
    namespace_flags new_namespaces = namespace_flags::none;
    /// Namespaces of the process that this pidfd names, into which the child goes. Not `pid`, which
    /// a process cannot enter once it is there, and not `time`, which it cannot while it borrows
    /// its parent's memory.
    int enter_process = -1;
    /// Which of them; empty without `enter_process`. Linux 5.8. See setns(2).
    namespace_flags enter_namespaces = namespace_flags::none;

    /// A directory of a cgroup2 hierarchy, opened for reading or with O_PATH, in which the child is
    /// born; -1: in the caller's cgroup, so that a failed open(2) must not end up here. A frozen one
    /// is refused, as the caller would wait for the program to run; if it is frozen at that very
    /// moment, the caller waits. Linux 5.7, on x86-64, arm64 and riscv64.
    int cgroup = -1;

    /// The child reaps itself when it ends: nobody can wait for it, and its status is told by
    /// `get_exit_status`. Linux 7.1, on x86-64, arm64 and riscv64.
    bool autoreap = false;
    /// The kernel kills the child when the last duplicate of its pidfd is closed. Goes with
    /// `autoreap`, and with `no_new_privs` or the right CAP_SYS_ADMIN. Linux 7.1, likewise.
    bool autokill = false;

    /// Zeros. Later versions put further options here and behind.
    unsigned char reserved[6] = {};
};

static_assert(offsetof(spawn_options, reserved) + 6 == sizeof(spawn_options) || sizeof(long) < 8,
              "what is no member would not be zero");

} // namespace pidfd_util

#endif
