// SPDX-License-Identifier: MIT
// Writing the input of a process and reading its output at the same time.
#ifndef PIDFD_UTIL_COMMUNICATE_HPP
#define PIDFD_UTIL_COMMUNICATE_HPP

#include <pidfd_util/abi_streams.hpp>
#include <pidfd_util/detail/deadline.hpp>
#include <pidfd_util/exchange_end.hpp>
#include <pidfd_util/pidfd.hpp>
#include <pidfd_util/standard_streams.hpp>
#include <pidfd_util/storage.hpp>
#include <pidfd_util/text_view.hpp>

#include <chrono>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace pidfd_util {

inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

struct stream_exchange;

namespace detail {
[[nodiscard]] expected<exchange_end> communicate_before(std::int64_t deadline,
                                                        const pidfd_identity& process,
                                                        stream_ends& ends,
                                                        stream_exchange& e) noexcept;
} // namespace detail

/// The destination of the bytes that a process writes to one stream. By default, the bytes are
/// counted and discarded.
class sink {
public:
    /// Makes a sink that counts the bytes and discards them.
    constexpr sink() noexcept = default;
    /// Makes a sink that stores the bytes, as many as fit. `communicate` fails with EFBIG if there
    /// are more. The memory must live as long as the sink is used.
    constexpr explicit sink(storage<char> memory) noexcept
        : kind_(abi::sink_record::keeps), data_(memory.data()), capacity_(memory.size()) {}

    /// Makes a sink that passes the bytes to `function(const char* bytes, std::size_t count)`, which
    /// must be noexcept, must be an lvalue, and must live as long as the sink is used. It gets
    /// between 1 and 65536 bytes at a time. It returns nothing, or a bool: false makes `communicate`
    /// fail with ECANCELED; these bytes count as read.
    template <class Function, class = std::enable_if_t<std::is_lvalue_reference_v<Function>>>
    [[nodiscard]] static constexpr sink to(Function&& function) noexcept {
        sink made;
        made.kind_ = abi::sink_record::calls;
        made.take_ = call<std::remove_reference_t<Function>>;
        if constexpr (std::is_function_v<std::remove_reference_t<Function>>)
            made.argument_ = reinterpret_cast<void*>(&function);
        else // NOLINTNEXTLINE(*-const-cast): `call` has the type with its const
            made.argument_ = const_cast<void*>(static_cast<const void*>(&function));
        return made;
    }

    /// Returns the number of bytes that have come.
    [[nodiscard]] constexpr std::size_t count() const noexcept { return count_; }
    /// Returns the bytes that were stored; empty if the sink does not store them.
    [[nodiscard]] constexpr std::string_view text() const noexcept {
        return data_ != nullptr ? std::string_view(data_, count_) : std::string_view();
    }

private:
    friend expected<exchange_end> detail::communicate_before(std::int64_t, const pidfd_identity&,
                                                             stream_ends&,
                                                             stream_exchange&) noexcept;

    template <class Function>
    static bool call(void* function, const char* bytes, std::size_t count) {
        static_assert(std::is_nothrow_invocable_v<Function&, const char*, std::size_t>,
                      "the function must be noexcept");
        using result = std::invoke_result_t<Function&, const char*, std::size_t>;
        static_assert(std::is_void_v<result> || std::is_same_v<result, bool>,
                      "the function must return nothing or a bool");
        auto* const f = reinterpret_cast<Function*>(function);
        if constexpr (std::is_void_v<result>) {
            (*f)(bytes, count);
            return true;
        } else {
            return (*f)(bytes, count);
        }
    }

    [[nodiscard]] constexpr abi::sink_record record() const noexcept {
        return {kind_, 0, data_, capacity_, take_, argument_, count_};
    }

    std::uint32_t kind_ = abi::sink_record::discards;
    char* data_ = nullptr;
    std::size_t capacity_ = 0;
    bool (*take_)(void*, const char*, std::size_t) = nullptr;
    void* argument_ = nullptr;
    std::size_t count_ = 0;
};

/// What is exchanged with a process, and how far the exchange has come.
struct stream_exchange {
    text_view input; ///< the bytes to write; they must live as long as the exchange is used
    sink output;     ///< where the bytes of standard output go
    sink error;      ///< where the bytes of standard error go
    /// How long to read on after the process has ended, while another process holds an output open.
    std::chrono::nanoseconds grace = std::chrono::milliseconds(100);
    /// The number of bytes of the input that were written to the pipe so far. The process need not
    /// have read them.
    std::size_t written = 0;
};

namespace detail {

inline expected<exchange_end> communicate_before(std::int64_t deadline,
                                                 const pidfd_identity& process, stream_ends& ends,
                                                 stream_exchange& e) noexcept {
    abi::exchange_record record{};
    record.grace = to_nanoseconds(e.grace);
    record.input = e.input.data();
    record.input_size = e.input.size();
    record.written = e.written;
    record.output = e.output.record();
    record.error = e.error.record();
    exchange_end end{};
    const int error = abi::communicate(process.fd(), end, ends, record, sizeof record, deadline);
    e.written = record.written;
    e.output.count_ = record.output.count;
    e.error.count_ = record.error.count;
    return result(error, end);
}

} // namespace detail

/// Writes `e.input` to the process and reads its outputs, at the same time, until the process has
/// ended and its outputs are read. Does not reap the process. An end is closed as soon as nothing
/// more can pass through it: `ends.input` after the last byte, so that the process reads the end of
/// its input. If all ends are empty, the function only waits for the end of the process.
///
/// If the process closes its input early, or ends without reading it, that is not an error: then
/// `e.written` is less than the size of the input. The caller gets no SIGPIPE for it, whatever its
/// handler and signal mask are. Where a sandbox refuses rt_sigtimedwait(2), SIGPIPE stays blocked
/// in the calling thread.
///
/// A process that the child has started can hold an output open after the child has ended.
/// `communicate` then reads on for the time `e.grace`, and returns `output_held_open`. Everything
/// that the child itself wrote has been read, and the end stays open. This time also ends at the
/// deadline. To wait without a limit, set `e.grace` to `std::chrono::nanoseconds::max()`.
///
/// After an error, the object `e` has the bytes read so far and the number of bytes written, and no
/// byte is lost: `communicate` can be called again with the same objects, and continues. So a
/// program can stop a process that takes too long and still get what it wrote:
///
///     if (const auto end = communicate_for(c.process, c.ends, e, 10s); !end) {
///         (void)c.process.stop();
///         (void)communicate_for(c.process, c.ends, e, 1s);
///     }
///
/// If a sink is full, the function fails with EFBIG; the bytes that do not fit stay in the pipe.
/// Assign another sink to go on, such as `sink()`, which discards the rest, or stop the process.
///
/// The ends are pipes or stream sockets, as those of `spawn_with_streams`, that nothing else reads
/// or writes meanwhile. They are put into non-blocking mode, and stay in it. The mode belongs to
/// the open file, and all duplicates have it: do not pass file descriptors that other processes
/// share. Sinks that do not store the bytes need 64 KiB of memory, which is mapped for the call.
///
/// Linux 5.4. See poll(2), pipe(7).
///
/// \errors
/// | errno      | `pidfd_errc`           | when |
/// | ---------- | ---------------------- | ---- |
/// | EFBIG      |                        | the process has written more than a sink stores |
/// | ECANCELED  |                        | the function of a sink returned false |
/// | EBADF      |                        | `process` is empty or closed; an end is closed, although its owner is not empty; `ends.input` is not open for writing, or an output not for reading |
/// | EBADFD     |                        | `process` is not a pidfd |
/// | EINVAL     |                        | `e.written` is greater than the size of `e.input` |
/// | EMFILE     |                        | the limit RLIMIT_NOFILE is less than 4 |
/// | ENOMEM     |                        | the memory cannot be mapped, or the kernel is out of memory |
/// | EAGAIN     |                        | something else reads or writes the ends, or a sandbox interrupts each system call |
/// | ECONNRESET |                        | an end is a socket, and the process has closed it without reading everything |
/// | EOPNOTSUPP | `unsupported`          | a sandbox or this kind of file has no ioctl(2) FIONREAD |
/// | ENOSYS     | `unsupported`          | this sandbox lacks poll(2), read(2), fcntl(2), write(2) or rt_sigtimedwait(2) |
/// | ERFKILL    | `forbidden_by_sandbox` | a sandbox refuses one of these, or mmap(2) |
/// | EIO        |                        | an end is of another kind of file, and has failed |
[[nodiscard]] inline expected<exchange_end>
communicate(const pidfd_identity& process, stream_ends& ends, stream_exchange& e) noexcept {
    return detail::communicate_before(abi::never, process, ends, e);
}

/// Does the same as `communicate`, but at most for `time`.
/// Linux 5.4.
///
/// \errors as for `communicate`, and
/// | errno     | when |
/// | --------- | ---- |
/// | ETIMEDOUT | the process has not ended in time |
template <class Rep, class Period>
[[nodiscard]] expected<exchange_end>
communicate_for(const pidfd_identity& process, stream_ends& ends, stream_exchange& e,
                std::chrono::duration<Rep, Period> time) noexcept {
    return detail::communicate_before(detail::to_deadline(time), process, ends, e);
}

/// Does the same as `communicate`, but not beyond the time point `when`.
/// Linux 5.4.
///
/// \errors as for `communicate_for`
template <class Duration>
[[nodiscard]] expected<exchange_end>
communicate_until(const pidfd_identity& process, stream_ends& ends, stream_exchange& e,
                  std::chrono::time_point<std::chrono::steady_clock, Duration> when) noexcept {
    return detail::communicate_before(detail::to_deadline(when), process, ends, e);
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
