// SPDX-License-Identifier: MIT
// The binary boundary: every function that the shared library exports.
//
// Programs use the typed face instead: pidfd.hpp and its neighbours. Here nothing mentions
// `expected`, so that one library serves consumers of every C++ standard. A function returns 0 and
// fills its out-parameters, or returns an errno, as error.hpp explains it; then they hold nothing.
// None throws, allocates, takes a lock or changes errno.
//
// A record comes with its `size` as the caller knows it. Later versions add members at its end only,
// and what is all zeros there means the same as a record without them. So caller and library may be
// of different versions: the library fills what it does not know with zeros, and takes zeros in it.
#ifndef PIDFD_UTIL_ABI_HPP
#define PIDFD_UTIL_ABI_HPP

#include <pidfd_util/abi_types.hpp>
#include <pidfd_util/answer_path.hpp>
#include <pidfd_util/export.hpp>
#include <pidfd_util/namespaces.hpp>
#include <pidfd_util/signal_scope.hpp>
#include <pidfd_util/spawn_options.hpp>
#include <pidfd_util/state_change.hpp>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <sys/types.h>
#include <system_error>

namespace pidfd_util {
enum class feature : unsigned char;
enum class availability : unsigned char;
enum class operation : unsigned char;
} // namespace pidfd_util

namespace pidfd_util::abi {

// The argument is always null: its type puts the name of the standard library into the symbol, so
// that a program on libc++ fails to link with a library on libstdc++ instead of failing to run.
PIDFD_UTIL_EXPORT const std::error_category& code_category(const std::error_category*) noexcept;
PIDFD_UTIL_EXPORT const std::error_category&
condition_category(const std::error_category*) noexcept;

PIDFD_UTIL_EXPORT void close(int fd) noexcept;
PIDFD_UTIL_EXPORT int duplicate(int fd, int& copy) noexcept;

PIDFD_UTIL_EXPORT int open_self(int& fd) noexcept;
PIDFD_UTIL_EXPORT int open_pid(pid_t pid, int& fd) noexcept;
/// 0 if `fd` is a pidfd.
PIDFD_UTIL_EXPORT int check_pidfd(int fd) noexcept;
/// The same, and sets its close-on-exec flag.
PIDFD_UTIL_EXPORT int adopt(int fd) noexcept;

// `answered`, where it is not null, receives the path that answered.
PIDFD_UTIL_EXPORT int get_pid(int fd, pid_t& pid, answer_path* answered) noexcept;
PIDFD_UTIL_EXPORT int get_ppid(int fd, pid_t& ppid, answer_path* answered) noexcept;
PIDFD_UTIL_EXPORT int get_id(int fd, std::uint64_t& id, answer_path* answered) noexcept;
PIDFD_UTIL_EXPORT int get_creds(int fd, credentials& creds, std::size_t size,
                                answer_path* answered) noexcept;
PIDFD_UTIL_EXPORT int get_cgroupid(int fd, std::uint64_t& cgroupid, answer_path* answered) noexcept;

PIDFD_UTIL_EXPORT int get_info(int fd, info_record& info, std::size_t size,
                               answer_path* answered) noexcept;

PIDFD_UTIL_EXPORT int get_namespace(int fd, namespace_type type, int& ns,
                                    answer_path* answered) noexcept;
PIDFD_UTIL_EXPORT int set_namespace(int fd, namespace_flags flags) noexcept;

/// A directory fd of /proc/PID.
PIDFD_UTIL_EXPORT int open_proc(int fd, int& dir) noexcept;
/// 0, or ESRCH once the process was reaped.
PIDFD_UTIL_EXPORT int check_not_reaped(int fd) noexcept;

PIDFD_UTIL_EXPORT int send_signal(int fd, int signal) noexcept;
PIDFD_UTIL_EXPORT int send_signal_to(int fd, int signal, signal_scope scope) noexcept;
PIDFD_UTIL_EXPORT int queue_signal(int fd, int signal, sigval value) noexcept;
PIDFD_UTIL_EXPORT int get_remote_fd(int fd, int target, int& copy) noexcept;

// A deadline that passes is 0 here, and `ended` and its like are false: the typed interface makes
// ETIMEDOUT or an empty optional of that.
PIDFD_UTIL_EXPORT int is_alive(int fd, bool& alive) noexcept;
/// Waits until the process has ended, and reaps it. `status` is a wait(2) status word.
PIDFD_UTIL_EXPORT int wait(int fd, std::int64_t deadline, bool& ended, int& status) noexcept;
/// The same for a child's only owner: the status of one that was reaped elsewhere is asked of the
/// kernel.
PIDFD_UTIL_EXPORT int wait_as_owner(int fd, std::int64_t deadline, bool& ended,
                                    int& status) noexcept;
/// Waits until the process has ended, and leaves it.
PIDFD_UTIL_EXPORT int wait_exit(int fd, std::int64_t deadline, bool& ended) noexcept;
/// Waits for one of them; `fd_at(where, i)` gives their file descriptors.
PIDFD_UTIL_EXPORT int wait_any(const void* where, int (*fd_at)(const void*, std::size_t),
                               std::size_t count, std::int64_t deadline, bool& ended,
                               std::size_t& which) noexcept;
/// The status of a process that has ended, whoever's child it is; nothing is reaped.
PIDFD_UTIL_EXPORT int get_exit_status(int fd, bool& ended, int& status) noexcept;

/// `code` is one of CLD_*, and `status` the exit code or signal that goes with it.
PIDFD_UTIL_EXPORT int wait_change(int fd, wait_flags changes, std::int64_t deadline, bool& changed,
                                  int& code, int& status) noexcept;

PIDFD_UTIL_EXPORT int get_coredump(int fd, bool& known, coredump_record& record,
                                   std::size_t size) noexcept;

/// EOPNOTSUPP: the caller's options are longer than the library knows, and not all zeros there.
PIDFD_UTIL_EXPORT int spawn(const char* file, const char* const* argv, const spawn_options& options,
                            std::size_t size, int& fd, spawn_step* failed) noexcept;

PIDFD_UTIL_EXPORT int query(feature f, availability& result) noexcept;
PIDFD_UTIL_EXPORT int answering_path(operation op, answer_path& path) noexcept;

} // namespace pidfd_util::abi

#endif
