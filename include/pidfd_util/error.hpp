// SPDX-License-Identifier: MIT
// The errors: the conditions that programs compare with, and the categories.
#ifndef PIDFD_UTIL_ERROR_HPP
#define PIDFD_UTIL_ERROR_HPP

#include <pidfd_util/abi.hpp>
#include <pidfd_util/detail/names.hpp>

#include <system_error>
#include <type_traits>

namespace pidfd_util {

/// The condition of an error, which several errnos can have. Compare an error code with it:
///
///     if (pid.error() == pidfd_util::pidfd_errc::not_found) ...
///
/// The `value()` of an error code is an errno, and the error code can also be compared with
/// `std::errc`. Where the kernel's errno can have two causes, the library finds out which one it
/// is, and returns an errno of its own. The errnos of a condition are given in brackets.
enum class pidfd_errc {
    /// An operation that no path on this kernel or sandbox can answer [ENOSYS, ENOTTY, EOPNOTSUPP].
    unsupported = 1,
    /// A process that has ended and was reaped, or a pid that no process has. Some operations also
    /// return this for a process that has ended and is not reaped yet, as their documentation says
    /// [ESRCH].
    not_found,
    /// A file descriptor that is open, but is not a pidfd [EBADFD].
    not_a_pidfd,
    /// A process that exists, but in a pid namespace that the caller cannot see [EREMOTE].
    foreign_namespace,
    /// A system call that a seccomp filter or another policy refused, where no other path can
    /// answer. If the kernel itself denies the caller the right to do something to a process, the
    /// error is EPERM or EACCES, and never this one [ERFKILL].
    forbidden_by_sandbox,
    /// A process without a parent that the caller can see: the parent is outside of the caller's
    /// pid namespace, or there is no parent [EADDRNOTAVAIL].
    no_visible_parent,
    /// An id of a process of another boot or machine: it says nothing about the processes that run
    /// here now [ESTALE].
    foreign_boot,
    /// A file descriptor or a path that is not the directory of a cgroup of the cgroup2 hierarchy. A
    /// cgroup of version 1 is not one either [EMEDIUMTYPE].
    not_a_cgroup,
    /// A threaded cgroup, which holds threads instead of processes [EPROTOTYPE].
    threaded_cgroup,
};

namespace names {

inline constexpr row<pidfd_errc> pidfd_errcs[] = {
    {pidfd_errc::unsupported, "unsupported"},
    {pidfd_errc::not_found, "not_found"},
    {pidfd_errc::not_a_pidfd, "not_a_pidfd"},
    {pidfd_errc::foreign_namespace, "foreign_namespace"},
    {pidfd_errc::forbidden_by_sandbox, "forbidden_by_sandbox"},
    {pidfd_errc::no_visible_parent, "no_visible_parent"},
    {pidfd_errc::foreign_boot, "foreign_boot"},
    {pidfd_errc::not_a_cgroup, "not_a_cgroup"},
    {pidfd_errc::threaded_cgroup, "threaded_cgroup"},
};

} // namespace names

/// Returns the name of the enumerator. `make_error_condition(e).message()` returns a text for
/// users.
[[nodiscard]] constexpr const char* to_string(pidfd_errc e) noexcept {
    return names::name_of(names::pidfd_errcs, e);
}

/// Returns the category of every error code that the library returns; the values are errnos. There
/// is one such object in the process. It is constant-initialised and never destroyed.
[[nodiscard]] inline const std::error_category& pidfd_category() noexcept {
    return abi::code_category(nullptr);
}

/// Returns the category of `pidfd_errc`. Its conditions also match the errnos of
/// `std::generic_category()` and `std::system_category()`.
[[nodiscard]] inline const std::error_category& pidfd_errc_category() noexcept {
    return abi::condition_category(nullptr);
}

/// Returns the condition in the form that `std::error_code` compares with.
[[nodiscard]] inline std::error_condition make_error_condition(pidfd_errc e) noexcept {
    return {static_cast<int>(e), pidfd_errc_category()};
}

} // namespace pidfd_util

template <>
struct std::is_error_condition_enum<pidfd_util::pidfd_errc> : std::true_type {};

#endif
