// SPDX-License-Identifier: MIT
// get_executable, get_directory and get_root.
#include "../paths/identify.hpp"
#include "../paths/magic_link.hpp"
#include "../paths/procfs.hpp"
#include "../paths/threads.hpp"

#include <pidfd_util/abi_facts.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cerrno>

namespace pidfd_util {

namespace {

/// Opens it of another thread. Either the process has ended, or it has no such file, or only its first
/// thread has ended.
int open_of_any_thread(const procfs::process& process, int fd, const char* link,
                       unique_fd& target) noexcept {
    bool ended = false;
    if (const int error = identify::has_ended(fd, ended); error != 0)
        return error;
    if (ended)
        return ESRCH;
    switch (const int error = threads::check_that_others_answer(fd); error) {
    case 0:
        break;
    case ESRCH: // a single thread, which has not ended
        return ENOENT;
    default:
        return error;
    }
    const int error = threads::open_link(process, link, &magic_link::open, target);
    return error == ESRCH ? ENOENT : error; // it is about to end
}

int open_by_link(int fd, const char* link, int& target) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return identify::explain(fd, error);
    unique_fd found;
    int error = magic_link::open(process, link, found);
    if (error == ENOENT)
        error = open_of_any_thread(process, fd, link, found);
    if (const int gone = process.check(); gone != 0)
        return gone;
    if (error == 0)
        target = found.release();
    return error == EPERM ? EACCES : error;
}

} // namespace

namespace abi {

int get_executable(int fd, int& file) noexcept {
    return open_by_link(fd, "exe", file);
}

int get_directory(int fd, int& dir) noexcept {
    return open_by_link(fd, "cwd", dir);
}

int get_root(int fd, int& dir) noexcept {
    return open_by_link(fd, "root", dir);
}

} // namespace abi
} // namespace pidfd_util
