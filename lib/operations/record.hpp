// SPDX-License-Identifier: MIT
// Copying records of the binary interface, whose size may differ between the caller and the
// library.
//
// A record grows only at its end or in its `reserved` bytes, and has no padding. A new member that
// is zero has the same effect as a record without it.
#ifndef PIDFD_UTIL_LIB_OPERATIONS_RECORD_HPP
#define PIDFD_UTIL_LIB_OPERATIONS_RECORD_HPP

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace pidfd_util::record {

template <class Record>
inline constexpr bool can_grow =
    std::is_trivially_copyable_v<Record>&& std::has_unique_object_representations_v<Record>;

/// Copies a record of `size` bytes from the caller. Members that the caller does not have keep
/// their defaults. EOPNOTSUPP if the caller uses members that the library does not have.
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

/// Copies a record to the caller, whose record has `size` bytes. Members that the library does not
/// have become zero.
template <class Record>
void copy_out(const Record& known, Record& to, std::size_t size) noexcept {
    static_assert(can_grow<Record>);
    if (size == sizeof known) {
        to = known;
        return;
    }
    auto* const bytes = reinterpret_cast<unsigned char*>(&to);
    std::memcpy(bytes, &known, std::min(size, sizeof known));
    if (size > sizeof known)
        std::memset(bytes + sizeof known, 0, size - sizeof known);
}

/// A record of the caller that an answer goes to.
template <class Record>
struct receiver {
    Record& to;
    std::size_t size;
    void take(const Record& known) noexcept { copy_out(known, to, size); }
};

} // namespace pidfd_util::record

#endif
