// SPDX-License-Identifier: MIT
// pidfd-run: runs a command with a time limit and reports how it ended. It uses a pidfd throughout, so
// it never signals or waits for another process, even if the kernel reuses the pid.
#include "../tool-parts/output.hpp"
#include "../tool-parts/standard_fds.hpp"
#include "../tool-parts/text.hpp"
#include "arguments.hpp"
#include "ending.hpp"
#include "help.hpp"
#include "incoming.hpp"
#include "job_cgroup.hpp"
#include "messages.hpp"
#include "policy_run.hpp"
#include "report.hpp"
#include "start.hpp"
#include "supervision.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sys/resource.h>
#include <unistd.h>

using namespace pidfd_util;
using std::chrono::steady_clock;

namespace {

int print(const char* text) {
    const std::string mistake = write_whole_output(text);
    return mistake.empty() ? 0 : complain(exit_failed, mistake);
}

std::uint64_t own_peak_memory() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
}

/// Returns false if the report cannot be written.
bool write_report(const ending& e, report_format form, std::FILE* file) {
    const std::string text = form == report_format::json ? as_json(e) : as_text(e);
    return std::fputs(text.c_str(), file) >= 0 && std::fflush(file) == 0;
}

/// What is known when the command has ended.
struct finished {
    std::optional<exit_status> status; ///< empty if `code` is that of a failure
    int code = exit_failed;
};

finished run(arguments& args, std::FILE* report_file) {
    // Before the cgroup is made, so that it is removed even if a signal arrives at once.
    const incoming_signals signals;
    if (!signals)
        return {std::nullopt, complain(exit_failed, std::string("cannot receive signals: ") +
                                                        std::strerror(errno))};
    job_cgroup group;
    const std::string mistake = args.cgroup != nullptr ? group.open(args.cgroup)
                                : args.new_cgroup      ? group.make()
                                                       : "";
    if (!mistake.empty())
        return {std::nullopt, complain(exit_failed, mistake)};
    job j(args.foreground ? reach::command : reach::descendants);
    if (group)
        j.add_cgroup(group.view());
    const auto begin = steady_clock::now();
    finished f;
    auto command = start(args, signals, group, f.code);
    if (!command)
        return f;
    const std::uint64_t floor = own_peak_memory();
    j.start(std::move(*command), args.command[0]);

    policy_run stop(args.stop, args.verbose);
    if (args.timeout)
        stop.start_at(begin + *args.timeout);
    const auto outcome = supervise(j, signals, stop, args.init || getpid() == 1);
    if (!outcome)
        return {std::nullopt,
                complain(exit_failed, "cannot wait for the command: " + outcome.error().message())};
    if (outcome->status.core_dumped())
        say("the command dumped core");
    if (args.report != report_format::none &&
        !write_report({args.command, outcome->status, outcome->timed_out, stop.sent(),
                       steady_clock::now() - begin, j.command().usage(), floor,
                       group ? group.peak_memory() : std::nullopt},
                      args.report, report_file))
        return {std::nullopt, complain(exit_failed, std::string("cannot write the report: ") +
                                                        std::strerror(errno))};
    if (!outcome->timed_out)
        return {outcome->status, 0};
    return {std::nullopt, args.preserve_status ? code_for(outcome->status) : exit_timed_out};
}

int run(arguments& args) {
    std::FILE* report_file = stderr;
    if (args.report_file != nullptr) {
        report_file = std::fopen(args.report_file, "we");
        if (report_file == nullptr)
            return complain(exit_failed, "cannot open " + shell_word(args.report_file) + ": " +
                                             std::strerror(errno));
    }
    const finished f = run(args, report_file);
    return f.status ? end_like(*f.status) : f.code;
}

} // namespace

int main(int argc, char** argv) {
    fill_standard_fds();
    std::string mistake;
    auto args = parse_arguments(argc, argv, mistake);
    if (!args)
        return complain(exit_failed, mistake);
    switch (args->what) {
    case arguments::what::help:
        return print(help);
    case arguments::what::version:
        return print("pidfd-run " PIDFD_RUN_VERSION "\n");
    case arguments::what::run:
        return run(*args);
    }
    return exit_failed;
}
