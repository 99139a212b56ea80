// SPDX-License-Identifier: MIT
// spawn: the parent's side.
#include "answer.hpp"
#include "clone.hpp"
#include "identify.hpp"
#include "namespaces.hpp"
#include "spawn_child.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <new>
#include <string_view>
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

// Of either kind of child; the deepest frames hold a path and the list of mapped file descriptors.
constexpr std::size_t stack_size = std::size_t{32} * 1024;

/// Blocks every signal, those that libc keeps for itself too: no handler may run in the child.
class all_signals_blocked {
public:
    all_signals_blocked() noexcept : error_(-sys::set_signal_mask(sys::signal_set::all(), &old_)) {}
    ~all_signals_blocked() {
        if (error_ == 0)
            (void)sys::set_signal_mask(old_, nullptr);
    }
    all_signals_blocked(const all_signals_blocked&) = delete;
    all_signals_blocked& operator=(const all_signals_blocked&) = delete;
    int error() const noexcept { return error_; }
    const sys::signal_set& old() const noexcept { return old_; }

private:
    sys::signal_set old_{};
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
    // A pid namespace is for children to come; a time namespace for who shares no memory, and a new
    // one has clocks of its own only where somebody sets them before the first process is in it.
    constexpr auto enterable = namespace_flags::cgroup | namespace_flags::ipc |
                               namespace_flags::mnt | namespace_flags::net | namespace_flags::user |
                               namespace_flags::uts;
    constexpr auto makeable = enterable | namespace_flags::pid;
    if ((o.enter_namespaces | enterable) != enterable || (o.new_namespaces | makeable) != makeable)
        return false;
    if ((o.enter_namespaces != namespace_flags::none) != (o.enter_process >= 0))
        return false;
    if ((o.enter_namespaces & o.new_namespaces) != namespace_flags::none)
        return false;
    // The leader of a new session is the leader of a new group, and cannot join another.
    if (o.process_group < -1 || (o.new_session && o.process_group != -1))
        return false;
    if (o.autokill && !o.autoreap)
        return false;
    if (o.cgroup < -1)
        return false;
    return valid_mappings(o.fds);
}

std::uint64_t clone_flags(const spawn_options& o) noexcept {
    std::uint64_t flags = static_cast<unsigned>(o.new_namespaces);
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
    case EINTR:
        return EAGAIN;
    case ENOSYS:
    case EINVAL: // how flags are refused, of kernels to come and of types that it was built without,
    case E2BIG:  // and arguments that are longer than the kernel knows
        return EOPNOTSUPP;
    case EOPNOTSUPP: // a cgroup in the state "domain invalid", says clone(2)
        return o.cgroup >= 0 ? EBUSY : error;
    default:
        return needs_clone3 ? who_forbids(error, [] { return sys::failing_clone3(nullptr, 0); })
                            : error;
    }
}

/// Of a child that could not run its program nothing is left.
void reap(pid_t pid, int pidfd) noexcept {
    siginfo_t info;
    const int error = -sys::waitid(pidfd, info, WEXITED | uapi::wait_all);
    if (error == 0 || error == ECHILD)
        return; // done; or somebody else has, and its number may be anybody's by now
    // No waitid(P_PIDFD) in this kernel or sandbox: then the child is there, and has its number.
    (void)sys::wait_by_number(pid);
}

/// A change of credentials makes a process undumpable, and the kernel writes that down in the
/// memory: if it were shared, the parent could not be inspected any more either.
bool changes_credentials(const spawn_options& o) noexcept {
    constexpr auto keep = static_cast<uid_t>(-1);
    return o.uid != keep || o.gid != keep || o.set_groups ||
           ((o.new_namespaces | o.enter_namespaces) & namespace_flags::user) !=
               namespace_flags::none;
}

/// The plan lies in memory that is shared with the child in any case: also with one that has a copy
/// of everything else, and under emulators that make a copy of what should be shared.
class shared_plan {
public:
    shared_plan() noexcept {
        void* where = nullptr;
        error_ = -sys::map_shared(sizeof(spawn_plan), where);
        if (error_ == 0)
            plan_ = new (where) spawn_plan{};
    }
    ~shared_plan() {
        if (error_ == 0)
            sys::unmap(plan_, sizeof(spawn_plan));
    }
    shared_plan(const shared_plan&) = delete;
    shared_plan& operator=(const shared_plan&) = delete;
    int error() const noexcept { return error_; }
    spawn_plan& get() noexcept { return *plan_; }

private:
    spawn_plan* plan_ = nullptr;
    int error_ = 0;
};

/// Whether a signal ended the child before it ran the program.
bool never_ran(int pidfd) noexcept {
    // Then it still tells its end by no signal, and is no child to who does not ask for all kinds.
    constexpr int look = WEXITED | WNOWAIT;
    siginfo_t info;
    if (sys::waitid(pidfd, info, look | WNOHANG) != -ECHILD)
        return false;
    // It is on its way out, and nobody else reaps it. Or it has run, ended, and been reaped.
    return sys::waitid(pidfd, info, look | uapi::wait_all) == 0;
}

/// A child that is born frozen would never run its program, for which its parent waits.
bool is_frozen(int cgroup) noexcept {
    const unique_fd events(sys::openat(cgroup, "cgroup.events", O_RDONLY));
    char text[256];
    const ssize_t size = events ? sys::read(events.get(), text, sizeof text) : 0;
    return size > 0 && std::string_view(text, static_cast<std::size_t>(size)).find("frozen 1") !=
                           std::string_view::npos;
}

int start(spawn_plan& plan, int& fd) noexcept {
    alignas(16) char stack[stack_size];
    clone_request request;
    request.flags = clone_flags(plan.options);
    request.share_memory = !changes_credentials(plan.options);
    request.cgroup = plan.options.cgroup;
    request.stack = stack;
    request.stack_size = sizeof stack;
    request.run = run_spawn_plan;
    request.argument = &plan;

    plan.step = spawn_step::clone;
    if (plan.options.cgroup >= 0 && is_frozen(plan.options.cgroup))
        return EBUSY;
    pid_t pid = 0;
    {
        const all_signals_blocked block;
        plan.step = spawn_step::signal_setup;
        if (block.error() != 0)
            return sandboxed(block.error());
        plan.old_mask = block.old();
        plan.step = spawn_step::clone;
        pid = clone_and_wait(request, plan.pidfd);
        // Linux 5.6 to 6.0 refuse to share the memory once the caller has set a time namespace for
        // its children.
        if (pid == -EINVAL && request.share_memory) {
            request.share_memory = false;
            pid = clone_and_wait(request, plan.pidfd);
        }
    }
#ifdef PIDFD_UTIL_ASAN
    // The child has gone without leaving its functions.
    ASAN_UNPOISON_MEMORY_REGION(stack, sizeof stack);
#endif
    if (pid < 0)
        return explain_clone(-pid, plan.options);
    unique_fd pidfd(plan.pidfd);
    if (plan.error == 0 && !plan.options.autoreap && never_ran(pidfd.get())) {
        plan.step = spawn_step::exec;
        plan.error = ECANCELED;
    }
    if (plan.error != 0) {
        reap(pid, pidfd.get());
        const spawn_options& o = plan.options;
        if (plan.error == EINVAL && plan.step == spawn_step::enter_namespaces)
            return explain_invalid_setns(o.enter_process, o.enter_namespaces);
        return plan.error;
    }
    fd = pidfd.release();
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
    if (file == nullptr || argv == nullptr)
        return refuse(EINVAL);
    // A caller from a later time must not be told that what this library does not know was done.
    if (size > sizeof options)
        return refuse(EOPNOTSUPP);
    spawn_options known;
    std::memcpy(static_cast<void*>(&known), &options, size);
    for (const unsigned char byte : known.reserved)
        if (byte != 0)
            return refuse(EOPNOTSUPP);
    if (!valid(known))
        return refuse(EINVAL);
    if (known.enter_process >= 0) {
        // setns would take the file descriptor of a namespace as well, which is no process.
        if (const int error = identify::check(known.enter_process); error != 0)
            return refuse(error, spawn_step::enter_namespaces);
    }
    shared_plan shared;
    if (shared.error() != 0)
        return refuse(shared.error());
    spawn_plan& plan = shared.get();
    plan.options = known;
    plan.file = file;
    plan.argv = argv;
    plan.environment = known.environment != nullptr ? known.environment : ::environ;
    plan.parent = sys::getpid();
    plan.pidfd = -1;
    if (known.search_path && std::strchr(file, '/') == nullptr && *file != '\0') {
        plan.search = std::getenv("PATH");
        if (plan.search == nullptr)
            plan.search = "/bin:/usr/bin";
    }
    const int error = start(plan, fd);
    return error != 0 ? refuse(error, plan.step) : 0;
}

} // namespace abi
} // namespace pidfd_util
