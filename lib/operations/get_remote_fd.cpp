// SPDX-License-Identifier: MIT
#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../paths/identify.hpp"
#include "../paths/process_stat.hpp"
#include "../paths/threads.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>

namespace pidfd_util {

namespace {

/// pidfd_getfd. EPERM and EACCES are the kernel's own.
int get_fd(int fd, int target, unique_fd& copy) noexcept {
    return explain_denial(sys::pidfd_getfd(fd, target, copy), [] {
        unique_fd none;
        return sys::pidfd_getfd(-1, 0, none);
    });
}

/// Returns whether the first thread has closed its file descriptors, or is about to. Without /proc,
/// nothing shows it.
bool has_no_files(int fd) noexcept {
    procfs::process process;
    bool exits = false;
    return process.open(fd) == 0 &&
           process_stat::has_flag(process, process_stat::exiting, exits) == 0 && exits &&
           process.check() == 0;
}

int explain_getfd_error(int fd, int error) noexcept {
    switch (error) {
    case ENOSYS: // an older kernel or a sandbox, which did not look at the fd
        return identify::explain(fd, error);
    case EBADF: {
        // Either the fd is not a pidfd, or the process has no such file descriptor. Kernels such as
        // 6.1 return this also if the first thread has none any more.
        if (const int fault = identify::fault_of(fd); fault != 0)
            return fault;
        bool ended = false;
        const bool gone = identify::has_ended(fd, ended) == 0 && ended;
        return gone || has_no_files(fd) ? ESRCH : EBADF;
    }
    default:
        return error;
    }
}

} // namespace

namespace abi {

int get_remote_fd(int fd, int& copy, int target) noexcept {
    unique_fd made;
    int error = explain_getfd_error(fd, get_fd(fd, target, made));
    if (error == ESRCH) {
        // Returned also if only the first thread has exited.
        unique_fd thread;
        error = threads::open_living(fd, thread);
        if (error == 0)
            error = get_fd(thread.get(), target, made);
    }
    if (error == 0)
        copy = made.release();
    return error;
}

} // namespace abi
} // namespace pidfd_util
