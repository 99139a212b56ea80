// SPDX-License-Identifier: MIT
// spawn: the parent's side.
#include "answer.hpp"
#include "clone.hpp"
#include "clone_errors.hpp"
#include "identify.hpp"
#include "namespaces.hpp"
#include "spawn_child.hpp"
#include "spawn_options.hpp"
#include "spawn_outcome.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string_view>
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

std::uint64_t clone_flags(const spawn_options& o) noexcept {
    std::uint64_t flags = static_cast<unsigned>(o.new_namespaces);
    if (o.autoreap)
        flags |= uapi::clone_autoreap;
    if (o.autokill)
        flags |= uapi::clone_autokill | (o.no_new_privs ? uapi::clone_nnp : 0);
    return flags;
}

/// A child that is born frozen would never run its program, for which its parent waits.
bool is_frozen(int cgroup) noexcept {
    // Anything else may be mounted over it, also a FIFO, at which an open could hang.
    const unique_fd events(
        sys::openat(cgroup, "cgroup.events", O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    long magic = 0;
    if (!events || sys::filesystem_magic(events.get(), magic) != 0 ||
        magic != uapi::cgroup2_super_magic)
        return false;
    char text[256];
    const ssize_t size = sys::read(events.get(), text, sizeof text);
    return size > 0 && std::string_view(text, static_cast<std::size_t>(size)).find("frozen 1") !=
                           std::string_view::npos;
}

/// Makes the child: its pid, or a negated errno.
pid_t make_child(spawn_plan& plan, const clone_request& request, int& pidfd,
                 spawn_step& step) noexcept {
    const all_signals_blocked block;
    if (block.error() != 0) {
        step = spawn_step::signal_setup;
        return -sandboxed(block.error());
    }
    plan.old_mask = block.old();
    plan.made = request.share_memory ? &pidfd : nullptr;
    return clone_and_wait(request, pidfd);
}

/// Takes a plan of its own, to which it adds addresses on its stack.
int start(spawn_plan plan, int& fd, spawn_step& step) noexcept {
    const spawn_options& o = plan.options;
    alignas(16) char stack[stack_size];
    clone_request request;
    request.flags = clone_flags(o);
    // A change of credentials makes a process undumpable, and the kernel records that in the memory:
    // if it were shared, the parent could not be inspected any more either.
    request.share_memory = !changes_credentials(o);
    request.cgroup = o.cgroup.value_or(-1);
    request.stack = stack;
    request.stack_size = sizeof stack;
    request.run = run_spawn_plan;
    request.argument = &plan;

    step = spawn_step::clone;
    if (o.cgroup.has_value() && is_frozen(*o.cgroup))
        return EBUSY;
    spawn_outcome own{};
    shared_outcome shared;
    plan.outcome = &own;
    int made = -1;
    pid_t pid = -EINVAL;
    if (request.share_memory)
        pid = make_child(plan, request, made, step);
    // Linux 5.6 to 6.0 refuse to share the memory once the caller has set a time namespace for its
    // children.
    if (pid == -EINVAL) {
        if (const int error = shared.make(); error != 0)
            return sandboxed(error);
        request.share_memory = false;
        plan.outcome = shared.get();
        pid = make_child(plan, request, made, step);
    }
#ifdef PIDFD_UTIL_ASAN
    // The child has gone without leaving its functions.
    ASAN_UNPOISON_MEMORY_REGION(stack, sizeof stack);
#endif
    if (pid < 0)
        return step == spawn_step::clone ? explain_clone(-pid, o) : -pid;
    if (made < 0) { // a kernel from before CLONE_PIDFD, which ignored the flag
        kill_and_reap(pid);
        return EOPNOTSUPP;
    }
    unique_fd pidfd(made);
    const spawn_outcome outcome =
        settle_outcome({pid, made, o.autoreap, request.share_memory}, *plan.outcome);
    if (outcome.error == 0) {
        fd = pidfd.release();
        return 0;
    }
    step = outcome.step;
    if (outcome.error == EINVAL && step == spawn_step::enter_namespaces)
        return explain_invalid_setns(*o.enter_process, o.enter_namespaces);
    return outcome.error;
}

/// Makes the child with a pidfd of the caller, by which it sees whether the caller still lives.
int start_with_parent_fd(spawn_plan& plan, int& fd, spawn_step& step) noexcept {
    unique_fd self(sys::pidfd_open(plan.parent, 0));
    plan.parent_fd = self.get();
    const int error = start(plan, fd, step);
    // It took a number that the child's pidfd needed. Most children can do without: only in another
    // pid namespace getppid tells nothing.
    const bool can_do_without =
        (plan.options.new_namespaces & namespace_flags::pid) == namespace_flags::none;
    if (error == EMFILE && step == spawn_step::clone && self && can_do_without) {
        self.reset();
        plan.parent_fd = -EMFILE;
        return start(plan, fd, step);
    }
    return error;
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
    spawn_options known;
    if (const int error = take_options(options, size, known); error != 0)
        return refuse(error);
    if (known.enter_process.has_value()) {
        // setns would take the file descriptor of a namespace as well, which is no process.
        if (const int error = identify::check(*known.enter_process); error != 0)
            return refuse(error, spawn_step::enter_namespaces);
    }
    spawn_plan plan{};
    plan.options = known;
    plan.file = file;
    plan.argv = argv;
    plan.environment = known.environment != nullptr ? known.environment : ::environ;
    plan.parent = sys::getpid();
    if (known.parent_death_signal != 0 && plan.parent <= 0) // the kernel never fails here
        return refuse(plan.parent == 0 ? ENOSYS : refusal(-plan.parent), spawn_step::parent_death);
    plan.parent_fd = -1;
    if (known.search_path && std::strchr(file, '/') == nullptr && *file != '\0') {
        plan.search = std::getenv("PATH");
        if (plan.search == nullptr)
            plan.search = "/bin:/usr/bin";
    }
    spawn_step step{};
    const int error = known.parent_death_signal != 0 ? start_with_parent_fd(plan, fd, step)
                                                     : start(plan, fd, step);
    return error != 0 ? refuse(error, step) : 0;
}

} // namespace abi
} // namespace pidfd_util
