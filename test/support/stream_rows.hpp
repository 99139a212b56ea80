// SPDX-License-Identifier: MIT
// The rows of the table of operations that are about standard streams. Part of operation_table.cpp.
#ifndef PIDFD_UTIL_TEST_STREAM_ROWS_HPP
#define PIDFD_UTIL_TEST_STREAM_ROWS_HPP

#include "operation_calls.hpp"
#include "operations.hpp"

#include <pidfd_util/communicate.hpp>
#include <pidfd_util/spawn_with_streams.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace support {

namespace {

using namespace pidfd_util;
using namespace calls;
using answer = plain_answer;

/// The ends for `communicate`: one for writing, whose reader lives, and one for reading, whose writer
/// has gone. Both are closed by the call, and opened again afterwards. The mode of the files is set
/// here, because all processes of a test share it.
struct prepared_ends {
    stream_ends ends;
    int kept[2] = {-1, -1}; // what the ends are duplicates of

    prepared_ends() {
        int input[2] = {-1, -1};
        int output[2] = {-1, -1};
        if (pipe2(input, O_CLOEXEC | O_NONBLOCK) != 0 || pipe2(output, O_CLOEXEC | O_NONBLOCK) != 0)
            return;
        close(output[1]);
        kept[0] = input[1];
        kept[1] = output[0];
        reopen();
    }
    void reopen() {
        if (!ends.input)
            ends.input.reset(fcntl(kept[0], F_DUPFD_CLOEXEC, 3));
        if (!ends.output)
            ends.output.reset(fcntl(kept[1], F_DUPFD_CLOEXEC, 3));
    }
};
// Made before a test limits or counts file descriptors, and before it installs a filter.
prepared_ends ends_at_start;

constexpr operation_row stream_rows[] = {
    operation_row(role::about_process, "communicate",
                  [](scene& s, answer& a) {
                      stream_exchange e;
                      e.input = "?";
                      if (const auto end = communicate(s.process, ends_at_start.ends, e);
                          take(end, a)) {
                          // The number of bytes written is not: a filter can make the pipe full.
                          a.add(static_cast<std::uint64_t>(*end));
                          a.add(e.output.count());
                      }
                  })
        .looked_at([](scene&, answer&) { ends_at_start.reopen(); })
        .only_on(child_kind::zombie)
        .blocking_on(blocking::on_process)
        .if_reaped(once_reaped::answers)
        .changing_shared()
        .listed_as(""),
    operation_row(role::starts, "spawn_with_streams",
                  [](scene& s, answer& a) {
                      const char* const arguments[] = {"sh", "-c", "exit 5", nullptr};
                      auto started = spawn_with_streams(
                          "/bin/sh", arguments, {},
                          {stream_choice::new_pipe(), stream_choice::null_device(),
                           stream_choice::same_as(standard_stream::output)});
                      if (take(started, a))
                          s.spawned = std::move(started->process);
                  })
        .looked_at(look_at_spawned),
};

} // namespace

} // namespace support

#endif
