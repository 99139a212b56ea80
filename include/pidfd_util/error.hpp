// SPDX-License-Identifier: MIT
// The errors: what they mean, and the category they live in.
#ifndef PIDFD_UTIL_ERROR_HPP
#define PIDFD_UTIL_ERROR_HPP

#include <pidfd_util/abi.hpp>

#include <system_error>
#include <type_traits>

namespace pidfd_util {

/// What a failed operation means to its caller. Compare an error code with it:
///
///     if (pid.error() == pidfd_util::pidfd_errc::not_found) ...
///
/// An error code's `value()` is an errno and also compares equal to `std::errc`. Where the
/// kernel's errno has two meanings the library finds out which one holds and says it with an errno
/// of its own; those are given in brackets.
enum class pidfd_errc {
    /// No path of this kernel, or of this sandbox, can answer [ENOSYS, ENOTTY, EOPNOTSUPP].
    unsupported = 1,
    /// The process has ended and was reaped; there is no process with this pid. Some operations
    /// also say so of a process that has ended and is not reaped yet: their docs tell [ESRCH].
    not_found,
    /// The file descriptor is open, but it is no pidfd [EBADFD].
    not_a_pidfd,
    /// The process exists, but in a pid namespace that the caller cannot see [EREMOTE].
    foreign_namespace,
    /// A seccomp filter or another policy refused the system call itself, and no other path can
    /// answer. This is never the kernel's own "no right to do this to that process" [ERFKILL].
    forbidden_by_sandbox,
    /// The process has no parent that the caller could name: the parent is outside of the caller's
    /// pid namespace, or the process is the first of its own [EADDRNOTAVAIL].
    no_visible_parent,
};

/// The category of every error code that the library returns; the value is an errno. There is one
/// such object in the process. It is constant-initialised and never destroyed.
[[nodiscard]] inline const std::error_category& pidfd_category() noexcept {
    return abi::code_category(nullptr);
}

/// The category of `pidfd_errc`. It also knows the errnos of `std::generic_category()` and
/// `std::system_category()`.
[[nodiscard]] inline const std::error_category& pidfd_errc_category() noexcept {
    return abi::condition_category(nullptr);
}

/// The condition, as `std::error_code` compares with it.
[[nodiscard]] inline std::error_condition make_error_condition(pidfd_errc e) noexcept {
    return {static_cast<int>(e), pidfd_errc_category()};
}

} // namespace pidfd_util

template <>
struct std::is_error_condition_enum<pidfd_util::pidfd_errc> : std::true_type {};

#endif
