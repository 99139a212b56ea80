// SPDX-License-Identifier: MIT
// get_stamp and from_stamp.
#include "../choose/probe.hpp"
#include "../kernel/sys.hpp"
#include "../paths/boot.hpp"
#include "../paths/identify.hpp"
#include "../paths/namespace_link.hpp"
#include "../paths/proc_root.hpp"
#include "../paths/process_start.hpp"
#include "../paths/visible_process.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cerrno>

namespace pidfd_util {

namespace {

int read_own_namespace(int root, std::uint64_t& inode) noexcept {
    return proc_root::explain_entry(namespace_link::read_own(root, "thread-self/ns/pid", inode));
}

/// Checks that the stamp is from this boot and from the caller's pid namespace. Otherwise it says
/// nothing about the process that has its pid here, or about there being none.
int check_origin(const process_stamp& stamp) noexcept {
    if (const int error = boot::check_id(stamp.boot); error != 0)
        return error;
    unique_fd root;
    if (const int error = proc_root::open(root); error != 0)
        return error;
    std::uint64_t here = 0;
    if (const int error = read_own_namespace(root.get(), here); error != 0)
        return error;
    return here == stamp.pid_namespace ? 0 : EREMOTE;
}

/// Finds everything but the boot id.
int find_stamp(int fd, process_stamp& stamp) noexcept {
    visible_process process;
    if (const int error = process.open(fd); error != 0)
        return error;
    const int root = process.files().root();
    std::int64_t shift = 0;
    if (const int error = process_start::shift_of_caller(root, shift); error != 0)
        return proc_root::explain_entry(error);
    if (const int error = read_own_namespace(root, stamp.pid_namespace); error != 0)
        return error;
    std::uint64_t ticks = 0;
    if (const int error = process_start::read(process.files(), ticks); error != 0)
        return error;
    stamp.start = ticks - static_cast<std::uint64_t>(shift);
    stamp.pid = process.pid();
    return 0;
}

/// Opens what has the pid. EOPNOTSUPP: that is a thread, which this kernel or sandbox cannot open.
int open_holder(pid_t pid, unique_fd& holder) noexcept {
    const int error = identify::open_process_or_thread(pid, holder);
    if (error == ESRCH && sys::look_up_pid(pid) == 0)
        if (const int missing = probe::require(feature::thread); missing != 0)
            return missing;
    return error;
}

int open_stamped(const process_stamp& stamp, unique_fd& process) noexcept {
    if (stamp.pid <= 0)
        return EINVAL;
    if (const int error = check_origin(stamp); error != 0)
        return error;
    if (const int error = open_holder(stamp.pid, process); error != 0)
        return error;
    process_stamp now{};
    // The process was open before its start was read, and was not reaped until after that.
    if (const int error = find_stamp(process.get(), now); error != 0)
        return error;
    return now.start == stamp.start && now.pid == stamp.pid ? 0 : ESRCH;
}

} // namespace

namespace abi {

int get_stamp(int fd, process_stamp& stamp) noexcept {
    process_stamp found{};
    if (const int error = find_stamp(fd, found); error != 0)
        return identify::explain(fd, error);
    const int error = boot::read_id(found.boot);
    if (error == 0)
        stamp = found;
    return error;
}

int open_stamp(const process_stamp& stamp, int& fd) noexcept {
    unique_fd process;
    const int error = open_stamped(stamp, process);
    if (error == 0)
        fd = process.release();
    return error;
}

} // namespace abi
} // namespace pidfd_util
