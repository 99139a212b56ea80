// SPDX-License-Identifier: MIT
// Running a program to its end, with its output in strings. Unlike the rest of the library, this
// header allocates memory. It is not part of pidfd_util.hpp.
#ifndef PIDFD_UTIL_RUN_HPP
#define PIDFD_UTIL_RUN_HPP

#include <pidfd_util/abi_cgroup.hpp>
#include <pidfd_util/communicate.hpp>
#include <pidfd_util/spawn_with_streams.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

namespace pidfd_util {

inline namespace PIDFD_UTIL_INLINE_NAMESPACE {
namespace detail {

/// Returns the default of `run_options::spawn`.
[[nodiscard]] constexpr spawn_options default_run_spawn() noexcept {
    spawn_options o;
    o.search_path = true;
    o.process_group = 0;
    return o;
}

} // namespace detail

/// The options and limits of `run`.
struct run_options {
    /// The options of `spawn`. Here, the program is looked up in PATH by default, unless `program` is
    /// set. It leads a process group of its own, so that the whole group can be stopped. If it leads
    /// none, `stop` must not have steps for a group.
    spawn_options spawn = detail::default_run_spawn();
    /// The bytes of standard input.
    text_view input;
    /// What standard error is. By default, it is a pipe, and kept in a string of its own.
    /// `stream_choice::same_as(standard_stream::output)` keeps both in one string, in their order.
    stream_choice error = stream_choice::new_pipe();
    /// The time limit for all of it, from the call of `run` until the job is stopped.
    std::chrono::nanoseconds time_limit = (std::chrono::nanoseconds::max)();
    /// The largest number of bytes of each output. A job that writes more is stopped.
    std::size_t output_limit = std::size_t{64} * 1024 * 1024;
    /// How long to read on after the program has ended, while another process holds its output open.
    /// If the time limit passes first, the job is stopped.
    std::chrono::nanoseconds grace = std::chrono::milliseconds(100);
    /// The steps with which the job is stopped when a limit is reached. They take additional time.
    array_view<stop_step> stop = default_group_stop;
    /// Stops everything in the cgroup of `spawn.cgroup`, too, as `child::stop` with a cgroup does: a
    /// process that has left the group has not left the cgroup. The cgroup must belong to this job
    /// alone.
    bool stop_cgroup = false;
};

/// The result of `run`.
struct run_result {
    exit_status status; ///< how the program ended
    /// What it used; empty if it was reaped elsewhere, or reaped itself because SIGCHLD is ignored.
    std::optional<child_usage> usage;
    std::string output;    ///< what it wrote to standard output
    std::string error;     ///< what it wrote to standard error
    std::size_t written;   ///< how many bytes of the input were written to its pipe
    bool timed_out;        ///< the time limit has passed, and the job was stopped
    bool output_too_long;  ///< an output has reached the limit, and the job was stopped
    bool output_held_open; ///< another process has an output open: it may still write

    /// Returns whether the program ended with the exit code 0, and no limit was reached.
    [[nodiscard]] bool succeeded() const noexcept {
        return status.code() == 0 && !timed_out && !output_too_long;
    }
};

namespace detail {

/// The function of a sink that appends to a string, up to a limit.
class limited_text {
public:
    explicit limited_text(std::size_t limit) noexcept : left_(limit) {}

    bool operator()(const char* bytes, std::size_t count) noexcept {
        is_full_ = count > left_;
        const std::size_t taken = is_full_ ? left_ : count;
        left_ -= taken;
#ifdef __cpp_exceptions
        try {
            text.append(bytes, taken);
        } catch (...) {
            out_of_memory_ = true;
        }
#else
        text.append(bytes, taken);
#endif
        return takes_more();
    }
    [[nodiscard]] bool is_full() const noexcept {
        return is_full_;
    }
    [[nodiscard]] bool out_of_memory() const noexcept {
        return out_of_memory_;
    }
    [[nodiscard]] bool takes_more() const noexcept {
        return !is_full_ && !out_of_memory_;
    }

    std::string text;

private:
    std::size_t left_;
    bool is_full_ = false;
    bool out_of_memory_ = false;
};

[[nodiscard]] inline bool has_group_step(array_view<stop_step> steps) noexcept {
    for (const stop_step& step : steps)
        if (step.scope == signal_scope::process_group)
            return true;
    return false;
}

/// Returns whether the program leads a group, if there are steps for a group, and has a cgroup, if that
/// is to be stopped.
[[nodiscard]] inline bool can_stop(const run_options& o) noexcept {
    const bool leads = o.spawn.new_session || o.spawn.process_group.value_or(-1) == 0;
    return (leads || !has_group_step(o.stop)) && (o.spawn.cgroup.has_value() || !o.stop_cgroup);
}

/// Reads what a job writes into two strings.
class job_reader {
public:
    job_reader(piped_child& job, const run_options& o) noexcept
        : output(o.output_limit), error(o.output_limit), job_(job) {
        exchange.input = o.input;
        exchange.output = sink::to(output);
        exchange.error = sink::to(error);
        exchange.grace = o.grace;
    }
    job_reader(const job_reader&) = delete;
    job_reader& operator=(const job_reader&) = delete;

    /// Reads until the process has ended, or a string takes no more.
    [[nodiscard]] expected<exchange_end> read(std::int64_t deadline) noexcept {
        return communicate_before(deadline, job_.process, job_.ends, exchange);
    }

    /// Reads until the process has ended, and discards what a string does not take: a process whose
    /// pipe is full could not handle a signal. Returns whether an output is held open.
    bool read_on(std::int64_t deadline) noexcept {
        for (;;) {
            const auto end = read(deadline);
            if (end)
                return *end == exchange_end::output_held_open;
            // Each turn replaces a sink, and no sink twice: what is discarded is never refused.
            if (end.error() != std::errc::operation_canceled)
                return false;
            if (!output.takes_more())
                exchange.output = sink();
            if (!error.takes_more())
                exchange.error = sink();
        }
    }

    void close_ends() noexcept { job_.ends = {}; }

    [[nodiscard]] bool is_full() const noexcept { return output.is_full() || error.is_full(); }
    [[nodiscard]] bool out_of_memory() const noexcept {
        return output.out_of_memory() || error.out_of_memory();
    }

    limited_text output;
    limited_text error;
    stream_exchange exchange;

private:
    piped_child& job_;
};

/// Waits for the end of a job, and stops it while its outputs are read.
struct job_stop {
    /// Reaps the process. Returns 0 or an errno.
    [[nodiscard]] static int reap(child& process, std::int64_t deadline) noexcept {
        const auto status = process.wait_before(deadline);
        return status ? 0 : status.error().value();
    }

    /// Stops the process, its group if there are steps for it, and the cgroup unless that is null.
    /// Returns 0 or an errno.
    [[nodiscard]] static int stop(child& process, job_reader& reader, array_view<stop_step> steps,
                                  const int* cgroup) noexcept {
        const auto stopped = process.stop_all(
            {false, cgroup}, steps, [&](std::int64_t deadline) { (void)reader.read_on(deadline); });
        const int failed = stopped ? 0 : stopped.error().value();
        if (failed == 0 || failed == ETIMEDOUT)
            return failed;
        if (has_group_step(steps))
            (void)abi::signal_group(process.fd(), SIGKILL);
        if (cgroup != nullptr)
            (void)abi::cgroup_kill(*cgroup);
        if (process.kill()) { // also if the group could not be signalled
            (void)process.wait_for(std::chrono::seconds(2));
            return failed;
        }
        // A program that cannot be signalled can still end because its streams are closed.
        reader.close_ends();
        for (const stop_step& step : steps)
            if (process.wait_for(step.time))
                break;
        return failed;
    }
};

} // namespace detail

/// Runs a program to its end, with its input from memory and its outputs in strings, and reaps it.
/// `argv` is a null-terminated array; the program is `argv[0]`, and is looked up in PATH, unless
/// `options.spawn` has the file descriptor of a `program`.
///
/// When the time limit passes or an output reaches its limit, the whole process group of the program
/// is stopped: first with SIGTERM, after 5 seconds with SIGKILL; `options.stop` has other steps.
/// That is not an error: the result has what was written until then. The job is also stopped if the
/// program itself has ended in time, but another process of the group holds an output open, or
/// traces the program, when the limit passes. A process that has left the group is not stopped, unless
/// `stop_cgroup` is set: if it holds an output open, the result says so.
///
/// This function allocates memory for the outputs. It throws nothing: if there is no memory, it
/// stops the job and fails with ENOMEM.
///
/// Linux 5.4.
/// See `spawn_with_streams`, `communicate`, `child::stop`.
///
/// \errors as for `spawn_with_streams`, `communicate` and `child::stop`, and
/// | errno     | when |
/// | --------- | ---- |
/// | EINVAL    | `argv` is null or empty; a step of `stop` is for a process group, and the options of `spawn` do not let the program lead one; `stop_cgroup` is set without a cgroup in the options of `spawn` |
/// | ENOMEM    | there is no memory for the outputs |
/// | EPERM     | the caller may not signal the job; unless SIGKILL was permitted, it was not stopped, and was reaped only if it ended, with its streams closed, within the time of the steps |
/// | ETIMEDOUT | the job has outlived the last step; it was not reaped. Or the program has ended, but a process that does not belong to its group traces it, and so nobody else can reap it |
/// | ECHILD    | before Linux 6.15: the program was reaped elsewhere, or it reaped itself because SIGCHLD is ignored |
[[nodiscard]] inline expected<run_result> run(const char* const* argv,
                                              const run_options& options = {},
                                              spawn_step* failed = nullptr) noexcept {
    const std::int64_t deadline = detail::to_deadline(options.time_limit);
    if (argv == nullptr || argv[0] == nullptr || !detail::can_stop(options)) {
        if (failed != nullptr)
            *failed = spawn_step::options;
        return detail::failure(EINVAL);
    }
    spawn_options spawn = options.spawn;
    const char* file = argv[0];
    if (spawn.program.has_value()) {
        file = nullptr;
        spawn.search_path = false; // only a default
    }
    auto job = spawn_with_streams(
        file, argv, spawn, {stream_choice::new_pipe(), stream_choice::new_pipe(), options.error},
        failed);
    if (!job)
        return unexpected(job.error());
    job->process.keep_usage();
    detail::job_reader reader(*job, options);
    const auto end = reader.read(deadline);
    bool held_open = end && *end == exchange_end::output_held_open;
    bool timed_out = !end && end.error() == std::errc::timed_out;
    // The grace time, too, ends at the deadline.
    if (held_open)
        timed_out = detail::to_deadline(std::chrono::steady_clock::now()) >= deadline;
    if (end && !timed_out) {
        // A program that is traced can have ended long before it can be reaped.
        const int unreaped = detail::job_stop::reap(job->process, deadline);
        timed_out = unreaped == ETIMEDOUT;
        if (unreaped != 0 && !timed_out)
            return detail::failure(unreaped);
    }
    if (!end || timed_out) {
        const bool limit_reached = timed_out || reader.is_full();
        const int cgroup = options.spawn.cgroup.value_or(-1);
        const int outlived = detail::job_stop::stop(job->process, reader, options.stop,
                                                    options.stop_cgroup ? &cgroup : nullptr);
        if (reader.out_of_memory())
            return detail::failure(ENOMEM);
        if (!limit_reached)
            return unexpected(end.error());
        if (outlived != 0)
            return detail::failure(outlived);
        reader.exchange.grace = std::chrono::nanoseconds(0);
        held_open = reader.read_on(abi::never);
        if (reader.out_of_memory())
            return detail::failure(ENOMEM);
    }
    const auto status = job->process.wait();
    if (!status)
        return unexpected(status.error());
    return run_result{*status,
                      job->process.usage(),
                      (std::move)(reader.output.text),
                      (std::move)(reader.error.text),
                      reader.exchange.written,
                      timed_out,
                      reader.is_full(),
                      held_open};
}

/// Runs a program as above, with the words of a list:
///
///     const auto listed = run({"ls", "-l", directory});
///
/// The errors are those of `run` with an array.
template <std::size_t Count>
[[nodiscard]] expected<run_result> run(const char* const (&words)[Count],
                                       const run_options& options = {},
                                       spawn_step* failed = nullptr) noexcept {
    const char* argv[Count + 1] = {};
    std::copy(words, words + Count, argv);
    return run(static_cast<const char* const*>(argv), options, failed);
}

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
