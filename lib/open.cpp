// SPDX-License-Identifier: MIT
// from_self, from_pid, adopt, duplicate, and closing.
#include "answer.hpp"
#include "identify.hpp"
#include "sys.hpp"

#include <pidfd_util/abi.hpp>

namespace pidfd_util {

namespace {

/// pidfd_open, with ENOENT for the id of a thread. Before Linux 6.16 the kernel says EINVAL about
/// that, and also about a process that is gone if a process group or a session still has its number.
int open_process(pid_t pid) noexcept {
    const int fd = sys::pidfd_open(pid, 0);
    if (fd != -EINVAL)
        return fd;
    if (const int group = sys::getpgid(pid); group < 0)
        return group;
    // Something has the number now. If it was free before, another process may have got it.
    const int again = sys::pidfd_open(pid, 0);
    return again == -EINVAL ? -ENOENT : again;
}

} // namespace

namespace abi {

void close(int fd) noexcept {
    sys::close(fd);
}

int duplicate(int fd, int& copy) noexcept {
    // The copy is called a pidfd: it has to be one, as far as there is a way to tell.
    if (const int error = identify::check(fd); error != 0 && is_answer(error))
        return error;
    const int result = sys::duplicate(fd);
    if (result < 0)
        return -result;
    copy = result;
    return 0;
}

int open_self(int& fd) noexcept {
    unique_fd self;
    const int error = identify::open_self(self);
    if (error == 0)
        fd = self.release();
    return error;
}

int open_pid(pid_t pid, int& fd) noexcept {
    if (pid <= 0)
        return EINVAL;
    const int result = open_process(pid);
    if (result < 0)
        return -result;
    fd = result;
    return 0;
}

int check_pidfd(int fd) noexcept {
    return identify::check(fd);
}

int adopt(int fd) noexcept {
    if (const int error = identify::check(fd); error != 0)
        return error;
    int flag = sys::is_cloexec(fd);
    if (flag == 0 && (flag = sys::set_cloexec(fd)) == 0 && (flag = sys::is_cloexec(fd)) == 0)
        return ENOSYS; // a filter that answers "error 0"
    return flag < 0 ? -flag : 0;
}

} // namespace abi
} // namespace pidfd_util
