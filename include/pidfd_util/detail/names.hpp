// SPDX-License-Identifier: MIT
// Tables of enumerators and their names.
#ifndef PIDFD_UTIL_DETAIL_NAMES_HPP
#define PIDFD_UTIL_DETAIL_NAMES_HPP

#include <array>
#include <cstddef>

namespace pidfd_util::names {

/// A row of a table that holds only names.
template <class Enum>
struct row {
    Enum value;
    const char* name;
};

/// Returns the index of the row of a value; `size` if it has none.
template <class Row, std::size_t size, class Enum>
[[nodiscard]] constexpr std::size_t index_of(const Row (&table)[size], Enum value) noexcept {
    std::size_t i = 0;
    while (i != size && table[i].value != value)
        ++i;
    return i;
}

/// Returns the row of a value; null if it has none.
template <class Row, std::size_t size, class Enum>
[[nodiscard]] constexpr const Row* find(const Row (&table)[size], Enum value) noexcept {
    const std::size_t i = index_of(table, value);
    return i != size ? &table[i] : nullptr;
}

/// Returns a text from the row of a value; `absent` if it has no row.
// It does not call find(): with -fsanitize=undefined, GCC 12 refuses the comparison of a row's address
// with null in a constant expression.
template <class Row, std::size_t size, class Enum>
[[nodiscard]] constexpr const char* text_of(const Row (&table)[size], Enum value,
                                            const char* Row::*text, const char* absent) noexcept {
    const std::size_t i = index_of(table, value);
    return i != size ? table[i].*text : absent;
}

/// Returns the name of a value; "?" if it has none.
template <class Row, std::size_t size, class Enum>
[[nodiscard]] constexpr const char* name_of(const Row (&table)[size], Enum value) noexcept {
    return text_of(table, value, &Row::name, "?");
}

/// Returns the values of a table.
template <class Row, std::size_t size>
[[nodiscard]] constexpr auto values_of(const Row (&table)[size]) noexcept {
    std::array<decltype(Row::value), size> values{};
    for (std::size_t i = 0; i < size; ++i)
        values[i] = table[i].value;
    return values;
}

} // namespace pidfd_util::names

#endif
