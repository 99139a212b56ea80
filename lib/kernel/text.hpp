// SPDX-License-Identifier: MIT
// Parsing the text of /proc: lines, numbers and lists of numbers.
#ifndef PIDFD_UTIL_LIB_KERNEL_TEXT_HPP
#define PIDFD_UTIL_LIB_KERNEL_TEXT_HPP

#include "sys.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <sys/types.h>

namespace pidfd_util::text {

/// Reads the lines of a file into a buffer that the caller provides.
class line_reader {
public:
    using read_function = int (*)(int fd, char* buffer, std::size_t size,
                                  std::size_t& length) noexcept;

    /// Starts at the current offset of the file. `read` knows which errnos such a file has.
    line_reader(int fd, char* buffer, std::size_t size, read_function read = sys::read) noexcept
        : fd_(fd), buffer_(buffer), size_(size), read_(read) {}

    /// Reads the next line, without its newline; `line` is empty (nullopt) after the last one.
    /// Returns 0 or an errno. A line that is longer than the buffer is cut to its size.
    [[nodiscard]] int next(std::optional<std::string_view>& line) noexcept;

private:
    [[nodiscard]] int fill() noexcept;

    int fd_;
    char* buffer_;
    std::size_t size_;
    read_function read_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool skipping_ = false; // the rest of a line that was cut
    bool at_end_ = false;
};

/// A path in /proc that has a number in it: a prefix, the number, and a slash with a name, unless
/// the name is empty.
struct numbered_path {
    static constexpr std::size_t longest_name = 36;
    char text[sizeof "-2147483648/task/-2147483648/" + longest_name];

    /// Returns false if the path does not fit. All paths that the library uses fit, and those to a file
    /// of a thread whose name is not longer than `longest_name`.
    [[nodiscard]] bool set(std::string_view prefix, int number, std::string_view name) noexcept;
};

/// Parses a decimal number that fills the text; it has a sign only if it is negative.
[[nodiscard]] bool parse_number(std::string_view text, std::int64_t& value) noexcept;
/// Parses a number that also fits a pid_t, or a uid_t.
[[nodiscard]] bool parse_pid(std::string_view text, pid_t& value) noexcept;
[[nodiscard]] bool parse_id(std::string_view text, std::uint32_t& value) noexcept;

/// Removes the next word, which ends at a space or a tab, from the front of the text. Returns it;
/// empty if there is none.
std::string_view take_word(std::string_view& text) noexcept;

/// Returns whether the line begins with `key`, and then removes the key.
[[nodiscard]] bool take_key(std::string_view& line, std::string_view key) noexcept;

/// The pids of one process in nested pid namespaces, outermost first.
struct pid_list {
    // The kernel's MAX_PID_NS_LEVEL, and the outermost namespace.
    static constexpr std::size_t capacity = 33;
    pid_t pids[capacity];
    std::size_t count;
};
[[nodiscard]] bool parse_pids(std::string_view text, pid_list& list) noexcept;

} // namespace pidfd_util::text

#endif
