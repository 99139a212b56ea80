// SPDX-License-Identifier: MIT
// The whole library except the headers that allocate memory: asio.hpp, asio_communicate.hpp, run.hpp
// and spawn_arguments.hpp.
#ifndef PIDFD_UTIL_PIDFD_UTIL_HPP
#define PIDFD_UTIL_PIDFD_UTIL_HPP

#include <pidfd_util/answer_path.hpp>
#include <pidfd_util/boot_id.hpp>
#include <pidfd_util/cgroup.hpp>
#include <pidfd_util/cgroup_path.hpp>
#include <pidfd_util/child.hpp>
#include <pidfd_util/child_usage.hpp>
#include <pidfd_util/communicate.hpp>
#include <pidfd_util/coredump_info.hpp>
#include <pidfd_util/credentials.hpp>
#include <pidfd_util/enumeration.hpp>
#include <pidfd_util/error.hpp>
#include <pidfd_util/exchange_end.hpp>
#include <pidfd_util/exit_status.hpp>
#include <pidfd_util/expected.hpp>
#include <pidfd_util/facts.hpp>
#include <pidfd_util/features.hpp>
#include <pidfd_util/identified_pidfd.hpp>
#include <pidfd_util/identity.hpp>
#include <pidfd_util/inheritance.hpp>
#include <pidfd_util/io_priority.hpp>
#include <pidfd_util/kill_tree.hpp>
#include <pidfd_util/listing.hpp>
#include <pidfd_util/memory_advice.hpp>
#include <pidfd_util/message.hpp>
#include <pidfd_util/namespaces.hpp>
#include <pidfd_util/operations.hpp>
#include <pidfd_util/orphans.hpp>
#include <pidfd_util/peer.hpp>
#include <pidfd_util/pidfd.hpp>
#include <pidfd_util/proc_text.hpp>
#include <pidfd_util/process_id.hpp>
#include <pidfd_util/process_info.hpp>
#include <pidfd_util/process_reference.hpp>
#include <pidfd_util/process_stamp.hpp>
#include <pidfd_util/process_state.hpp>
#include <pidfd_util/process_usage.hpp>
#include <pidfd_util/resource_limit.hpp>
#include <pidfd_util/signal_list.hpp>
#include <pidfd_util/signal_scope.hpp>
#include <pidfd_util/spawn.hpp>
#include <pidfd_util/spawn_options.hpp>
#include <pidfd_util/spawn_step.hpp>
#include <pidfd_util/spawn_with_streams.hpp>
#include <pidfd_util/standard_streams.hpp>
#include <pidfd_util/start_time.hpp>
#include <pidfd_util/state_change.hpp>
#include <pidfd_util/stop_step.hpp>
#include <pidfd_util/storage.hpp>
#include <pidfd_util/text_view.hpp>
#include <pidfd_util/unique_fd.hpp>
#include <pidfd_util/version.hpp>
#include <pidfd_util/wait_any.hpp>
#include <pidfd_util/waits.hpp>

#endif
