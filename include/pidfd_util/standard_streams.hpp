// SPDX-License-Identifier: MIT
// The choices of a child's standard streams, and the caller's ends of its pipes.
#ifndef PIDFD_UTIL_STANDARD_STREAMS_HPP
#define PIDFD_UTIL_STANDARD_STREAMS_HPP

#include <pidfd_util/detail/names.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cstdint>
#include <type_traits>

namespace pidfd_util {

/// The standard streams of a process, with their numbers as file descriptors.
enum class standard_stream : std::int32_t {
    input = 0,  ///< standard input
    output = 1, ///< standard output
    error = 2,  ///< standard error
};

namespace names {

inline constexpr row<standard_stream> standard_streams[] = {
    {standard_stream::input, "input"},
    {standard_stream::output, "output"},
    {standard_stream::error, "error"},
};

} // namespace names

/// Returns the name of the enumerator.
[[nodiscard]] constexpr const char* to_string(standard_stream s) noexcept {
    return names::name_of(names::standard_streams, s);
}

/// The choice of what one standard stream of a child is.
class stream_choice {
public:
    /// Makes the choice that the child inherits the caller's stream; closed if that is closed.
    constexpr stream_choice() noexcept = default;

    /// Returns the choice that the child inherits the caller's stream; closed if that is closed.
    [[nodiscard]] static constexpr stream_choice inherited() noexcept { return {}; }
    /// Returns the choice of /dev/null, which reads as empty and discards what is written to it.
    [[nodiscard]] static constexpr stream_choice null_device() noexcept {
        return stream_choice(null_kind, 0);
    }
    /// Returns the choice of a new pipe, of which the caller gets the other end. See pipe(2).
    [[nodiscard]] static constexpr stream_choice new_pipe() noexcept {
        return stream_choice(pipe_kind, 0);
    }
    /// Returns the choice of the same file as another standard stream of the child has:
    ///
    ///     streams.error = stream_choice::same_as(standard_stream::output);
    [[nodiscard]] static constexpr stream_choice same_as(standard_stream other) noexcept {
        return stream_choice(same_kind, static_cast<std::int32_t>(other));
    }
    /// Returns the choice of a file descriptor of the caller, which stays the caller's. It must be
    /// open until `spawn_with_streams` returns.
    [[nodiscard]] static constexpr stream_choice from_fd(int fd) noexcept {
        return stream_choice(fd_kind, fd);
    }

    /// Returns whether the child inherits the caller's stream.
    [[nodiscard]] constexpr bool is_inherited() const noexcept { return kind_ == inherited_kind; }
    /// Returns whether the choice is /dev/null.
    [[nodiscard]] constexpr bool is_null_device() const noexcept { return kind_ == null_kind; }
    /// Returns whether the choice is a new pipe.
    [[nodiscard]] constexpr bool is_new_pipe() const noexcept { return kind_ == pipe_kind; }
    /// Returns whether the choice is the file of another stream.
    [[nodiscard]] constexpr bool is_same_as_other() const noexcept { return kind_ == same_kind; }
    /// Returns whether the choice is a file descriptor of the caller.
    [[nodiscard]] constexpr bool is_fd() const noexcept { return kind_ == fd_kind; }
    /// Returns the file descriptor, or the number of the other stream; 0 for other choices.
    [[nodiscard]] constexpr int number() const noexcept { return number_; }

private:
    static constexpr std::uint32_t inherited_kind = 0;
    static constexpr std::uint32_t null_kind = 1;
    static constexpr std::uint32_t pipe_kind = 2;
    static constexpr std::uint32_t same_kind = 3;
    static constexpr std::uint32_t fd_kind = 4;

    constexpr stream_choice(std::uint32_t kind, std::int32_t number) noexcept
        : kind_(kind), number_(number) {}

    std::uint32_t kind_ = inherited_kind;
    std::int32_t number_ = 0;
};

/// The choices of a child's standard streams. By default, the child inherits all three.
struct standard_streams {
    stream_choice input;  ///< its standard input, file descriptor 0
    stream_choice output; ///< its standard output, file descriptor 1
    stream_choice error;  ///< its standard error, file descriptor 2
};

// Later versions add members at the end: see abi.hpp.
static_assert(std::has_unique_object_representations_v<standard_streams>, "no padding");
static_assert(std::is_trivially_copyable_v<standard_streams>);

/// The caller's ends of a child's pipes. An end is empty if its stream is not a pipe.
struct stream_ends {
    unique_fd input;  ///< for writing: the child reads it as its standard input
    unique_fd output; ///< for reading what the child writes to its standard output
    unique_fd error;  ///< for reading what the child writes to its standard error
};

} // namespace pidfd_util

#endif
