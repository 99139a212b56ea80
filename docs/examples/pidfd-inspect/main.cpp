// SPDX-License-Identifier: MIT
// pidfd-inspect: shows everything that the library can say of a process.
#include "facts.hpp"
#include "render.hpp"
#include "text.hpp"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>

using namespace pidfd_util;

namespace {

enum status { shown = 0, failed = 1, bad_usage = 2, gone = 3, refused = 4, unsupported = 5 };

constexpr char help[] = R"(Usage: pidfd-inspect [--json] PID
       pidfd-inspect [--json] --features
       pidfd-inspect --help | --version

Shows what can be told of a process by pidfd, and the path that answered:
  syscall, ioctl  the kernel, asked directly
  inode           the pidfd's inode number
  fdinfo, procfs  /proc, for what this kernel does not tell directly
Where something cannot be told, the reason stands in its place.

  --features  what this kernel and this sandbox have, and the path that answers
              each operation here
  --json      the same as one JSON object on one line
  --help      this text
  --version   the version

Names and arguments are shown as words of the shell: '...' or, with control
characters and bytes that are no UTF-8, $'...'. Empty arguments at the end of
the command line are left out.

In JSON, an answer is {"value": ..., "path": ...} or {"errno": ..., "reason":
...}. Numbers of 64 bits (id, cgroupid, inodes) are strings of decimal digits,
as many readers keep only 53 bits of a number. A byte that is no UTF-8 becomes
U+FFFD; then "hex" has all bytes of that name or command line, which ends each
argument with 00. "own" tells whether a namespace is also the caller's, null
where that cannot be told.

Exit status:
  0  everything that this kernel can tell was told
  1  the output could not be written, or the system ran out of something
  2  a bad argument
  3  no such process
  4  a permission is missing: /proc, the kernel or a sandbox refused something;
     what could be told is on standard output
  5  this kernel or sandbox has no pidfds
)";

status complain(status s, const std::string& text) {
    std::fprintf(stderr, "pidfd-inspect: %s\n", text.c_str());
    return s;
}

/// A full disk shows at the latest when the stream is closed.
status print(const std::string& text) {
    const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
    if (std::fclose(stdout) != 0 || !written)
        return complain(failed, std::string("cannot write the output: ") + std::strerror(errno));
    return shown;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::optional<pid_t> parse_pid(std::string_view text) {
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (error != std::errc() || end != text.data() + text.size() || pid <= 0)
        return std::nullopt;
    return pid;
}

status no_pidfd(pid_t pid, const std::error_code& error) {
    const std::string number = std::to_string(pid);
    if (error == pidfd_errc::not_found)
        return complain(gone, "there is no process " + number);
    if (error == std::errc::no_such_file_or_directory)
        return complain(gone, number + " is a thread of another process");
    const status s = is_refusal(error)                  ? refused
                     : error == pidfd_errc::unsupported ? unsupported
                                                        : failed;
    return complain(s, "cannot open process " + number + ": " + error.message());
}

status inspect(pid_t pid, bool json) {
    const auto process = pidfd::from_pid(pid);
    if (!process)
        return no_pidfd(pid, process.error());
    const facts f = gather(*process);
    if (!f.pid.value && f.pid.value.error() == pidfd_errc::not_found)
        return complain(gone, "process " + std::to_string(pid) + " ended while it was looked at");
    if (const status s = print(json ? facts_as_json(f) : facts_as_table(f)); s != shown)
        return s;
    if (f.refused)
        return complain(refused, "not all of process " + std::to_string(pid) +
                                     " was told: a permission is missing");
    return shown;
}

} // namespace

int main(int argc, char** argv) {
    bool json = false;
    bool features = false;
    const char* process = nullptr;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--help")
            return print(help);
        if (argument == "--version")
            return print("pidfd-inspect " PIDFD_INSPECT_VERSION "\n");
        if (argument == "--json")
            json = true;
        else if (argument == "--features")
            features = true;
        else if (argument.size() > 1 && argument[0] == '-' && !is_digit(argument[1]))
            return complain(bad_usage, "there is no option " + shell_word(argument));
        else if (process != nullptr)
            return complain(bad_usage, "one process at a time");
        else
            process = argv[i];
    }
    if (features && process != nullptr)
        return complain(bad_usage, "--features takes no process");
    if (features)
        return print(json ? features_as_json() : features_as_table());
    if (process == nullptr)
        return complain(bad_usage, "which process? Try pidfd-inspect --help");
    const auto pid = parse_pid(process);
    if (!pid)
        return complain(bad_usage, shell_word(process) + " is not the number of a process");
    return inspect(*pid, json);
}
