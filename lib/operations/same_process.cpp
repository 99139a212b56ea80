// SPDX-License-Identifier: MIT
#include "../kernel/explain.hpp"
#include "../paths/identify.hpp"
#include "../paths/procfs.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>

namespace pidfd_util {

namespace {

/// Compares the numbers that one /proc shows. If the first process had its number before and after
/// the second one was looked at, and neither was reaped, equal numbers mean the same process.
int compare_by_fdinfo(int fd, int other, bool& same) noexcept {
    procfs::process first;
    procfs::process second;
    if (const int error = first.open(fd); error != 0)
        return identify::explain(fd, error);
    if (const int error = second.open(other); error != 0)
        return identify::explain(other, error);
    if (const int error = first.check(); error != 0)
        return error;
    same = first.shown().pid == second.shown().pid;
    return 0;
}

} // namespace

namespace abi {

int same_process(int fd, int other, bool& same) noexcept {
    std::uint64_t ids[2] = {};
    if (const int error = abi::get_id(fd, ids[0], nullptr); error != 0)
        return is_answer(error) ? error : compare_by_fdinfo(fd, other, same);
    if (const int error = abi::get_id(other, ids[1], nullptr); error != 0)
        return is_answer(error) ? error : compare_by_fdinfo(fd, other, same);
    same = ids[0] == ids[1];
    return 0;
}

} // namespace abi
} // namespace pidfd_util
