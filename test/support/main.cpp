// SPDX-License-Identifier: MIT
// Runs the test cases and counts them: "N passed, N failed, N skipped" on the last line of the
// output, and on a line added to the file that PIDFD_UTIL_TALLY names.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#include <catch2/reporters/catch_reporter_event_listener.hpp>
using listener_base = Catch::EventListenerBase;
#else
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
using listener_base = Catch::TestEventListenerBase;
#endif

#include "catch.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace {

struct {
    int passed = 0;
    int failed = 0;
    int skipped = 0;
    bool skipping = false; // the running test case
} tally;

class counter : public listener_base {
public:
    using listener_base::listener_base;
    void testCaseStarting(const Catch::TestCaseInfo&) override { tally.skipping = false; }
    void testCaseEnded(const Catch::TestCaseStats& stats) override {
        if (!stats.totals.assertions.allOk())
            ++tally.failed;
        else if (tally.skipping)
            ++tally.skipped;
        else
            ++tally.passed;
    }
};

CATCH_REGISTER_LISTENER(counter)

} // namespace

namespace support {

void skip(const std::string& reason) {
    tally.skipping = true;
    const auto name = Catch::getResultCapture().getCurrentTestName();
    std::cout << "skipped: " << name << ": " << reason << std::endl;
}

void skip_at_once(const std::string& reason) {
    skip(reason);
    // The exception with which Catch ends a test case after a failed REQUIRE; here nothing has
    // failed.
    throw Catch::TestFailureException();
}

} // namespace support

int main(int argc, char** argv) {
    // A program that is started in the background or with nohup ignores some signals, and so do its
    // children.
    for (const int signal : {SIGHUP, SIGINT, SIGQUIT})
        std::signal(signal, SIG_DFL);
    const int result = Catch::Session().run(argc, argv);
    char line[100];
    std::snprintf(line, sizeof line, "%d passed, %d failed, %d skipped\n", tally.passed,
                  tally.failed, tally.skipped);
    std::cout << line << std::flush;
    if (const char* file = std::getenv("PIDFD_UTIL_TALLY"); file != nullptr) {
        if (std::FILE* f = std::fopen(file, "a"); f != nullptr) {
            std::fputs(line, f);
            std::fclose(f);
        }
    }
    // Meson's code for a test that was skipped as a whole.
    constexpr int skipped_whole = 77;
    return result == 0 && tally.passed == 0 && tally.skipped > 0 ? skipped_whole : result;
}
