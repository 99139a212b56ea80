// SPDX-License-Identifier: MIT
// The binary interface: every function that the shared library exports.
//
// Programs use the typed interface instead: pidfd.hpp and the headers that it includes. Nothing
// here mentions `expected`, so that one library serves programs of every C++ standard. A function
// returns 0 and stores its results in the out-parameters, or returns an errno, which error.hpp
// explains. After an errno the values of the out-parameters are unspecified. Out-parameters come
// right after the pidfd. No function throws, allocates memory, takes a lock or changes errno.
//
// The caller passes the `size` of a record. Later versions add members only at its end or in its
// `reserved` bytes, and zeros in these members have the same effect as a record without them. The
// caller and the library may therefore be of different versions: the library fills members that it
// does not have with zeros, and accepts only zeros in them.
#ifndef PIDFD_UTIL_ABI_HPP
#define PIDFD_UTIL_ABI_HPP

#include <pidfd_util/abi_types.hpp>
#include <pidfd_util/answer_path.hpp>
#include <pidfd_util/export.hpp>
#include <pidfd_util/namespaces.hpp>
#include <pidfd_util/process_id.hpp>
#include <pidfd_util/process_stamp.hpp>
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
class unique_fd;
} // namespace pidfd_util

namespace pidfd_util::abi {

// The argument is always null. Its type puts the name of the standard library into the symbol: a
// program that uses libc++ fails to link with a library that uses libstdc++, instead of failing
// when it runs.
PIDFD_UTIL_EXPORT const std::error_category& code_category(const std::error_category*) noexcept;
PIDFD_UTIL_EXPORT const std::error_category&
condition_category(const std::error_category*) noexcept;

/// Returns PIDFD_UTIL_VERSION of the library.
[[nodiscard]] PIDFD_UTIL_EXPORT int version() noexcept;

PIDFD_UTIL_EXPORT void close(int fd) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int duplicate(int fd, int& copy) noexcept;

[[nodiscard]] PIDFD_UTIL_EXPORT int open_self(int& fd) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int open_pid(pid_t pid, int& fd) noexcept;
/// Opens a pidfd of one thread.
[[nodiscard]] PIDFD_UTIL_EXPORT int open_tid(pid_t tid, int& fd) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int open_parent(int& fd) noexcept;
/// Opens the process or the thread whose pidfds have this inode number. `hint` is its pid, or 0.
[[nodiscard]] PIDFD_UTIL_EXPORT int open_inode(std::uint64_t inode, pid_t hint, int& fd) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int open_process_id(const process_id& id, pid_t hint,
                                                    int& fd) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int open_stamp(const process_stamp& stamp, int& fd) noexcept;
/// Returns 0 if `fd` is a pidfd.
[[nodiscard]] PIDFD_UTIL_EXPORT int check_pidfd(int fd) noexcept;
/// Checks that `fd` is a pidfd, and sets its close-on-exec flag.
[[nodiscard]] PIDFD_UTIL_EXPORT int adopt(int fd) noexcept;
/// Checks that `fd` is a pidfd, and clears its close-on-exec flag.
[[nodiscard]] PIDFD_UTIL_EXPORT int keep_on_exec(int fd) noexcept;

[[nodiscard]] PIDFD_UTIL_EXPORT int get_boot_id(boot_id& boot) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int get_process_id(int fd, process_id& id) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int get_stamp(int fd, process_stamp& stamp) noexcept;
/// Stores nanoseconds: from boot, and from the epoch of CLOCK_REALTIME, to the start.
[[nodiscard]] PIDFD_UTIL_EXPORT int get_start_time(int fd, std::int64_t& since_boot,
                                                   std::int64_t& wall) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int is_thread(int fd, bool& thread) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int same_process(int fd, int other, bool& same) noexcept;

// These store the path that answered in `*answered`, unless it is null.
[[nodiscard]] PIDFD_UTIL_EXPORT int get_pid(int fd, pid_t& pid, answer_path* answered) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int get_ppid(int fd, pid_t& ppid, answer_path* answered) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int get_id(int fd, std::uint64_t& id,
                                           answer_path* answered) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int get_creds(int fd, credentials& creds, std::size_t size,
                                              answer_path* answered) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int get_cgroupid(int fd, std::uint64_t& cgroupid,
                                                 answer_path* answered) noexcept;

[[nodiscard]] PIDFD_UTIL_EXPORT int get_info(int fd, info_record& info, std::size_t size,
                                             answer_path* answered) noexcept;

[[nodiscard]] PIDFD_UTIL_EXPORT int get_namespace(int fd, int& ns, namespace_type type,
                                                  answer_path* answered) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int set_namespace(int fd, namespace_flags flags) noexcept;

/// Opens the directory /proc/PID.
[[nodiscard]] PIDFD_UTIL_EXPORT int open_proc(int fd, int& dir) noexcept;
/// Returns 0, or ESRCH if the process was reaped.
[[nodiscard]] PIDFD_UTIL_EXPORT int check_not_reaped(int fd) noexcept;

[[nodiscard]] PIDFD_UTIL_EXPORT int send_signal(int fd, int signal) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int send_signal_to(int fd, int signal, signal_scope scope) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int queue_signal(int fd, int signal, sigval value) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int resend_signal(int fd, const siginfo_t& info) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int get_remote_fd(int fd, int& copy, int target) noexcept;

// If the deadline passes, these functions return 0, and `ended` or `changed` is false. The typed
// interface turns this into ETIMEDOUT or an empty optional.
[[nodiscard]] PIDFD_UTIL_EXPORT int is_alive(int fd, bool& alive) noexcept;
/// Waits until the process has ended, and reaps it. `status` is a wait(2) status word.
[[nodiscard]] PIDFD_UTIL_EXPORT int wait(int fd, std::int64_t deadline, bool& ended,
                                         int& status) noexcept;
/// Waits as the only owner of a child: if the child was reaped elsewhere, stores the status that
/// the kernel keeps.
[[nodiscard]] PIDFD_UTIL_EXPORT int wait_as_owner(int fd, std::int64_t deadline, bool& ended,
                                                  int& status) noexcept;
/// Waits until the process has ended, and does not reap it.
[[nodiscard]] PIDFD_UTIL_EXPORT int wait_exit(int fd, std::int64_t deadline, bool& ended) noexcept;
/// Waits until one of the processes has ended. `fd_at(where, i)` returns the file descriptor with
/// index `i`.
[[nodiscard]] PIDFD_UTIL_EXPORT int wait_any(const void* where,
                                             int (*fd_at)(const void*, std::size_t),
                                             std::size_t count, std::int64_t deadline, bool& ended,
                                             std::size_t& which) noexcept;
/// Stores the status of a process that has ended, which need not be a child. Reaps nothing.
[[nodiscard]] PIDFD_UTIL_EXPORT int get_exit_status(int fd, bool& ended, int& status) noexcept;

/// Stores one of CLD_* in `code`, and the exit code or the signal in `status`.
[[nodiscard]] PIDFD_UTIL_EXPORT int wait_change(int fd, wait_flags changes, std::int64_t deadline,
                                                bool& changed, int& code, int& status) noexcept;

[[nodiscard]] PIDFD_UTIL_EXPORT int get_coredump(int fd, bool& known, coredump_record& record,
                                                 std::size_t size) noexcept;

// Sockets.
/// Opens the process that connected the socket, or that made the socket pair.
[[nodiscard]] PIDFD_UTIL_EXPORT int peer_pidfd(int socket, int& fd) noexcept;
/// Opens the process that has the peer's pid now, which may be another process.
[[nodiscard]] PIDFD_UTIL_EXPORT int unverified_peer_pidfd(int socket, int& fd) noexcept;
/// Does not ask for groups, or for a label, whose storage has no elements.
[[nodiscard]] PIDFD_UTIL_EXPORT int get_peer(int socket, peer_record& peer, std::size_t size,
                                             gid_t* groups, std::size_t group_count, char* label,
                                             std::size_t label_size) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int request_senders(int socket, bool wanted) noexcept;
/// Receives a message, and takes over all file descriptors that it has. Stores those of SCM_RIGHTS
/// in `files`.
[[nodiscard]] PIDFD_UTIL_EXPORT int receive_message(int socket, message_record& message,
                                                    std::size_t size, void* data,
                                                    std::size_t data_size, unique_fd* files,
                                                    std::size_t file_count, int flags) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int send_message(int socket, std::size_t& sent, const void* data,
                                                 std::size_t data_size, const int* files,
                                                 std::size_t file_count, int flags) noexcept;

/// Starts a program. EOPNOTSUPP: the caller uses options that the library does not have.
[[nodiscard]] PIDFD_UTIL_EXPORT int spawn(const char* file, const char* const* argv,
                                          const spawn_options& options, std::size_t size, int& fd,
                                          spawn_step* failed) noexcept;

[[nodiscard]] PIDFD_UTIL_EXPORT int availability_of(feature f, availability& result) noexcept;
[[nodiscard]] PIDFD_UTIL_EXPORT int answering_path(operation op, answer_path& path) noexcept;

} // namespace pidfd_util::abi

#endif
