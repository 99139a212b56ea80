// SPDX-License-Identifier: MIT
// pidfd-kill: sends a signal to a process, after it has checked that it is the one that is meant.
#include "arguments.hpp"
#include "pid_file.hpp"
#include "stop.hpp"

#include "../tool-parts/output.hpp"
#include "../tool-parts/signals.hpp"
#include "../tool-parts/standard_fds.hpp"
#include "../tool-parts/target.hpp"
#include "../tool-parts/text.hpp"

#include <cstdio>
#include <utility>

using namespace pidfd_util;

namespace {

enum exit_code { all_signalled = 0, failed = 1, bad_usage = 2, some_signalled = 64 };

constexpr char help[] = R"(Usage: pidfd-kill [OPTION]... [-SIGNAL] [PROCESS]...
       pidfd-kill --list [SIGNAL]...

Sends a signal to each process. The checks are made on the process that gets the
signal, also if the kernel reuses its pid meanwhile. If one of them fails, this
process gets no signal.

A PROCESS is one of
  PID                        the process that has this pid now
  INODE@BOOT                 the process with this "process id", as
                             pidfd-inspect prints it (Linux 6.14)
  PID:INODE                  the process with this pid and this id, as
                             util-linux writes them (Linux 6.9)
  PID:START:NAMESPACE@BOOT   the process with this "stamp"

What to send:
  -s, --signal SIGNAL  a name or a number, also as -TERM or -9; 0 only checks
                       whether a signal could be sent. Default: TERM
  -q, --queue NUMBER   send this number with the signal, see sigqueue(3)
      --scope SCOPE    signal the process, its first thread only (thread), or
                       the process group that it leads (group) (Linux 6.9)
      --stop POLICY    stop it: SIGNAL[,TIME],SIGNAL[,TIME]... such as
                       TERM,5s,KILL. Sends each signal and then waits for its
                       time, or until the process has ended. Waits without a
                       limit after a last signal that has no time

Which processes, and what must be true of them:
      --pid-file FILE  also take the process whose pid is in this file; the
                       process must not have started after the file was written
      --exe PATH       the process must execute this file
      --user USER      its effective user must be this name or number
      --started TIME   it must have started at this time, as pidfd-inspect
                       prints it, give or take a second
      --started-before TIME  it must not have started later
      --cgroup PATH    it must be in this cgroup2 cgroup, or below

  -l, --list           list the names of the signals, or convert the SIGNALs
                       between names and numbers
  -v, --verbose        print what was sent
  -h, --help           show this text
  -V, --version        show the version

Exit status:
  0   all processes were signalled; with --stop, all have ended
  1   no process was signalled, or pidfd-kill itself failed; with --stop, no
      process has ended
  2   a bad argument
  64  only some processes were signalled; with --stop, only some have ended
)";

int complain(int code, const std::string& text) {
    std::fprintf(stderr, "pidfd-kill: %s\n", text.c_str());
    return code;
}

int print(const std::string& text) {
    const std::string mistake = write_whole_output(text);
    return mistake.empty() ? 0 : complain(failed, mistake);
}

int list(const std::vector<std::string>& names) {
    if (names.empty())
        return print(::signal_list() + "\n");
    std::string text;
    for (const std::string& name : names) {
        const auto signal = parse_signal_or_0(name);
        if (!signal)
            return complain(bad_usage, shell_word(name) + " is not a signal");
        const bool is_number = name.find_first_not_of("0123456789") == std::string::npos;
        const std::string converted = signal_name(*signal);
        const bool has_name = converted.substr(0, 3) == "SIG";
        text += is_number && has_name ? converted.substr(3) : std::to_string(*signal);
        text += '\n';
    }
    return print(text);
}

/// Sends the signals, and counts the processes that got theirs.
class sending {
public:
    explicit sending(const arguments& args) : args_(args) {}

    int run() {
        allow_many_files();
        for (const std::string& name : args_.names)
            take_named(name);
        for (const std::string& path : args_.pid_files)
            take_from_file(path);
        if (is_bad_)
            return bad_usage;
        if (!args_.stop.empty())
            stop_all();
        else
            for (job& j : jobs_)
                signal(j);
        if (is_unwritten_)
            return complain(failed, "cannot write the output");
        const std::size_t count = args_.names.size() + args_.pid_files.size();
        return good_ == count ? all_signalled : good_ == 0 ? failed : some_signalled;
    }

private:
    void take_named(const std::string& name) {
        const auto parsed = parse_process_name(name);
        if (parsed) {
            take(name, open_process(*parsed), std::nullopt);
            return;
        }
        complain(failed, shell_word(name) + ": neither a pid nor an id");
        is_bad_ = true;
    }

    void take_from_file(const std::string& path) {
        std::string mistake;
        const auto file = read_pid_file(path, mistake);
        if (!file) {
            complain(failed, shell_word(path) + ": " + mistake);
            return;
        }
        take(shell_word(path) + ": " + std::to_string(file->pid), pidfd::from_pid(file->pid),
             file->written);
    }

    /// Keeps the process if all checks succeed.
    void take(const std::string& name, expected<pidfd> process,
              std::optional<std::chrono::system_clock::time_point> noted) {
        if (!process) {
            complain(failed, name + ": " + why_not_opened(process.error()));
            return;
        }
        const std::string reason = why_not(pidfd_view(*process), noted);
        if (!reason.empty())
            complain(failed, name + ": not signalled: " + reason);
        else
            jobs_.push_back({name, std::move(*process), false, {}, {}});
    }

    [[nodiscard]] std::string
    why_not(pidfd_view process, std::optional<std::chrono::system_clock::time_point> noted) const {
        // A signal would have no effect. A group can outlive its leader.
        if (args_.scope != signal_scope::process_group && process.is_alive() == false)
            return "it has ended, and its parent has not reaped it yet";
        if (noted)
            if (const std::string later = find_later_start(process, *noted); !later.empty())
                return later + ", when the pid file was written";
        return find_difference(process, args_.wanted);
    }

    [[nodiscard]] expected<void> send(const pidfd& process) const {
        if (args_.value) {
            sigval value{};
            value.sival_int = *args_.value;
            return process.queue_signal(args_.signal, value);
        }
        // The scopes need Linux 6.9. A pidfd of a process has this one without.
        const bool is_implied =
            args_.scope == signal_scope::thread_group && process.is_thread() != true;
        if (!args_.scope || is_implied)
            return process.send_signal(args_.signal);
        return process.send_signal(args_.signal, *args_.scope);
    }

    void signal(const job& j) {
        if (const auto done = send(j.process); !done) {
            const bool leads_none = args_.scope == signal_scope::process_group &&
                                    done.error() == std::errc::invalid_argument;
            complain(failed, j.name + ": " +
                                 (leads_none ? "it leads no process group"
                                             : "cannot signal it: " + done.error().message()));
            return;
        }
        ++good_;
        if (args_.verbose && args_.signal != 0)
            say(j.name + ": sent " + signal_name(args_.signal));
        else if (args_.verbose)
            say(j.name + ": a signal could be sent");
    }

    void stop_all() {
        if (const auto done = stop(jobs_, args_.stop); !done)
            complain(failed, "cannot wait: " + done.error().message());
        for (const job& j : jobs_) {
            std::string sent;
            for (const int s : j.sent)
                sent += " " + signal_name(s);
            if (j.refusal && !j.has_ended)
                complain(failed, j.name + ": cannot signal it: " + j.refusal.message());
            else if (!j.has_ended)
                complain(failed, j.name + ": it still runs, after" + sent);
            else
                ++good_;
            if (args_.verbose)
                say(j.name + ": " + (sent.empty() ? "sent no signal" : "sent" + sent) +
                    (j.has_ended ? "; it has ended" : ""));
        }
    }

    void say(const std::string& text) {
        if (std::printf("%s\n", text.c_str()) < 0 || std::fflush(stdout) != 0)
            is_unwritten_ = true;
    }

    const arguments& args_;
    std::vector<job> jobs_;
    std::size_t good_ = 0;
    bool is_bad_ = false;
    bool is_unwritten_ = false;
};

} // namespace

int main(int argc, char** argv) {
    fill_standard_fds();
    std::string mistake;
    const auto args = parse_arguments(argc, argv, mistake);
    if (!args)
        return complain(bad_usage, mistake);
    switch (args->what) {
    case arguments::what::list:
        return list(args->names);
    case arguments::what::help:
        return print(help);
    case arguments::what::version:
        return print("pidfd-kill " PIDFD_KILL_VERSION "\n");
    case arguments::what::send:
        return sending(*args).run();
    }
    return failed;
}
