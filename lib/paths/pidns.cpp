// SPDX-License-Identifier: MIT
#include "pidns.hpp"

#include "fdinfo.hpp"
#include "identify.hpp"
#include "proc_root.hpp"
#include "status.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace pidfd_util::pidns {

int find_caller(int root, std::size_t& depth, pid_t& tgid) noexcept {
    unique_fd file;
    switch (const int error = proc_root::open_entry(root, "thread-self/status", O_RDONLY, file);
            error) {
    case 0:
        break;
    case ENOENT:
        return EOPNOTSUPP;
    case EPERM:
        return EACCES;
    default:
        return error;
    }
    status::record self{};
    if (const int error = status::read(file.get(), self); error != 0)
        return error;
    depth = self.nspid.count == 0 ? 1 : self.nspid.count;
    tgid = self.tgid;
    return 0;
}

int depth_of_caller(int root, std::size_t& depth) noexcept {
    pid_t tgid = 0;
    return find_caller(root, depth, tgid);
}

int translate(int root, pid_t shown, const text::pid_list& nspid, std::size_t depth, pid_t& pid,
              unique_fd* opened) noexcept {
    if (depth == 1) {
        pid = shown;
        return 0;
    }
    if (nspid.count < depth)
        return EREMOTE;
    // Only a candidate: a process in a sibling of the caller's namespace has a pid at this depth
    // too. The process that has this number in the caller's namespace must show as the same one in
    // /proc.
    const pid_t candidate = nspid.pids[depth - 1];
    unique_fd fd;
    switch (const int failed = identify::open_process_or_thread(candidate, fd); failed) {
    case 0:
        break;
    case ESRCH:
        return EREMOTE;
    case ENOSYS:
        return EOPNOTSUPP;
    case EPERM:
    case EACCES:
        return ERFKILL;
    default:
        return failed;
    }
    fdinfo::file file;
    if (const int error = file.open(root, fd.get()); error != 0)
        return error;
    fdinfo::record found{};
    const int error = file.read(found);
    if (error != 0 && error != ESRCH && error != EREMOTE)
        return error;
    if (found.pid != shown)
        return EREMOTE;
    pid = candidate;
    if (opened != nullptr)
        *opened = std::move(fd);
    return 0;
}

} // namespace pidfd_util::pidns
