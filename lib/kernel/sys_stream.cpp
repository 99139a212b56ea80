// SPDX-License-Identifier: MIT
#include "sys_stream.hpp"

#include "explain.hpp"
#include "sys_result.hpp"
#include "uapi.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <sys/stat.h>
#include <sys/uio.h>

namespace pidfd_util::sys {

namespace {

// The kernel moves at most this many bytes in a call.
constexpr std::size_t most_at_once = 0x7ffff000;

/// struct iovec of a write, which does not change the bytes.
struct written_iovec {
    const char* bytes;
    std::size_t size;
};
static_assert(sizeof(written_iovec) == sizeof(iovec));

/// Whether SIGPIPE is pending, for the thread or for its process.
int is_sigpipe_pending(bool& pending) noexcept {
    signal_set found{};
    found.add(SIGKILL); // stays only if nothing was written
    const int error = explain_errno<>(raw(SYS_rt_sigpending, &found, sizeof found).error);
    if (error != 0)
        return error;
    if (found.has(SIGKILL))
        return ENOSYS;
    pending = found.has(SIGPIPE);
    return 0;
}

/// Removes a pending SIGPIPE, first that of the thread.
int discard_sigpipe() noexcept {
    signal_set only{};
    only.add(SIGPIPE);
    const std::int64_t no_time[2] = {}; // zero for a timespec of either width
    const reply r = raw(uapi::sys_rt_sigtimedwait, &only, nullptr, no_time, sizeof only);
    if (r.error != 0)
        return explain_errno<>(r.error);
    return r.value == SIGPIPE ? 0 : ENOSYS;
}

/// Explains the errno of a write.
int explain_write(int error) noexcept {
    return explain_errno<EPIPE, EBADF, ECONNRESET>(error);
}

/// Sends the signal to this thread, where it stays pending.
int send_to_this_thread(int signal) noexcept {
    pid_t process = 0;
    pid_t thread = 0;
    if (const int error = getpid(process); error != 0)
        return error;
    if (const int error = gettid(thread); error != 0)
        return error;
    return raw(SYS_tgkill, process, thread, signal).error;
}

/// Discards the SIGPIPE that the write raised, if it raised one. Fails only if that stays pending.
int discard_raised() noexcept {
    const int error = discard_sigpipe();
    if (error == 0)
        return 0;
    bool pending = true;
    if (is_sigpipe_pending(pending) == 0 && !pending)
        return 0;
    return error;
}

/// Discards the SIGPIPE that the write raised, if another one was pending before. If the other one
/// is pending for the process, the write has raised a second one, for the thread. If it is pending
/// for the thread, the two are one signal, which must stay.
void discard_second() noexcept {
    constexpr int no_signal = last_signal + 1;
    if (send_to_this_thread(no_signal) != EINVAL) // a filter: it could not be put back
        return;
    if (discard_sigpipe() != 0)
        return;
    bool pending = false;
    if (is_sigpipe_pending(pending) != 0 || !pending)
        (void)send_to_this_thread(SIGPIPE);
}

/// Writes with all signals blocked, and discards the SIGPIPE that the write raised. The signal goes
/// to this thread. A SIGPIPE that was blocked and pending before stays.
int write_blocking_signals(int fd, const char* bytes, std::size_t size,
                           std::size_t& written) noexcept {
    signal_set old{};
    if (const int error = set_signal_mask(signal_set::all(), &old); error != 0)
        return error;
    bool was_pending = false;
    int error = 0;
    if (old.has(SIGPIPE)) // otherwise it would have been delivered
        error = is_sigpipe_pending(was_pending);
    if (error == 0) {
        const reply r = raw(SYS_write, fd, bytes, size);
        error = r.error == 0 && r.value == 0 ? ENOSYS : explain_write(r.error);
        if (error == 0)
            written = static_cast<std::size_t>(r.value);
        if (error == EPIPE && was_pending) {
            discard_second();
        } else if (error == EPIPE) {
            // The pending signal would end the process. It is better to leave it blocked.
            if (const int failed = discard_raised(); failed != 0) {
                old.add(SIGPIPE);
                error = failed;
            }
        }
    }
    (void)set_signal_mask(old, nullptr);
    return error;
}

} // namespace

int pipe(unique_fd& reading, unique_fd& writing) noexcept {
    int ends[2] = {-1, -1};
    const int error = explain_errno<EMFILE, ENFILE>(raw(SYS_pipe2, ends, O_CLOEXEC).error);
    if (error != 0)
        return error;
    if (ends[0] < 0 || ends[1] < 0) // not written: a filter
        return ENOSYS;
    reading.reset(ends[0]);
    writing.reset(ends[1]);
    return 0;
}

int is_null_device(int fd, bool& is) noexcept {
    uapi::statx st{};
    const int error =
        explain_errno<>(raw(SYS_statx, fd, "", AT_EMPTY_PATH, uapi::statx_type, &st).error);
    if (error != 0)
        return error;
    if ((st.mask & uapi::statx_type) == 0) // every kernel fills it in
        return ENOSYS;
    is = S_ISCHR(st.mode) && st.rdev_major == 1 && st.rdev_minor == 3;
    return 0;
}

int set_nonblocking(int fd) noexcept {
    int flags = 0;
    if (const int error = open_flags(fd, flags); error != 0 || (flags & O_NONBLOCK) != 0)
        return error;
    if (const int error =
            explain_errno<EBADF>(raw(uapi::sys_fcntl, fd, F_SETFL, flags | O_NONBLOCK).error);
        error != 0)
        return error;
    if (const int error = open_flags(fd, flags); error != 0)
        return error;
    return (flags & O_NONBLOCK) != 0 ? 0 : ENOSYS;
}

int count_readable(int fd, std::size_t& count) noexcept {
    int found = -1;
    if (const int error = raw(SYS_ioctl, fd, FIONREAD, &found).error; error != 0)
        return explain_refusal(explain_errno<EBADF, ENOTTY, EOPNOTSUPP>(error));
    if (found < 0) // not written: a filter
        return ENOSYS;
    count = static_cast<std::size_t>(found);
    return 0;
}

int read_stream(int fd, char* buffer, std::size_t size, std::size_t& length) noexcept {
    const reply r = raw(SYS_read, fd, buffer, std::min(size, most_at_once));
    if (r.error != 0)
        return explain_errno<EBADF, ECONNRESET>(r.error);
    length = static_cast<std::size_t>(r.value);
    if (length != 0)
        return 0;
    return explain_success([=] { return raw(SYS_read, -1, buffer, size).error; });
}

int quiet_writer::write(int fd, const char* bytes, std::size_t size,
                        std::size_t& written) noexcept {
    size = std::min(size, most_at_once);
    if (has_flag_) {
        const written_iovec part{bytes, size};
        // The offset -1 is the file's own, as in writev.
        const reply r = raw(SYS_pwritev2, fd, &part, 1UL, -1L, -1L, uapi::rwf_nosignal);
        if (r.error == 0 && r.value > 0) {
            written = static_cast<std::size_t>(r.value);
            return 0;
        }
        if (r.error == EAGAIN || r.error == EPIPE || r.error == EBADF)
            return r.error;
        has_flag_ = false;
    }
    return write_blocking_signals(fd, bytes, size, written);
}

} // namespace pidfd_util::sys
