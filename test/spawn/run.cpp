// SPDX-License-Identifier: MIT
#include <pidfd_util/run.hpp>

#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/jobs.hpp"
#include "support/piped.hpp"
#include "support/rounds.hpp"

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace std::chrono_literals;
using namespace support::jobs;
using pidfd_util::run_options;
using pidfd_util::stop_step;
using support::error_of;
using support::pattern;
using support::spawnee;

TEST_CASE("a program's status, usage and both outputs are returned") {
    const int fds = support::count_fds();
    run_options o;
    o.input = "input";
    const auto r = run({"copy", "0", "say", "2", "error", "exit", "7"}, o);
    REQUIRE(r);
    CHECK(r->status.code() == 7);
    CHECK(r->output == "input");
    CHECK(r->error == "error");
    CHECK(r->written == 5);
    REQUIRE(r->usage);
    CHECK(r->usage->peak_resident != 0);
    CHECK(!r->succeeded());
    CHECK(!r->timed_out);
    CHECK(!r->output_too_long);
    CHECK(!r->output_held_open);
    check_nothing_left(fds);
}

TEST_CASE("the words of a list are a program and its arguments") {
    const auto r = pidfd_util::run({spawnee(), "say", "1", "word", "exit", "0"});
    REQUIRE(r);
    CHECK(r->succeeded());
    CHECK(r->output == "word");
}

TEST_CASE("both outputs can be in one string, in their order") {
    run_options o;
    o.error = pidfd_util::stream_choice::same_as(pidfd_util::standard_stream::output);
    const auto r = run({"say", "2", "a", "say", "1", "b", "say", "2", "c"}, o);
    REQUIRE(r);
    CHECK(r->output == "abc");
    CHECK(r->error.empty());
}

TEST_CASE("a program that cannot be run is an error, with its step") {
    pidfd_util::spawn_step step{};
    const char* const argv[] = {"/nonexistent", nullptr};
    CHECK(error_of(pidfd_util::run(argv, {}, &step)) == ENOENT);
    CHECK(step == pidfd_util::spawn_step::exec);
    const char* const nothing[] = {nullptr};
    CHECK(error_of(pidfd_util::run(nothing, {}, &step)) == EINVAL);
    CHECK(step == pidfd_util::spawn_step::options);
    CHECK(error_of(pidfd_util::run(static_cast<const char* const*>(nullptr))) == EINVAL);
}

TEST_CASE("an output that is too long stops the job, and is cut at the limit") {
    const int fds = support::count_fds();
    run_options o = limited(60s);
    for (const std::size_t limit : {0, 1, 65536, 100000}) {
        CAPTURE(limit);
        o.output_limit = limit;
        const auto r = run({"write", "1", "1000000000000"}, o);
        REQUIRE(r);
        CHECK(r->output_too_long);
        CHECK(!r->timed_out);
        CHECK(r->output == pattern(limit));
        CHECK(r->status.signal() == SIGKILL);
    }
    o.output_limit = 100000;
    const auto exact = run({"write", "1", "100000", "write", "2", "100000"}, o);
    REQUIRE(exact);
    CHECK(exact->succeeded());
    CHECK(exact->output.size() == 100000);
    CHECK(exact->error.size() == 100000);
    check_nothing_left(fds);
}

TEST_CASE("an output that has reached its limit does not cost the bytes of the other one") {
    // It ignores the signal, fills one output, and only then writes to the other.
    static constexpr stop_step steps[] = {
        {SIGTERM, 60s, pidfd_util::signal_scope::process_group},
    };
    run_options o;
    o.stop = steps;
    o.output_limit = 1000;
    o.spawn.ignored_signals = {SIGTERM};
    const auto r = run({"write", "1", "20000000", "say", "2", "late", "exit", "3"}, o);
    REQUIRE(r);
    CHECK(r->output_too_long);
    CHECK(r->output == pattern(1000));
    CHECK(r->error == "late");
    CHECK(r->status.code() == 3);
}

TEST_CASE("a program is run by its file descriptor, and gets all words as its arguments") {
    const pidfd_util::unique_fd program(open(spawnee(), O_PATH | O_CLOEXEC));
    REQUIRE(program);
    run_options o;
    o.spawn.program = program.get();
    const auto r = pidfd_util::run({"any name", "say", "1", "word", "exit", "0"}, o);
    REQUIRE(r);
    CHECK(r->succeeded());
    CHECK(r->output == "word");
}

TEST_CASE("another process that holds the output open is in the result, and not waited for") {
    run_options o;
    o.grace = 0ns;
    support::gate g;
    o.spawn.fds = g.mapping;
    const auto r = run({"say", "1", "mine", "leave_behind", "copy", "5"}, o);
    REQUIRE(r);
    CHECK(r->output == "mine");
    CHECK(r->output_held_open);
    CHECK(r->status.code() == 0);
}

TEST_CASE("a caller that ignores SIGCHLD gets the output, and no usage") {
    if (!support::keeps_exits())
        SKIP_TEST("this kernel does not keep the status of reaped processes");
    struct facts {
        int error;
        bool right;
    };
    const auto got = support::isolated(support::on(support::native()), [] {
        std::signal(SIGCHLD, SIG_IGN);
        const auto r = run({"say", "1", "text", "exit", "4"});
        return facts{error_of(r), r && r->output == "text" && r->status.code() == 4 && !r->usage};
    });
    REQUIRE(got);
    CHECK(got->error == 0);
    CHECK(got->right);
}

TEST_CASE("a lack of memory for the output is an error, and stops the job") {
    const auto got = support::isolated(support::on(support::native()), [] {
        const rlimit low{400'000'000, 400'000'000};
        setrlimit(RLIMIT_AS, &low);
        run_options o = limited(60s);
        o.output_limit = std::size_t{1} << 40;
        return run_and_look({"write", "1", "1000000000000"}, o);
    });
    REQUIRE(got);
    CHECK(got->error == ENOMEM);
    CHECK(got->nothing_left);
}

TEST_CASE("many runs in threads leave nothing") {
    const int fds = support::count_fds();
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&wrong] {
            for (int i = 0; i < (support::long_mode() ? 2500 : support::rounds(50)); ++i) {
                run_options o;
                o.input = "echo";
                const auto r = run({"copy", "0"}, o);
                wrong += r && r->succeeded() && r->output == "echo" ? 0 : 1;
            }
        });
    for (std::thread& t : threads)
        t.join();
    CHECK(wrong == 0);
    check_nothing_left(fds);
}
