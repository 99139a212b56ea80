// SPDX-License-Identifier: MIT
#include "namespace_ioctl.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "identify.hpp"

namespace pidfd_util::namespace_ioctl {

path_result open(int fd, const namespace_kind& kind, unique_fd& ns) noexcept {
    const unsigned long request = uapi::get_namespace(kind.ioctl_number);
    switch (const int error = sys::ioctl_fd(fd, request, ns); error) {
    case 0:
        return 0;
    case EPERM:
    case EACCES:
        return explain_denial(EACCES, [=] {
            unique_fd none;
            return sys::ioctl_fd(-1, request, none);
        });
    case ESRCH: {
        // The process has ended; or only its first thread has, and the others still have
        // namespaces.
        bool ended = true;
        return identify::has_ended(fd, ended) == 0 && !ended ? ask_another : path_result(ESRCH);
    }
    case EBADF: // closed, or opened with O_PATH
        return identify::explain(fd, error);
    case EINVAL: // it has no argument that could be invalid: this kernel lacks the ioctl
    case ENOSYS:
    case ENOTTY:
    case EOPNOTSUPP:
        return EOPNOTSUPP;
    case EMFILE:
    case ENFILE:
        return error;
    default: // this ioctl never returns it; another driver may
        return identify::explain(fd, explain_unexpected(error));
    }
}

} // namespace pidfd_util::namespace_ioctl
