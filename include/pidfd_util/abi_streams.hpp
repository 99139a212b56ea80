// SPDX-License-Identifier: MIT
// The part of the binary interface that is about the standard streams of children. The rules
// of abi.hpp apply.
#ifndef PIDFD_UTIL_ABI_STREAMS_HPP
#define PIDFD_UTIL_ABI_STREAMS_HPP

#include <pidfd_util/abi.hpp>
#include <pidfd_util/exchange_end.hpp>
#include <pidfd_util/standard_streams.hpp>

#include <cstddef>
#include <cstdint>

namespace pidfd_util::abi {

/// Where the bytes of one stream go. Part of a record that grows behind it: it never grows itself.
struct sink_record {
    enum : std::uint32_t { discards = 0, keeps = 1, calls = 2 };
    std::uint32_t kind;
    std::uint32_t reserved;
    /// Stores the bytes from `data + count` on, up to `capacity` in total.
    char* data;
    std::size_t capacity;
    /// Called with the bytes; false ends the exchange.
    bool (*take)(void* argument, const char* bytes, std::size_t count);
    void* argument;
    /// How many bytes have come.
    std::size_t count;
};

/// An exchange of bytes with a process. It is also filled if the function returns an errno, and can
/// be passed to it again.
struct exchange_record {
    std::int64_t grace; // nanoseconds
    const char* input;
    std::size_t input_size;
    std::size_t written;
    sink_record output;
    sink_record error;
    std::size_t reserved; // in place of padding on 32-bit machines
};
static_assert(sizeof(sink_record) == 8 + 5 * sizeof(void*));

/// Starts a program with the caller's ends of its pipes in `ends`, which are changed only if it
/// returns 0.
[[nodiscard]] PIDFD_UTIL_EXPORT int
spawn_with_streams(const char* file, const char* const* argv, const spawn_options& options,
                   std::size_t size, const standard_streams& streams, std::size_t streams_size,
                   int& fd, stream_ends& ends, spawn_step* failed) noexcept;

/// Writes the input and reads the outputs until the process has ended and its outputs are read.
/// ETIMEDOUT if the deadline passes; EFBIG if a `sink_record` that keeps bytes is full; ECANCELED if
/// one that calls a function got false.
[[nodiscard]] PIDFD_UTIL_EXPORT int communicate(int fd, exchange_end& end, stream_ends& ends,
                                                exchange_record& exchange, std::size_t size,
                                                std::int64_t deadline) noexcept;

} // namespace pidfd_util::abi

#endif
