// SPDX-License-Identifier: MIT
// The path through fdinfo: the pid that a /proc shows for a pidfd, in the pid namespace of that
// /proc.
#ifndef PIDFD_UTIL_LIB_PATHS_FDINFO_HPP
#define PIDFD_UTIL_LIB_PATHS_FDINFO_HPP

#include "../kernel/text.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <string_view>

namespace pidfd_util::fdinfo {

struct record {
    pid_t pid;            // 0: not visible in that namespace; -1: reaped
    text::pid_list nspid; // from that namespace inwards; empty in kernels without pid namespaces
};

/// Parses the text. EBADFD if it is not that of a pidfd; EBADMSG if it is malformed.
[[nodiscard]] int parse(std::string_view text, record& result) noexcept;

/// The fdinfo file of a pidfd, held open: each read returns the present state.
class file {
public:
    /// `root` is a /proc. EBADF: `pidfd` is closed. EOPNOTSUPP: the caller is not visible there.
    [[nodiscard]] int open(int root, int pidfd) noexcept;

    /// ESRCH: reaped. EREMOTE: not visible in the pid namespace of that /proc. Or as `parse`.
    [[nodiscard]] int read(record& result) const noexcept;

private:
    unique_fd fd_;
};

} // namespace pidfd_util::fdinfo

#endif
