// SPDX-License-Identifier: MIT
#include "spawn_child.hpp"

#include "answer.hpp"
#include "certain.hpp"
#include "child_fds.hpp"
#include "spawn_ids.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace pidfd_util {

namespace {

// Every call here is made directly: setresuid of libc is about all threads, which this process does
// not have, and sigaction is watched by sanitizers.
using sys::call;
using sys::last_signal;
using sys::signal_set;

bool contains(const sigset_t* set, int signal) noexcept {
    return set != nullptr && sigismember(set, signal) == 1;
}

/// struct sigaction as the kernel has it begins with the handler (on MIPS with the flags), and all
/// zeros say SIG_DFL everywhere.
struct kernel_sigaction {
#ifdef __mips__
    // cppcheck-suppress unusedStructMember // the kernel uses it
    unsigned long flags;
    std::uintptr_t handler;
#else
    std::uintptr_t handler;
    // cppcheck-suppress unusedStructMember // the kernel uses it
    unsigned long flags;
#endif
    std::uint64_t rest[4];
};

constexpr std::uintptr_t default_action = 0; // SIG_DFL
constexpr std::uintptr_t ignore_action = 1;  // SIG_IGN

/// The signals that end a process with a core dump.
bool dumps_core(int signal) noexcept {
    switch (signal) {
    case SIGQUIT:
    case SIGILL:
    case SIGTRAP:
    case SIGABRT:
    case SIGBUS:
    case SIGFPE:
    case SIGSEGV:
    case SIGXCPU:
    case SIGXFSZ:
    case SIGSYS:
#if defined(SIGEMT) && SIGEMT != SIGSYS
    case SIGEMT:
#endif
        return true;
    default:
        return false;
    }
}

/// The child's handler of signals that dump core, which execve resets to the default. Before Linux
/// 5.16 a core dump ends every process that shares the memory, the parent among them.
void end_child(int /*signal*/) noexcept {
    for (;;)
        (void)call(SYS_exit_group, exit_status_of(ECANCELED));
}

kernel_sigaction ending_child() noexcept {
    kernel_sigaction action{};
    action.handler = reinterpret_cast<std::uintptr_t>(&end_child);
#ifdef __x86_64__ // where a handler must have a function to return to
    constexpr unsigned long restorer = 0x04000000; // SA_RESTORER
    action.flags = restorer;
    action.rest[0] = action.handler;
#endif
    return action;
}

long signal_action(int signal, const kernel_sigaction* action, kernel_sigaction* old) noexcept {
#ifdef __sparc__ // where the restorer comes before the size
    return call(SYS_rt_sigaction, signal, action, old, nullptr, sizeof(signal_set));
#else
    return call(SYS_rt_sigaction, signal, action, old, sizeof(signal_set));
#endif
}

/// No handler of the parent's may ever run here: its memory is the parent's.
long set_signal_actions(const spawn_options& o, bool shares_memory) noexcept {
    // There is no signal 0, and the kernel forbids no action.
    if (const long refused = signal_action(0, nullptr, nullptr); refused != -EINVAL)
        return refused == 0 ? -ENOSYS : -sandboxed(static_cast<int>(-refused));
    for (int signal = 1; signal <= last_signal; ++signal) {
        if (signal == SIGKILL || signal == SIGSTOP)
            continue;
        kernel_sigaction action{};
        const long got = signal_action(signal, nullptr, &action);
        if (got != 0)
            return got;
        const std::uintptr_t old = action.handler;
        std::uintptr_t wanted = old == ignore_action ? ignore_action : default_action;
        if (contains(o.default_signals, signal))
            wanted = default_action;
        if (contains(o.ignored_signals, signal))
            wanted = ignore_action;
        const bool ends_child = shares_memory && wanted == default_action && dumps_core(signal);
        if (wanted == old && !ends_child)
            continue;
        action = ends_child ? ending_child() : kernel_sigaction{};
        if (!ends_child)
            action.handler = wanted;
        const long set = signal_action(signal, &action, nullptr);
        if (set != 0)
            return set;
    }
    return 0;
}

long set_signal_mask(const spawn_plan& plan) noexcept {
    signal_set mask = plan.old_mask;
    if (plan.options.signal_mask != nullptr) {
        mask = {};
        for (int signal = 1; signal <= last_signal; ++signal)
            if (contains(plan.options.signal_mask, signal))
                mask.add(signal);
    }
    signal_set old{};
    return sys::set_signal_mask(mask, &old);
}

long start_session() noexcept {
    switch (const long session = call(SYS_setsid); session) {
    case 0: // the kernel returns the new session's number
        return -ENOSYS;
    case -EPERM: // the kernel says this about the leader of a group, which no new child is
        return -ERFKILL;
    default:
        return session;
    }
}

long set_limits(const spawn_options& o) noexcept {
    for (const resource_limit& l : o.limits) {
        // RLIM_INFINITY is all ones of however many bits the caller's rlim_t has.
        const auto widen = [](std::uint64_t value) {
            return value == ~std::uint32_t{0} && sizeof(long) < 8 ? ~std::uint64_t{0} : value;
        };
        const std::uint64_t limit[2] = {widen(l.limit.soft), widen(l.limit.hard)};
        const long r = certain([&] { return call(SYS_prlimit64, 0, l.resource, limit, nullptr); },
                               [] { return call(SYS_prlimit64, 0, -1, nullptr, nullptr); });
        if (r != 0)
            return r;
    }
    return 0;
}

/// Whether the process of a pidfd has ended: 1 or 0, or a negated errno.
long has_ended(int pidfd) noexcept {
    // The kernel moves the children of a process that ends to another parent, which is when it sends
    // their parent-death signals, and then marks the process as ended, both under one lock. A wait
    // takes this lock: after it, a process that sent its signals before is marked as well.
    siginfo_t info;
    (void)sys::waitid(pidfd, info, WEXITED | WNOHANG);
    const int events = sys::poll(pidfd, 0);
    return events <= 0 ? events : 1;
}

long set_parent_death(const spawn_plan& plan, int parent_fd) noexcept {
    const auto set_signal = [](int signal) {
        return call(SYS_prctl, PR_SET_PDEATHSIG, signal, 0, 0, 0);
    };
    const long set = certain([&] { return set_signal(plan.options.parent_death_signal); },
                             [&] { return set_signal(-1); });
    if (set != 0)
        return set;
    // The parent may have ended before: then the signal never comes.
    const long parent = call(SYS_getppid);
    if (parent < 0) // the kernel never fails here
        return -refusal(static_cast<int>(-parent));
    if (parent != 0)
        return parent == plan.parent ? 0 : -ESRCH;
    // In another pid namespace than the parent's, every parent is 0.
    if (parent_fd < 0)
        return -refusal(-parent_fd);
    const long ended = has_ended(parent_fd);
    return ended == 1 ? -ESRCH : ended;
}

/// The paths that the program may have: `file`, or one in each directory of the search.
class candidates {
public:
    explicit candidates(const spawn_plan& plan) noexcept
        : plan_(plan), next_(plan.search), name_size_(std::strlen(plan.file) + 1) {
        path_[0] = '\0';
    }

    /// The next path; null after the last one.
    const char* next() noexcept {
        if (plan_.search == nullptr)
            return std::exchange(done_, true) ? nullptr : plan_.file;
        while (next_ != nullptr) {
            const char* const begin = next_;
            const char* const end = strchrnul(begin, ':');
            next_ = *end == ':' ? end + 1 : nullptr;
            const auto length = static_cast<std::size_t>(end - begin);
            if (length + 1 + name_size_ > sizeof path_) {
                too_long_ = true;
                continue;
            }
            std::memcpy(path_, begin, length);
            path_[length] = '/';
            // An empty directory in the list is the working directory.
            std::memcpy(path_ + length + (length != 0 ? 1 : 0), plan_.file, name_size_);
            return path_;
        }
        return nullptr;
    }

    /// Whether a path was passed over because it is too long.
    bool too_long() const noexcept { return too_long_; }

private:
    const spawn_plan& plan_;
    const char* next_;
    std::size_t name_size_;
    bool done_ = false;
    bool too_long_ = false;
    char path_[PATH_MAX];
};

long close_fds(const spawn_plan& plan) noexcept {
    path_fds on_the_way;
    candidates c(plan);
    while (const char* const path = c.next())
        if (const long error = on_the_way.add_from(path); error != 0)
            return error;
    return close_child_fds(plan.options, on_the_way);
}

/// Whether the search goes on after this errno of execve: the program is not there, or its directory
/// cannot be asked, as that of a dead mount. The same errnos as in glibc's execvpe.
bool is_not_there(long error) noexcept {
    switch (-error) {
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case ESTALE:
    case ENODEV:
    case ETIMEDOUT:
        return true;
    default:
        return false;
    }
}

/// execve, which does not return where it succeeds.
long execute(const spawn_plan& plan, const char* path) noexcept {
    const auto run = [&plan](const char* program) {
        const long error = call(SYS_execve, program, plan.argv, plan.environment);
        return error != 0 ? error : -ENOSYS;
    };
    return certain([&] { return run(path); }, [&] { return run(""); });
}

/// Like execvpe, but for the shell: the first directory whose file can be run.
long run_program(const spawn_plan& plan) noexcept {
    if (plan.search == nullptr)
        return execute(plan, plan.file);
    candidates c(plan);
    long outcome = -ENOENT; // or what says more: best EACCES, else the first of the others
    while (const char* const path = c.next()) {
        const long r = execute(plan, path);
        if (!is_not_there(r))
            return r;
        if (r == -EACCES || (outcome == -ENOENT && r != -ENOTDIR))
            outcome = r;
    }
    return outcome == -ENOENT && c.too_long() ? -ENAMETOOLONG : outcome;
}

class steps {
public:
    explicit steps(spawn_outcome& outcome) noexcept : outcome_(outcome) {}

    /// Takes the step, if it is wanted and none has failed before.
    template <class Step>
    void take(spawn_step name, bool wanted, Step step) noexcept {
        if (!wanted || error_ != 0)
            return;
        if (const long result = step(); result < 0) {
            error_ = static_cast<int>(-result);
            outcome_ = {error_, name};
        }
    }

    int error() const noexcept { return error_; }

private:
    spawn_outcome& outcome_;
    int error_ = 0;
};

} // namespace

int run_spawn_plan(void* argument) noexcept {
    const spawn_plan& plan = *static_cast<const spawn_plan*>(argument);
    const spawn_options& o = plan.options;
    steps s(*plan.outcome);

    // A kernel from before CLONE_PIDFD ignored the flag.
    s.take(spawn_step::clone, plan.made != nullptr && *plan.made < 0, [] { return -EOPNOTSUPP; });
    // First of all: signals can only be let in once no handler is there that they could run.
    s.take(spawn_step::signal_setup, true,
           [&] { return set_signal_actions(o, plan.made != nullptr); });
    s.take(spawn_step::enter_namespaces, o.enter_namespaces != namespace_flags::none, [&] {
        const auto enter = [&o](int fd) {
            return call(SYS_setns, fd, static_cast<unsigned>(o.enter_namespaces));
        };
        return certain([&] { return enter(*o.enter_process); }, [&] { return enter(-1); });
    });
    s.take(spawn_step::session, o.new_session, start_session);
    s.take(spawn_step::process_group, o.process_group.has_value(), [&] {
        return certain([&] { return call(SYS_setpgid, 0, *o.process_group); },
                       [] { return call(SYS_setpgid, 0, -1); });
    });
    int parent_fd = plan.parent_fd;
    s.take(spawn_step::file_descriptors, true, [&] { return map_child_fds(o, parent_fd); });
    s.take(spawn_step::limits, true, [&] { return set_limits(o); });
    s.take(spawn_step::priority, o.priority.has_value(), [&] {
        return certain([&] { return call(SYS_setpriority, PRIO_PROCESS, 0, *o.priority); },
                       [] { return call(SYS_setpriority, -1, 0, 0); });
    });
    // From here on, if ids change, in a copy of the parent's memory: coverage does not see it.
    s.take(spawn_step::groups, o.groups.is_list(), [&] { return set_groups(o.groups.list()); });
    s.take(spawn_step::gid, o.gid.has_value(), [&] { return set_gid(*o.gid); });
    s.take(spawn_step::uid, o.uid.has_value(), [&] { return set_uid(*o.uid); });
    s.take(spawn_step::directory, o.directory != nullptr, [&] {
        return certain([&] { return call(SYS_chdir, o.directory); },
                       [] { return call(SYS_chdir, ""); });
    });
    // After the change of ids, which takes it away.
    s.take(spawn_step::parent_death, o.parent_death_signal != 0,
           [&] { return set_parent_death(plan, parent_fd); });
    s.take(spawn_step::no_new_privs, o.no_new_privs, [] {
        return certain([] { return call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); },
                       [] { return call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0); });
    });
    // Not left to execve, which has let the parent go on before it acts on close-on-exec flags. Last,
    // as the directory and the program may be reached by a file descriptor.
    s.take(spawn_step::file_descriptors, o.close_other_fds, [&] { return close_fds(plan); });
    s.take(spawn_step::signal_setup, true, [&] { return set_signal_mask(plan); });
    s.take(spawn_step::exec, true, [&] { return run_program(plan); });
    return exit_status_of(s.error());
}

} // namespace pidfd_util
