// SPDX-License-Identifier: MIT
#include "probe.hpp"

#include "info_ioctl.hpp"
#include "namespace_ioctl.hpp"
#include "pidns.hpp"
#include "procfs.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <atomic>
#include <limits>
#include <sched.h>
#include <sys/wait.h>

namespace pidfd_util::probe {

namespace {

std::atomic<std::uint32_t> missing{0};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

constexpr std::uint32_t bit(feature f) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(f);
}

/// What the errno of a trial says, if 0 and `expected` are what the feature itself would answer.
int judge(int error, int expected, availability& result) noexcept {
    // `ask_another`: the feature answered, only not about this one process.
    if (error == 0 || error == expected || error == ask_another) {
        result = availability::available;
        return 0;
    }
    switch (refusal(error)) {
    case EOPNOTSUPP:
    case EINVAL: // how the kernel refuses flags and kinds of fds that it does not know,
    case E2BIG:  // and arguments that are longer than those it knows
        result = availability::missing;
        return 0;
    case ERFKILL:
        result = availability::forbidden;
        return 0;
    default: // EMFILE and its like say nothing of the feature
        return error;
    }
}

/// The errno of a call that makes a file descriptor.
int close_and_tell(int fd) noexcept {
    return unique_fd(fd) ? 0 : -fd;
}

/// Makes nothing: no kernel writes the pidfd to the address that is given for it.
int failing_clone3_with(std::uint64_t flags) noexcept {
    uapi::clone_args args{};
    args.flags = flags | CLONE_VM | uapi::clone_pidfd;
    args.pidfd = std::numeric_limits<std::uintptr_t>::max();
    return sys::failing_clone3(&args, sizeof args);
}

/// The same: no file descriptor has this number.
int failing_clone3_into_cgroup() noexcept {
    uapi::clone_args args{};
    args.flags = uapi::clone_into_cgroup;
    args.cgroup = std::numeric_limits<std::uint64_t>::max();
    return sys::failing_clone3(&args, sizeof args);
}

/// The features that can be tried without a pidfd.
bool try_without_pidfd(feature f, int& error, int& expected) noexcept {
    expected = EBADF;
    siginfo_t info;
    switch (f) {
    case feature::pidfd_send_signal:
        error = -sys::pidfd_send_signal(-1, 0, 0);
        return true;
    case feature::pidfd_open:
        error = close_and_tell(sys::pidfd_open(-1, 0));
        expected = EINVAL;
        return true;
    case feature::waitid:
        error = -sys::waitid(std::numeric_limits<int>::max(), info, WEXITED | WNOHANG);
        return true;
    case feature::pidfd_getfd:
        error = close_and_tell(sys::pidfd_getfd(-1, 0));
        return true;
    case feature::nonblock:
        error = close_and_tell(sys::pidfd_open(sys::getpid(), uapi::pidfd_nonblock));
        return true;
    case feature::thread:
        error = close_and_tell(sys::pidfd_open(sys::gettid(), uapi::pidfd_thread));
        return true;
    case feature::clone3:
        error = -sys::failing_clone3(nullptr, 0);
        expected = EINVAL;
        return true;
    case feature::clone_into_cgroup:
        error = -failing_clone3_into_cgroup();
        expected = EINVAL; // told before any flag is looked at
        return true;
    case feature::clone_autoreap:
        error = -failing_clone3_with(uapi::clone_autoreap);
        expected = EFAULT;
        return true;
    case feature::clone_autokill:
        error = -failing_clone3_with(uapi::clone_autoreap | uapi::clone_nnp | uapi::clone_autokill);
        expected = EFAULT;
        return true;
    case feature::procfs: {
        unique_fd root;
        error = procfs::open_root(root);
        if (error == 0) {
            std::size_t depth = 0;
            error = pidns::depth_of_caller(root.get(), depth);
        }
        return true;
    }
    default:
        return false;
    }
}

int open_process(unique_fd& self) noexcept {
    const pid_t pid = sys::getpid();
    if (pid < 0)
        return -pid; // a sandbox that refuses even this
    self.reset(sys::pidfd_open(pid, 0));
    return self ? 0 : -self.get();
}

/// Of the calling thread, which may have left its process's namespaces. Before Linux 6.9 only the
/// first thread has a pidfd; EOPNOTSUPP for others there.
int open_thread(unique_fd& self) noexcept {
    self.reset(sys::pidfd_open(sys::gettid(), uapi::pidfd_thread));
    if (self.get() != -EINVAL)
        return self ? 0 : -self.get();
    return sys::gettid() == sys::getpid() ? open_process(self) : EOPNOTSUPP;
}

/// The others, on a pidfd of the caller.
int try_on(int self, feature f) noexcept {
    uapi::pidfd_info info{};
    unique_fd ns;
    std::uint64_t id = 0;
    int mount = 0;
    long magic = 0;
    switch (f) {
    case feature::setns: {
        // Into the namespace where the calling thread already is: at most it lacks the right to.
        constexpr auto uts = static_cast<unsigned>(namespace_flags::uts);
        const int error = -sys::setns(self, uts);
        const bool mine =
            error == EPERM && who_forbids(error, [] { return sys::setns(-1, uts); }) == EPERM;
        return mine ? 0 : error;
    }
    case feature::pidfs:
        if (const int error = -sys::filesystem_magic(self, magic); error != 0)
            return error;
        return magic == uapi::pidfs_magic ? 0 : ENOSYS;
    case feature::signal_scope:
        return -sys::pidfd_send_signal(self, 0, uapi::signal_thread_group);
    case feature::namespace_ioctl:
        return namespace_ioctl::open(self, namespace_type::mnt, ns);
    case feature::info_ioctl:
        return info_ioctl::get(self, uapi::info_pid, uapi::info_pid, info);
    case feature::coredump_info: {
        abi::coredump_record record{};
        bool known = false;
        const int error = info_ioctl::get_coredump(self, known, record);
        return error == 0 && !known ? ENOSYS : error;
    }
    case feature::file_handle:
        return -sys::file_handle(self, "", id, mount);
    default: // every other feature is tried without a pidfd
        return ENOSYS;
    }
}

} // namespace

int try_out(feature f, availability& result) noexcept {
    int error = 0;
    int expected = 0;
    if (try_without_pidfd(f, error, expected))
        return judge(error, expected, result);
    unique_fd self;
    error = f == feature::setns ? open_thread(self) : open_process(self);
    if (error != 0)
        return refusal(error);
    return judge(try_on(self.get(), f), 0, result);
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

bool known_missing(feature f) noexcept {
    return (missing.load(std::memory_order_relaxed) & bit(f)) != 0;
}

void learn_missing(feature f) noexcept {
    // Twice: one odd answer, whatever it came from, must not count for the rest of the program.
    for (int i = 0; i < 2; ++i) {
        availability found{};
        if (try_out(f, found) != 0 || found != availability::missing)
            return;
    }
    missing.fetch_or(bit(f), std::memory_order_relaxed);
}

} // namespace pidfd_util::probe
