// SPDX-License-Identifier: MIT
// Handing a pidfd to another program on purpose: a child, or the next program of this process.
#ifndef PIDFD_UTIL_INHERITANCE_HPP
#define PIDFD_UTIL_INHERITANCE_HPP

#include <pidfd_util/detail/fixed_text.hpp>
#include <pidfd_util/pidfd.hpp>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace pidfd_util {

namespace detail {

/// What a text of `announce` says.
struct announcement {
    int number;
    std::uint64_t inode; // 0 if the text has none
};

[[nodiscard]] constexpr std::optional<announcement>
parse_announcement(std::string_view text) noexcept {
    std::uint64_t number = 0;
    std::uint64_t inode = 0;
    if (!texts::take_prefix(text, "pidfd="))
        return std::nullopt;
    const bool has_inode = text.find(',') != std::string_view::npos;
    const std::string_view first = texts::split(text, ',');
    if (!texts::parse_decimal(first, (std::numeric_limits<int>::max)(), number))
        return std::nullopt;
    if (has_inode &&
        (!texts::take_prefix(text, "inode=") ||
         !texts::parse_decimal(text, (std::numeric_limits<std::uint64_t>::max)(), inode) ||
         inode == 0))
        return std::nullopt;
    return announcement{static_cast<int>(number), inode};
}

} // namespace detail

inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// Returns a text that announces a pidfd to the program that inherits it, for an environment
/// variable or an argument. `number` is the number that the file descriptor has in that program.
/// The text is `pidfd=NUMBER,inode=INODE`, and only `pidfd=NUMBER` before Linux 6.9.
///
///     const fd_mapping fds[] = {{process.fd(), 3}};
///     options.fds = fds; // spawn passes it on as 3
///     auto text = announce(process, 3);
///
/// For the next program of this process, announce `process.fd()`, and call `keep_on_exec`.
///
/// \errors as for `get_id`, except EOPNOTSUPP, and
/// | errno  | when |
/// | ------ | ---- |
/// | EINVAL | `number` is negative |
[[nodiscard]] inline expected<fixed_text<43>> announce(const pidfd_identity& process,
                                                       int number) noexcept {
    if (number < 0)
        return detail::failure(EINVAL);
    const auto id = process.get_id();
    if (!id && id.error() != pidfd_errc::unsupported)
        return unexpected(id.error());
    fixed_text<43> text;
    text.append(std::string_view("pidfd="));
    text.append(static_cast<std::uint64_t>(number));
    if (id) {
        text.append(std::string_view(",inode="));
        text.append(*id);
    }
    return text;
}

/// Takes over the inherited pidfd that a text of `announce` describes, and sets its close-on-exec
/// flag. Call it once for each text: the result owns the file descriptor, and a second owner would
/// close the number again. Checks that the file descriptor is a pidfd of the announced process,
/// because an environment variable can reach a program that has not inherited the file descriptor.
/// Before Linux 6.9 the text does not say which process it is, and any pidfd is accepted. On
/// failure, the file descriptor is unchanged.
///
/// \errors as for `pidfd::adopt` and `get_id`, and
/// | errno  | `pidfd_errc` | when |
/// | ------ | ------------ | ---- |
/// | EINVAL |              | `announced` is not a text of `announce`, or has no inode number although this kernel has them |
/// | ESRCH  | `not_found`  | the file descriptor refers to another process |
[[nodiscard]] inline expected<pidfd> adopt_announced(std::string_view announced) noexcept {
    const auto parsed = detail::parse_announcement(announced);
    if (!parsed)
        return detail::failure(EINVAL);
    const auto id = pidfd_view(parsed->number).get_id();
    if (parsed->inode != 0) {
        if (!id)
            return unexpected(id.error());
        if (*id != parsed->inode)
            return detail::failure(ESRCH);
    } else if (id) {
        return detail::failure(EINVAL);
    } else if (id.error() != pidfd_errc::unsupported) {
        return unexpected(id.error());
    }
    const int error = abi::adopt(parsed->number);
    return detail::owned<pidfd>(error, parsed->number);
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
