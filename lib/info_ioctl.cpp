// SPDX-License-Identifier: MIT
#include "info_ioctl.hpp"

#include "answer.hpp"
#include "identify.hpp"
#include "sys.hpp"

#include <cerrno>

namespace pidfd_util::info_ioctl {

namespace {

/// No kernel writes this pid: it stays only where a filter answers "error 0".
constexpr std::uint32_t not_written = ~std::uint32_t{0};

/// ESRCH and EREMOTE alone do not say whether the process lives.
path_result why_not_found(int fd, int error) noexcept {
    bool reaped = false;
    if (identify::is_reaped(fd, reaped) != 0)
        return error;
    if (reaped)
        return ESRCH;
    if (error == EREMOTE)
        return EREMOTE;
    // Either a process that the caller cannot see, or one that Linux 6.13 does not tell of because
    // its parent is out of sight. A signal tells them apart.
    return sys::pidfd_send_signal(fd, 0, 0) == -EINVAL ? path_result(EREMOTE) : ask_another;
}

/// What the ioctl's errno means.
path_result classify(int fd, int error) noexcept {
    switch (error) {
    case ESRCH:
    case EREMOTE:
        return why_not_found(fd, error);
    case EBADF: // closed, or opened with O_PATH
        return identify::fault_or(fd, error);
    case EINVAL: // Linux 6.11 and 6.12 refuse any ioctl of this kind that has an argument
        return EOPNOTSUPP;
    case ENOSYS:
    case ENOTTY:
    case EOPNOTSUPP:
    case EPERM:
    case EACCES:
        return refusal(error);
    default: // this ioctl never gives it; or the fd is no pidfd, and another ioctl gave it
        return identify::fault_or(fd, out_of_place(error));
    }
}

} // namespace

path_result get(int fd, std::uint64_t mask, std::uint64_t needed, uapi::pidfd_info& info) noexcept {
    info = {};
    info.mask = mask;
    if (const int error = -sys::ioctl(fd, uapi::get_info, &info); error != 0)
        return classify(fd, error);
    // The kernel never says pid 0; a filter that answers "error 0" would.
    return info.pid != 0 && (info.mask & needed) == needed ? path_result(0) : ask_another;
}

int get_exit(int fd, bool& ended, int& status) noexcept {
    uapi::pidfd_info info{};
    info.mask = uapi::info_exit;
    info.pid = not_written;
    const int error = -sys::ioctl(fd, uapi::get_info, &info);
    if (error == 0 && info.pid == not_written)
        return EOPNOTSUPP;
    if (error == 0) {
        ended = (info.mask & uapi::info_exit) != 0;
        status = info.exit_code;
        return 0;
    }
    if (bool reaped = false; error == EREMOTE && identify::is_reaped(fd, reaped) == 0 && reaped)
        return EREMOTE; // it has ended out of sight, and the kernel does not tell how
    switch (const int meaning = classify(fd, error).error_or(EREMOTE); meaning) {
    case ESRCH: // was reaped, and nothing is kept of it: before Linux 6.15
        return EOPNOTSUPP;
    case EREMOTE: // lives, out of sight
        ended = false;
        return 0;
    default:
        return meaning;
    }
}

int get_coredump(int fd, bool& known, abi::coredump_record& record) noexcept {
    uapi::pidfd_info_coredump wide{};
    wide.info.mask = uapi::info_coredump | uapi::info_coredump_signal | uapi::info_coredump_code |
                     uapi::info_exit;
    wide.info.pid = not_written;
    if (const int error = -sys::ioctl(fd, uapi::get_info_coredump, &wide); error != 0) {
        known = false;
        return classify(fd, error).error_or(0); // Linux 6.13 knows of no core dumps
    }
    if (wide.info.pid == not_written)
        return EOPNOTSUPP;
    const std::uint64_t mask = wide.info.mask;
    known = (mask & uapi::info_coredump) != 0;
    record.flags = wide.coredump_flags;
    record.signal = static_cast<std::int32_t>(wide.coredump_signal);
    record.code = static_cast<std::int32_t>(wide.coredump_code);
    record.filled =
        ((mask & uapi::info_coredump_signal) != 0 ? abi::coredump_record::has_signal : 0U) |
        ((mask & uapi::info_coredump_code) != 0 ? abi::coredump_record::has_code : 0U);
    return 0;
}

} // namespace pidfd_util::info_ioctl
