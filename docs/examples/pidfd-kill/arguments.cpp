// SPDX-License-Identifier: MIT
#include "arguments.hpp"

#include "../tool-parts/names.hpp"
#include "../tool-parts/number.hpp"
#include "../tool-parts/options.hpp"
#include "../tool-parts/signals.hpp"
#include "../tool-parts/stop_policy.hpp"
#include "../tool-parts/text.hpp"
#include "../tool-parts/utc_time.hpp"

#include <cerrno>
#include <cstring>
#include <getopt.h>
#include <string_view>
#include <sys/stat.h>

using namespace pidfd_util;

namespace {

std::optional<signal_scope> parse_scope(std::string_view text) {
    if (text == "process")
        return signal_scope::thread_group;
    if (text == "thread")
        return signal_scope::thread;
    if (text == "group")
        return signal_scope::process_group;
    return std::nullopt;
}

/// Parses the absolute path of a cgroup, and removes slashes at its end.
std::optional<std::string> parse_cgroup(std::string path) {
    if (path.empty() || path[0] != '/')
        return std::nullopt;
    while (path.size() > 1 && path.back() == '/')
        path.pop_back();
    return path;
}

/// Stores the result if there is one.
template <class To, class From>
bool store(To& to, std::optional<From> from) {
    if (!from)
        return false;
    to = std::move(*from);
    return true;
}

/// The command line, while it is parsed.
class parser {
public:
    parser(int argc, char** argv, std::string& mistake)
        : argc_(argc), argv_(argv), mistake_(mistake) {}

    std::optional<arguments> parse() {
        enum choice : int { // above all characters
            exe = 256,
            user,
            started,
            started_before,
            cgroup,
            pid_file,
            scope,
            stop
        };
        constexpr option options[] = {
            {"signal", required_argument, nullptr, 's'},
            {"queue", required_argument, nullptr, 'q'},
            {"scope", required_argument, nullptr, scope},
            {"stop", required_argument, nullptr, stop},
            {"exe", required_argument, nullptr, exe},
            {"user", required_argument, nullptr, user},
            {"started", required_argument, nullptr, started},
            {"started-before", required_argument, nullptr, started_before},
            {"cgroup", required_argument, nullptr, cgroup},
            {"pid-file", required_argument, nullptr, pid_file},
            {"list", no_argument, nullptr, 'l'},
            {"verbose", no_argument, nullptr, 'v'},
            {"help", no_argument, nullptr, 'h'},
            {"version", no_argument, nullptr, 'V'},
            {nullptr, 0, nullptr, 0}};
        // "+": the words that are not options are taken here. ":": getopt_long prints nothing.
        constexpr char letters[] = "+:s:q:lvhV";
        checks& wanted = args_.wanted;
        for (;;) {
            take_words();
            const int found = getopt_long(argc_, argv_, letters, options, nullptr);
            bool good = true;
            switch (found) {
            case 's':
                good = store(args_.signal, parse_signal_or_0(optarg)) || is_not("a signal");
                has_signal_ = true;
                break;
            case 'q':
                good = store(args_.value, parse_number<int>(optarg)) || is_not("a number");
                break;
            case scope:
                good = store(args_.scope, parse_scope(optarg)) ||
                       is_not("a scope: process, thread or group");
                break;
            case stop:
                good = store(args_.stop, parse_stop_policy(optarg)) ||
                       is_not("a stop policy: SIGNAL[,TIME],SIGNAL[,TIME]... such as TERM,5s,KILL");
                break;
            case exe:
                good = find_executable(optarg);
                break;
            case user:
                good = store(wanted.user, find_user(optarg)) || is_not("a user");
                break;
            case started:
                good = store(wanted.started, parse_utc_time(optarg)) || is_not(a_time);
                break;
            case started_before:
                good = store(wanted.started_before, parse_utc_time(optarg)) || is_not(a_time);
                break;
            case cgroup:
                good = store(wanted.cgroup, parse_cgroup(optarg)) ||
                       is_not("the path of a cgroup, from the root of the hierarchy");
                break;
            case pid_file:
                args_.pid_files.emplace_back(optarg);
                break;
            case 'l':
                args_.what = arguments::what::list;
                break;
            case 'v':
                args_.verbose = true;
                break;
            case 'h':
                args_.what = arguments::what::help;
                return args_;
            case 'V':
                args_.what = arguments::what::version;
                return args_;
            case -1:
                args_.names.insert(args_.names.end(), argv_ + optind, argv_ + argc_);
                if (!fits_together())
                    return std::nullopt;
                return args_;
            default:
                mistake_ = explain_option(found, argv_, letters);
                good = false;
            }
            if (!good)
                return std::nullopt;
        }
    }

private:
    static constexpr char a_time[] = "a time such as 2026-11-24T09:30:00Z or @1795512600";

    /// Takes the words up to the next option: processes, and signals such as -TERM and -9.
    void take_words() {
        for (; optind < argc_; ++optind) {
            const std::string_view word = argv_[optind];
            if (word.substr(0, 1) != "-" || word == "-") {
                args_.names.emplace_back(word);
            } else if (const auto signal = parse_signal_or_0(word.substr(1))) {
                args_.signal = *signal;
                has_signal_ = true;
            } else {
                return;
            }
        }
    }

    bool is_not(const char* expected) {
        mistake_ = shell_word(optarg) + " is not " + expected;
        return false;
    }

    bool find_executable(const char* path) {
        struct stat found {};
        if (stat(path, &found) != 0) {
            mistake_ =
                "cannot find the executable " + shell_word(path) + ": " + std::strerror(errno);
            return false;
        }
        args_.wanted.executable = {path, found.st_dev, found.st_ino};
        return true;
    }

    bool fits_together() {
        const bool is_stop = !args_.stop.empty();
        if (is_stop && (has_signal_ || args_.value || args_.scope))
            mistake_ = "--stop excludes --signal, --queue and --scope";
        else if (args_.value && args_.scope)
            mistake_ = "--queue excludes --scope";
        else if (args_.what == arguments::what::send && args_.names.empty() &&
                 args_.pid_files.empty())
            mistake_ = "which process? Try pidfd-kill --help";
        return mistake_.empty();
    }

    int argc_;
    char** argv_;
    std::string& mistake_;
    arguments args_;
    bool has_signal_ = false;
};

} // namespace

std::optional<int> parse_signal_or_0(std::string_view text) {
    return text == "0" ? 0 : parse_signal(text);
}

std::optional<arguments> parse_arguments(int argc, char** argv, std::string& mistake) {
    return parser(argc, argv, mistake).parse();
}
