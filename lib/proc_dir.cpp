// SPDX-License-Identifier: MIT
// open_proc, and the end of access_proc.
#include "identify.hpp"
#include "procfs.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>
#include <fcntl.h>

namespace pidfd_util::abi {

int open_proc(int fd, int& dir) noexcept {
    procfs::process process;
    int error = process.open(fd);
    if (error == 0) {
        unique_fd found;
        // The dot is looked up inside the directory, which /proc refuses where it hides the process;
        // the directory alone would open with O_PATH all the same, and be of no use.
        error = process.settle(process.open_file(".", O_PATH | O_DIRECTORY, found));
        if (error == 0)
            dir = found.release();
        return error;
    }
    // Where /proc cannot tell, it cannot tell what is no pidfd either.
    return identify::fault_or(fd, error);
}

int check_not_reaped(int fd) noexcept {
    bool reaped = false;
    if (const int error = identify::is_reaped(fd, reaped); error != 0)
        return error;
    return reaped ? ESRCH : 0;
}

} // namespace pidfd_util::abi
