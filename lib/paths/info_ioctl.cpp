// SPDX-License-Identifier: MIT
#include "info_ioctl.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "identify.hpp"

#include <cerrno>

namespace pidfd_util::info_ioctl {

namespace {

/// No kernel writes this pid: it stays there only if a filter answers "error 0".
constexpr std::uint32_t not_written = ~std::uint32_t{0};

/// Explains ESRCH and EREMOTE, which alone do not say whether the process was reaped.
[[gnu::cold]] path_result explain_not_found(int fd, int error) noexcept {
    bool reaped = false;
    if (identify::is_reaped(fd, reaped) != 0)
        return error;
    if (reaped)
        return ESRCH;
    if (error == EREMOTE)
        return EREMOTE;
    // Either the process is not visible to the caller, or Linux 6.13 does not answer because its
    // parent is not. A signal distinguishes the two.
    return sys::pidfd_send_signal(fd, 0, 0) == EINVAL ? path_result(EREMOTE) : ask_another;
}

/// Asks for what the kernel keeps of a reaped process. The kernel looks for that first, and then
/// whether the process was reaped. If the process is reaped in between, the kernel returns ESRCH
/// although it keeps something: then it is asked again. `prepare` fills the argument.
template <class Prepare>
int get_kept(int fd, unsigned long request, Prepare prepare) noexcept {
    const int error = sys::ioctl(fd, request, prepare());
    return error != ESRCH ? error : sys::ioctl(fd, request, prepare());
}

} // namespace

path_result explain(int fd, int error) noexcept {
    switch (error) {
    case ESRCH:
    case EREMOTE:
        return explain_not_found(fd, error);
    case EBADF: // closed, or opened with O_PATH
        return identify::explain(fd, error);
    case EINVAL: // Linux 6.11 and 6.12 refuse every ioctl of pidfds that has an argument
        return EOPNOTSUPP;
    case ENOSYS:
    case ENOTTY:
    case EOPNOTSUPP:
    case EPERM:
    case EACCES:
        return explain_refusal(error);
    default: // this ioctl never returns it: another driver did, or a filter
        return identify::explain(fd, explain_unexpected(error));
    }
}

int get_exit(int fd, bool& ended, int& status) noexcept {
    uapi::pidfd_info info{};
    const int error = get_kept(fd, uapi::get_info, [&] {
        info.mask = uapi::info_exit;
        info.pid = not_written;
        return &info;
    });
    if (error == 0 && info.pid == not_written)
        return EOPNOTSUPP;
    if (error == 0) {
        ended = (info.mask & uapi::info_exit) != 0;
        status = info.exit_code;
        return 0;
    }
    if (bool reaped = false; error == EREMOTE && identify::is_reaped(fd, reaped) == 0 && reaped)
        return EREMOTE; // reaped, not visible to the caller: the kernel does not return the status
    switch (const int meaning = explain(fd, error).error_or(EREMOTE); meaning) {
    case ESRCH: // reaped, and the kernel keeps nothing: before Linux 6.15
        return EOPNOTSUPP;
    case EREMOTE: // not reaped, and not visible to the caller
        ended = false;
        return 0;
    default:
        return meaning;
    }
}

int get_coredump(int fd, bool& known, abi::coredump_record& record) noexcept {
    uapi::pidfd_info_coredump wide{};
    const int error = get_kept(fd, uapi::get_info_coredump, [&] {
        wide.info.mask = uapi::info_coredump | uapi::info_coredump_signal |
                         uapi::info_coredump_code | uapi::info_exit;
        wide.info.pid = not_written;
        return &wide;
    });
    if (error != 0) {
        known = false;
        return explain(fd, error).error_or(0); // Linux 6.13 has no core dump information
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
