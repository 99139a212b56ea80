// SPDX-License-Identifier: MIT
// spawn: the parent's side.
#include "answer.hpp"
#include "clone.hpp"
#include "spawn_child.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sys/wait.h>
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

// The child's deepest frames hold a path and the list of mapped file descriptors.
constexpr std::size_t stack_size = 32 * 1024;

/// Blocks every signal, those that libc keeps for itself too: no handler may run in the child.
class all_signals_blocked {
public:
    all_signals_blocked() noexcept : error_(-sys::set_signal_mask(~kernel_sigset{0}, &old_)) {}
    ~all_signals_blocked() {
        if (error_ == 0)
            (void)sys::set_signal_mask(old_, nullptr);
    }
    all_signals_blocked(const all_signals_blocked&) = delete;
    all_signals_blocked& operator=(const all_signals_blocked&) = delete;
    int error() const noexcept { return error_; }
    kernel_sigset old() const noexcept { return old_; }

private:
    kernel_sigset old_ = 0;
    int error_;
};

/// Every number is made from one file descriptor only.
bool valid_mappings(array_view<fd_mapping> fds) noexcept {
    if (fds.size() > max_fd_mappings)
        return false;
    for (const fd_mapping& m : fds) {
        const bool twice =
            std::any_of(fds.begin(), &m, [&m](fd_mapping n) { return n.to == m.to; });
        if (m.to < 0 || twice)
            return false;
    }
    return true;
}

bool valid(const spawn_options& o) noexcept {
    // A pid namespace is for children to come, and a time namespace for who shares no memory.
    constexpr auto enterable = namespace_flags::cgroup | namespace_flags::ipc |
                               namespace_flags::mnt | namespace_flags::net | namespace_flags::user |
                               namespace_flags::uts;
    constexpr auto makeable = enterable | namespace_flags::pid | namespace_flags::time;
    if ((o.enter_namespaces | enterable) != enterable || (o.new_namespaces | makeable) != makeable)
        return false;
    if ((o.enter_namespaces != namespace_flags::none) != (o.enter_process >= 0))
        return false;
    if (o.autokill && !o.autoreap)
        return false;
    return valid_mappings(o.fds);
}

std::uint64_t clone_flags(const spawn_options& o) noexcept {
    // The time namespace is left to unshare: it takes effect when the program is run.
    std::uint64_t flags = static_cast<unsigned>(o.new_namespaces) & ~uapi::clone_newtime;
    if (o.autoreap)
        flags |= uapi::clone_autoreap;
    if (o.autokill)
        flags |= uapi::clone_autokill | (o.no_new_privs ? uapi::clone_nnp : 0);
    return flags;
}

/// What the errno of clone and clone3 means.
int explain_clone(int error, const spawn_options& o) noexcept {
    const bool needs_clone3 = o.autoreap || o.cgroup >= 0;
    switch (error) {
    case ENOSYS:
        return EOPNOTSUPP;
    case EINTR:
        return EAGAIN;
    case EINVAL: // how flags of later kernels are refused,
    case E2BIG:  // and arguments that are longer than the kernel knows
        return needs_clone3 ? EOPNOTSUPP : error;
    default:
        return needs_clone3 ? who_forbids(error, [] { return sys::clone3_without_arguments(); })
                            : error;
    }
}

/// Of a child that could not run its program nothing is left.
void reap(pid_t pid, int pidfd) noexcept {
    siginfo_t info;
    const int result = sys::waitid(pidfd, info, WEXITED | uapi::wait_all);
    if (result == 0 || result == -ECHILD) // SIGCHLD is ignored: it has reaped itself
        return;
    // No waitid(P_PIDFD) here. The number is the child's as long as nobody has reaped it.
    const int saved = errno;
    while (::waitpid(pid, nullptr, uapi::wait_all) < 0 && errno == EINTR) {
    }
    errno = saved;
}

int start(spawn_plan& plan, int& fd) noexcept {
    alignas(16) char stack[stack_size];
    clone_request request;
    request.flags = clone_flags(plan.options);
    request.exit_signal = plan.options.autoreap ? 0 : SIGCHLD;
    request.cgroup = plan.options.cgroup;
    request.stack = stack;
    request.stack_size = sizeof stack;
    request.run = run_spawn_plan;
    request.argument = &plan;

    pid_t pid = 0;
    {
        const all_signals_blocked block;
        plan.step = spawn_step::signals;
        if (block.error() != 0)
            return sandboxed(block.error());
        plan.old_mask = block.old();
        plan.step = spawn_step::clone;
        pid = clone_borrowing(request, plan.pidfd);
    }
#ifdef PIDFD_UTIL_ASAN
    // The child has gone without leaving its functions.
    ASAN_UNPOISON_MEMORY_REGION(stack, sizeof stack);
#endif
    if (pid < 0)
        return explain_clone(-pid, plan.options);
    unique_fd pidfd(plan.pidfd);
    if (plan.error != 0) {
        reap(pid, pidfd.get());
        return plan.error;
    }
    fd = pidfd.release();
    return 0;
}

} // namespace

namespace abi {

int spawn(const char* file, const char* const* argv, const spawn_options& options, std::size_t size,
          int& fd, spawn_step* failed) noexcept {
    spawn_plan plan{};
    std::memcpy(static_cast<void*>(&plan.options), &options, std::min(size, sizeof plan.options));
    plan.file = file;
    plan.argv = argv;
    plan.environment = plan.options.environment;
    if (plan.environment == nullptr)
        plan.environment = ::environ;
    plan.parent = sys::getpid();
    plan.pidfd = -1;
    plan.step = spawn_step::options;
    int error = EINVAL;
    if (file != nullptr && argv != nullptr && valid(plan.options)) {
        if (plan.options.search_path && std::strchr(file, '/') == nullptr && *file != '\0') {
            plan.search = std::getenv("PATH");
            if (plan.search == nullptr)
                plan.search = "/bin:/usr/bin";
        }
        error = start(plan, fd);
    }
    if (error != 0 && failed != nullptr)
        *failed = plan.step;
    return error;
}

} // namespace abi
} // namespace pidfd_util
