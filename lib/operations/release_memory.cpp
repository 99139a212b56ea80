// SPDX-License-Identifier: MIT
#include "release_memory.hpp"

#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "../paths/identify.hpp"

#include <pidfd_util/abi_facts.hpp>

#include <cerrno>

namespace pidfd_util {

int explain_no_memory(int fd, int control) noexcept {
    if (control != EBADF) // a filter made up the first answer
        return control == ESRCH || control == 0 ? EIO : control;
    int flags = 0;
    if (const int error = sys::open_flags(fd, flags); error != 0)
        return error;
    if ((static_cast<unsigned>(flags) & uapi::pidfd_thread) == 0)
        return 0;
    bool ended = false;
    const int error = identify::has_ended(fd, ended);
    return error == 0 && !ended ? EINVAL : error;
}

namespace abi {

int release_memory(int fd) noexcept {
    if (fd < 0) // the kernel takes some negative numbers as the caller: PIDFD_SELF_*
        return EBADF;
    switch (const int error = sys::release_memory(fd); error) {
    case ESRCH:
        return explain_no_memory(fd, sys::release_memory(-1));
    case EBADF:
        return identify::explain_bad_fd(fd);
    case ENOSYS:
    case ERFKILL:
        return identify::explain(fd, error);
    default:
        return error;
    }
}

} // namespace abi
} // namespace pidfd_util
