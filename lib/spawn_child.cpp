// SPDX-License-Identifier: MIT
#include "spawn_child.hpp"

#include "child_fds.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

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

long signal_action(int signal, const kernel_sigaction* action, kernel_sigaction* old) noexcept {
#ifdef __sparc__ // where the restorer comes before the size
    return call(SYS_rt_sigaction, signal, action, old, nullptr, sizeof(signal_set));
#else
    return call(SYS_rt_sigaction, signal, action, old, sizeof(signal_set));
#endif
}

/// No handler of the parent's may ever run here: its memory is the parent's.
long set_signal_actions(const spawn_options& o) noexcept {
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
        if (wanted == old)
            continue;
        action = {};
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
    return sys::set_signal_mask(mask, nullptr);
}

long set_limits(const spawn_options& o) noexcept {
    for (const resource_limit& l : o.limits) {
        // RLIM_INFINITY is all ones of however many bits the caller's rlim_t has.
        const auto widen = [](std::uint64_t value) {
            return value == ~std::uint32_t{0} && sizeof(long) < 8 ? ~std::uint64_t{0} : value;
        };
        const std::uint64_t limit[2] = {widen(l.limit.soft), widen(l.limit.hard)};
        if (const long r = call(SYS_prlimit64, 0, l.resource, limit, nullptr); r != 0)
            return r;
    }
    return 0;
}

long set_parent_death(const spawn_plan& plan) noexcept {
    const long set = call(SYS_prctl, PR_SET_PDEATHSIG, plan.options.parent_death_signal, 0, 0, 0);
    if (set != 0)
        return set;
    // The parent may have ended before: then the signal never comes. (From a new pid namespace it
    // has no pid in any case.)
    const long parent = call(SYS_getppid);
    return parent == plan.parent || parent == 0 ? 0 : -ESRCH;
}

/// Like execvpe, but for the shell: the first directory whose file can be run.
long search_and_run(const spawn_plan& plan) noexcept {
    char path[PATH_MAX];
    const std::size_t name_size = std::strlen(plan.file) + 1;
    long outcome = -ENOENT;
    for (const char* next = plan.search; next != nullptr;) {
        const char* const end = strchrnul(next, ':');
        const auto length = static_cast<std::size_t>(end - next);
        if (length + 1 + name_size <= sizeof path) {
            std::memcpy(path, next, length);
            path[length] = '/';
            // An empty directory in the list is the working directory.
            std::memcpy(path + length + (length != 0 ? 1 : 0), plan.file, name_size);
            const long r = call(SYS_execve, path, plan.argv, plan.environment);
            if (r == -EACCES)
                outcome = r;
            else if (r != -ENOENT && r != -ENOTDIR)
                return r;
        } else if (outcome == -ENOENT) {
            outcome = -ENAMETOOLONG;
        }
        next = *end == ':' ? end + 1 : nullptr;
    }
    return outcome;
}

long run_program(const spawn_plan& plan) noexcept {
    if (plan.search != nullptr)
        return search_and_run(plan);
    return call(SYS_execve, plan.file, plan.argv, plan.environment);
}

class steps {
public:
    explicit steps(spawn_plan& plan) noexcept : plan_(plan) {}

    /// Takes the step, if it is wanted and none has failed before.
    template <class Step>
    void take(spawn_step name, bool wanted, Step step) noexcept {
        if (!wanted || plan_.error != 0)
            return;
        if (const long result = step(); result < 0) {
            plan_.step = name;
            plan_.error = static_cast<int>(-result);
        }
    }

private:
    spawn_plan& plan_;
};

} // namespace

int run_spawn_plan(void* argument) noexcept {
    spawn_plan& plan = *static_cast<spawn_plan*>(argument);
    const spawn_options& o = plan.options;
    steps s(plan);
    constexpr auto keep = static_cast<uid_t>(-1);

    // A kernel from before CLONE_PIDFD, which knew no such flag and paid no heed to it.
    s.take(spawn_step::clone, plan.pidfd < 0, [] { return -EOPNOTSUPP; });
    // First of all: signals can only be let in once no handler is there that they could run.
    s.take(spawn_step::signal_setup, true, [&] { return set_signal_actions(o); });
    s.take(spawn_step::file_descriptors, true, [&] { return close_child_fds(o); });
    s.take(spawn_step::enter_namespaces, o.enter_namespaces != namespace_flags::none, [&] {
        return call(SYS_setns, o.enter_process, static_cast<unsigned>(o.enter_namespaces));
    });
    s.take(spawn_step::session, o.new_session, [] { return call(SYS_setsid); });
    s.take(spawn_step::process_group, o.process_group >= 0,
           [&] { return call(SYS_setpgid, 0, o.process_group); });
    s.take(spawn_step::file_descriptors, true, [&] { return map_child_fds(o); });
    s.take(spawn_step::limits, true, [&] { return set_limits(o); });
    s.take(spawn_step::priority, o.set_priority,
           [&] { return call(SYS_setpriority, PRIO_PROCESS, 0, o.priority); });
    // From here on, if ids change, in a copy of the parent's memory: coverage does not see it.
    s.take(spawn_step::groups, o.set_groups,
           [&] { return call(uapi::sys_setgroups, o.groups.size(), o.groups.begin()); });
    s.take(spawn_step::gid, o.gid != keep,
           [&] { return call(uapi::sys_setresgid, o.gid, o.gid, o.gid); });
    s.take(spawn_step::uid, o.uid != keep,
           [&] { return call(uapi::sys_setresuid, o.uid, o.uid, o.uid); });
    s.take(spawn_step::directory, o.directory != nullptr,
           [&] { return call(SYS_chdir, o.directory); });
    // After the change of ids, which takes it away.
    s.take(spawn_step::parent_death, o.parent_death_signal != 0,
           [&] { return set_parent_death(plan); });
    s.take(spawn_step::no_new_privs, o.no_new_privs,
           [] { return call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); });
    s.take(spawn_step::signal_setup, true, [&] { return set_signal_mask(plan); });
    s.take(spawn_step::exec, true, [&] { return run_program(plan); });
    return 127; // nobody sees it: the parent reaps this child and reports the error
}

} // namespace pidfd_util
