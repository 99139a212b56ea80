// SPDX-License-Identifier: MIT
// The spawnee with pipes for its standard streams.
#ifndef PIDFD_UTIL_TEST_PIPED_HPP
#define PIDFD_UTIL_TEST_PIPED_HPP

#include "catch.hpp"
#include "lifecycle.hpp"

#include <pidfd_util/communicate.hpp>
#include <pidfd_util/spawn_with_streams.hpp>

#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace support {

inline pidfd_util::standard_streams three_pipes() {
    using pidfd_util::stream_choice;
    return {stream_choice::new_pipe(), stream_choice::new_pipe(), stream_choice::new_pipe()};
}

/// Spawns the spawnee with these commands and three pipes, or other streams.
inline pidfd_util::piped_child piped(const arguments& commands,
                                     const pidfd_util::standard_streams& streams = three_pipes(),
                                     const pidfd_util::spawn_options& options = {}) {
    auto c = pidfd_util::spawn_with_streams(spawnee(), commands, options, streams);
    REQUIRE(c);
    return std::move(*c);
}

/// A sink's function that keeps everything.
struct collector {
    std::string text;
    void operator()(const char* bytes, std::size_t count) noexcept { text.append(bytes, count); }
};

/// What the spawnee's command "write" writes.
inline std::string pattern(std::size_t count) {
    std::string text(count, '\0');
    for (std::size_t i = 0; i < count; ++i)
        text[i] = static_cast<char>(static_cast<unsigned char>(i % 251));
    return text;
}

/// A pipe whose reading end a spawnee gets as number 5, with `options`. "copy 5" lasts until `open` is
/// closed.
struct gate {
    gate() {
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        closed.reset(ends[0]);
        open.reset(ends[1]);
        mapping[0] = {closed.get(), 5};
        options.fds = mapping;
    }
    gate(const gate&) = delete; // the options are a view of the mapping
    gate& operator=(const gate&) = delete;

    pidfd_util::unique_fd closed; // for the child
    pidfd_util::unique_fd open;
    pidfd_util::fd_mapping mapping[1];
    pidfd_util::spawn_options options; // with the mapping
};

} // namespace support

#endif
