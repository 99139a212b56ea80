// SPDX-License-Identifier: MIT
// get_remote_fd.
#include "answer.hpp"
#include "identify.hpp"
#include "sys.hpp"

#include <pidfd_util/abi.hpp>

namespace pidfd_util::abi {

int get_remote_fd(int fd, int target, int& copy) noexcept {
    const int result = sys::pidfd_getfd(fd, target);
    if (result >= 0) {
        copy = result;
        return 0;
    }
    const int error = -result;
    if (error != EBADF)
        return who_forbids(error, [] { return sys::pidfd_getfd(-1, 0); });
    // Either fd is no pidfd, or the process has no such file descriptor, which kernels of the age of
    // 6.1 also say of a process that is about to end.
    if (const int fault = identify::fault_of(fd); fault != 0)
        return fault;
    bool ended = false;
    return identify::has_ended(fd, ended) == 0 && ended ? ESRCH : EBADF;
}

} // namespace pidfd_util::abi
