// SPDX-License-Identifier: MIT
#include "fdinfo.hpp"

#include "procfs.hpp"
#include "sys.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>

namespace pidfd_util::fdinfo {

int parse(std::string_view text, record& result) noexcept {
    bool found = false;
    result.nspid.count = 0;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : text.size());
        if (text::take_key(line, "Pid:")) {
            if (found || !text::parse_pid(text::take_word(line), result.pid) || result.pid < -1)
                return EBADMSG;
            found = true;
        } else if (text::take_key(line, "NSpid:")) {
            if (!text::parse_pids(line, result.nspid))
                return EBADMSG;
        }
    }
    if (!found)
        return EBADFD;
    // Where there are namespaces the first number is the pid again: a check against cut-off text.
    if (result.nspid.count != 0 && result.nspid.pids[0] != result.pid)
        return EBADMSG;
    return 0;
}

int file::open(int root, int pidfd) noexcept {
    if (pidfd < 0)
        return EBADF;
    // Not "self": that is the first thread, which may have exited or have other file descriptors.
    text::numbered_path path;
    if (!path.set("thread-self/fdinfo/", pidfd, ""))
        return ENAMETOOLONG;
    switch (const int error = procfs::open_entry(root, path.text, O_RDONLY, fd_); error) {
    case ENOENT:
        return sys::open_flags(pidfd) >= 0 ? EOPNOTSUPP : EBADF;
    case EPERM:
        return EACCES;
    default:
        return error;
    }
}

int file::read(record& result) const noexcept {
    // Five short lines and NSpid's at most 33 numbers.
    char text[1024];
    const ssize_t size = sys::read_from_start(fd_.get(), text, sizeof text);
    if (size == -ENOENT) // the pidfd was closed since
        return EBADF;
    if (size < 0)
        return static_cast<int>(-size);
    if (static_cast<std::size_t>(size) == sizeof text) // cut: by dozens of file locks on it, say
        return EBADMSG;
    if (const int error = parse({text, static_cast<std::size_t>(size)}, result); error != 0)
        return error;
    if (result.pid == -1)
        return ESRCH;
    if (result.pid == 0)
        return EREMOTE;
    return 0;
}

} // namespace pidfd_util::fdinfo
