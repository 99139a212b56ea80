// SPDX-License-Identifier: MIT
// open_proc, and the check that ends access_proc.
#include "../paths/identify.hpp"
#include "../paths/procfs.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>
#include <fcntl.h>

namespace pidfd_util::abi {

int open_proc(int fd, int& dir) noexcept {
    procfs::process process;
    int error = process.open(fd);
    if (error == 0) {
        unique_fd found;
        // A lookup of "." searches the directory, which /proc refuses if it hides the process.
        // Without the dot, O_PATH would open a hidden directory too, in which no file can be
        // opened.
        error = process.settle(process.open_file(".", O_PATH | O_DIRECTORY, found));
        if (error == 0)
            dir = found.release();
        return error;
    }
    // Without a usable /proc, the fd may also not be a pidfd.
    return identify::explain(fd, error);
}

int check_not_reaped(int fd) noexcept {
    bool reaped = false;
    if (const int error = identify::is_reaped(fd, reaped); error != 0)
        return error;
    return reaped ? ESRCH : 0;
}

} // namespace pidfd_util::abi
