// SPDX-License-Identifier: MIT
// What the two sources of the mixed program pass to each other: plain data, and no `expected`.
#ifndef PIDFD_UTIL_TEST_MIXED_HPP
#define PIDFD_UTIL_TEST_MIXED_HPP

#include <pidfd_util/error.hpp>
#include <pidfd_util/process_info.hpp>
#include <pidfd_util/unique_fd.hpp>

struct facts {
    pidfd_util::process_info info;
    pidfd_util::unique_fd fd;
    std::error_code error;
};

/// By the C++23 source, with std::expected.
facts ask_23(int pidfd);

#endif
