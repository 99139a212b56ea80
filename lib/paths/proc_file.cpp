// SPDX-License-Identifier: MIT
#include "proc_file.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"

#include <cerrno>
#include <fcntl.h>

namespace pidfd_util::proc_file {

int read_once(const procfs::process& process, const char* name, char* buffer, std::size_t size,
              std::size_t& length) noexcept {
    unique_fd file;
    if (const int error = process.open_file(name, O_RDONLY, file); error != 0)
        return error;
    if (const int error = sys::read(file.get(), buffer, size, length); error != 0)
        return error;
    return length == 0 ? EBADMSG : 0;
}

int read_all(const procfs::process& process, const char* name, char* buffer, std::size_t size,
             std::size_t& length, bool& complete) noexcept {
    unique_fd file;
    if (const int error = process.open_file(name, O_RDONLY | O_NOFOLLOW, file); error != 0)
        return error;
    char beyond = 0;
    std::size_t total = 0;
    for (;;) {
        // Only a read that returns nothing shows the end: the kernel may return less than it has.
        const bool full = total == size;
        std::size_t count = 0;
        const int error = full ? sys::read_any(file.get(), &beyond, 1, count)
                               : sys::read_any(file.get(), buffer + total, size - total, count);
        if (error != 0)
            return error;
        if (count == 0 && total == 0 && !full) {
            // The file is empty, unless a filter answered.
            const auto on_no_fd = [&] { return sys::read_any(-1, buffer, size, count); };
            if (const int unread = explain_success(on_no_fd); unread != 0)
                return unread;
        }
        if (count == 0 || full) {
            length = total;
            complete = count == 0;
            return 0;
        }
        total += count;
    }
}

bool shows_files(const procfs::process& process) noexcept {
    unique_fd status;
    return process.open_file("status", O_PATH, status) == 0;
}

} // namespace pidfd_util::proc_file
