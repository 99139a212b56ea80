// SPDX-License-Identifier: MIT
#include "boot.hpp"

#include "../kernel/sys.hpp"
#include "proc_root.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <fcntl.h>

namespace pidfd_util::boot {

namespace {

/// Opens the directory of the file. Containers often have /proc/sys mounted over itself, to make it
/// read-only. So a mount on the way is accepted if it shows a directory of procfs. Another directory
/// there has an entry of the name boot_id only if a network interface has this name, and no such
/// entry holds a UUID.
int open_directory(unique_fd& dir) noexcept {
    if (const int error =
            sys::openat(AT_FDCWD, "/proc/sys/kernel/random", O_PATH | O_DIRECTORY, dir);
        error != 0)
        return proc_root::explain_entry(error);
    return proc_root::check_procfs(dir.get());
}

} // namespace

int read_id(boot_id& id) noexcept {
    unique_fd dir;
    unique_fd file;
    if (const int error = open_directory(dir); error != 0)
        return error;
    if (const int error = proc_root::open_entry(dir.get(), "boot_id", O_RDONLY, file); error != 0)
        return proc_root::explain_entry(error);
    char text[64];
    std::size_t size = 0;
    if (const int error = sys::read(file.get(), text, sizeof text, size); error != 0)
        return proc_root::explain_entry(error);
    if (size == 0 || text[size - 1] != '\n')
        return EBADMSG;
    const auto parsed = parse_boot_id({text, size - 1});
    if (!parsed)
        return EBADMSG;
    id = *parsed;
    return 0;
}

int check_id(const boot_id& id) noexcept {
    boot_id now{};
    if (const int error = read_id(now); error != 0)
        return error;
    return now == id ? 0 : ESTALE;
}

} // namespace pidfd_util::boot
