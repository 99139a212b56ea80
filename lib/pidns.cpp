// SPDX-License-Identifier: MIT
#include "pidns.hpp"

#include "fdinfo.hpp"
#include "procfs.hpp"
#include "status.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <fcntl.h>

namespace pidfd_util::pidns {

int depth_of_caller(int root, std::size_t& depth) noexcept {
    unique_fd file;
    switch (const int error = procfs::open_entry(root, "thread-self/status", O_RDONLY, file);
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
    return 0;
}

int translate(int root, pid_t shown, const text::pid_list& nspid, std::size_t depth,
              pid_t& pid) noexcept {
    if (depth == 1) {
        pid = shown;
        return 0;
    }
    if (nspid.count < depth)
        return EREMOTE;
    // Only a candidate: in a sibling of the caller's namespace a process has a pid at this depth
    // too. Whoever has this number in the caller's own must show as the same in /proc.
    const pid_t candidate = nspid.pids[depth - 1];
    unique_fd fd(sys::pidfd_open(candidate, 0));
    if (fd.get() == -EINVAL || fd.get() == -ENOENT)
        fd.reset(sys::pidfd_open(candidate, uapi::pidfd_thread));
    switch (-fd.get()) {
    case EINVAL:
    case ENOENT:
    case ESRCH:
        return EREMOTE;
    case ENOSYS:
        return EOPNOTSUPP;
    case EPERM:
    case EACCES:
        return ERFKILL;
    default:
        if (!fd)
            return -fd.get();
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
    return 0;
}

} // namespace pidfd_util::pidns
