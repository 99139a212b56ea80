// SPDX-License-Identifier: MIT
#include "probe.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/sys_socket.hpp"
#include "../kernel/uapi.hpp"
#include "../paths/identify.hpp"
#include "../paths/info_ioctl.hpp"
#include "../paths/namespace_ioctl.hpp"
#include "../paths/path_result.hpp"
#include "../paths/pidns.hpp"
#include "../paths/proc_root.hpp"

#include <pidfd_util/memory_advice.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <limits>
#include <sched.h>
#include <sys/wait.h>

namespace pidfd_util::probe {

std::atomic<std::uint32_t> missing{0};

namespace {

/// Explains the result of a trial: the feature itself returns 0 or `expected`.
int explain_trial(path_result answer, int expected, availability& result) noexcept {
    // Undecided: the feature is there, but does not answer about this process.
    const int error = answer.error_or(0);
    if (error == 0 || error == expected) {
        result = availability::available;
        return 0;
    }
    switch (explain_refusal(error)) {
    case EOPNOTSUPP:
    case EINVAL: // the kernel refuses flags and kinds of fds that it does not know,
    case E2BIG:  // and arguments that are longer than those it knows
        result = availability::missing;
        return 0;
    case ERFKILL:
        result = availability::forbidden;
        return 0;
    default: // EMFILE and the like say nothing about the feature
        return error;
    }
}

/// Calls clone3 with these flags, and makes no child: the kernel cannot write the pidfd to the
/// address that is given for it.
int failing_clone3_with(std::uint64_t flags) noexcept {
    uapi::clone_args args{};
    args.flags = flags | CLONE_VM | uapi::clone_pidfd;
    args.pidfd = std::numeric_limits<std::uintptr_t>::max();
    return sys::failing_clone3(&args, sizeof args);
}

/// Calls clone3 with CLONE_INTO_CGROUP, and makes no child: no file descriptor has this number.
int failing_clone3_into_cgroup() noexcept {
    uapi::clone_args args{};
    args.flags = uapi::clone_into_cgroup;
    args.cgroup = std::numeric_limits<std::uint64_t>::max();
    return sys::failing_clone3(&args, sizeof args);
}

int try_peer_pidfd() noexcept {
    unique_fd socket;
    unique_fd peer;
    // EAFNOSUPPORT: a sandbox that allows no UNIX sockets.
    if (const int error = sys::unix_socket(socket); error != 0)
        return error == EAFNOSUPPORT ? ERFKILL : error;
    const int error = sys::get_peer_pidfd(socket.get(), peer);
    return error == 0 || error == ENOPROTOOPT ? ENOSYS : error;
}

int try_procfs() noexcept {
    unique_fd root;
    std::size_t depth = 0;
    const int error = proc_root::open(root);
    return error != 0 ? error : pidns::depth_of_caller(root.get(), depth);
}

/// Tries the features that need no pidfd. Returns false for the others. The kernel has the feature
/// if `error` becomes 0 or `expected`.
bool try_without_pidfd(feature f, int& error, int& expected) noexcept {
    expected = EBADF;
    pid_t self = 0;
    std::size_t advised = 0;
    unique_fd made;
    siginfo_t info;
    switch (f) {
    case feature::pidfd_send_signal:
        error = sys::pidfd_send_signal(-1, 0, 0);
        return true;
    case feature::pidfd_open:
        error = sys::pidfd_open(-1, 0, made);
        expected = EINVAL;
        return true;
    case feature::waitid:
        error = sys::waitid(std::numeric_limits<int>::max(), info, WEXITED | WNOHANG);
        return true;
    case feature::pidfd_getfd:
        error = sys::pidfd_getfd(-1, 0, made);
        return true;
    case feature::process_madvise:
        error = sys::advise(-1, nullptr, 0, static_cast<int>(memory_advice::cold), advised);
        return true;
    case feature::process_mrelease:
        error = sys::release_memory(-1);
        return true;
    case feature::nonblock:
        error = sys::getpid(self);
        if (error == 0)
            error = sys::pidfd_open(self, uapi::pidfd_nonblock, made);
        return true;
    case feature::thread:
        error = sys::gettid(self);
        if (error == 0)
            error = sys::pidfd_open(self, uapi::pidfd_thread, made);
        if (error == ENOENT || error == ESRCH)
            error = EIO; // the calling thread exists
        return true;
    case feature::clone3:
        error = sys::failing_clone3(nullptr, 0);
        expected = EINVAL;
        return true;
    case feature::clone_into_cgroup:
        error = failing_clone3_into_cgroup();
        expected = EINVAL; // returned before any flag is looked at
        return true;
    case feature::clone_autoreap:
        error = failing_clone3_with(uapi::clone_autoreap);
        expected = EFAULT;
        return true;
    case feature::clone_autokill:
        error = failing_clone3_with(uapi::clone_autoreap | uapi::clone_nnp | uapi::clone_autokill);
        expected = EFAULT;
        return true;
    case feature::peer_pidfd:
        error = try_peer_pidfd();
        expected = ENODATA; // an unconnected socket has no peer
        return true;
    case feature::procfs:
        error = try_procfs();
        return true;
    default:
        return false;
    }
}

/// Opens a pidfd of the calling thread, which may be in other namespaces than its process.
/// EOPNOTSUPP before Linux 6.9, unless it is the first thread.
int open_thread(unique_fd& self) noexcept {
    pid_t pid = 0;
    pid_t tid = 0;
    if (const int error = sys::gettid(tid); error != 0)
        return error;
    switch (const int error = sys::pidfd_open(tid, uapi::pidfd_thread, self); error) {
    case EINVAL:
        return sys::getpid(pid) == 0 && pid == tid ? identify::open_self(self) : EOPNOTSUPP;
    case ENOENT:
    case ESRCH:
        return EIO; // the calling thread exists
    default:
        return error;
    }
}

/// Enters the uts namespace of the calling thread itself: EPERM counts as success, because the
/// thread may only lack the right.
int try_setns(int self) noexcept {
    constexpr auto uts = static_cast<unsigned>(namespace_flags::uts);
    const int error = sys::setns(self, uts);
    const bool denied_by_kernel =
        error == EPERM && explain_denial(error, [] { return sys::setns(-1, uts); }) == EPERM;
    return denied_by_kernel ? 0 : error;
}

int try_pidfs(int self) noexcept {
    long magic = 0;
    if (const int error = sys::filesystem_magic(self, magic); error != 0)
        return error;
    return magic == uapi::pidfs_magic ? 0 : ENOSYS;
}

int try_signal_scope(int self) noexcept {
    if (const int error = sys::pidfd_send_signal(self, 0, uapi::signal_thread_group); error != 0)
        return error;
    return explain_success([] { return sys::pidfd_send_signal(-1, 0, uapi::signal_thread_group); });
}

int try_coredump_info(int self) noexcept {
    abi::coredump_record record{};
    bool known = false;
    const int error = info_ioctl::get_coredump(self, known, record);
    return error == 0 && !known ? ENOSYS : error;
}

/// Tries the features that need a pidfd, on one of the calling process.
path_result try_on(int self, feature f) noexcept {
    uapi::pidfd_info info{};
    unique_fd ns;
    std::uint64_t id = 0;
    int mount = 0;
    switch (f) {
    case feature::setns:
        return try_setns(self);
    case feature::pidfs:
        return try_pidfs(self);
    case feature::signal_scope:
        return try_signal_scope(self);
    case feature::namespace_ioctl:
        return namespace_ioctl::open(self, *kind_of(namespace_type::mnt), ns);
    case feature::info_ioctl:
        return info_ioctl::get(self, uapi::info_pid, uapi::info_pid, info);
    case feature::coredump_info:
        return try_coredump_info(self);
    case feature::file_handle:
        return sys::file_handle(self, id, mount);
    default: // try_without_pidfd tries every other feature
        return ENOSYS;
    }
}

} // namespace

int try_out(feature f, availability& result) noexcept {
    int error = 0;
    int expected = 0;
    if (try_without_pidfd(f, error, expected))
        return explain_trial(error, expected, result);
    unique_fd self;
    error = f == feature::setns ? open_thread(self) : identify::open_self(self);
    if (error != 0)
        return explain_refusal(error);
    return explain_trial(try_on(self.get(), f), 0, result);
}

int require(feature f) noexcept {
    availability found{};
    if (const int error = try_out(f, found); error != 0)
        return error;
    switch (found) {
    case availability::available:
        return 0;
    case availability::forbidden:
        return ERFKILL;
    case availability::missing:
        break;
    }
    return EOPNOTSUPP;
}

void learn_missing(feature f) noexcept {
    // Twice: a single odd answer, whatever its cause, must not count as long as the program runs.
    for (int i = 0; i < 2; ++i) {
        availability found{};
        if (try_out(f, found) != 0 || found != availability::missing)
            return;
    }
    missing.fetch_or(bit(f), std::memory_order_relaxed);
}

} // namespace pidfd_util::probe
