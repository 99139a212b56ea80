// SPDX-License-Identifier: MIT
// Records of the binary boundary, of which caller and library may know different lengths.
//
// A record grows at its end only, and has no padding. A new member that goes into the library is not
// used if it is all zeros; a new member that comes out of the library is empty if it is all zeros.
#ifndef PIDFD_UTIL_LIB_RECORD_HPP
#define PIDFD_UTIL_LIB_RECORD_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace pidfd_util::record {

template <class Record>
inline constexpr bool can_grow =
    std::is_trivially_copyable_v<Record>&& std::has_unique_object_representations_v<Record>;

/// Copies a record of `size` bytes that a caller passed. What the caller does not know keeps its
/// default. EOPNOTSUPP if the caller knows more than the library, and uses it.
template <class Record>
[[nodiscard]] int copy_in(const Record& from, std::size_t size, Record& known) noexcept {
    static_assert(can_grow<Record>);
    const auto* const bytes = reinterpret_cast<const unsigned char*>(&from);
    for (std::size_t i = sizeof known; i < size; ++i)
        if (bytes[i] != 0)
            return EOPNOTSUPP;
    known = {};
    std::memcpy(static_cast<void*>(&known), bytes, std::min(size, sizeof known));
    return 0;
}

/// Fills a caller's record of `size` bytes. What the library does not know becomes zero.
template <class Record>
void copy_out(const Record& known, Record& to, std::size_t size) noexcept {
    static_assert(can_grow<Record>);
    auto* const bytes = reinterpret_cast<unsigned char*>(&to);
    std::memcpy(bytes, &known, std::min(size, sizeof known));
    if (size > sizeof known)
        std::memset(bytes + sizeof known, 0, size - sizeof known);
}

} // namespace pidfd_util::record

#endif
