// SPDX-License-Identifier: MIT
// pidfd-wait: waits until processes have ended, which need not be its children.
#include "arguments.hpp"

#include "../tool-parts/output.hpp"
#include "../tool-parts/signals.hpp"
#include "../tool-parts/standard_fds.hpp"
#include "../tool-parts/target.hpp"
#include "../tool-parts/text.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <algorithm>
#include <cstdio>
#include <poll.h>
#include <set>
#include <utility>

using namespace pidfd_util;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

enum exit_code { ended = 0, failed = 1, bad_usage = 2, timed_out = 3, by_signal = 128 };

constexpr char help[] = R"(Usage: pidfd-wait [OPTION]... PROCESS...

Waits until the processes have ended, and exits with their exit status. They
need not be children of the caller.

A PROCESS is one of
  PID                        the process that has this pid now
  INODE@BOOT                 the process with this "process id", as
                             pidfd-inspect prints it (Linux 6.14)
  PID:INODE                  the process with this pid and this id, as
                             util-linux writes them (Linux 6.9)
  PID:START:NAMESPACE@BOOT   the process with this "stamp"

  -t, --timeout TIME  wait no longer than this; 0: do not wait, only look
  -c, --count N       wait until N of the processes have ended
      --any           the same as --count 1
      --all           wait until all of them have ended; this is the default
  -e, --exited        a process that has ended and was reaped is no error
      --status        every exit status must be known: wait also until the
                      processes have been reaped, and fail if the kernel does
                      not keep their exit status
  -v, --verbose       print each process that has ended, and how it ended
  -h, --help          show this text
  -V, --version       show the version

A TIME is a number with the unit ms, s, m, h or d. The default unit is seconds.

The kernel keeps the exit status of a process that is not a child from Linux
6.15 on, and shows it once the parent has reaped the process. Without --status,
pidfd-wait waits at most one second for that. A status that is not known then is
reported on standard error, and counts as 0.

Exit status:
  the exit status of the process; 128 plus the signal if a signal killed it. Of
  several processes: the first of these that is not 0, in the order in which the
  processes were named. Or:
  1  there is no such process, an exit status that --status requires is not
     known, or pidfd-wait itself failed
  2  a bad argument
  3  the time limit was reached
)";

int complain(int code, const std::string& text) {
    std::fprintf(stderr, "pidfd-wait: %s\n", text.c_str());
    return code;
}

int print(const char* text) {
    const std::string mistake = write_whole_output(text);
    return mistake.empty() ? 0 : complain(failed, mistake);
}

/// Waits until the exit status is known, but not beyond the time point `when`.
expected<std::optional<exit_status>> wait_for_status(pidfd_view process,
                                                     steady_clock::time_point when) {
    for (;;) {
        auto status = process.get_exit_status();
        const auto now = steady_clock::now();
        if (!status || *status || now >= when)
            return status;
        // The pidfd hangs up when the process is reaped. The status can be known a moment later.
        pollfd reaped = {process.fd(), 0, 0};
        const auto left = std::chrono::ceil<milliseconds>(when - now);
        (void)poll(&reaped, 1, static_cast<int>(std::min(left, milliseconds(60'000)).count()));
        if (reaped.revents != 0)
            (void)poll(nullptr, 0, 1);
    }
}

std::string why_unknown(const std::error_code& error) {
    return error == pidfd_errc::unsupported ? "this kernel does not keep it (Linux 6.15 does)"
                                            : error.message();
}

class waiting {
public:
    explicit waiting(const arguments& args) : args_(args) {
        if (args.timeout)
            limit_ = steady_clock::now() + *args.timeout;
    }

    int run() {
        if (const int code = open_all(); code != 0)
            return code;
        const std::size_t count = args_.count.value_or(targets_.size());
        if (count > targets_.size())
            return complain(bad_usage, "the number of different processes is only " +
                                           std::to_string(targets_.size()));
        // Every process is looked at again after each end: this is only for those who ask for it.
        const auto waited = args_.verbose || args_.count ? wait_one_by_one(count) : wait_together();
        if (!waited && waited.error() == std::errc::timed_out)
            return timed_out;
        if (!waited)
            return complain(failed, "cannot wait: " + waited.error().message());
        return result();
    }

private:
    struct target {
        std::string name;
        pidfd process;
        int code = 0; // the exit code that it stands for
    };

    /// Opens the processes, each once. Reports all that cannot be opened.
    int open_all() {
        allow_many_files();
        int code = 0;
        std::set<std::uint64_t> seen;
        for (const std::string& name : args_.names) {
            const auto parsed = parse_process_name(name);
            if (!parsed) {
                code = complain(bad_usage, shell_word(name) + ": neither a pid nor an id");
                continue;
            }
            auto process = open_process(*parsed);
            if (!process && process.error() == pidfd_errc::not_found && args_.exited) {
                if (args_.status)
                    unknown(name, "it had ended before");
                else if (args_.verbose)
                    say(name, "had ended before");
                continue;
            }
            if (!process) {
                complain(failed, name + ": " + why_not_opened(process.error()));
                code = std::max<int>(code, failed);
                if (process.error() == std::errc::too_many_files_open)
                    return code;
                continue;
            }
            // Fail now rather than after a long wait.
            if (const auto status = process->get_exit_status(); args_.status && !status) {
                unknown(name, why_unknown(status.error()));
                code = std::max<int>(code, failed);
                continue;
            }
            if (is_new(*process, seen))
                targets_.push_back({name, std::move(*process)});
        }
        return code;
    }

    static bool is_new(const pidfd& process, std::set<std::uint64_t>& seen) {
        if (const auto id = process.get_id())
            return seen.insert(*id).second;
        // Before Linux 6.9. A pid is that of one process as long as that is not reaped.
        const auto pid = process.get_pid();
        return !pid || seen.insert(static_cast<std::uint64_t>(*pid)).second;
    }

    expected<void> wait_together() {
        std::vector<pidfd_view> processes;
        for (const target& t : targets_)
            processes.emplace_back(t.process);
        if (auto all = wait_all_until(processes, limit_); !all)
            return all;
        for (target& t : targets_)
            settle(t);
        return {};
    }

    expected<void> wait_one_by_one(std::size_t count) {
        std::vector<pidfd_view> processes;
        std::vector<target*> running;
        for (target& t : targets_) {
            processes.emplace_back(t.process);
            running.push_back(&t);
        }
        for (; count > 0; --count) {
            const auto which = wait_any_until(processes, limit_);
            if (!which)
                return unexpected(which.error());
            const auto index = static_cast<std::ptrdiff_t>(*which);
            settle(*running[*which]);
            processes.erase(processes.begin() + index);
            running.erase(running.begin() + index);
        }
        return {};
    }

    /// Finds out how the process has ended.
    void settle(target& t) {
        const auto start = steady_clock::now();
        const auto when = args_.status ? limit_ : std::min(limit_, start + patience_);
        const auto status = wait_for_status(pidfd_view(t.process), when);
        patience_ -= std::min<steady_clock::duration>(patience_, steady_clock::now() - start);
        if (!status) {
            unknown(t.name, why_unknown(status.error()));
        } else if (!*status) {
            unknown(t.name, "its parent has not reaped it yet");
            unreaped_ = true;
        } else if (const auto code = (*status)->code()) {
            t.code = *code;
            if (args_.verbose)
                say(t.name, "exited with status " + std::to_string(*code));
            return;
        } else {
            const int signal = (*status)->signal().value_or(0);
            t.code = by_signal + signal;
            if (args_.verbose)
                say(t.name, "was killed by " + signal_name(signal));
            return;
        }
        if (args_.verbose)
            say(t.name, "has ended");
    }

    void unknown(const std::string& name, const std::string& reason) {
        complain(failed, name + ": its exit status is not known: " + reason);
        unknown_ = true;
    }

    void say(const std::string& name, const std::string& what) {
        if (std::printf("%s: %s\n", name.c_str(), what.c_str()) < 0 || std::fflush(stdout) != 0)
            unwritten_ = true;
    }

    [[nodiscard]] int result() const {
        if (unwritten_)
            return complain(failed, "cannot write the output");
        if (args_.status && unknown_)
            return unreaped_ ? timed_out : failed;
        for (const target& t : targets_)
            if (t.code != 0)
                return t.code;
        return ended;
    }

    const arguments& args_;
    steady_clock::time_point limit_ = steady_clock::time_point::max();
    std::vector<target> targets_;
    /// How much longer to wait for the parents to reap their children.
    steady_clock::duration patience_ = std::chrono::seconds(1);
    bool unknown_ = false;
    bool unreaped_ = false;
    bool unwritten_ = false;
};

} // namespace

int main(int argc, char** argv) {
    fill_standard_fds();
    std::string mistake;
    const auto args = parse_arguments(argc, argv, mistake);
    if (!args)
        return complain(bad_usage, mistake);
    switch (args->what) {
    case arguments::what::help:
        return print(help);
    case arguments::what::version:
        return print("pidfd-wait " PIDFD_WAIT_VERSION "\n");
    case arguments::what::wait:
        return waiting(*args).run();
    }
    return failed;
}
