// SPDX-License-Identifier: MIT
// The path through fdinfo: the pid that a /proc shows for a pidfd, in that /proc's pid namespace.
#ifndef PIDFD_UTIL_LIB_FDINFO_HPP
#define PIDFD_UTIL_LIB_FDINFO_HPP

#include "text.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <string_view>

namespace pidfd_util::fdinfo {

struct record {
    pid_t pid;            // 0: not visible in that namespace; -1: reaped
    text::pid_list nspid; // from that namespace inwards; empty in kernels without pid namespaces
};

/// 0; EBADFD where the text is not that of a pidfd; EBADMSG where it cannot be understood.
int parse(std::string_view text, record& result) noexcept;

/// The fdinfo file of a pidfd, held open: each reading tells the present state.
class file {
public:
    /// `root` is a /proc. EBADF: `pidfd` is closed. EOPNOTSUPP: the caller is not visible there.
    int open(int root, int pidfd) noexcept;

    /// 0; ESRCH: reaped; EREMOTE: not visible in that /proc's pid namespace; or as `parse`.
    int read(record& result) const noexcept;

private:
    unique_fd fd_;
};

} // namespace pidfd_util::fdinfo

#endif
