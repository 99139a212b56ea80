// SPDX-License-Identifier: MIT
// Starting a program whose standard streams are pipes, /dev/null or files.
#ifndef PIDFD_UTIL_SPAWN_WITH_STREAMS_HPP
#define PIDFD_UTIL_SPAWN_WITH_STREAMS_HPP

#include <pidfd_util/abi_streams.hpp>
#include <pidfd_util/spawn.hpp>
#include <pidfd_util/standard_streams.hpp>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// A child, and the caller's ends of its pipes.
struct [[nodiscard]] piped_child {
    child process;    ///< the child
    stream_ends ends; ///< the caller's ends of its pipes
};

/// Starts the program `file` as `spawn` does, with the standard streams of `streams`, and returns
/// the child together with the caller's ends of its pipes. The streams add up to three mappings, to
/// 0, 1 and 2. No mapping of `options.fds` may have the same `to` as one of these.
///
/// The pipes have close-on-exec set from the start, and the child gets only its own ends: a child
/// that another thread starts meanwhile, with any function that runs a program, keeps none of them.
/// The caller's ends are in blocking mode. Their numbers are greater than 2, even if the caller has
/// closed its own standard streams.
///
/// A stream that is `same_as` another refers to the same open file, as `2>&1` does in a shell: what
/// is written to both stays in order. `same_as` an inherited stream uses what the child has there,
/// which may be a mapping of `options.fds`.
///
/// Linux 5.4.
/// See pipe(2), null(4), `spawn`.
///
/// \errors as for `spawn`, and
/// | errno  | `pidfd_errc` | step               | when |
/// | ------ | ------------ | ------------------ | ---- |
/// | EINVAL |              | `options`          | streams are `same_as` each other in a circle; the input is `same_as` a pipe that is written to, or the reverse; `from_fd` of a negative number; a mapping of `options.fds` has the number of a stream that is not inherited |
/// | EBADF  |              | `file_descriptors` | the file descriptor of `from_fd`, the inherited stream that another one is `same_as`, or the `from` of a mapping is closed |
/// | EMFILE, ENFILE |      | `file_descriptors` | no file descriptor left for the pipes or /dev/null, and nothing was started |
/// | ENOENT, EACCES, ENODEV | | `file_descriptors` | /dev/null is missing (ENOENT); may not be opened for reading and writing (EACCES); is not the null device (ENODEV) |
/// | ERFKILL | `forbidden_by_sandbox` | `file_descriptors` | a sandbox refuses pipe2(2), openat(2), statx(2) or fcntl(2) |
/// | ENOSYS  | `unsupported` | `file_descriptors` | this sandbox lacks pipe2(2), openat(2), statx(2) or fcntl(2) |
[[nodiscard]] inline expected<piped_child>
spawn_with_streams(const char* file, const char* const* argv, const spawn_options& options,
                   const standard_streams& streams, spawn_step* failed = nullptr) noexcept {
    int fd = -1;
    stream_ends ends;
    const int error = abi::spawn_with_streams(file, argv, options, sizeof options, streams,
                                              sizeof streams, fd, ends, failed);
    auto process = detail::owned<child>(error, fd);
    if (!process)
        return unexpected(process.error());
    return piped_child{(std::move)(*process), (std::move)(ends)};
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
