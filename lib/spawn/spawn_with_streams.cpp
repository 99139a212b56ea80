// SPDX-License-Identifier: MIT
// The pipes and files of a child's standard streams, which become mappings of spawn.
#include "../kernel/local_array.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/sys_stream.hpp"
#include "../operations/record.hpp"
#include "spawn_options.hpp"

#include <pidfd_util/abi_streams.hpp>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace pidfd_util {

namespace {

constexpr int stream_count = 3;
constexpr int input_number = static_cast<int>(standard_stream::input);

/// The preparation of the three streams, by their numbers.
struct prepared_streams {
    stream_choice chosen[stream_count];
    int source[stream_count] = {-1, -1, -1}; // what the child gets; -1: it inherits the stream
    unique_fd opened[stream_count];          // the sources that were opened for this
    unique_fd ends[stream_count];            // the caller's ends
};

/// Replaces each "same as" by the choice that it leads to. `follows[i]` is the stream whose file the
/// stream i gets, which may be i. EINVAL: the choices make no sense.
int resolve(const prepared_streams& all, int (&follows)[stream_count]) noexcept {
    for (int i = 0; i < stream_count; ++i) {
        int at = i;
        for (int steps = 0; all.chosen[at].is_same_as_other(); ++steps) {
            at = all.chosen[at].number();
            if (steps == stream_count || at < 0 || at >= stream_count)
                return EINVAL;
        }
        const stream_choice& s = all.chosen[at];
        const bool known = s.is_inherited() || s.is_null_device() || s.is_new_pipe() || s.is_fd();
        // The child's end of a pipe is for reading or for writing.
        const bool wrong_end = s.is_new_pipe() && (i == input_number) != (at == input_number);
        if (!known || wrong_end || (s.is_fd() && s.number() < 0))
            return EINVAL;
        follows[i] = at;
    }
    return 0;
}

/// Returns the caller's file descriptor that a child has as `number` without these streams.
int inherited_source(const spawn_options& o, int number) noexcept {
    const auto* const found =
        std::find_if(o.fds.begin(), o.fds.end(), [number](fd_mapping m) { return m.to == number; });
    return found != o.fds.end() ? found->from : number;
}

/// Checks that the caller's file descriptor is open. This comes before anything is opened: a pipe
/// could get the number of a closed one, and the child would get the pipe.
int check_open(int fd) noexcept {
    int flags = 0;
    return sys::open_flags(fd, flags);
}

/// Moves the file descriptor to a number that is not a standard stream's. If the caller has closed
/// its own streams, what it prints must not go into the pipe.
int move_above_streams(unique_fd& fd) noexcept {
    if (fd.get() >= stream_count)
        return 0;
    unique_fd copy;
    const int error = sys::duplicate_above(fd.get(), stream_count, copy);
    if (error == 0)
        fd = std::move(copy);
    return error;
}

int make_pipe(unique_fd& reading, unique_fd& writing) noexcept {
    int error = sys::pipe(reading, writing);
    if (error == 0)
        error = move_above_streams(reading);
    if (error == 0)
        error = move_above_streams(writing);
    return error;
}

int open_null_device(unique_fd& file) noexcept {
    // What is mounted there may be a terminal.
    if (const int error = sys::openat(AT_FDCWD, "/dev/null", O_RDWR | O_NOCTTY, file); error != 0)
        return error == ENOTDIR || error == ELOOP ? ENODEV : error;
    bool is_null = false;
    if (const int error = sys::is_null_device(file.get(), is_null); error != 0)
        return error;
    return is_null ? move_above_streams(file) : ENODEV;
}

/// Opens what the stream needs.
int prepare(prepared_streams& all, int i, const spawn_options& o) noexcept {
    const stream_choice& s = all.chosen[i];
    if (s.is_inherited()) {
        all.source[i] = inherited_source(o, i);
        return 0;
    }
    if (s.is_fd()) {
        all.source[i] = s.number();
        return 0;
    }
    int error = 0;
    if (s.is_null_device())
        error = open_null_device(all.opened[i]);
    else if (i == input_number)
        error = make_pipe(all.opened[i], all.ends[i]);
    else
        error = make_pipe(all.ends[i], all.opened[i]);
    all.source[i] = all.opened[i].get();
    return error;
}

/// Checks everything that is open before anything is opened. A cgroup needs no check: no pipe is one.
int check_sources(const prepared_streams& all, const int (&follows)[stream_count],
                  const spawn_options& o, spawn_step& step) noexcept {
    struct number {
        const setting<int>& fd;
        spawn_step used_in;
    };
    for (const number& n : {number{o.enter_process, spawn_step::enter_namespaces},
                            number{o.terminal, spawn_step::terminal},
                            number{o.program, spawn_step::file_descriptors}}) {
        step = n.used_in;
        if (n.fd.has_value())
            if (const int error = check_open(*n.fd); error != 0)
                return error;
    }
    step = spawn_step::file_descriptors;
    for (const fd_mapping& m : o.fds)
        if (const int error = check_open(m.from); error != 0)
            return error;
    for (int i = 0; i < stream_count; ++i) {
        const stream_choice& s = all.chosen[follows[i]];
        int error = 0;
        if (s.is_fd())
            error = check_open(s.number());
        else if (s.is_inherited() && follows[i] != i)
            error = check_open(inherited_source(o, follows[i]));
        if (error != 0)
            return error;
    }
    return 0;
}

} // namespace

namespace abi {

int spawn_with_streams(const char* file, const char* const* argv, const spawn_options& options,
                       std::size_t size, const standard_streams& streams, std::size_t streams_size,
                       int& fd, stream_ends& ends, spawn_step* failed) noexcept {
    const auto refuse = [failed](int error, spawn_step step) {
        if (failed != nullptr)
            *failed = step;
        return error;
    };
    standard_streams chosen;
    if (const int error = record::copy_in(streams, streams_size, chosen); error != 0)
        return refuse(error, spawn_step::options);
    spawn_options known;
    if (const int error = take_options(options, size, file, known); error != 0)
        return refuse(error, spawn_step::options);
    prepared_streams all{{chosen.input, chosen.output, chosen.error}, {-1, -1, -1}, {}, {}};
    int follows[stream_count] = {};
    if (const int error = resolve(all, follows); error != 0)
        return refuse(error, spawn_step::options);
    spawn_step step{};
    if (const int error = check_sources(all, follows, known, step); error != 0)
        return refuse(error, step);
    for (int i = 0; i < stream_count; ++i)
        if (follows[i] == i)
            if (const int error = prepare(all, i, known); error != 0)
                return refuse(error, spawn_step::file_descriptors);

    local_array<fd_mapping, 32> mappings;
    if (const int error = mappings.make(known.fds.size() + stream_count); error != 0)
        return refuse(error, spawn_step::file_descriptors);
    fd_mapping* last = std::copy(known.fds.begin(), known.fds.end(), mappings.get());
    for (int i = 0; i < stream_count; ++i)
        if (!all.chosen[i].is_inherited())
            *last++ = {all.source[follows[i]], i};
    known.fds =
        array_view<fd_mapping>(mappings.get(), static_cast<std::size_t>(last - mappings.get()));
    if (const int error = spawn(file, argv, known, sizeof known, fd, failed); error != 0)
        return error;
    ends.input = std::move(all.ends[0]);
    ends.output = std::move(all.ends[1]);
    ends.error = std::move(all.ends[2]);
    return 0;
}

} // namespace abi
} // namespace pidfd_util
