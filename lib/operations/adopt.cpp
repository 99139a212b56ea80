// SPDX-License-Identifier: MIT
// adopt, and the check that it uses.
#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "../paths/identify.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>

namespace pidfd_util {

namespace {

/// Returns whether the pidfd refers to a thread other than the first one of its process.
bool refers_to_later_thread(int fd) noexcept {
    // When another thread executes a program, it takes over the id of the first thread, and the
    // kernel may see the first thread with the other id. When asked again, it sees the new one.
    constexpr int attempts = 2;
    for (int i = 0; i < attempts; ++i) {
        abi::info_record info{};
        if (abi::get_info(fd, info, sizeof info, nullptr) != 0 || info.pid == info.tgid)
            return false;
    }
    return true;
}

/// Returns EBADFD for a pidfd of a thread that lost its flag PIDFD_THREAD when it was reopened: the
/// kernel treats it as one of a process, but it becomes readable when the thread ends. Returns 0 if
/// that cannot be found out.
int check_not_reopened_thread(int fd) noexcept {
    long magic = 0;
    if (sys::filesystem_magic(fd, magic) != 0 || magic != uapi::pidfs_magic)
        return 0; // before Linux 6.9, a pidfd cannot be reopened
    int flags = 0;
    if (const int error = sys::open_flags(fd, flags); error != 0)
        return error;
    if ((static_cast<unsigned>(flags) & uapi::pidfd_thread) != 0)
        return 0;
    return refers_to_later_thread(fd) ? EBADFD : 0;
}

} // namespace

namespace abi {

int check_pidfd(int fd) noexcept {
    return identify::check(fd);
}

int adopt(int fd) noexcept {
    if (const int error = identify::check(fd); error != 0)
        return error;
    if (const int error = check_not_reopened_thread(fd); error != 0)
        return error;
    bool set = false;
    if (const int error = sys::is_cloexec(fd, set); error != 0 || set)
        return error;
    return sys::set_cloexec(fd);
}

} // namespace abi
} // namespace pidfd_util
