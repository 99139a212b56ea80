// SPDX-License-Identifier: MIT
// get_exit_status and get_coredump: what is known of a process after its end.
#include "answer.hpp"
#include "identify.hpp"
#include "info_ioctl.hpp"
#include "probe.hpp"
#include "record.hpp"
#include "wait.hpp"

#include <pidfd_util/abi.hpp>

#include <sys/wait.h>

namespace pidfd_util::abi {

int get_exit_status(int fd, bool& ended, int& status) noexcept {
    // A child that waits to be reaped tells its own parent; the status stays there.
    const int error = wait_for_end(fd, WNOWAIT, at_once, ended, status);
    if (error != ECHILD && is_answer(error))
        return error;
    const int unknown = info_ioctl::get_exit(fd, ended, status);
    return unknown == EOPNOTSUPP && error == ERFKILL ? error : unknown;
}

int get_coredump(int fd, bool& known, coredump_record& to, std::size_t size) noexcept {
    coredump_record found{};
    const int error = info_ioctl::get_coredump(fd, known, found);
    if (error == 0 && !known) {
        // Of a reaped process that dumped no core; and of any before Linux 6.16.
        return probe::require(feature::coredump_info);
    }
    if (error == 0)
        record::copy_out(found, to, size);
    // There is no other path; but the ioctl may only be missing because this is no pidfd.
    return is_answer(error) ? error : identify::fault_or(fd, error);
}

} // namespace pidfd_util::abi
