// SPDX-License-Identifier: MIT
// The ways in which an exchange of bytes with a process can end.
#ifndef PIDFD_UTIL_EXCHANGE_END_HPP
#define PIDFD_UTIL_EXCHANGE_END_HPP

#include <pidfd_util/detail/names.hpp>

namespace pidfd_util {

/// How `communicate` ended.
enum class exchange_end : unsigned char {
    complete,         ///< the process has ended, and its outputs were read to their ends
    output_held_open, ///< the process has ended, and everything that it wrote itself was read, but
                      ///< another process still has an output open
};

namespace names {

inline constexpr row<exchange_end> exchange_ends[] = {
    {exchange_end::complete, "complete"},
    {exchange_end::output_held_open, "output_held_open"},
};

} // namespace names

/// Returns the name of the enumerator.
[[nodiscard]] constexpr const char* to_string(exchange_end e) noexcept {
    return names::name_of(names::exchange_ends, e);
}

} // namespace pidfd_util

#endif
