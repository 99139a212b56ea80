// SPDX-License-Identifier: MIT
// The umbrella header: all of the library but asio.hpp.
#ifndef PIDFD_UTIL_PIDFD_UTIL_HPP
#define PIDFD_UTIL_PIDFD_UTIL_HPP

#include <pidfd_util/answer_path.hpp>
#include <pidfd_util/child.hpp>
#include <pidfd_util/coredump_info.hpp>
#include <pidfd_util/credentials.hpp>
#include <pidfd_util/error.hpp>
#include <pidfd_util/exit_status.hpp>
#include <pidfd_util/expected.hpp>
#include <pidfd_util/features.hpp>
#include <pidfd_util/namespaces.hpp>
#include <pidfd_util/operations.hpp>
#include <pidfd_util/pidfd.hpp>
#include <pidfd_util/process_info.hpp>
#include <pidfd_util/signal_scope.hpp>
#include <pidfd_util/spawn.hpp>
#include <pidfd_util/spawn_options.hpp>
#include <pidfd_util/state_change.hpp>
#include <pidfd_util/unique_fd.hpp>
#include <pidfd_util/wait_any.hpp>
#include <pidfd_util/waits.hpp>

#endif
