// SPDX-License-Identifier: MIT
#include "../choose/choose.hpp"
#include "../paths/cgroup.hpp"
#include "../paths/visible_process.hpp"
#include "record.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>

namespace pidfd_util::abi {

namespace {

using info_receiver = record::receiver<info_record>;

inline path_result info_by_ioctl(int fd, info_receiver& answer) noexcept {
    uapi::pidfd_info i;
    constexpr auto wanted = uapi::info_pid | uapi::info_creds | uapi::info_cgroupid;
    const path_result got = info_ioctl::get(fd, wanted, uapi::info_pid, i);
    if (got.error_or(EOPNOTSUPP) != 0)
        return got;
    const std::uint32_t filled =
        (i.ppid != 0 ? info_record::has_ppid : 0U) |
        ((i.mask & uapi::info_creds) != 0 ? info_record::has_creds : 0U) |
        ((i.mask & uapi::info_cgroupid) != 0 ? info_record::has_cgroupid : 0U);
    answer.take({filled, static_cast<pid_t>(i.pid), static_cast<pid_t>(i.tgid),
                 static_cast<pid_t>(i.ppid), uapi::to_credentials(i), i.cgroupid});
    return 0;
}

int info_by_procfs(int fd, info_receiver& answer) noexcept {
    info_record r{};
    visible_process process;
    status::record status{};
    if (const int error = process.open(fd, status); error != 0)
        return error;
    r.pid = process.pid();
    r.tgid = process.tgid(status);
    r.creds = status.creds;
    r.filled = info_record::has_creds;
    switch (const int no_parent = process.find_parent(status, r.ppid); no_parent) {
    case 0:
        r.filled |= info_record::has_ppid;
        break;
    case EADDRNOTAVAIL:
        break;
    default:
        return no_parent;
    }
    switch (const int no_cgroup = cgroup::find_id(process.files(), r.cgroupid); no_cgroup) {
    case 0:
        r.filled |= info_record::has_cgroupid;
        break;
    case EMFILE: // says nothing about the cgroup: the next call may find it
    case ENFILE:
        return no_cgroup;
    default:
        break;
    }
    const int error = process.files().check();
    if (error == 0)
        answer.take(r);
    return error;
}

} // namespace

int get_info(int fd, info_record& info, std::size_t size, answer_path* answered) noexcept {
    info_receiver to{info, size};
    // Closures, and not pointers: so the call of the fast path is inline.
    const auto by_ioctl = [](int of, info_receiver& answer) { return info_by_ioctl(of, answer); };
    const auto by_procfs = [](int of, info_receiver& answer) { return info_by_procfs(of, answer); };
    return choose::between(choose::query<info_receiver>{fd, to, answered}, feature::info_ioctl,
                           choose::path{answer_path::ioctl, by_ioctl},
                           choose::path{answer_path::procfs, by_procfs});
}

} // namespace pidfd_util::abi
