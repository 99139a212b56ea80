// SPDX-License-Identifier: MIT
#include "../kernel/explain.hpp"
#include "../kernel/local_array.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/sys_stream.hpp"
#include "../paths/identify.hpp"
#include "record.hpp"

#include <pidfd_util/abi_streams.hpp>

#include <algorithm>
#include <cerrno>
#include <poll.h>

namespace pidfd_util {

namespace {

// A pipe holds this many bytes by default: longer reads gain little.
constexpr std::size_t chunk_size = std::size_t{64} * 1024;

// The most reads of one stream before the others are looked at.
constexpr int most_reads = 16;

// If this many polls in a row report something ready, but nothing can be read or written, something
// else uses the same files, or a filter answers the calls.
constexpr int most_idle_rounds = 8;

/// One output of the process.
struct output_stream {
    unique_fd& end;
    abi::sink_record& sink;
    std::size_t owed = 0; // bytes that the process wrote and that were not read when it ended

    [[nodiscard]] bool is_full() const noexcept {
        return sink.kind == abi::sink_record::keeps && sink.count >= sink.capacity;
    }
};

class running_exchange {
public:
    running_exchange(int process, stream_ends& ends, abi::exchange_record& x) noexcept
        : process_(process), x_(x),
          input_(ends.input), outputs_{{ends.output, x.output}, {ends.error, x.error}} {}

    [[nodiscard]] int run(std::int64_t deadline, exchange_end& end) noexcept {
        if (const int error = prepare(); error != 0)
            return error;
        for (int idle = 0; idle < most_idle_rounds; ++idle) {
            if (x_.written >= x_.input_size)
                input_.reset();
            if (ended_ && !outputs_[0].end && !outputs_[1].end) {
                end = exchange_end::complete;
                return 0;
            }
            if (const int error = poll(limit(deadline)); error != 0)
                return error;
            // Only a poll after the end shows what others still have open.
            if (ended_ && is_held_open()) {
                bool passed = false;
                if (const int error = has_passed(limit(deadline), passed); error != 0)
                    return error;
                if (passed) {
                    end = exchange_end::output_held_open;
                    return 0;
                }
            }
            bool moved = ready_ == 0;
            if (const int error = move_all(moved); error != 0)
                return error;
            if (moved)
                idle = -1;
            if (ended_)
                continue;
            bool passed = false;
            if (const int error = has_passed(deadline, passed); error != 0)
                return error;
            if (passed)
                return ETIMEDOUT;
        }
        return EAGAIN;
    }

private:
    [[nodiscard]] int prepare() noexcept {
        bool needs_chunk = false;
        for (const output_stream& o : outputs_) {
            if (o.end)
                if (const int error = sys::set_nonblocking(o.end.get()); error != 0)
                    return error;
            needs_chunk |= o.end && o.sink.kind != abi::sink_record::keeps;
        }
        if (input_)
            if (const int error = sys::set_nonblocking(input_.get()); error != 0)
                return error;
        return needs_chunk ? explain_denial(chunk_.make(chunk_size)) : 0;
    }

    /// Returns the time until which to wait: after the end of the process, only for a while.
    [[nodiscard]] std::int64_t limit(std::int64_t deadline) const noexcept {
        return ended_ ? std::min(deadline, grace_end_) : deadline;
    }

    [[nodiscard]] static int has_passed(std::int64_t time, bool& passed) noexcept {
        std::int64_t left = 0;
        const int error = sys::time_until(time, left);
        passed = left == 0;
        return error;
    }

    /// Polls the process until it has ended, and the open ends.
    [[nodiscard]] int poll(std::int64_t until) noexcept {
        struct pollfd set[4];
        std::size_t count = 0;
        const auto add = [&](int fd, short wanted) { set[count++] = {fd, wanted, 0}; };
        if (!ended_)
            add(process_, POLLIN);
        if (input_)
            add(input_.get(), POLLOUT);
        for (const output_stream& o : outputs_)
            if (o.end)
                add(o.end.get(), POLLIN);
        if (const int error = sys::poll(set, count, until, ready_); error != 0)
            return error;
        std::size_t next = 0;
        const short process_events = ended_ ? short{0} : set[next++].revents;
        end_seen_ = process_events != 0;
        input_events_ = input_ ? set[next++].revents : short{0};
        for (std::size_t i = 0; i < 2; ++i)
            output_events_[i] = outputs_[i].end ? set[next++].revents : short{0};
        const int all = process_events | input_events_ | output_events_[0] | output_events_[1];
        return (all & POLLNVAL) != 0 ? EBADF : 0;
    }

    /// Returns whether an output is open elsewhere after the process has ended, and everything that
    /// the process wrote was read.
    [[nodiscard]] bool is_held_open() const noexcept {
        for (std::size_t i = 0; i < 2; ++i) {
            const output_stream& o = outputs_[i];
            if (!o.end)
                continue;
            const bool is_closed_elsewhere = (output_events_[i] & (POLLHUP | POLLERR)) != 0;
            if (is_closed_elsewhere || (o.owed != 0 && output_events_[i] != 0))
                return false;
        }
        return true;
    }

    /// Moves what is ready. Sets `moved` if anything was moved or has changed.
    [[nodiscard]] int move_all(bool& moved) noexcept {
        if (end_seen_) {
            if (const int error = note_end(); error != 0)
                return error;
            moved = true;
        }
        for (std::size_t i = 0; i < 2; ++i)
            if (output_events_[i] != 0)
                if (const int error = receive(outputs_[i], output_events_[i], moved); error != 0)
                    return error;
        return input_events_ != 0 ? send(moved) : 0;
    }

    /// The process has ended. What it wrote is in the pipes now, as its file descriptors are closed
    /// before its pidfd becomes readable.
    [[nodiscard]] int note_end() noexcept {
        std::int64_t now = 0;
        if (const int error = sys::now(now); error != 0)
            return error;
        for (output_stream& o : outputs_)
            if (o.end)
                if (const int error = sys::count_readable(o.end.get(), o.owed); error != 0)
                    return error;
        ended_ = true;
        const std::int64_t grace = std::max<std::int64_t>(x_.grace, 0);
        grace_end_ = grace < abi::never - now ? now + grace : abi::never;
        return 0;
    }

    /// Reads what is there, up to a limit that lets the other streams have their turn.
    [[nodiscard]] int receive(output_stream& o, short events, bool& moved) noexcept {
        if (o.is_full() && (events & POLLIN) != 0) {
            std::size_t more = 0;
            if (const int error = sys::count_readable(o.end.get(), more); error != 0)
                return error;
            if (more != 0)
                return EFBIG;
        }
        for (int reads = 0; reads < most_reads; ++reads) {
            bool more = false;
            if (const int error = receive_once(o, more); error != 0)
                return error == EAGAIN ? 0 : error;
            moved = true;
            if (!more)
                break;
        }
        return 0;
    }

    /// Reads once. There can be `more` if the read filled the space that it had.
    [[nodiscard]] int receive_once(output_stream& o, bool& more) noexcept {
        const bool stores = o.sink.kind == abi::sink_record::keeps;
        char spare = 0; // the sink is full: it reads the end
        char* where = chunk_.get();
        std::size_t space = chunk_size;
        if (stores) {
            where = o.is_full() ? &spare : o.sink.data + o.sink.count;
            space = o.is_full() ? 1 : o.sink.capacity - o.sink.count;
        }
        std::size_t length = 0;
        if (const int error = sys::read_stream(o.end.get(), where, space, length); error != 0)
            return error;
        if (length == 0) {
            o.end.reset();
            return 0;
        }
        if (where == &spare)
            return EFBIG;
        o.sink.count += length;
        o.owed -= std::min(o.owed, length);
        more = length >= chunk_size && !o.is_full();
        if (o.sink.kind == abi::sink_record::calls && !o.sink.take(o.sink.argument, where, length))
            return ECANCELED;
        return 0;
    }

    [[nodiscard]] int send(bool& moved) noexcept {
        std::size_t written = 0;
        const int error =
            writer_.write(input_.get(), x_.input + x_.written, x_.input_size - x_.written, written);
        if (error == EAGAIN)
            return 0;
        if (error != 0 && error != EPIPE)
            return error;
        moved = true;
        x_.written += written;
        if (error == EPIPE)
            input_.reset();
        return 0;
    }

    int process_;
    abi::exchange_record& x_;
    unique_fd& input_;
    output_stream outputs_[2];
    sys::quiet_writer writer_;
    local_array<char, 1> chunk_;
    bool ended_ = false;
    std::int64_t grace_end_ = abi::never;
    // What the last poll found.
    std::size_t ready_ = 0;
    bool end_seen_ = false;
    short input_events_ = 0;
    short output_events_[2] = {};
};

bool is_valid(const abi::sink_record& s) noexcept {
    switch (s.kind) {
    case abi::sink_record::discards:
        return true;
    case abi::sink_record::keeps:
        return s.count <= s.capacity;
    case abi::sink_record::calls:
        return s.take != nullptr;
    default:
        return false;
    }
}

} // namespace

namespace abi {

int communicate(int fd, exchange_end& end, stream_ends& ends, exchange_record& exchange,
                std::size_t size, std::int64_t deadline) noexcept {
    exchange_record known;
    if (const int error = record::copy_in(exchange, size, known); error != 0)
        return error;
    if (known.reserved != 0 || known.output.reserved != 0 || known.error.reserved != 0)
        return EOPNOTSUPP;
    if (!is_valid(known.output) || !is_valid(known.error) || known.written > known.input_size)
        return EINVAL;
    if (const int error = identify::check(fd); error != 0)
        return error;
    const int error = running_exchange(fd, ends, known).run(deadline, end);
    record::copy_out(known, exchange, size);
    return error;
}

} // namespace abi
} // namespace pidfd_util
