// SPDX-License-Identifier: MIT
#include "cgroup_members.hpp"

#include "../kernel/sys.hpp"
#include "../paths/cgroup_directory.hpp"
#include "../paths/identify.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/abi_cgroup.hpp>

#include <cerrno>
#include <utility>

namespace pidfd_util {

namespace cgroup_members {

namespace {

/// Returns 0 if the cgroup lists the process, which has this number unless it was reaped. ESRCH: it
/// does not. A threaded domain also lists a process whose first thread is in a threaded cgroup below
/// it, although the cgroup of the process is that one.
int check_listed(int dir, pid_t number, const unique_fd& process) noexcept {
    bool listed = false;
    const int error = cgroup_directory::for_each_number(dir, [&](pid_t other) {
        listed = other == number;
        return !listed;
    });
    if (error != 0)
        return error == ENODEV ? ESRCH : error; // the cgroup was removed
    if (!listed)
        return ESRCH;
    // The number that was listed is its own only if it has not been reaped since.
    bool ended = false;
    const int unknown = identify::has_ended(process.get(), ended);
    return unknown == 0 && ended ? ESRCH : unknown;
}

} // namespace

int open(int dir, std::uint64_t id, pid_t number, unique_fd& member) noexcept {
    unique_fd opened;
    switch (const int error = sys::pidfd_open(number, 0, opened); error) {
    case 0:
        break;
    case EINVAL: // the number belongs to a thread, a group or a session now
    case ENOENT:
        return ESRCH;
    default:
        return error;
    }
    // A process that is being made counts as a member of the root until it has its own cgroup.
    constexpr std::uint64_t root = 1;
    constexpr int most_attempts = 10;
    std::uint64_t found = 0;
    for (int i = 0; i < most_attempts; ++i) {
        const int error = abi::get_cgroupid(opened.get(), found, nullptr);
        if (error != 0) {
            bool ended = false;
            return identify::has_ended(opened.get(), ended) == 0 && ended ? ESRCH : error;
        }
        if (found == id || found != root)
            break;
    }
    if (found != id)
        if (const int error = check_listed(dir, number, opened); error != 0)
            return error;
    member = std::move(opened);
    return 0;
}

} // namespace cgroup_members

namespace abi {

int cgroup_members(int dir, bool& complete, void* where, void (*store)(void*, std::size_t, int),
                   std::size_t capacity) noexcept {
    std::uint64_t id = 0;
    if (const int error = cgroup_get_id(dir, id); error != 0)
        return error;
    complete = true;
    std::size_t count = 0;
    int failed = 0;
    const int error = cgroup_directory::for_each_number(dir, [&](pid_t number) {
        if (number == 0) { // not in the caller's pid namespace
            complete = false;
            return true;
        }
        unique_fd member;
        failed = pidfd_util::cgroup_members::open(dir, id, number, member);
        if (failed == ESRCH)
            failed = 0;
        if (failed != 0 || !member)
            return failed == 0;
        if (count == capacity) {
            complete = false;
            return false;
        }
        store(where, count++, member.release());
        return true;
    });
    return error != 0 ? error : failed;
}

} // namespace abi
} // namespace pidfd_util
