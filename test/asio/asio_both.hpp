// SPDX-License-Identifier: MIT
// One program with both kinds of Asio.
#ifndef PIDFD_UTIL_TEST_ASIO_BOTH_HPP
#define PIDFD_UTIL_TEST_ASIO_BOTH_HPP

#include <pidfd_util/child.hpp>

/// Return the exit code from an asynchronous wait with one kind of Asio; -1 if it failed.
int wait_with_standalone_asio(pidfd_util::child& process);
int wait_with_boost_asio(pidfd_util::child& process);

#endif
