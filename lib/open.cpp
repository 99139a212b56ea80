// SPDX-License-Identifier: MIT
// from_self, from_pid, adopt, duplicate, and closing.
#include "answer.hpp"
#include "identify.hpp"
#include "sys.hpp"

#include <pidfd_util/abi.hpp>

namespace pidfd_util::abi {

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
    const pid_t self = sys::getpid();
    return self < 0 ? sandboxed(-self) : open_pid(self, fd);
}

int open_pid(pid_t pid, int& fd) noexcept {
    if (pid <= 0)
        return EINVAL;
    int result = sys::pidfd_open(pid, 0);
    // Before Linux 6.16 also said of a process that is reaped at this moment: it is gone at the next
    // look. What stays is the other meaning, the id of a thread, for which 6.16 says ENOENT.
    if (result == -EINVAL)
        result = sys::pidfd_open(pid, 0);
    if (result == -EINVAL)
        return ENOENT;
    if (result < 0)
        return sandboxed(-result);
    fd = result;
    return 0;
}

int check_pidfd(int fd) noexcept {
    return identify::check(fd);
}

int adopt(int fd) noexcept {
    if (const int error = identify::check(fd); error != 0)
        return error;
    return -sys::set_cloexec(fd);
}

} // namespace pidfd_util::abi
