// SPDX-License-Identifier: MIT
#include "fdinfo.hpp"

#include "../kernel/sys.hpp"
#include "proc_root.hpp"

#include <cerrno>
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
    // On a kernel with pid namespaces, the first number of NSpid repeats the pid. If it differs,
    // the text was cut.
    if (result.nspid.count != 0 && result.nspid.pids[0] != result.pid)
        return EBADMSG;
    return 0;
}

int file::open(int root, int pidfd) noexcept {
    if (pidfd < 0)
        return EBADF;
    // Not "self", the first thread: it may have exited, or have file descriptors of its own.
    text::numbered_path path;
    if (!path.set("thread-self/fdinfo/", pidfd, ""))
        return ENAMETOOLONG;
    switch (const int error = proc_root::open_entry(root, path.text, O_RDONLY, fd_); error) {
    case ENOENT: {
        int flags = 0;
        return sys::open_flags(pidfd, flags) == 0 ? EOPNOTSUPP : EBADF;
    }
    case EPERM:
        return EACCES;
    default:
        return error;
    }
}

int file::read(record& result) const noexcept {
    // Enough for five short lines and the 33 numbers that NSpid has at most.
    char text[1024];
    std::size_t size = 0;
    if (const int error = sys::read_from_start(fd_.get(), text, sizeof text, size); error != 0)
        return error == ENOENT ? EBADF : error; // ENOENT: the pidfd has been closed since
    if (size == sizeof text) // cut: dozens of file locks on the pidfd, for example
        return EBADMSG;
    if (const int error = parse({text, size}, result); error != 0)
        return error;
    if (result.pid == -1)
        return ESRCH;
    if (result.pid == 0)
        return EREMOTE;
    return 0;
}

} // namespace pidfd_util::fdinfo
