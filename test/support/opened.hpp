// SPDX-License-Identifier: MIT
// What a function that opens a pidfd has returned, as plain data that can leave an isolated child.
#ifndef PIDFD_UTIL_TEST_OPENED_HPP
#define PIDFD_UTIL_TEST_OPENED_HPP

#include "error_of.hpp"
#include "fds.hpp"

#include <pidfd_util/pidfd.hpp>

#include <sys/types.h>

namespace support {

struct opened {
    int error; // 0 if there is a pidfd
    pid_t pid; // what it refers to; -1 if that is not known
    bool cloexec;
    bool thread;
};

inline opened look_at(const pidfd_util::expected<pidfd_util::pidfd>& result) {
    if (!result)
        return {error_of(result), 0, false, false};
    return {0, result->get_pid().value_or(-1), has_cloexec(result->fd()),
            result->is_thread().value_or(false)};
}

} // namespace support

#endif
