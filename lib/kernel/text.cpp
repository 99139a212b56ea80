// SPDX-License-Identifier: MIT
#include "text.hpp"

#include <charconv>
#include <cstring>
#include <limits>
#include <system_error>

namespace pidfd_util::text {

namespace {

constexpr std::size_t npos = std::string_view::npos;
constexpr std::string_view blanks = " \t";

template <class T>
bool parse_as(std::string_view text, T& value) noexcept {
    std::int64_t number = 0;
    if (!parse_number(text, number) || number < std::numeric_limits<T>::min() ||
        number > std::numeric_limits<T>::max())
        return false;
    value = static_cast<T>(number);
    return true;
}

} // namespace

int line_reader::next(std::optional<std::string_view>& line) noexcept {
    for (;;) {
        const std::string_view held(buffer_ + begin_, end_ - begin_);
        const std::size_t newline = held.find('\n');
        const bool full = held.size() == size_;
        if (newline == npos && !full && !at_end_) {
            if (const int error = fill(); error != 0)
                return error;
            continue;
        }
        if (newline == npos && held.empty()) {
            line.reset();
            return 0;
        }
        const std::size_t length = newline == npos ? held.size() : newline;
        begin_ += newline == npos ? length : length + 1;
        const bool skip = skipping_;
        skipping_ = newline == npos;
        if (skip)
            continue;
        line = held.substr(0, length);
        return 0;
    }
}

int line_reader::fill() noexcept {
    std::memmove(buffer_, buffer_ + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    std::size_t count = 0;
    if (const int error = read_(fd_, buffer_ + end_, size_ - end_, count); error != 0)
        return error;
    end_ += count;
    at_end_ = count == 0;
    return 0;
}

bool numbered_path::set(std::string_view prefix, int number, std::string_view name) noexcept {
    constexpr std::size_t longest_number = sizeof "-2147483648" - 1;
    if (prefix.size() + longest_number + name.size() + sizeof "/" > sizeof text)
        return false;
    std::memcpy(text, prefix.data(), prefix.size());
    char* end = std::to_chars(text + prefix.size(), text + sizeof text, number).ptr;
    if (!name.empty()) {
        *end++ = '/';
        std::memcpy(end, name.data(), name.size());
        end += name.size();
    }
    *end = '\0';
    return true;
}

bool parse_number(std::string_view text, std::int64_t& value) noexcept {
    const char* end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stopped == end;
}

bool parse_pid(std::string_view text, pid_t& value) noexcept {
    return parse_as(text, value);
}

bool parse_id(std::string_view text, std::uint32_t& value) noexcept {
    return parse_as(text, value);
}

std::string_view take_word(std::string_view& text) noexcept {
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == npos) {
        text = {};
        return {};
    }
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(word.size());
    return word;
}

bool take_key(std::string_view& line, std::string_view key) noexcept {
    if (line.substr(0, key.size()) != key)
        return false;
    line.remove_prefix(key.size());
    return true;
}

bool parse_pids(std::string_view text, pid_list& list) noexcept {
    list.count = 0;
    for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
        if (list.count == pid_list::capacity || !parse_pid(word, list.pids[list.count]))
            return false;
        ++list.count;
    }
    return list.count > 0;
}

} // namespace pidfd_util::text
