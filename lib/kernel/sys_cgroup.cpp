// SPDX-License-Identifier: MIT
#include "sys_cgroup.hpp"

#include "explain.hpp"
#include "sys_open.hpp"
#include "sys_result.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/types.h>

namespace pidfd_util::sys {

int open_directory(const char* path, unique_fd& dir) noexcept {
    return open_by_path<ENAMETOOLONG>(AT_FDCWD, path, O_PATH | O_DIRECTORY, dir);
}

int open_in_cgroup(int dir, const char* name, int flags, unique_fd& file) noexcept {
    return open_by_path<ENAMETOOLONG, ENODEV>(dir, name, flags, file);
}

int openat2_in_cgroup(int dir, const char* name, int flags, unique_fd& file) noexcept {
    return open_by_path2<ENAMETOOLONG, ENODEV>(dir, name, flags, on_one_mount, file);
}

int read_next_control(int fd, char* buffer, std::size_t size, std::size_t& length) noexcept {
    const reply r = raw(SYS_read, fd, buffer, size);
    if (r.error != 0)
        return explain_errno<ENODEV, EOPNOTSUPP>(r.error);
    length = static_cast<std::size_t>(r.value);
    return 0;
}

int read_control(int fd, char* buffer, std::size_t size, std::size_t& length) noexcept {
    // Three zeros for the offset: see read_from_start.
    const reply r = raw(SYS_pread64, fd, buffer, size, 0L, 0L, 0L);
    if (r.error != 0)
        return explain_errno<ENODEV, EOPNOTSUPP>(r.error);
    length = static_cast<std::size_t>(r.value);
    return length == 0 ? EBADMSG : 0;
}

int write_control(int fd, const char* text, std::size_t size) noexcept {
    const auto write_to = [=](int to) { return raw(SYS_write, to, text, size); };
    const reply r = write_to(fd);
    if (r.error != 0)
        return explain_deniable<ENODEV, ENOENT, EOPNOTSUPP>(r.error,
                                                            [=] { return write_to(-1).error; });
    // A filter's "error 0" is a length of 0, which the kernel never returns here.
    return static_cast<std::size_t>(r.value) == size ? 0 : ENOSYS;
}

int make_directory(int dir, const char* name) noexcept {
    constexpr mode_t mode = 0755;
    const auto make_in = [=](int where, const char* what) {
        return raw(SYS_mkdirat, where, what, mode).error;
    };
    const auto on_no_fd = [=] { return make_in(-1, "."); };
    const int error = make_in(dir, name);
    if (error == 0)
        return explain_success(on_no_fd);
    return explain_deniable<EEXIST, ENOENT, ENODEV, EINVAL, ENAMETOOLONG, EROFS>(error, on_no_fd);
}

int remove_directory(int dir, const char* name) noexcept {
    const auto remove_in = [](int where, const char* what) {
        return raw(SYS_unlinkat, where, what, AT_REMOVEDIR).error;
    };
    const auto on_no_fd = [=] { return remove_in(-1, "none"); };
    const int error = remove_in(dir, name);
    if (error == 0)
        return explain_success(on_no_fd);
    return explain_deniable<EBUSY, ENOENT, ENODEV, EINVAL, ENAMETOOLONG, EROFS>(error, on_no_fd);
}

} // namespace pidfd_util::sys
