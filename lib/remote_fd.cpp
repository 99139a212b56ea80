// SPDX-License-Identifier: MIT
// get_remote_fd.
#include "answer.hpp"
#include "identify.hpp"
#include "sys.hpp"
#include "threads.hpp"

#include <pidfd_util/abi.hpp>

namespace pidfd_util {

namespace {

/// pidfd_getfd says ESRCH also of a process that lives, if its first thread has exited.
int get_from_another_thread(int fd, int target, int& copy) noexcept {
    unique_fd thread;
    if (const int error = threads::open_living(fd, thread); error != 0)
        return error;
    const int result = sys::pidfd_getfd(thread.get(), target);
    if (result < 0)
        return who_forbids(-result, [] { return sys::pidfd_getfd(-1, 0); });
    copy = result;
    return 0;
}

} // namespace

namespace abi {

int get_remote_fd(int fd, int target, int& copy) noexcept {
    const int result = sys::pidfd_getfd(fd, target);
    if (result >= 0) {
        copy = result;
        return 0;
    }
    const int error = -result;
    if (error == ESRCH)
        return get_from_another_thread(fd, target, copy);
    if (error == ENOSYS) // an older kernel or a sandbox, which did not look at the fd
        return identify::fault_or(fd, error);
    if (error != EBADF)
        return who_forbids(error, [] { return sys::pidfd_getfd(-1, 0); });
    // Either fd is no pidfd, or the process has no such file descriptor, which kernels of the age of
    // 6.1 also say of a process that is about to end.
    if (const int fault = identify::fault_of(fd); fault != 0)
        return fault;
    bool ended = false;
    return identify::has_ended(fd, ended) == 0 && ended ? ESRCH : EBADF;
}

} // namespace abi
} // namespace pidfd_util
