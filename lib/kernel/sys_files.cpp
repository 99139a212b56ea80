// SPDX-License-Identifier: MIT
// System calls on files and file descriptors.
#include "explain.hpp"
#include "narrow.hpp"
#include "sys_open.hpp"
#include "sys_result.hpp"
#include "uapi.hpp"

#include <cerrno>
#include <cstring>
#include <limits>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

namespace pidfd_util::sys {

namespace {

/// Makes a system call that returns a length.
template <class... Args>
int get_length(std::size_t& length, long number, Args... args) noexcept {
    const reply r = raw(number, args...);
    if (r.error == 0)
        length = static_cast<std::size_t>(r.value);
    return r.error;
}

/// struct file_handle, with room for one inode number.
struct handle_of_8_bytes {
    unsigned bytes;
    int type;
    unsigned char data[8];
};

template <int... Known>
int stat_place_of(int fd, file_place& result) noexcept {
    uapi::statx st{};
    constexpr unsigned wanted = uapi::statx_type | uapi::statx_ino | uapi::statx_mnt_id;
    const int error =
        explain_errno<EBADF, Known...>(raw(SYS_statx, fd, "", AT_EMPTY_PATH, wanted, &st).error);
    if (error != 0)
        return error;
    if ((st.mask & wanted) == 0) // every kernel fills in the type and the inode number
        return ENOSYS;
    result = {{st.dev_major, st.dev_minor},
              (st.mask & uapi::statx_mnt_id) != 0 ? st.mnt_id : 0,
              st.ino,
              S_ISLNK(st.mode)};
    return 0;
}

} // namespace

int openat(int dir, const char* path, int flags, unique_fd& file) noexcept {
    return open_by_path<>(dir, path, flags, file);
}

int open_in_proc(int dir, const char* path, int flags, unique_fd& file) noexcept {
    return open_by_path<ESRCH>(dir, path, flags, file);
}

int openat2_in_proc(int dir, const char* path, int flags, unique_fd& file) noexcept {
    return open_by_path2<ESRCH>(dir, path, flags, on_one_mount, file);
}

int open_without_magic_links(const char* path, unique_fd& file) noexcept {
    return open_by_path2<>(AT_FDCWD, path, O_PATH, uapi::resolve_no_magiclinks, file);
}

int read_link(int fd, char* buffer, std::size_t size, std::size_t& length) noexcept {
    const auto ask = [=](int link, const char* path) {
        return raw(SYS_readlinkat, link, path, buffer, size);
    };
    const reply r = ask(fd, "");
    if (r.error != 0)
        return explain_deniable<ENOENT, ESRCH>(r.error, [=] { return ask(-1, ".").error; });
    if (r.value == 0) // the kernel has no empty links: a filter's "error 0" looks like one
        return ENOSYS;
    length = static_cast<std::size_t>(r.value);
    return 0;
}

void close(int fd) noexcept {
    // Never retried: Linux has closed it whatever it returns.
    (void)enter(SYS_close, fd);
}

int read(int fd, char* buffer, std::size_t size, std::size_t& length) noexcept {
    return explain_errno<ESRCH>(get_length(length, SYS_read, fd, buffer, size));
}

int read_any(int fd, char* buffer, std::size_t size, std::size_t& length) noexcept {
    const auto read_from = [](std::size_t& count, int from, char* to, std::size_t most) {
        return get_length(count, SYS_read, from, to, most);
    };
    const auto on_no_fd = [=] {
        std::size_t none = 0;
        return read_from(none, -1, buffer, size);
    };
    return explain_deniable<ESRCH, ENOENT, EINVAL, EISDIR, ENXIO, ENAMETOOLONG, EOPNOTSUPP>(
        read_from(length, fd, buffer, size), on_no_fd);
}

int write_text(int fd, const char* text, std::size_t size) noexcept {
    const auto write_to = [=](int to) { return raw(SYS_write, to, text, size); };
    const auto on_no_fd = [=] { return write_to(-1).error; };
    const reply r = write_to(fd);
    if (r.error != 0)
        return explain_deniable<ESRCH, EINVAL>(r.error, on_no_fd);
    if (r.value == 0)
        return explain_success(on_no_fd) != 0 ? ENOSYS : EIO;
    return static_cast<std::size_t>(r.value) == size ? 0 : EIO;
}

int read_directory(int dir, char* buffer, std::size_t size, std::size_t& length) noexcept {
    return explain_errno<ENOENT>(get_length(length, SYS_getdents64, dir, buffer, size));
}

int read_from_start(int fd, char* buffer, std::size_t size, std::size_t& length) noexcept {
    // Three zeros for the offset: 32-bit machines take it in two registers, some of them after a
    // register that is skipped.
    const int error =
        explain_errno<ENOENT>(get_length(length, SYS_pread64, fd, buffer, size, 0L, 0L, 0L));
    return error == 0 && length == 0 ? EBADMSG : error;
}

int rewind(int fd) noexcept {
    return explain_errno<>(raw(SYS_lseek, fd, 0L, SEEK_SET).error);
}

int seek(int dir, std::int64_t position) noexcept {
    if (position <= 0 || position > std::numeric_limits<std::int32_t>::max())
        return EIO; // /proc counts pids here
    const reply r = raw(SYS_lseek, dir, narrow<long>(position), SEEK_SET);
    if (r.error != 0)
        return explain_errno<>(r.error);
    return r.value == position ? 0 : ENOSYS;
}

int open_flags(int fd, int& flags) noexcept {
    const reply r = raw(uapi::sys_fcntl, fd, F_GETFL);
    if (r.error != 0)
        return explain_errno<EBADF>(r.error);
    flags = static_cast<int>(r.value);
    return flags != 0 ? 0 : explain_success([] { return raw(uapi::sys_fcntl, -1, F_GETFL).error; });
}

int duplicate(int fd, unique_fd& copy) noexcept {
    return duplicate_above(fd, 0, copy);
}

int duplicate_above(int fd, int lowest, unique_fd& copy) noexcept {
    const int error =
        make_fd(copy, [=] { return raw(uapi::sys_fcntl, fd, F_DUPFD_CLOEXEC, lowest); });
    return error == EINVAL ? EMFILE // `lowest` is not below the limit RLIMIT_NOFILE
                           : explain_errno<EBADF, EMFILE>(error);
}

int replace(int from, int to) noexcept {
    const reply r = raw(SYS_dup3, from, to, 0);
    if (r.error != 0)
        return explain_errno<EBADF, EMFILE, EBUSY, EINVAL>(r.error);
    if (r.value != to)
        return ENOSYS;
    return to != 0 ? 0 : explain_success([to] { return raw(SYS_dup3, -1, to, 0).error; });
}

int set_cloexec(int fd) noexcept {
    const int error = explain_errno<EBADF>(raw(uapi::sys_fcntl, fd, F_SETFD, FD_CLOEXEC).error);
    if (error != 0)
        return error;
    bool set = false;
    const int unread = is_cloexec(fd, set);
    return unread == 0 && !set ? ENOSYS : unread;
}

int is_cloexec(int fd, bool& set) noexcept {
    const reply r = raw(uapi::sys_fcntl, fd, F_GETFD);
    if (r.error == 0)
        set = (r.value & FD_CLOEXEC) != 0;
    return explain_errno<EBADF>(r.error);
}

int keep_on_exec(int fd) noexcept {
    const int error = explain_errno<EBADF>(raw(uapi::sys_fcntl, fd, F_SETFD, 0).error);
    if (error != 0)
        return error;
    bool still_set = false;
    if (const int unread = is_cloexec(fd, still_set); unread != 0)
        return unread;
    if (still_set)
        return ENOSYS;
    // "Error 0" of F_GETFD looks like a flag that is not set.
    return explain_success([] { return raw(uapi::sys_fcntl, -1, F_GETFD).error; });
}

int close_range(unsigned first, unsigned last) noexcept {
    const auto close_all = [](unsigned from, unsigned to) {
        return raw(SYS_close_range, from, to, 0U).error;
    };
    const int error = explain_errno<EINVAL>(close_all(first, last));
    // If a filter made up the success, the program would get what was to be closed. The kernel
    // refuses a range that ends before it begins.
    return error != 0 ? error : explain_success([=] { return close_all(1, 0); });
}

int filesystem_magic(int fd, long& magic) noexcept {
    struct statfs fs {};
    const int error = explain_errno<EBADF>(
        retry_bounded([&] { return attempt([&] { return ::fstatfs(fd, &fs); }); }).error);
    if (error != 0)
        return error;
    if (fs.f_type == 0) // no file system has this number
        return ENOSYS;
    magic = fs.f_type;
    return 0;
}

int filesystem_magic_of(const char* path, long& magic) noexcept {
    struct statfs fs {};
    const int error =
        retry_bounded([&] { return attempt([&] { return ::statfs(path, &fs); }); }).error;
    if (error == 0)
        magic = fs.f_type;
    return error;
}

int stat_inode(int fd, inode& result) noexcept {
    if constexpr (uapi::sys_fstat != 0) { // takes less time than statx
        struct stat st {};
        const int error = explain_errno<EBADF>(raw(uapi::sys_fstat, fd, &st).error);
        result = {narrow<std::uint32_t>(st.st_dev), narrow<std::uint64_t>(st.st_ino)};
        return error == 0 && st.st_dev == 0 ? ENOSYS : error; // no file system has this number
    }
    uapi::statx st{};
    const int error =
        explain_errno<EBADF>(raw(SYS_statx, fd, "", AT_EMPTY_PATH, uapi::statx_ino, &st).error);
    if (error != 0)
        return error;
    if ((st.mask & uapi::statx_ino) == 0) // every kernel fills it in
        return ENOSYS;
    result = {st.dev_major << 20 | st.dev_minor, st.ino}; // 32 bits, as in the kernel
    return 0;
}

int stat_place(int fd, file_place& result) noexcept {
    return stat_place_of<>(fd, result);
}

int stat_place_in_proc(int fd, file_place& result) noexcept {
    return stat_place_of<ENOENT>(fd, result);
}

int open_by_handle(int mount, std::uint64_t id, unique_fd& file) noexcept {
    handle_of_8_bytes handle{8, uapi::fileid_kernfs, {}};
    std::memcpy(handle.data, &id, sizeof id);
    const int error = make_fd(
        file, [&] { return raw(SYS_open_by_handle_at, mount, &handle, O_RDONLY | O_CLOEXEC); });
    return explain_errno<EBADF, ESTALE, EPERM, EINVAL, EOPNOTSUPP, EMFILE, ENFILE, ESRCH>(error);
}

int file_handle(int fd, std::uint64_t& id, int& mount_id) noexcept {
    handle_of_8_bytes handle{8, 0, {}};
    const auto ask = [&](int where, const char* path) {
        return raw(SYS_name_to_handle_at, where, path, &handle, &mount_id, AT_EMPTY_PATH).error;
    };
    const int error = explain_deniable<EBADF, EINVAL, EOPNOTSUPP, EOVERFLOW>(
        ask(fd, ""), [=] { return ask(-1, "."); });
    if (error == EOVERFLOW)
        return EOPNOTSUPP;
    if (error != 0)
        return error;
    if (handle.bytes != 8)
        return EOPNOTSUPP;
    if (handle.type == uapi::fileid_ino32_gen) {
        std::uint32_t number = 0;
        std::memcpy(&number, handle.data, sizeof number);
        id = number;
        return 0;
    }
    if (handle.type != uapi::fileid_kernfs)
        return EOPNOTSUPP;
    std::memcpy(&id, handle.data, sizeof id);
    return 0;
}

int ioctl(int fd, unsigned long request, void* argument) noexcept {
    // Other drivers answer for their own file descriptors as they like: the caller explains the
    // errno.
    return raw(SYS_ioctl, fd, request, argument).error;
}

int ioctl_fd(int fd, unsigned long request, unique_fd& made) noexcept {
    return make_fd(made, [=] { return raw(SYS_ioctl, fd, request, 0L); });
}

} // namespace pidfd_util::sys
