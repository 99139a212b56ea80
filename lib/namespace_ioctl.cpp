// SPDX-License-Identifier: MIT
#include "namespace_ioctl.hpp"

#include "answer.hpp"
#include "identify.hpp"
#include "sys.hpp"
#include "uapi.hpp"

namespace pidfd_util::namespace_ioctl {

path_result open(int fd, namespace_type type, unique_fd& ns) noexcept {
    // The kernel numbers them as namespace_type lists them, from 1.
    const unsigned long request = uapi::get_namespace(static_cast<unsigned>(type) + 1);
    const int result = sys::ioctl_fd(fd, request);
    if (result >= 0) {
        ns.reset(result);
        return 0;
    }
    switch (const int error = -result; error) {
    case EPERM:
    case EACCES:
        return who_forbids(EACCES, [=] { return sys::ioctl_fd(-1, request); });
    case ESRCH: {
        // The process has ended; or its first thread has, and the others have namespaces still.
        bool ended = true;
        return identify::has_ended(fd, ended) == 0 && !ended ? ask_another : path_result(ESRCH);
    }
    case EBADF: // closed, or opened with O_PATH
        return identify::fault_or(fd, error);
    case EINVAL: // it has no argument that could be invalid: the ioctl is not there,
    case EFAULT: // or is another one's, of what is no pidfd
    case ENOSYS:
    case ENOTTY:
    case EOPNOTSUPP:
        return EOPNOTSUPP;
    case EMFILE:
    case ENFILE:
        return error;
    default: // this ioctl never gives it; or the fd is no pidfd, and another ioctl gave it
        return identify::fault_or(fd, out_of_place(error));
    }
}

} // namespace pidfd_util::namespace_ioctl
