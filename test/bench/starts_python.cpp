// SPDX-License-Identifier: MIT
// Starts programs by Python's subprocess. A script measures itself: it runs all the time, reads how
// many starts to make, and answers with their time. So its own start is not measured.
#include "starts.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace bench {

namespace {

struct script {
    pidfd_util::child process;
    std::FILE* input = nullptr;
    std::FILE* output = nullptr;
};
script running;

/// Returns whether a line was read.
bool read_line(char (&line)[64]) {
    return std::fgets(line, sizeof line, running.output) != nullptr;
}

std::string time_script(int count, double& microseconds) {
    char line[64];
    if (running.input == nullptr || std::fprintf(running.input, "%d\n", count) < 0 ||
        std::fflush(running.input) != 0 || !read_line(line))
        return "the Python script ended early";
    microseconds = std::strtod(line, nullptr);
    return microseconds > 0 ? std::string() : "the Python script printed no time";
}

} // namespace

std::string start_python(std::size_t resident_mib) {
    int to_script[2];
    int from_script[2];
    if (pipe2(to_script, O_CLOEXEC) != 0 || pipe2(from_script, O_CLOEXEC) != 0)
        return "no pipe for the Python script";
    running.input = fdopen(to_script[1], "w");
    running.output = fdopen(from_script[0], "r");
    pidfd_util::unique_fd its_input(to_script[0]);
    pidfd_util::unique_fd its_output(from_script[1]);

    const std::string mib = std::to_string(resident_mib);
    const char* const command[] = {BENCH_PYTHON, BENCH_PYTHON_SCRIPT, program, mib.c_str(),
                                   nullptr};
    const pidfd_util::fd_mapping fds[] = {{its_input.get(), STDIN_FILENO},
                                          {its_output.get(), STDOUT_FILENO}};
    pidfd_util::spawn_options options;
    options.fds = fds;
    auto started = pidfd_util::spawn(command[0], command, options);
    if (!started)
        return started.error().message();
    running.process = std::move(*started);
    its_output = pidfd_util::unique_fd(); // so that the end of the script ends the read
    char line[64];
    return read_line(line) ? std::string() : "the Python script ended early";
}

void end_python() {
    if (running.input != nullptr)
        std::fclose(running.input); // the script ends at the end of its input
    if (running.output != nullptr)
        std::fclose(running.output);
    (void)running.process.wait();
    running = script();
}

void add_python(all_ways& to) {
    to.one.push_back({"Python subprocess.run", leftover::nothing, time_script});
}

} // namespace bench
