// SPDX-License-Identifier: MIT
// get_id.
#include "answer.hpp"
#include "identify.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <pidfd_util/abi.hpp>

#include <atomic>

namespace pidfd_util {

namespace {

/// The device number of pidfs, of which a kernel has one instance; 0 while it is not known. It
/// makes one system call of two: whether this is pidfs, and which inode.
std::atomic<std::uint32_t> pidfs_device{0};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

int find_pidfs_inode(int fd, sys::inode& found) noexcept {
    if (const int error = sys::stat_inode(fd, found); error != 0)
        return refusal(-error);
    if (found.device != 0 && found.device == pidfs_device.load(std::memory_order_relaxed))
        return 0;
    long magic = 0;
    if (const int error = sys::filesystem_magic(fd, magic); error != 0)
        return refusal(-error);
    if (magic != uapi::pidfs_magic)
        return EOPNOTSUPP;
    pidfs_device.store(found.device, std::memory_order_relaxed);
    return 0;
}

int find_id(int fd, std::uint64_t& id) noexcept {
    sys::inode found{};
    if (const int error = find_pidfs_inode(fd, found); error != 0)
        return error;
    if (found.number == 0) // as the kernel numbers none, but a filter that answers "error 0" would
        return EOPNOTSUPP;
    id = found.number;
    // A 32-bit kernel keeps half of the number in the inode, and all of it in the file handle. (A
    // 32-bit process on a 64-bit kernel gets all of it from statx.)
    if (sizeof(long) < sizeof id && !sys::kernel_is_64bit()) {
        int mount = 0;
        return refusal(-sys::file_handle(fd, "", id, mount));
    }
    return 0;
}

} // namespace

namespace abi {

int get_id(int fd, std::uint64_t& id, answer_path* answered) noexcept {
    if (answered != nullptr)
        *answered = answer_path::none;
    std::uint64_t found = 0;
    const int error = find_id(fd, found);
    if (error == 0) {
        id = found;
        if (answered != nullptr)
            *answered = answer_path::inode;
        return 0;
    }
    return is_answer(error) ? error : identify::fault_or(fd, error);
}

} // namespace abi
} // namespace pidfd_util
