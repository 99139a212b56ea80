// SPDX-License-Identifier: MIT
#include "answer.hpp"
#include "sys_result.hpp"
#include "uapi.hpp"

#include <cerrno>
#include <cstring>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pidfd_util::sys {

namespace {

/// The result of a call that looks up a path: EPERM and EACCES are the kernel's own if it looks up
/// nothing on fd -1. The library's own file descriptors are open: EBADF is nobody's answer.
template <int... Known, class CallOnNoFd>
int by_path(int result, CallOnNoFd on_no_fd) noexcept {
    return believe<ERFKILL, EPERM, EACCES, ENOENT, ENOTDIR, ELOOP, Known...>(
        -who_forbids(-result, on_no_fd));
}

int map(std::size_t size, int sharing, void*& where) noexcept {
    const int error = once([&] {
        void* const found =
            ::mmap(nullptr, size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
        if (found == MAP_FAILED)
            return -1;
        where = found;
        return 0;
    });
    if (error == 0 && where == nullptr) // the kernel maps nothing there unless it is asked to
        return -ENOSYS;
    return believe<ENFILE>(error);
}

} // namespace

long call(long number, long a, long b, long c, long d, long e, long f) noexcept {
    return attempt([=] { return ::syscall(number, a, b, c, d, e, f); });
}

int openat(int dir, const char* path, int flags) noexcept {
    const int fd = raw_fd([=] { return raw(SYS_openat, dir, path, flags | O_CLOEXEC, 0); });
    return by_path<ESRCH, EMFILE, ENFILE>(
        fd, [=] { return raw(SYS_openat, -1, ".", flags | O_CLOEXEC, 0); });
}

int openat2_on_mount(int dir, const char* path, int flags) noexcept {
    uapi::open_how how{};
    how.flags = static_cast<unsigned>(flags) | O_CLOEXEC;
    how.resolve = uapi::resolve_no_xdev | uapi::resolve_no_magiclinks;
    const auto open = [&how](int where, const char* name) {
        return raw(SYS_openat2, where, name, &how, sizeof how);
    };
    return by_path<ESRCH, EMFILE, ENFILE, EXDEV>(raw_fd([=] { return open(dir, path); }),
                                                 [=] { return open(-1, "."); });
}

ssize_t read_link(int fd, char* buffer, std::size_t size) noexcept {
    // The kernel has no empty links: "error 0" reads as one.
    const ssize_t length =
        once([=]() -> ssize_t { return ::syscall(SYS_readlinkat, fd, "", buffer, size); });
    const int error = by_path<ESRCH>(static_cast<int>(length),
                                     [=] { return raw(SYS_readlinkat, -1, ".", buffer, size); });
    return error == 0 ? -ENOSYS : error;
}

void close(int fd) noexcept {
    // Never repeated: Linux has closed it whatever it answers.
    const int saved = errno;
    (void)::syscall(SYS_close, fd);
    errno = saved;
}

ssize_t read(int fd, char* buffer, std::size_t size) noexcept {
    return believe<ESRCH>(once([=]() -> ssize_t { return ::syscall(SYS_read, fd, buffer, size); }));
}

ssize_t read_directory(int dir, char* buffer, std::size_t size) noexcept {
    return believe<ENOENT, ESRCH>(
        once([=]() -> ssize_t { return ::syscall(SYS_getdents64, dir, buffer, size); }));
}

ssize_t read_from_start(int fd, char* buffer, std::size_t size) noexcept {
    // Two zeros for the offset: on 32-bit machines it is a pair, on some after a filler.
    const ssize_t length = believe<ENOENT>(
        once([=]() -> ssize_t { return ::syscall(SYS_pread64, fd, buffer, size, 0L, 0L, 0L); }));
    return length == 0 ? -EBADMSG : length;
}

int open_flags(int fd) noexcept {
    const int flags = believe<EBADF>(raw(uapi::sys_fcntl, fd, F_GETFL));
    if (flags == 0)
        return -who_succeeds([] { return raw(uapi::sys_fcntl, -1, F_GETFL); });
    return flags;
}

int duplicate(int fd) noexcept {
    return duplicate_above(fd, 0);
}

int duplicate_above(int fd, int lowest) noexcept {
    const int copy = raw_fd([=] { return raw(uapi::sys_fcntl, fd, F_DUPFD_CLOEXEC, lowest); });
    return copy == -EINVAL ? -EMFILE // `lowest` is not below the limit RLIMIT_NOFILE
                           : believe<EBADF, EMFILE>(copy);
}

int replace(int from, int to) noexcept {
    const int result = believe<EBADF, EMFILE, EBUSY, EINVAL>(raw(SYS_dup3, from, to, 0));
    if (result >= 0 && (result != to || (to == 0 && raw(SYS_dup3, -1, to, 0) == 0)))
        return -ENOSYS;
    return result;
}

int set_cloexec(int fd) noexcept {
    return believe<EBADF>(raw(uapi::sys_fcntl, fd, F_SETFD, FD_CLOEXEC));
}

int is_cloexec(int fd) noexcept {
    const int flags = believe<EBADF>(raw(uapi::sys_fcntl, fd, F_GETFD));
    return flags < 0 ? flags : flags & FD_CLOEXEC;
}

int keep_on_exec(int fd) noexcept {
    const int error = believe<EBADF>(raw(uapi::sys_fcntl, fd, F_SETFD, 0));
    return error == 0 && is_cloexec(fd) == 1 ? -ENOSYS : error;
}

int close_range(unsigned first, unsigned last) noexcept {
    const auto close_all = [](unsigned from, unsigned to) {
        return raw(SYS_close_range, from, to, 0U);
    };
    const int error = believe<EINVAL>(close_all(first, last));
    // The program would have what was to be closed. A range must not end before it begins.
    return error == 0 ? -who_succeeds([=] { return close_all(1, 0); }) : error;
}

int filesystem_magic(int fd, long& magic) noexcept {
    struct statfs fs {};
    const int result = believe<EBADF>(once([&] { return ::fstatfs(fd, &fs); }));
    if (result != 0)
        return result;
    if (fs.f_type == 0) // no file system has this number
        return -ENOSYS;
    magic = fs.f_type;
    return 0;
}

int filesystem_magic_of(const char* path, long& magic) noexcept {
    struct statfs fs {};
    const int result = once([&] { return ::statfs(path, &fs); });
    if (result == 0)
        magic = fs.f_type;
    return result;
}

int stat_inode(int fd, inode& result) noexcept {
    uapi::statx st{};
    const int error = believe<EBADF>(raw(SYS_statx, fd, "", AT_EMPTY_PATH, uapi::statx_ino, &st));
    if (error != 0)
        return error;
    if ((st.mask & uapi::statx_ino) == 0) // every kernel tells it
        return -ENOSYS;
    result = {st.dev_major == 0 ? st.dev_minor : 0, st.ino};
    return 0;
}

int stat_place(int fd, file_place& result) noexcept {
    uapi::statx st{};
    constexpr unsigned wanted = uapi::statx_type | uapi::statx_ino | uapi::statx_mnt_id;
    // ENOENT: a directory of /proc that is hidden from the caller (hidepid=).
    const int error =
        believe<EBADF, ENOENT, ESRCH>(raw(SYS_statx, fd, "", AT_EMPTY_PATH, wanted, &st));
    if (error != 0)
        return error;
    if ((st.mask & wanted) == 0) // every kernel tells the type and the inode number
        return -ENOSYS;
    result = {{st.dev_major, st.dev_minor},
              (st.mask & uapi::statx_mnt_id) != 0 ? st.mnt_id : 0,
              st.ino,
              S_ISLNK(st.mode)};
    return 0;
}

int file_handle(int dir, const char* name, std::uint64_t& id, int& mount_id) noexcept {
    struct {
        unsigned bytes;
        int type;
        unsigned char data[8];
    } handle{8, 0, {}};
    const auto ask = [&](int where, const char* path) {
        return raw(SYS_name_to_handle_at, where, path, &handle, &mount_id, AT_EMPTY_PATH);
    };
    int error = ask(dir, name);
    if (error == -EBADF && dir == AT_FDCWD)
        error = -EIO;
    if (error != -EBADF)
        error = by_path<ENAMETOOLONG, EINVAL, EOPNOTSUPP, EOVERFLOW, ESTALE>(
            error, [=] { return ask(-1, "."); });
    if (error == -EOVERFLOW)
        return -EOPNOTSUPP;
    if (error != 0)
        return error;
    if (handle.bytes != 8)
        return -EOPNOTSUPP;
    if (handle.type == uapi::fileid_ino32_gen) {
        std::uint32_t number = 0;
        std::memcpy(&number, handle.data, sizeof number);
        id = number;
        return 0;
    }
    if (handle.type != uapi::fileid_kernfs)
        return -EOPNOTSUPP;
    std::memcpy(&id, handle.data, sizeof id);
    return 0;
}

bool kernel_is_64bit() noexcept { // asked by 32-bit processes only
    struct utsname name {};
    if (once([&] { return ::uname(&name); }) != 0)
        return false;
    return std::strstr(name.machine, "64") != nullptr || std::strcmp(name.machine, "s390x") == 0;
}

int ioctl(int fd, unsigned long request, void* argument) noexcept {
    // A driver answers for its own file descriptors whatever it likes: the caller looks at the errno.
    return raw(SYS_ioctl, fd, request, argument);
}

int ioctl_fd(int fd, unsigned long request) noexcept {
    return raw_fd([=] { return raw(SYS_ioctl, fd, request, 0L); });
}

int setns(int fd, unsigned flags) noexcept {
    const int error =
        believe<EBADF, EINVAL, ESRCH, EPERM, EACCES, EUSERS>(raw(SYS_setns, fd, flags));
    // Whoever enters a namespace relies on being there.
    return error == 0 ? -who_succeeds([=] { return raw(SYS_setns, -1, flags); }) : error;
}

int pidfd_open(pid_t pid, unsigned flags) noexcept {
    return believe<EINVAL, ESRCH, ENOENT, EMFILE, ENFILE>(
        raw_fd([=] { return raw(SYS_pidfd_open, pid, flags); }));
}

int pidfd_send_signal(int fd, int signal, unsigned flags) noexcept {
    return believe<EBADF, EINVAL, ESRCH, EPERM, EACCES>(
        raw(SYS_pidfd_send_signal, fd, signal, nullptr, flags));
}

int pidfd_queue_signal(int fd, siginfo_t& info) noexcept {
    return believe<EBADF, EINVAL, ESRCH, EPERM, EACCES>(
        raw(SYS_pidfd_send_signal, fd, info.si_signo, &info, 0U));
}

int pidfd_getfd(int fd, int target) noexcept {
    return believe<EBADF, ESRCH, EPERM, EACCES, EMFILE, ENFILE>(
        raw_fd([=] { return raw(SYS_pidfd_getfd, fd, target, 0U); }));
}

int getpgid(pid_t pid) noexcept {
    const int group = believe<ESRCH>(raw(SYS_getpgid, pid));
    if (group == 0) // also a group of an outer pid namespace
        return -who_succeeds([] { return raw(SYS_getpgid, -1); });
    return group;
}

int set_signal_mask(const signal_set& mask, signal_set* old) noexcept {
    // No mask has SIGKILL, of which the kernel rids it: it stays only where nothing is written.
    if (old != nullptr)
        old->add(SIGKILL);
    const int error = believe<>(raw(SYS_rt_sigprocmask, SIG_SETMASK, &mask, old, sizeof mask));
    return error == 0 && old != nullptr && old->has(SIGKILL) ? -ENOSYS : error;
}

int failing_clone(unsigned flags) noexcept {
    // Handlers are shared with the memory only. Some machines take the stack first.
    const unsigned long refused = (flags | CLONE_SIGHAND) & ~static_cast<unsigned>(CLONE_VM);
    return raw(SYS_clone, refused, refused, nullptr, nullptr, nullptr);
}

int failing_clone3(const uapi::clone_args* args, std::size_t size) noexcept {
    return raw(SYS_clone3, args, size);
}

int wait_by_number(pid_t pid, int options, int& status) noexcept {
#ifdef SYS_wait4
    return patiently([&] { return ::syscall(SYS_wait4, long{pid}, &status, options, nullptr); });
#else
    siginfo_t info;
    const int error = patiently(
        [&] { return ::syscall(SYS_waitid, P_PID, pid, &info, WEXITED | options, nullptr); });
    if (error != 0)
        return error;
    status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
    return pid;
#endif
}

int map_memory(std::size_t size, void*& where) noexcept {
    return map(size, MAP_PRIVATE, where);
}

int map_shared(std::size_t size, void*& where) noexcept {
    return map(size, MAP_SHARED, where);
}

void unmap(void* where, std::size_t size) noexcept {
    const int saved = errno;
    (void)::munmap(where, size);
    errno = saved;
}

pid_t getpid() noexcept {
    const pid_t pid = raw(SYS_getpid);
    return pid == 0 ? -ENOSYS : believe<>(pid);
}

pid_t gettid() noexcept {
    const pid_t tid = raw(SYS_gettid);
    return tid == 0 ? -ENOSYS : believe<>(tid);
}

int getuid(uid_t& uid) noexcept {
    // Not getuid: of that, "error 0" of a filter would read as root.
    constexpr auto nobody = static_cast<uid_t>(-1);
    uid_t ids[3] = {nobody, nobody, nobody};
    const int error = believe<>(raw(uapi::sys_getresuid, &ids[0], &ids[1], &ids[2]));
    if (error != 0)
        return error;
    if (ids[0] == nobody)
        return -ENOSYS;
    uid = ids[0];
    return 0;
}

} // namespace pidfd_util::sys
