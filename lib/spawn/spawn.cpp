// SPDX-License-Identifier: MIT
// The parent's side of spawn.
#include "../kernel/explain.hpp"
#include "../kernel/local_array.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "../operations/set_namespace.hpp"
#include "../paths/cgroup_directory.hpp"
#include "../paths/identify.hpp"
#include "child_parent.hpp"
#include "child_terminal.hpp"
#include "clone.hpp"
#include "clone_errors.hpp"
#include "signals_blocked.hpp"
#include "spawn_child.hpp"
#include "spawn_options.hpp"
#include "spawn_outcome.hpp"
#include "spawn_plan.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define PIDFD_UTIL_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PIDFD_UTIL_ASAN 1
#endif
#endif
#ifdef PIDFD_UTIL_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace pidfd_util {

namespace {

// The child's deepest frames hold paths and the list of mapped file descriptors.
constexpr std::size_t stack_size = std::size_t{32} * 1024;

std::uint64_t clone_flags(const spawn_options& o) noexcept {
    std::uint64_t flags = static_cast<unsigned>(o.new_namespaces);
    if (o.autoreap)
        flags |= uapi::clone_autoreap;
    if (o.autokill)
        flags |= uapi::clone_autokill | (o.no_new_privs ? uapi::clone_nnp : 0);
    return flags;
}

/// Returns EBUSY if the cgroup is frozen: a child in it would never run its program, for which the
/// parent waits.
int check_not_frozen(int cgroup) noexcept {
    unique_fd events;
    switch (const int error =
                cgroup_directory::open_entry(cgroup, "cgroup.events", O_RDONLY, events);
            error) {
    case 0:
        break;
    case ENOENT: // the root, which cannot be frozen
    case EBADF:  // the others: clone3 fails with the errno for it
    case ENODEV:
    case cgroup_directory::not_a_cgroup:
        return 0;
    default:
        return error;
    }
    cgroup_directory::state now{};
    const int error = cgroup_directory::read_events(events.get(), now);
    if (error == ENODEV)
        return 0;
    return error == 0 && now.frozen ? EBUSY : error;
}

/// Makes the child.
int make_child(spawn_plan& plan, const clone_request& request, pid_t& pid, int& pidfd,
               spawn_step& step) noexcept {
    const all_signals_blocked block;
    if (block.error() != 0) {
        step = spawn_step::signal_setup;
        return explain_denial(block.error());
    }
    plan.old_mask = block.old();
    plan.made = request.share_memory ? &pidfd : nullptr;
    return clone_and_wait(request, pid, pidfd);
}

/// Starts the child. The plan is a copy: it gets addresses on this stack.
int start(spawn_plan plan, int& fd, spawn_step& step) noexcept {
    const spawn_options& o = plan.options;
    alignas(16) char stack[stack_size];
    clone_request request;
    request.flags = clone_flags(o);
    // A change of credentials makes a process undumpable, which the kernel records in its memory:
    // if that were shared, the parent would become undumpable too.
    request.share_memory = !changes_credentials(o) && !o.copy_memory;
    request.cgroup = o.cgroup.value_or(-1);
    request.stack = stack;
    request.stack_size = sizeof stack;
    request.run = run_spawn_plan;
    request.argument = &plan;
    request.handlers_cleared = &plan.handlers_cleared;

    step = spawn_step::clone;
    if (o.cgroup.has_value())
        if (const int error = check_not_frozen(*o.cgroup); error != 0)
            return error;
    const terminal_owner terminal(o);
    spawn_outcome own{};
    shared_outcome shared;
    plan.outcome = &own;
    int made = -1;
    pid_t pid = 0;
    int error = EINVAL;
    if (request.share_memory)
        error = make_child(plan, request, pid, made, step);
    // Linux 5.6 to 6.0 refuse to share the memory if the caller has set a time namespace for its
    // children.
    if (error == EINVAL) {
        if (const int failed = shared.make(); failed != 0)
            return explain_denial(failed);
        request.share_memory = false;
        plan.outcome = shared.get();
        error = make_child(plan, request, pid, made, step);
    }
#ifdef PIDFD_UTIL_ASAN
    // The child ended, or ran its program, without returning from its functions.
    ASAN_UNPOISON_MEMORY_REGION(stack, sizeof stack);
#endif
    if (error != 0)
        return step == spawn_step::clone ? explain_clone(error, o) : error;
    if (made < 0) { // kernels before CLONE_PIDFD ignore the flag
        kill_and_reap(pid);
        return EOPNOTSUPP;
    }
    unique_fd pidfd(made);
    const spawn_outcome outcome = settle_outcome({pid, made, request.share_memory}, *plan.outcome);
    if (outcome.error == 0) {
        fd = pidfd.release();
        return 0;
    }
    terminal.restore(pid);
    step = outcome.step;
    if (outcome.error == EINVAL && step == spawn_step::enter_namespaces)
        return explain_invalid_setns(o.enter_namespaces);
    return outcome.error;
}

/// Starts the child with a pidfd of the caller, which shows the child whether the caller has ended.
int start_with_parent_fd(spawn_plan& plan, int& fd, spawn_step& step) noexcept {
    // Before the library takes a number, which could be the one that the caller names.
    if (plan.options.terminal.has_value()) {
        int flags = 0;
        if (const int error = sys::open_flags(*plan.options.terminal, flags); error != 0) {
            step = spawn_step::terminal;
            return error;
        }
    }
    unique_fd self;
    plan.parent_fd_error = sys::pidfd_open(plan.parent, 0, self);
    plan.parent_fd = self.get();
    const int error = start(plan, fd, step);
    // It may have taken the last free number, which the child's pidfd needs. Most children can do
    // without it, because getppid shows whether the parent has ended, except in another pid
    // namespace.
    const bool can_do_without =
        (plan.options.new_namespaces & namespace_flags::pid) == namespace_flags::none;
    if (error == EMFILE && step == spawn_step::clone && self && can_do_without) {
        self.reset();
        plan.parent_fd = -1;
        plan.parent_fd_error = EMFILE;
        return start(plan, fd, step);
    }
    return error;
}

/// Fills `map` for the child. EINVAL: the mappings contradict each other. ENOMEM, EAGAIN: there is
/// no memory for so many.
template <class Numbers>
int prepare_mappings(array_view<fd_mapping> fds, Numbers& numbers, mapped_fds& map) noexcept {
    constexpr std::size_t most_fds = std::size_t{1} << 30; // of a process: see fs.nr_open
    if (fds.size() > most_fds / 2)
        return EINVAL;
    if (const int error = numbers.make(2 * fds.size()); error != 0)
        return explain_denial(error);
    if (!sort_targets(fds, numbers.get()))
        return EINVAL;
    map = {fds, numbers.get(), numbers.get() + fds.size()};
    return 0;
}

/// Makes the arguments by which the shell runs the program, except the path. ENOMEM, EAGAIN: there
/// is no memory for so many.
template <class Words>
int prepare_shell(const char* const* argv, Words& words, const char**& shell_argv) noexcept {
    std::size_t count = 0;
    while (argv[count] != nullptr)
        ++count;
    if (const int error = words.make(count + 3); error != 0)
        return explain_denial(error);
    shell_argv = words.get();
    shell_argv[0] = "/bin/sh";
    for (std::size_t i = 1; i < count; ++i)
        shell_argv[i + 1] = argv[i];
    return 0;
}

} // namespace

namespace abi {

int spawn(const char* file, const char* const* argv, const spawn_options& options, std::size_t size,
          int& fd, spawn_step* failed) noexcept {
    const auto refuse = [failed](int error, spawn_step step = spawn_step::options) {
        if (failed != nullptr)
            *failed = step;
        return error;
    };
    if (argv == nullptr)
        return refuse(EINVAL);
    spawn_options known;
    if (const int error = take_options(options, size, file, known); error != 0)
        return refuse(error);
    // Mappings and arguments beyond these numbers are in memory that is mapped for the call.
    local_array<int, 32> numbers;
    local_array<const char*, 16> shell;
    spawn_plan plan{};
    if (const int error = prepare_mappings(known.fds, numbers, plan.fds); error != 0)
        return refuse(error, error == EINVAL ? spawn_step::options : spawn_step::file_descriptors);
    if (known.run_scripts_by_shell)
        if (const int error = prepare_shell(argv, shell, plan.shell_argv); error != 0)
            return refuse(error, spawn_step::exec);
    if (known.enter_process.has_value()) {
        // setns would also take the file descriptor of a namespace, which is not a pidfd.
        if (const int error = identify::check(*known.enter_process); error != 0)
            return refuse(error, spawn_step::enter_namespaces);
    }
    plan.options = known;
    plan.file = file;
    plan.argv = argv;
    plan.environment = known.environment != nullptr ? known.environment : ::environ;
    const bool dies = death_signal_of(known) != 0;
    const int unknown = sys::getpid(plan.parent);
    if (dies && unknown != 0) // the kernel never fails here
        return refuse(explain_refusal(unknown), spawn_step::parent_death);
    if (known.die_with_parent)
        if (const int error = check_lives_as_long(); error != 0)
            return refuse(error, spawn_step::parent_death);
    plan.parent_fd = -1;
    if (known.search_path && std::strchr(file, '/') == nullptr && *file != '\0') {
        plan.search = std::getenv("PATH");
        if (plan.search == nullptr)
            plan.search = "/bin:/usr/bin";
    }
    spawn_step step{};
    const auto begin = [&] {
        return dies ? start_with_parent_fd(plan, fd, step) : start(plan, fd, step);
    };
    int error = begin();
    if (error == ESRCH && step == spawn_step::enter_namespaces) {
        unique_fd target;
        error = open_for_setns(*known.enter_process, known.enter_namespaces, target);
        plan.options.enter_process = target.get();
        plan.opened_target = true;
        if (error == 0)
            error = begin();
    }
    return error != 0 ? refuse(error, step) : 0;
}

} // namespace abi
} // namespace pidfd_util
