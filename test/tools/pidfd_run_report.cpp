// SPDX-License-Identifier: MIT
// The report of the example tool pidfd-run.
#include "support/catch.hpp"
#include "support/json.hpp"
#include "support/lifecycle.hpp"
#include "tools/run_tool.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <unistd.h>

using namespace pidfd_util;
using namespace run_tool;

namespace {

bool is(const support::json_value& value, const char* type, const char* text) {
    return value.type == type && value.text == text;
}

/// The largest amount of memory that the command used, in KiB.
long memory_in(const result& r) {
    const std::size_t at = r.err.find("memory     ");
    return at == std::string::npos ? -1 : std::atol(r.err.c_str() + at + 11);
}

} // namespace

TEST_CASE("pidfd-run reports how the command ended and what it used") {
    const auto r = run({"--report", "sh", "-c", "exit 3"});
    CHECK(r.code == 3);
    CHECK(r.out.empty());
    CHECK(r.says("status     exited with code 3\n"));
    CHECK(r.says("core       none\n"));
    CHECK(r.says("timeout    no\n"));
    for (const char* field : {"wall time  ", "user       ", "system     ", "memory     ",
                              "faults     ", "blocks     ", "switches   "})
        CHECK(r.says(std::string("\n") + field));
    // Every process uses memory and has page faults.
    CHECK(!r.says("memory     0 KiB"));
    CHECK(!r.says("faults     0 minor"));
}

TEST_CASE("pidfd-run reports no memory of its own as that of the command") {
    // A shell that does nothing uses less than this program.
    const auto small = run({"--report", "true"});
    CHECK(small.says("memory     not above the "));
    // Filled with zeros by the shell itself, as its variable.
    const auto large =
        run({"--report", "sh", "-c", "x=$(head -c 30000000 /dev/zero | tr '\\0' x)"});
    CHECK(large.code == 0);
    CHECK(memory_in(large) > 30000000 / 1024);
}

TEST_CASE("pidfd-run reports a core dump where there is one") {
    const unique_fd pattern(open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC));
    char first = 0;
    if (!pattern || read(pattern.get(), &first, 1) != 1 || first == '\n')
        SKIP_TEST("cores are not dumped here");
    char directory[] = "/tmp/pidfd-run-core-XXXXXX";
    REQUIRE(mkdtemp(directory) != nullptr);
    const resource_limit limits[] = {{RLIMIT_CORE, {RLIM_INFINITY, RLIM_INFINITY}}};
    spawn_options options;
    options.limits = limits;
    options.directory = directory;
    const auto r = run({"--report", "sh", "-c", "kill -SEGV $$"}, options);
    CHECK(r.signal == SIGSEGV);
    CHECK(r.says("status     killed by SIGSEGV\n"));
    const bool dumped = r.says("core       dumped\n");
    CHECK(r.says("pidfd-run: the command dumped core\n") == dumped);
    // A second core, that of pidfd-run, would have the same name or another pid.
    const std::string count = "test \"$(ls " + std::string(directory) + " | wc -l)\" -le 1";
    CHECK(system(count.c_str()) == 0);
    (void)!system(("rm -r " + std::string(directory)).c_str());
    if (!dumped)
        SKIP_TEST("the kernel dumps no core into a directory here");
}

TEST_CASE("pidfd-run reports in JSON, which is valid for every command") {
    const auto limit = run({"--timeout=20ms", "--report=json", "sleep", "1000"});
    CHECK(limit.code == 124);
    const auto values = support::parse_json(limit.err);
    CHECK(is(values["/command"], "array", "2"));
    CHECK(is(values["/exit_code"], "null", "null"));
    CHECK(is(values["/signal"], "string", "SIGTERM"));
    CHECK(is(values["/timed_out"], "boolean", "true"));
    CHECK(is(values["/signals_sent/0"], "string", "SIGTERM"));
    CHECK(is(values["/cgroup_peak_bytes"], "null", "null"));
    const auto odd = run({"--report=json", "sh", "-c", "exit 3", "\"\xff\n\x01"});
    const auto odd_values = support::parse_json(odd.err);
    CHECK(is(odd_values["/exit_code"], "number", "3"));
    CHECK(is(odd_values["/signal"], "null", "null"));
    CHECK(is(odd_values["/signals_sent"], "array", "0"));
}

TEST_CASE("pidfd-run writes the report to a file, and the command's errors to standard error") {
    char name[] = "/tmp/pidfd-run-report-XXXXXX";
    const unique_fd file(mkstemp(name));
    REQUIRE(file);
    const auto r = run({"--report-file", name, "sh", "-c", "echo oops >&2"});
    CHECK(unlink(name) == 0);
    CHECK(r.err == "oops\n");
    char text[4096];
    const ssize_t size = read(file.get(), text, sizeof text);
    REQUIRE(size > 0);
    CHECK(std::string(text, static_cast<std::size_t>(size))
              .rfind("status     exited with code 0\n", 0) == 0);
    CHECK(run({"--report-file=/dev/full", "true"}).says("cannot write the report"));
}

TEST_CASE("no message of pidfd-run gets into the report, even if standard error is closed") {
    const support::temporary_directory place;
    const std::string file = place.path() + "/report";
    const auto r =
        run({"sh", "-c", "exec \"$0\" --report-file \"$1\" --report=json -v -t 50ms sleep 100 2>&-",
             PIDFD_RUN, file});
    CHECK(r.code == 124);
    std::ifstream written(file);
    std::string first;
    std::getline(written, first);
    CHECK(first.substr(0, 1) == "{");
}
