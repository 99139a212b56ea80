// SPDX-License-Identifier: MIT
// Texts of /proc/PID in the memory of the caller.
#ifndef PIDFD_UTIL_PROC_TEXT_HPP
#define PIDFD_UTIL_PROC_TEXT_HPP

#include <cstddef>
#include <iterator>
#include <string_view>

namespace pidfd_util {

/// A text that was read into the caller's storage.
struct proc_text {
    std::string_view text; ///< what was read; it can have null characters
    bool complete;         ///< false if the storage is full, and the file goes on
};

/// A list of strings, each of which ends with a null character in the caller's storage: a command
/// line, or an environment. It is a view, and allocates nothing.
class text_list {
public:
    /// Goes from string to string.
    class iterator {
    public:
        /// The category in C++17, where `*` of a forward iterator has to return a reference.
        using iterator_category = std::input_iterator_tag;
        /// The category from C++20 on.
        using iterator_concept = std::forward_iterator_tag;
        /// The type of a string.
        using value_type = std::string_view;
        /// The type of a distance.
        using difference_type = std::ptrdiff_t;
        /// The type of a pointer to a string.
        using pointer = const std::string_view*;
        /// What `*` returns.
        using reference = std::string_view;

        /// Makes an iterator that can only be assigned to.
        constexpr iterator() noexcept = default;

        /// Returns the string, without its null character.
        [[nodiscard]] constexpr std::string_view operator*() const noexcept {
            return rest_.substr(0, length());
        }
        /// Goes to the next string.
        constexpr iterator& operator++() noexcept {
            const std::size_t taken = length() + 1;
            rest_ = taken < rest_.size() ? rest_.substr(taken) : rest_.substr(rest_.size());
            return *this;
        }
        /// Goes to the next string, and returns an iterator to this one.
        constexpr iterator operator++(int) noexcept {
            const iterator old = *this;
            ++*this;
            return old;
        }
        /// Returns whether both are at the same string of one list.
        friend constexpr bool operator==(iterator a, iterator b) noexcept {
            return a.rest_.size() == b.rest_.size();
        }
        /// Returns whether they are at different strings of one list.
        friend constexpr bool operator!=(iterator a, iterator b) noexcept { return !(a == b); }

    private:
        friend class text_list;
        constexpr explicit iterator(std::string_view rest) noexcept : rest_(rest) {}
        [[nodiscard]] constexpr std::size_t length() const noexcept {
            std::size_t at = 0; // GCC 12 cannot call `find` at compile time in all cases
            while (at < rest_.size() && rest_[at] != '\0')
                ++at;
            return at;
        }

        std::string_view rest_;
    };

    /// Makes an empty list.
    constexpr text_list() noexcept = default;
    /// Makes the list of the strings in `text`.
    constexpr explicit text_list(proc_text text) noexcept : text_(text) {}

    /// Returns an iterator to the first string.
    [[nodiscard]] constexpr iterator begin() const noexcept { return iterator(text_.text); }
    /// Returns an iterator behind the last string.
    [[nodiscard]] constexpr iterator end() const noexcept {
        return iterator(text_.text.substr(text_.text.size()));
    }
    /// Returns whether there are no strings.
    [[nodiscard]] constexpr bool empty() const noexcept { return text_.text.empty(); }
    /// Returns false if the storage was too small: strings are missing, and the last one may be cut.
    [[nodiscard]] constexpr bool complete() const noexcept { return text_.complete; }
    /// Returns all strings with their null characters.
    [[nodiscard]] constexpr std::string_view text() const noexcept { return text_.text; }

    /// Returns what follows `NAME=` in the first string that begins with it, as getenv(3) does; a
    /// view without data if there is no such string, or if the storage was so small that the string
    /// is cut.
    [[nodiscard]] constexpr std::string_view value_of(std::string_view name) const noexcept {
        for (const std::string_view entry : *this) {
            if (entry.size() > name.size() && entry[name.size()] == '=' &&
                entry.substr(0, name.size()) == name)
                return is_cut(entry) ? std::string_view() : entry.substr(name.size() + 1);
        }
        return {};
    }

private:
    /// Returns whether the string, which is in the list, goes on behind the end of the storage.
    [[nodiscard]] constexpr bool is_cut(std::string_view entry) const noexcept {
        return !text_.complete &&
               entry.data() + entry.size() == text_.text.data() + text_.text.size();
    }

    proc_text text_{{}, true};
};

} // namespace pidfd_util

#endif
