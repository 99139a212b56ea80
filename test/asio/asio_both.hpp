// SPDX-License-Identifier: MIT
// One program with both kinds of Asio.
#ifndef PIDFD_UTIL_TEST_ASIO_BOTH_HPP
#define PIDFD_UTIL_TEST_ASIO_BOTH_HPP

#include <pidfd_util/child.hpp>

/// The exit code by an asynchronous wait of the one kind and of the other; -1 if it failed.
int wait_with_standalone_asio(pidfd_util::child& process);
int wait_with_boost_asio(pidfd_util::child& process);

#endif
