// SPDX-License-Identifier: MIT
// pidfd-run: runs a command, ends it in time, and says how it ended. What it signals and waits for
// is the command's process and never another that has been given its pid.
#include "arguments.hpp"
#include "report.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

using namespace pidfd_util;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

namespace {

// As those of timeout(1) and of shells.
enum exit_code {
    timed_out = 124,
    failed = 125,
    cannot_run = 126,
    not_there = 127,
    by_signal = 128
};

constexpr char help[] = R"(Usage: pidfd-run [OPTION]... [--] COMMAND [ARGUMENT]...

Runs the command, passes on to it the signals that it gets itself, and exits as
the command does. All of it by pidfd: no other process is ever signalled.

  --timeout TIME  stops the command if it runs for longer; 0: no limit
  --stop POLICY   how it is stopped: SIGNAL[,TIME],SIGNAL[,TIME]... sends each
                  signal and waits for its time, at the end as long as it takes.
                  Default: TERM,CONT,5s,KILL
  --cgroup DIR    the command is born in this cgroup, a directory of cgroup2
  --report        says on standard error how the command ended and what it used
  --help          this text
  --version       the version

A TIME is a number with the unit ms, s, m, h or d; without one, seconds. A
SIGNAL is a name or a number; what may be either, after a signal, is a time.

Passed on are HUP, INT, QUIT, USR1, USR2, ALRM, TERM, CONT and WINCH. What a
key of the terminal sends is not, where the command gets it from there.

Exit status:
  the command's own; 128 and the signal's number if a signal killed it
  124  it ran into the timeout, however it ended then
  125  pidfd-run itself failed
  126  the command is there, but cannot be run
  127  there is no such command
)";

int complain(int code, const std::string& text) {
    std::fprintf(stderr, "pidfd-run: %s\n", text.c_str());
    return code;
}

/// A full disk shows at the latest when the stream is closed.
int print(const char* text) {
    if (std::fputs(text, stdout) < 0 || std::fclose(stdout) != 0)
        return complain(failed, std::string("cannot write the output: ") + std::strerror(errno));
    return 0;
}

sigset_t passed_on() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal :
         {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGTERM, SIGCONT, SIGWINCH})
        sigaddset(&set, signal);
    return set;
}

/// Whether the command is in the process group of this program, as when it began. Its pid is its
/// own as long as it is not waited for.
bool is_in_own_group(pidfd_view command) {
    const auto pid = command.get_pid();
    return pid && getpgid(*pid) == getpgrp();
}

void pass_on(int signals, pidfd_view command) {
    signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info) {
        // A terminal sends what its keys mean to the whole group in its foreground, and a second
        // SIGINT may mean more than one. When it hangs up, it tells the session's leader only.
        const bool from_terminal = info.ssi_code == SI_KERNEL && info.ssi_signo != SIGHUP;
        // Nothing is to be done about a command that has ended, or has become another user.
        if (!from_terminal || !is_in_own_group(command))
            (void)command.send_signal(static_cast<int>(info.ssi_signo));
    }
}

/// The stop policy under way.
class stopping {
public:
    explicit stopping(const arguments& args) : steps_(args.stop) {
        if (args.timeout)
            next_ = steady_clock::now() + *args.timeout;
    }

    /// The signals that were sent.
    [[nodiscard]] const std::vector<int>& sent() const { return sent_; }

    /// Sends what is due, and returns the time of the next step, if there is one.
    expected<std::optional<steady_clock::time_point>> advance(pidfd_view command) {
        while (next_ && *next_ <= steady_clock::now()) {
            const stop_step& step = steps_[sent_.size()];
            if (const auto done = command.send_signal(step.signal);
                !done && done.error() != pidfd_errc::not_found)
                return unexpected(done.error());
            sent_.push_back(step.signal);
            if (sent_.size() < steps_.size())
                *next_ += step.time;
            else
                next_.reset();
        }
        return next_;
    }

private:
    const std::vector<stop_step>& steps_;
    std::vector<int> sent_;
    std::optional<steady_clock::time_point> next_;
};

/// Sleeps until the command may have ended, a signal has come, or the time has.
void sleep_until(pollfd (&fds)[2], std::optional<steady_clock::time_point> when) {
    timespec time{};
    if (when) {
        const auto left = std::max(
            std::chrono::duration_cast<nanoseconds>(*when - steady_clock::now()), nanoseconds(0));
        time.tv_sec = static_cast<time_t>(left.count() / 1'000'000'000);
        time.tv_nsec = static_cast<long>(left.count() % 1'000'000'000);
    }
    (void)ppoll(fds, 2, when ? &time : nullptr, nullptr);
}

/// Until the command has ended. Signals are passed on, and it is stopped in time.
expected<exit_status> attend(child& command, int signals, stopping& stop) {
    pollfd fds[] = {{command.fd(), POLLIN, 0}, {signals, POLLIN, 0}};
    for (;;) {
        // First of all, so that a command which has just ended in time is not said to be late.
        const auto ended = command.try_wait();
        if (!ended)
            return unexpected(ended.error());
        if (*ended)
            return **ended;
        pass_on(signals, pidfd_view(command));
        const auto next = stop.advance(pidfd_view(command));
        if (!next)
            return unexpected(next.error());
        auto wake = *next;
        // Ready before, and yet not to be had: a debugger has to wait for it first. The pidfd stays
        // ready and would keep this loop spinning, so that it looks again from time to time.
        const bool look_again = fds[0].revents != 0;
        fds[0].fd = look_again ? -1 : command.fd();
        if (look_again) {
            const auto soon = steady_clock::now() + std::chrono::milliseconds(10);
            wake = wake ? std::min(*wake, soon) : soon;
        }
        fds[0].revents = 0;
        sleep_until(fds, wake);
    }
}

int explain_failed_start(const arguments& args, const std::error_code& error, spawn_step step) {
    const std::string quoted = "'" + std::string(args.command[0]) + "'";
    if (step == spawn_step::clone && args.cgroup != nullptr &&
        error == std::errc::bad_file_descriptor)
        return complain(failed, "'" + std::string(args.cgroup) + "' is no directory of a cgroup2");
    if (step != spawn_step::exec)
        return complain(failed, "cannot start " + quoted + ", step " + to_string(step) + ": " +
                                    error.message());
    const bool missing = error == std::errc::no_such_file_or_directory;
    return complain(missing ? not_there : cannot_run,
                    "cannot run " + quoted + ": " + error.message());
}

int run(const arguments& args) {
    unique_fd cgroup;
    if (args.cgroup != nullptr) {
        cgroup.reset(open(args.cgroup, O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!cgroup)
            return complain(failed, "cannot open the cgroup '" + std::string(args.cgroup) +
                                        "': " + std::strerror(errno));
    }
    // Who ignores SIGCHLD, as the caller of this program may do, gets no status.
    signal(SIGCHLD, SIG_DFL);
    // Before the command starts, so that no signal is lost; it gets the mask as it was.
    const sigset_t taken = passed_on();
    sigset_t mask;
    sigprocmask(SIG_BLOCK, &taken, &mask);
    const unique_fd signals(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals)
        return complain(failed, std::string("cannot receive signals: ") + std::strerror(errno));

    spawn_options options;
    options.search_path = true;
    options.signal_mask = &mask;
    if (cgroup)
        options.cgroup = cgroup.get();
    options.close_other_fds = false; // the caller may have opened them for the command
    spawn_step step{};
    const auto start = steady_clock::now();
    auto command = spawn(args.command[0], args.command, options, &step);
    if (!command)
        return explain_failed_start(args, command.error(), step);

    stopping stop(args);
    const auto status = attend(*command, signals.get(), stop);
    if (!status)
        return complain(failed, "cannot wait for the command: " + status.error().message());
    if (args.report) {
        ending e{*status, stop.sent(), steady_clock::now() - start, {}};
        // There was one child only.
        getrusage(RUSAGE_CHILDREN, &e.used);
        std::fputs(describe(e).c_str(), stderr);
    }
    if (!stop.sent().empty())
        return timed_out;
    return status->code() ? *status->code() : by_signal + status->signal().value_or(0);
}

} // namespace

int main(int argc, char** argv) {
    std::string mistake;
    const auto args = parse_arguments(argc, argv, mistake);
    if (!args)
        return complain(failed, mistake);
    switch (args->what) {
    case arguments::what::help:
        return print(help);
    case arguments::what::version:
        return print("pidfd-run " PIDFD_RUN_VERSION "\n");
    case arguments::what::run:
        return run(*args);
    }
    return failed;
}
