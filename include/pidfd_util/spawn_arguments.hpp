// SPDX-License-Identifier: MIT
// Arguments and environments of programs, made of strings. Unlike the rest of the library, this
// header allocates memory, and throws std::bad_alloc if there is none. No other header includes it.
#ifndef PIDFD_UTIL_SPAWN_ARGUMENTS_HPP
#define PIDFD_UTIL_SPAWN_ARGUMENTS_HPP

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <unistd.h> // environ
#include <utility>
#include <vector>

namespace pidfd_util {

namespace arguments_detail {

/// Strings, and the null-terminated array of pointers to them that execve(2) takes.
class string_array {
public:
    string_array() { point(); }
    string_array(const string_array& other) : strings_(other.strings_) { point(); }
    // The strings of a vector stay where they are when it is moved.
    string_array(string_array&&) noexcept = default;
    string_array& operator=(const string_array& other) { return *this = string_array(other); }
    string_array& operator=(string_array&&) noexcept = default;
    ~string_array() = default;

    [[nodiscard]] const char* const* get() const noexcept {
        return pointers_.empty() ? nullptr : pointers_.data();
    }
    [[nodiscard]] std::size_t size() const noexcept { return strings_.size(); }

    /// Calls `change` with the vector of the strings, which has space for `more` strings. `change`
    /// must not throw: strings may move, and the array would point to where they were. If there is
    /// no memory for the space, nothing changes.
    template <class Change>
    void modify(std::size_t more, Change change) {
        const std::size_t needed = strings_.size() + more;
        pointers_.reserve(needed + 1);
        if (needed > strings_.capacity()) {
            std::vector<std::string> larger;
            larger.reserve((std::max)(needed, 2 * strings_.capacity()));
            for (std::string& s : strings_)
                larger.push_back((std::move)(s));
            strings_ = (std::move)(larger);
        }
        change(strings_);
        point();
    }

    /// Adds the strings at the end.
    void append(std::vector<std::string> more) {
        modify(more.size(), [&](std::vector<std::string>& strings) {
            for (std::string& s : more)
                strings.push_back((std::move)(s));
        });
    }

private:
    /// Allocates memory only if the array is too small.
    void point() {
        (pointers_.clear)(); // `clear` and `erase` are macros of curses
        pointers_.reserve(strings_.size() + 1);
        for (const std::string& s : strings_)
            pointers_.push_back(s.c_str());
        pointers_.push_back(nullptr);
    }

    std::vector<std::string> strings_;
    std::vector<const char*> pointers_;
};

[[nodiscard]] inline bool has_null(std::string_view text) noexcept {
    return text.find('\0') != std::string_view::npos;
}

} // namespace arguments_detail

/// The arguments of a program, of which the first is its name. Converts to the `argv` of `spawn`:
///
///     argument_list arguments({"sort", "-u"});
///     arguments.push_back(name);
///     auto sorting = spawn("sort", arguments, options);
///
/// The array is valid until the object is changed, moved or destroyed. A word that contains a null
/// character would be cut there when the program runs: with such a word, `get` returns null, and
/// `spawn` fails with EINVAL. Allocates memory. If a function throws, the list is as it was.
class argument_list {
public:
    /// Makes an empty list.
    argument_list() = default;
    /// Makes a list of these words.
    explicit argument_list(std::initializer_list<std::string_view> words) { append(words); }
    /// Makes a list of the words of any range whose elements convert to std::string_view.
    template <class Range,
              class = std::enable_if_t<
                  !std::is_base_of_v<argument_list, std::decay_t<Range>> &&
                  std::is_convertible_v<decltype(*std::begin(std::declval<const Range&>())),
                                        std::string_view>>>
    explicit argument_list(const Range& words) {
        append(words);
    }

    /// Adds a word at the end.
    void push_back(std::string_view word) { append(std::initializer_list<std::string_view>{word}); }
    /// Adds the words of a range at the end. A null pointer ends the range, as in an argv.
    template <class Range>
    void append(const Range& words) {
        std::vector<std::string> added; // first: a conversion may throw, or refer to this list
        bool valid = valid_;
        for (const auto& each : words) {
            if constexpr (std::is_convertible_v<decltype(each), const char*>)
                if (static_cast<const char*>(each) == nullptr)
                    break;
            const std::string_view word = each;
            valid = valid && !arguments_detail::has_null(word);
            added.emplace_back(word);
        }
        array_.append((std::move)(added));
        valid_ = valid;
    }

    /// Returns the number of words.
    [[nodiscard]] std::size_t size() const noexcept { return array_.size(); }
    /// Returns the null-terminated array; null if a word contains a null character.
    [[nodiscard]] const char* const* get() const& noexcept {
        return valid_ ? array_.get() : nullptr;
    }
    void get() const&& = delete; // the array would be destroyed
    /// Returns the result of `get`.
    operator const char* const*() const& noexcept { return get(); }
    operator const char* const*() const&& = delete;

private:
    arguments_detail::string_array array_;
    bool valid_ = true;
};

/// An environment for `spawn_options::environment`:
///
///     auto environment = environment_list::inherit();
///     if (environment.set("LC_ALL", "C"))
///         options.environment = environment.get();
///
/// The array is valid until the object is changed, moved or destroyed. Allocates memory. If a
/// function throws, the environment is as it was.
class environment_list {
public:
    /// Makes an empty environment.
    environment_list() = default;
    /// Returns a copy of the caller's environment. Like getenv(3), it must not run while another
    /// thread changes the environment.
    [[nodiscard]] static environment_list inherit() {
        std::vector<std::string> entries;
        for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry)
            entries.emplace_back(*entry);
        environment_list copy;
        copy.array_.append((std::move)(entries));
        return copy;
    }

    /// Sets a variable. Returns false, and changes nothing, if the name is empty or contains '=', or
    /// if the name or the value contains a null character.
    [[nodiscard]] bool set(std::string_view name, std::string_view value) {
        if (name.empty() || name.find('=') != std::string_view::npos ||
            arguments_detail::has_null(name) || arguments_detail::has_null(value))
            return false;
        std::string entry(name);
        entry += '=';
        entry += value;
        array_.modify(1, [&](std::vector<std::string>& entries) {
            drop(entries, name);
            entries.push_back((std::move)(entry));
        });
        return true;
    }
    /// Removes a variable, if it is set.
    void remove(std::string_view name) {
        array_.modify(0, [&](std::vector<std::string>& entries) { drop(entries, name); });
    }

    /// Returns the number of variables.
    [[nodiscard]] std::size_t size() const noexcept { return array_.size(); }
    /// Returns the null-terminated array.
    [[nodiscard]] const char* const* get() const& noexcept { return array_.get(); }
    void get() const&& = delete; // the array would be destroyed

private:
    static void drop(std::vector<std::string>& entries, std::string_view name) {
        const auto is_named = [name](const std::string& entry) {
            return entry.size() > name.size() && entry[name.size()] == '=' &&
                   entry.compare(0, name.size(), name) == 0;
        };
        (entries.erase)(std::remove_if(entries.begin(), entries.end(), is_named), entries.end());
    }

    arguments_detail::string_array array_;
};

} // namespace pidfd_util

#endif
