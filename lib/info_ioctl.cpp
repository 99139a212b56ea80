// SPDX-License-Identifier: MIT
#include "info_ioctl.hpp"

#include "answer.hpp"
#include "identify.hpp"
#include "sys.hpp"

#include <cerrno>

namespace pidfd_util::info_ioctl {

namespace {

/// ESRCH and EREMOTE alone do not say whether the process lives.
int why_not_found(int fd, int error) noexcept {
    bool reaped = false;
    if (identify::is_reaped(fd, reaped) != 0)
        return error;
    if (reaped)
        return ESRCH;
    if (error == EREMOTE)
        return EREMOTE;
    // Either a process that the caller cannot see, or one that Linux 6.13 does not tell of because
    // its parent is out of sight. A signal tells them apart.
    return sys::pidfd_send_signal(fd, 0, 0) == -EINVAL ? EREMOTE : ask_another;
}

} // namespace

int get(int fd, std::uint64_t mask, std::uint64_t needed, uapi::pidfd_info& info) noexcept {
    info = {};
    info.mask = mask;
    switch (const int error = -sys::ioctl(fd, uapi::get_info, &info); error) {
    case 0:
        // The kernel never says pid 0; a filter that answers "error 0" would.
        return info.pid != 0 && (info.mask & needed) == needed ? 0 : ask_another;
    case ESRCH:
    case EREMOTE:
        return why_not_found(fd, error);
    case EINVAL: // Linux 6.11 and 6.12 refuse any ioctl of this kind that has an argument
        return EOPNOTSUPP;
    default:
        return refusal(error);
    }
}

} // namespace pidfd_util::info_ioctl
