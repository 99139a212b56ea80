// SPDX-License-Identifier: MIT
// Reading the text of /proc: lines, numbers and lists of numbers.
#ifndef PIDFD_UTIL_LIB_TEXT_HPP
#define PIDFD_UTIL_LIB_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <sys/types.h>

namespace pidfd_util::text {

/// The lines of a file, through a buffer of the caller's.
class line_reader {
public:
    /// Reads on from where the file stands.
    line_reader(int fd, char* buffer, std::size_t size) noexcept
        : fd_(fd), buffer_(buffer), size_(size) {}

    /// The next line without its end: 1, or 0 after the last one, or a negated errno. A line that
    /// is longer than the buffer comes cut to its size.
    int next(std::string_view& line) noexcept;

private:
    int fill() noexcept;

    int fd_;
    char* buffer_;
    std::size_t size_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    bool skipping_ = false; // the rest of a cut line
    bool at_end_ = false;
};

/// A path of /proc with a number in it: a prefix, the number, and a name after a slash, if it is not
/// empty.
struct numbered_path {
    char text[sizeof "2147483647/task/2147483647/ns/time_for_children"];

    /// False if it does not fit: it is no path of this library's.
    [[nodiscard]] bool set(std::string_view prefix, int number, std::string_view name) noexcept;
};

/// A decimal number that fills the text, with a sign only where it is negative.
bool parse_number(std::string_view text, std::int64_t& value) noexcept;
/// The same, and it fits a pid_t or a uid_t.
bool parse_pid(std::string_view text, pid_t& value) noexcept;
bool parse_id(std::string_view text, std::uint32_t& value) noexcept;

/// Takes the next word, which ends at a blank or a tab, off the front of the text; empty if there
/// is none.
std::string_view take_word(std::string_view& text) noexcept;

/// Whether the line begins with `key`, after which it is cut to what follows.
bool take_key(std::string_view& line, std::string_view key) noexcept;

/// The pids of one process in nested namespaces, outermost first.
struct pid_list {
    // MAX_PID_NS_LEVEL of the kernel, and the outermost.
    static constexpr std::size_t capacity = 33;
    pid_t pids[capacity];
    std::size_t count;
};
bool parse_pids(std::string_view text, pid_list& list) noexcept;

} // namespace pidfd_util::text

#endif
