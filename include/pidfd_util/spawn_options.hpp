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

/// A view of an array that somebody else keeps: made of any contiguous range of them.
template <class T>
class array_view {
public:
    constexpr array_view() noexcept = default;
    constexpr explicit array_view(const T* data, std::size_t size) noexcept
        : data_(data), size_(size) {}
    template <class Range,
              class = std::enable_if_t<std::is_convertible_v<
                  std::remove_pointer_t<decltype(std::data(std::declval<const Range&>()))> (*)[],
                  const T (*)[]>>>
    // cppcheck-suppress noExplicitConstructor // a view is made in passing
    constexpr array_view(const Range& range) noexcept
        : data_(std::data(range)), size_(std::size(range)) {}

    [[nodiscard]] constexpr const T* begin() const noexcept { return data_; }
    [[nodiscard]] constexpr const T* end() const noexcept { return data_ + size_; }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

private:
    const T* data_ = nullptr;
    std::size_t size_ = 0;
};

/// The caller's file descriptor `from` becomes `to` in the child. All mappings happen at once: they
/// may swap numbers, and one `from` may have several `to`; a `to` has one `from`.
struct fd_mapping {
    int from;
    int to;
};
inline constexpr std::size_t max_fd_mappings = 256;

struct resource_limit {
    int resource; ///< RLIMIT_*
    struct {
        std::uint64_t soft;
        std::uint64_t hard;
    } limit; ///< RLIM_INFINITY, of any width, is no limit
};

/// The steps in which a child is started, in their order.
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
    signals,          ///< sigaction(2), sigprocmask(2)
    exec,             ///< execve(2)
};

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

    bool new_session = false;
    /// The process group to join; 0: a new one, of the child's own. -1: the caller's.
    pid_t process_group = -1;

    array_view<resource_limit> limits;
    bool set_priority = false;
    int priority = 0; ///< the nice value, with `set_priority`

    uid_t uid = static_cast<uid_t>(-1); ///< all three user ids; -1: as they are
    gid_t gid = static_cast<gid_t>(-1); ///< all three group ids; -1: as they are
    bool set_groups = false;
    array_view<gid_t> groups; ///< the further groups, with `set_groups`
    bool no_new_privs = false;

    /// The signal that the child gets when the *thread* that started it ends; 0: none.
    int parent_death_signal = 0;

    /// Namespaces that are made anew for the child, with the caller's user namespace as their
    /// owner, or with the new one if that is among them. Not `time`, of which the clocks would have
    /// to be set first.
    namespace_flags new_namespaces = namespace_flags::none;
    /// Namespaces of the process that this pidfd names, into which the child goes. Not `pid`, which
    /// a process cannot enter once it is there, and not `time`, which it cannot while it borrows
    /// its parent's memory.
    int enter_process = -1;
    namespace_flags enter_namespaces = namespace_flags::none;

    /// A directory of a cgroup2 hierarchy, opened for reading or with O_PATH, in which the child is
    /// born; -1: in the caller's cgroup. Linux 5.7, on x86-64, arm64 and riscv64.
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
