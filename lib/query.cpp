// SPDX-License-Identifier: MIT
// get_pid, get_ppid, get_creds, get_cgroupid and get_info.
#include "cgroup.hpp"
#include "info_ioctl.hpp"
#include "pidns.hpp"
#include "probe.hpp"
#include "procfs.hpp"
#include "record.hpp"
#include "status.hpp"

#include <pidfd_util/abi.hpp>

#include <cstddef>
#include <fcntl.h>

namespace pidfd_util {

namespace {

pid_t to_pid(std::uint32_t number) noexcept {
    return static_cast<pid_t>(number);
}

credentials to_credentials(const uapi::pidfd_info& i) noexcept {
    return {i.ruid, i.rgid, i.euid, i.egid, i.suid, i.sgid, i.fsuid, i.fsgid};
}

int read_status(const procfs::process& process, status::record& result) noexcept {
    unique_fd file;
    const int error = process.open_file("status", O_RDONLY, file);
    return process.settle(error != 0 ? error : status::read(file.get(), result));
}

/// Of whichever process has this pid now; unverified.
int read_status(int root, pid_t pid, status::record& result) noexcept {
    unique_fd file;
    const int error = procfs::open_file(root, pid, "status", O_RDONLY, file);
    return error != 0 ? error : status::read(file.get(), result);
}

/// The parent's pid in the caller's pid namespace.
int translate_parent(const procfs::process& process, status::record child, std::size_t depth,
                     pid_t& ppid) noexcept {
    for (;;) {
        if (child.ppid == 0)
            return EADDRNOTAVAIL;
        if (depth == 1) {
            ppid = child.ppid;
            return 0;
        }
        status::record parent{};
        int error = read_status(process.root(), child.ppid, parent);
        if (error == 0)
            error = pidns::translate(process.root(), child.ppid, parent.nspid, depth, ppid);
        // It was the parent all along if it still is. Otherwise it ended, and the next one is asked.
        status::record again{};
        if (const int gone = read_status(process, again); gone != 0)
            return gone;
        if (again.ppid == child.ppid)
            return error == EREMOTE ? EADDRNOTAVAIL : process.settle(error);
        child = again;
    }
}

/// Opens a process in /proc and tells its pid in the caller's pid namespace, and how deep that is
/// below the one of /proc. EREMOTE: it has no pid there, whatever this /proc shows of it: the ioctl
/// tells nothing of it either.
int open_visible(procfs::process& process, int fd, std::size_t& depth, pid_t& pid) noexcept {
    if (const int error = process.open(fd); error != 0)
        return error;
    if (const int error = pidns::depth_of_caller(process.root(), depth); error != 0)
        return error;
    const fdinfo::record& shown = process.shown();
    if (depth > 1 && shown.nspid.count == 0) { // before Linux 5.5 only status has the list
        status::record found{};
        if (const int error = read_status(process, found); error != 0)
            return error;
        const int error = pidns::translate(process.root(), shown.pid, found.nspid, depth, pid);
        return process.settle(error);
    }
    const int error = pidns::translate(process.root(), shown.pid, shown.nspid, depth, pid);
    // A number that needs no translation was right when it was read.
    return depth == 1 ? error : process.settle(error);
}

int pid_by_fdinfo(int fd, pid_t& pid) noexcept {
    procfs::process process;
    std::size_t depth = 0;
    pid_t found = 0;
    if (const int error = open_visible(process, fd, depth, found); error != 0)
        return error;
    pid = found;
    return 0;
}

int ppid_by_procfs(int fd, pid_t& ppid) noexcept {
    procfs::process process;
    std::size_t depth = 0;
    pid_t pid = 0;
    status::record child{};
    if (const int error = open_visible(process, fd, depth, pid); error != 0)
        return error;
    if (const int error = read_status(process, child); error != 0)
        return error;
    pid_t found = 0;
    if (const int error = translate_parent(process, child, depth, found); error != 0)
        return error;
    ppid = found;
    return 0;
}

int creds_by_procfs(int fd, credentials& creds) noexcept {
    procfs::process process;
    std::size_t depth = 0;
    pid_t pid = 0;
    status::record found{};
    if (const int error = open_visible(process, fd, depth, pid); error != 0)
        return error;
    if (const int error = read_status(process, found); error != 0)
        return error;
    creds = found.creds;
    return 0;
}

int cgroupid_by_procfs(int fd, std::uint64_t& cgroupid) noexcept {
    procfs::process process;
    std::size_t depth = 0;
    pid_t pid = 0;
    if (const int error = open_visible(process, fd, depth, pid); error != 0)
        return error;
    return cgroup::find_id(process, fd, cgroupid);
}

int info_by_ioctl(int fd, abi::info_record& r) noexcept {
    uapi::pidfd_info i{};
    constexpr auto wanted = uapi::info_pid | uapi::info_creds | uapi::info_cgroupid;
    if (const int error = info_ioctl::get(fd, wanted, uapi::info_pid, i); error != 0)
        return error;
    r.pid = to_pid(i.pid);
    r.tgid = to_pid(i.tgid);
    r.ppid = to_pid(i.ppid);
    r.creds = to_credentials(i);
    r.cgroupid = i.cgroupid;
    r.filled = (i.ppid != 0 ? abi::info_record::has_ppid : 0U) |
               ((i.mask & uapi::info_creds) != 0 ? abi::info_record::has_creds : 0U) |
               ((i.mask & uapi::info_cgroupid) != 0 ? abi::info_record::has_cgroupid : 0U);
    return 0;
}

int info_by_procfs(int fd, abi::info_record& r) noexcept {
    procfs::process process;
    std::size_t depth = 0;
    status::record found{};
    if (const int error = open_visible(process, fd, depth, r.pid); error != 0)
        return error;
    if (const int error = read_status(process, found); error != 0)
        return error;
    r.tgid = depth == 1 ? found.tgid : found.nstgid.pids[depth - 1];
    r.creds = found.creds;
    r.filled = abi::info_record::has_creds;
    switch (const int no_parent = translate_parent(process, found, depth, r.ppid); no_parent) {
    case 0:
        r.filled |= abi::info_record::has_ppid;
        break;
    case EADDRNOTAVAIL:
        break;
    default:
        return no_parent;
    }
    switch (const int no_cgroup = cgroup::find_id(process, fd, r.cgroupid); no_cgroup) {
    case 0:
        r.filled |= abi::info_record::has_cgroupid;
        break;
    case EMFILE: // says nothing of the cgroup: the next call may tell it
    case ENFILE:
        return no_cgroup;
    default:
        break;
    }
    return process.check();
}

/// One field of PIDFD_GET_INFO, or else `other`.
template <class FromInfo, class Other>
int ask(int fd, answer_path* answered, std::uint64_t field, FromInfo from_info, answer_path name,
        Other other) noexcept {
    const auto by_ioctl = [&] {
        uapi::pidfd_info info{};
        const int error = info_ioctl::get(fd, field, field, info);
        return error != 0 ? error : from_info(info);
    };
    return probe::choose(fd, answered, feature::info_ioctl,
                         probe::path{answer_path::ioctl, by_ioctl}, probe::path{name, other});
}

} // namespace

namespace abi {

int get_pid(int fd, pid_t& pid, answer_path* answered) noexcept {
    return ask(
        fd, answered, uapi::info_pid,
        [&](const uapi::pidfd_info& info) { return pid = to_pid(info.pid), 0; },
        answer_path::fdinfo, [&] { return pid_by_fdinfo(fd, pid); });
}

int get_ppid(int fd, pid_t& ppid, answer_path* answered) noexcept {
    return ask(
        fd, answered, uapi::info_pid,
        [&](const uapi::pidfd_info& info) {
            if (info.ppid == 0)
                return EADDRNOTAVAIL;
            ppid = to_pid(info.ppid);
            return 0;
        },
        answer_path::procfs, [&] { return ppid_by_procfs(fd, ppid); });
}

int get_creds(int fd, credentials& creds, std::size_t size, answer_path* answered) noexcept {
    credentials found{};
    const int error = ask(
        fd, answered, uapi::info_creds,
        [&](const uapi::pidfd_info& info) { return found = to_credentials(info), 0; },
        answer_path::procfs, [&] { return creds_by_procfs(fd, found); });
    if (error == 0)
        record::copy_out(found, creds, size);
    return error;
}

int get_cgroupid(int fd, std::uint64_t& cgroupid, answer_path* answered) noexcept {
    return ask(
        fd, answered, uapi::info_cgroupid,
        [&](const uapi::pidfd_info& info) { return cgroupid = info.cgroupid, 0; },
        answer_path::procfs, [&] { return cgroupid_by_procfs(fd, cgroupid); });
}

int get_info(int fd, info_record& info, std::size_t size, answer_path* answered) noexcept {
    info_record found{};
    const auto by_ioctl = [&] { return info_by_ioctl(fd, found); };
    const auto by_procfs = [&] { return info_by_procfs(fd, found); };
    const int error =
        probe::choose(fd, answered, feature::info_ioctl, probe::path{answer_path::ioctl, by_ioctl},
                      probe::path{answer_path::procfs, by_procfs});
    if (error == 0)
        record::copy_out(found, info, size);
    return error;
}

} // namespace abi
} // namespace pidfd_util
