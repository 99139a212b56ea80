// SPDX-License-Identifier: MIT
// The two handles: `pidfd` owns a pidfd, `pidfd_view` borrows one.
#ifndef PIDFD_UTIL_PIDFD_HPP
#define PIDFD_UTIL_PIDFD_HPP

#include <pidfd_util/waits.hpp>

#include <utility>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// Owns a pidfd: closes it once. Move-only, the size of an int. Every pidfd that the library makes
/// has close-on-exec set.
class [[nodiscard]] pidfd : public pidfd_waits {
public:
    /// An empty handle: every operation on it fails with EBADF.
    constexpr pidfd() noexcept : pidfd_waits(-1) {}

    /// A pidfd of the calling process. Linux 5.3. See pidfd_open(2).
    ///
    /// \errors
    /// | errno   | `pidfd_errc`           | when |
    /// | ------- | ---------------------- | ---- |
    /// | ENOSYS  | `unsupported`          | no pidfd_open in this kernel or sandbox |
    /// | ERFKILL | `forbidden_by_sandbox` | a sandbox refuses pidfd_open |
    /// | EMFILE, ENFILE |                 | no file descriptor left |
    /// | ENOMEM  |                        | the kernel is out of memory |
    [[nodiscard]] static expected<pidfd> from_self() noexcept {
        int fd = -1;
        return detail::owned<pidfd>(abi::open_self(fd), fd);
    }

    /// A pidfd of the process that has this pid now. The pid must be known to be the right
    /// process's at the time of the call: a child's that was not reaped yet, say. Needs no right
    /// over the process, which may have ended, if it was not reaped. Linux 5.3. See pidfd_open(2).
    ///
    /// \errors
    /// | errno   | `pidfd_errc`           | when |
    /// | ------- | ---------------------- | ---- |
    /// | EINVAL  |                        | the pid is 0 or negative |
    /// | ESRCH   | `not_found`            | there is no such process |
    /// | ENOENT  |                        | this is the id of a thread that is not its process's first |
    /// | ENOSYS  | `unsupported`          | no pidfd_open in this kernel or sandbox |
    /// | ERFKILL | `forbidden_by_sandbox` | a sandbox refuses pidfd_open |
    /// | EMFILE, ENFILE |                 | no file descriptor left |
    /// | ENOMEM  |                        | the kernel is out of memory |
    [[nodiscard]] static expected<pidfd> from_pid(pid_t pid) noexcept {
        int fd = -1;
        return detail::owned<pidfd>(abi::open_pid(pid, fd), fd);
    }

    /// Takes over a file descriptor that came from elsewhere, if it is a pidfd, and sets its
    /// close-on-exec flag. If it fails, `fd` keeps what it held.
    ///
    /// \errors
    /// | errno  | `pidfd_errc`  | when |
    /// | ------ | ------------- | ---- |
    /// | EBADF  |               | `fd` is empty or closed |
    /// | EBADFD | `not_a_pidfd` | it is something else |
    /// | EOPNOTSUPP | `unsupported` | this cannot be found out: no waitid(P_PIDFD), no pidfs and no /proc |
    [[nodiscard]] static expected<pidfd> adopt(unique_fd&& fd) noexcept {
        if (const int error = abi::adopt(fd.get()); error != 0)
            return detail::failure(error);
        return pidfd(fd.release());
    }

    /// Takes over the pidfd; the other handle is empty then.
    pidfd(pidfd&& other) noexcept : pidfd_waits(other.release()) {}
    /// Closes its own pidfd, and takes over the other's.
    pidfd& operator=(pidfd&& other) noexcept {
        const unique_fd old(std::exchange(fd_, other.release()));
        return *this;
    }
    pidfd(const pidfd&) = delete;
    pidfd& operator=(const pidfd&) = delete;
    ~pidfd() { reset(); }

    /// Gives the file descriptor away: the caller closes it.
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

    /// Closes the pidfd and leaves the handle empty.
    void reset() noexcept { const unique_fd old(std::exchange(fd_, -1)); }

private:
    friend child;
    template <class Owner>
    friend expected<Owner> detail::owned(int, const int&) noexcept;

    constexpr explicit pidfd(int fd) noexcept : pidfd_waits(fd) {}
};

/// Borrows a pidfd that somebody else closes. Copied freely, the size of an int; a `pidfd` turns
/// into one by itself.
class pidfd_view : public pidfd_waits {
public:
    /// An empty view: every operation on it fails with EBADF.
    constexpr pidfd_view() noexcept : pidfd_waits(-1) {}

    /// Of any file descriptor. Nothing is checked here: an operation on what is no pidfd fails.
    constexpr explicit pidfd_view(int fd) noexcept : pidfd_waits(fd) {}

    /// Of a pidfd, which must stay open as long as the view is used.
    constexpr pidfd_view(const pidfd& owner) noexcept : pidfd_waits(owner.fd()) {}
    /// Not of one that closes its pidfd at once.
    pidfd_view(const pidfd&&) = delete;

    /// Borrows the pidfd of a child. The child must not be moved or destroyed as long as the view is
    /// used. Explicit, because a wait through the view takes the status away from the child.
    explicit pidfd_view(const child& owner) noexcept; // in child.hpp
    /// Not of one that closes its pidfd at once.
    explicit pidfd_view(const child&&) = delete;
};

inline expected<pidfd> pidfd_operations::duplicate() const noexcept {
    int copy = -1;
    return detail::owned<pidfd>(abi::duplicate(fd_, copy), copy);
}

static_assert(sizeof(pidfd) == sizeof(int) && sizeof(pidfd_view) == sizeof(int));

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
