// SPDX-License-Identifier: MIT
#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "../paths/identify.hpp"

#include <pidfd_util/abi.hpp>

#include <atomic>

namespace pidfd_util {

namespace {

/// The device number of pidfs, 0 until it is known. A kernel has one instance of pidfs. Once its
/// number is known, one system call shows both whether a file is on pidfs and which inode it has.
std::atomic<std::uint32_t> pidfs_device{0};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

int find_pidfs_inode(int fd, sys::inode& found) noexcept {
    if (const int error = sys::stat_inode(fd, found); error != 0)
        return explain_refusal(error);
    if (found.device == pidfs_device.load(std::memory_order_relaxed))
        return 0;
    long magic = 0;
    if (const int error = sys::filesystem_magic(fd, magic); error != 0)
        return explain_refusal(error);
    if (magic != uapi::pidfs_magic)
        return EOPNOTSUPP;
    pidfs_device.store(found.device, std::memory_order_relaxed);
    return 0;
}

int find_id(int fd, std::uint64_t& id) noexcept {
    sys::inode found{};
    if (const int error = find_pidfs_inode(fd, found); error != 0)
        return error;
    if (found.number == 0) // no inode has this number: a filter answered "error 0"
        return EOPNOTSUPP;
    id = found.number;
    // A 32-bit kernel has half of the number in the inode, and all of it in the file handle. (A
    // 32-bit process on a 64-bit kernel gets all of it from statx.)
    if (sizeof(long) < sizeof id && !sys::kernel_is_64bit()) {
        int mount = 0;
        return explain_refusal(sys::file_handle(fd, id, mount));
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
    return is_answer(error) ? error : identify::explain(fd, error);
}

} // namespace abi
} // namespace pidfd_util
