// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/piped.hpp"
#include "support/processes.hpp"
#include "support/rounds.hpp"
#include "support/timed_out.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace std::chrono_literals;
using namespace support;

namespace {

constexpr auto for_ever = std::chrono::nanoseconds::max();

/// Communicates to the end, and returns it.
exchange_end finish(piped_child& c, stream_exchange& e) {
    const auto end = communicate(c.process, c.ends, e);
    REQUIRE(end);
    return *end;
}

bool refuse(const char*, std::size_t) noexcept {
    return false;
}

void ignore(const char*, std::size_t) noexcept {}

} // namespace

TEST_CASE("the input is written, both outputs are read, and the process ends") {
    auto c = piped({"copy", "0", "say", "2", "error", "exit", "6"});
    char output[16];
    collector error;
    stream_exchange e;
    e.input = "some text";
    e.output = sink(output);
    e.error = sink::to(error);
    CHECK(finish(c, e) == exchange_end::complete);
    CHECK(e.output.text() == "some text");
    CHECK(error.text == "error");
    CHECK(e.error.count() == 5);
    CHECK(e.written == 9);
    CHECK(!c.ends.input);
    CHECK(!c.ends.output);
    CHECK(!c.ends.error);
    CHECK(c.process.wait()->code() == 6); // it was not reaped
}

TEST_CASE("more input and output than pipes hold do not block each other") {
    // The child's output is full before it has read its input: the one that writes first would wait for
    // ever.
    const std::string input = pattern(3'000'000);
    auto c = piped({"write", "1", "2000000", "write", "2", "1000000", "copy", "0"});
    collector output;
    std::vector<char> error(1'000'000);
    stream_exchange e;
    e.input = input;
    e.output = sink::to(output);
    e.error = sink(error);
    CHECK(finish(c, e) == exchange_end::complete);
    CHECK(output.text.size() == 5'000'000);
    CHECK(output.text == pattern(2'000'000) + input);
    CHECK(e.error.text() == pattern(1'000'000));
    CHECK(e.written == input.size());
    CHECK(c.process.wait()->code() == 0);
}

TEST_CASE("an empty input is closed at once, and so read as the end") {
    auto c = piped({"copy", "0", "say", "1", "end"});
    collector output;
    stream_exchange e;
    e.output = sink::to(output);
    CHECK(finish(c, e) == exchange_end::complete);
    CHECK(output.text == "end");
    CHECK(c.process.wait()->code() == 0);
}

TEST_CASE("bytes of every value pass, zeros too") {
    std::string all(256, '\0');
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = static_cast<char>(static_cast<unsigned char>(i));
    auto c = piped({"copy", "0"});
    collector output;
    stream_exchange e;
    e.input = all;
    e.output = sink::to(output);
    CHECK(finish(c, e) == exchange_end::complete);
    CHECK(output.text == all);
    (void)c.process.wait();
}

TEST_CASE("without pipes, communicate waits for the end of the process") {
    auto c = piped({"exit", "2"}, {});
    stream_exchange e;
    CHECK(finish(c, e) == exchange_end::complete);
    CHECK(c.process.try_wait()->has_value());
}

TEST_CASE("a process that closes its outputs and lives is waited for") {
    auto c = piped({"shut", "1", "shut", "2", "sleep"});
    stream_exchange e;
    while (c.ends.output || c.ends.error)
        CHECK(timed_out(communicate_for(c.process, c.ends, e, 10ms)));
    CHECK(timed_out(communicate_for(c.process, c.ends, e, 10ms)));
    CHECK(c.process.kill());
    CHECK(finish(c, e) == exchange_end::complete);
    CHECK(c.process.wait()->signal() == SIGKILL);
}

TEST_CASE("a process that does not read its input is not an error") {
    const std::string input = pattern(1'000'000);
    SECTION("closed while it lives") {
        auto c = piped({"shut", "0", "say", "1", "closed", "exit", "1"});
        collector output;
        stream_exchange e;
        e.input = input;
        e.output = sink::to(output);
        CHECK(finish(c, e) == exchange_end::complete);
        CHECK(e.written < input.size());
        CHECK(output.text == "closed");
        CHECK(c.process.wait()->code() == 1);
    }
    SECTION("ended before the first byte") {
        auto c = piped({"exit", "1"});
        REQUIRE(c.process.wait_exit());
        stream_exchange e;
        e.input = input;
        CHECK(finish(c, e) == exchange_end::complete);
        CHECK(e.written == 0);
        (void)c.process.wait();
    }
    SECTION("ended in the middle") {
        auto c = piped({"read", "exit", "1"});
        stream_exchange e;
        e.input = input;
        CHECK(finish(c, e) == exchange_end::complete);
        CHECK(e.written < input.size());
        (void)c.process.wait();
    }
}

TEST_CASE("communicate ends at a deadline with what was read, and can go on afterwards") {
    auto c = piped({"say", "1", "first ", "copy", "0", "say", "1", " last", "sleep"});
    collector output;
    stream_exchange e;
    e.input = "input";
    e.output = sink::to(output);
    while (output.text != "first input last")
        CHECK(timed_out(communicate_for(c.process, c.ends, e, 10ms)));
    CHECK(e.written == 5);
    CHECK(timed_out(communicate_until(c.process, c.ends, e, std::chrono::steady_clock::now())));
    CHECK(timed_out(communicate_for(c.process, c.ends, e, -1s)));
    CHECK(c.process.kill());
    CHECK(finish(c, e) == exchange_end::complete);
    CHECK(output.text == "first input last");
    CHECK(e.output.count() == 16);
    (void)c.process.wait();
}

TEST_CASE("a process that never stops writing does not keep the deadline from passing") {
    auto c = piped({"write", "1", "1000000000000"});
    stream_exchange e;
    while (e.output.count() == 0)
        CHECK(timed_out(communicate_for(c.process, c.ends, e, 10ms)));
    CHECK(timed_out(communicate_for(c.process, c.ends, e, 10ms)));
    CHECK(c.process.kill());
    CHECK(finish(c, e) == exchange_end::complete);
    (void)c.process.wait();
}

TEST_CASE("without waiting, what is there is read") {
    auto c = piped({"say", "1", "text", "exit", "0"});
    REQUIRE(c.process.wait_exit());
    char output[4];
    stream_exchange e;
    e.output = sink(output);
    while (timed_out(communicate_for(c.process, c.ends, e, 0s))) {
    }
    CHECK(e.output.text() == "text");
    CHECK(finish(c, e) == exchange_end::complete);
    (void)c.process.wait();
}

TEST_CASE("another process that holds an output open is a result of its own") {
    // Its descendant lasts until the gate is closed.
    gate g;
    const std::string mine = pattern(50000); // fits into the pipe, also into a small one's rest
    auto c = piped({"write", "1", "50000", "leave_behind", "copy", "5", "say", "2", "late"},
                   three_pipes(), g.options);
    collector output;
    collector error;
    stream_exchange e;
    e.output = sink::to(output);
    e.error = sink::to(error);
    for (const auto grace : {0ns, 1ns, -1ns, std::chrono::nanoseconds(20ms)}) {
        e.grace = grace;
        CHECK(finish(c, e) == exchange_end::output_held_open);
        CHECK(output.text == mine);
        CHECK(bool(c.ends.output));
        CHECK(bool(c.ends.error));
    }
    // A deadline ends the time of grace, too.
    e.grace = for_ever;
    const auto end = communicate_for(c.process, c.ends, e, 20ms);
    CHECK(end == exchange_end::output_held_open);
    CHECK(error.text.empty());
    CHECK(c.process.wait()->code() == 0);
    // It also works with a process that was reaped, and waits for the descendant.
    g.open.reset();
    CHECK(finish(c, e) == exchange_end::complete);
    CHECK(error.text == "late");
}

TEST_CASE("a descendant that never stops writing does not keep communicate from ending") {
    auto c = piped({"say", "1", "mine", "leave_behind", "write", "1", "1000000000000"});
    collector output;
    stream_exchange e;
    e.output = sink::to(output);
    e.grace = 0ns;
    CHECK(finish(c, e) == exchange_end::output_held_open);
    CHECK(output.text.compare(0, 4, "mine") == 0);
    CHECK(c.process.wait()->code() == 0);
    // SIGPIPE ends the descendant when the ends are closed.
}

TEST_CASE("all of the last output is read without a time of grace, on every run") {
    int wrong = 0;
    for (int i = 0; i < rounds(200); ++i) {
        auto c = piped({"say", "2", "e", "say", "1", "o"});
        char output[1];
        char error[1];
        stream_exchange e;
        e.output = sink(output);
        e.error = sink(error);
        e.grace = 0ns;
        const auto end = communicate(c.process, c.ends, e);
        wrong += end == exchange_end::complete && e.output.text() == "o" && e.error.text() == "e"
                     ? 0
                     : 1;
        (void)c.process.wait();
    }
    CHECK(wrong == 0);
}

TEST_CASE("a process that is killed meanwhile ends the exchange") {
    auto c = piped({"say", "1", "before", "sleep"});
    collector output;
    stream_exchange e;
    e.input = "never read";
    e.output = sink::to(output);
    auto kill = [&c, &output](const char* bytes, std::size_t count) noexcept {
        output(bytes, count);
        (void)c.process.kill();
    };
    e.output = sink::to(kill);
    CHECK(finish(c, e) == exchange_end::complete);
    CHECK(output.text == "before");
    CHECK(c.process.wait()->signal() == SIGKILL);
}

TEST_CASE("a process whose first thread has ended has not ended") {
    auto c = piped({"last_thread", "copy", "0", "say", "1", " late", "exit", "4"});
    collector output;
    stream_exchange e;
    e.input = "input";
    e.output = sink::to(output);
    e.grace = 0ns;
    CHECK(finish(c, e) == exchange_end::complete);
    CHECK(output.text == "input late");
    CHECK(c.process.wait()->code() == 4);
}

TEST_CASE("communicate works for a process that is not a child of the caller, with any pipe") {
    auto t = test_child::running();
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    stream_ends streams;
    streams.output.reset(ends[0]);
    REQUIRE(write(ends[1], "text", 4) == 4);
    close(ends[1]);
    char output[8];
    stream_exchange e;
    e.output = sink(output);
    CHECK(timed_out(communicate_for(t.fd(), streams, e, 1ms)));
    CHECK(e.output.text() == "text");
    t.reap();
    const auto end = communicate(t.fd(), streams, e);
    CHECK(end == exchange_end::complete);
}

TEST_CASE("the mode of a file that the child has is not changed") {
    auto c = piped({"sleep"});
    const std::string input = pattern(1'000'000);
    stream_exchange e;
    e.input = input;
    CHECK(timed_out(communicate_for(c.process, c.ends, e, 1ms)));
    for (const char* fd : {"/fd/0", "/fd/1", "/fd/2"}) {
        const std::string path = "/proc/" + std::to_string(*c.process.get_pid()) + fd + "info";
        const std::string info = read_file_at(
            AT_FDCWD, (path.substr(0, path.find("/fd/")) + "/fdinfo/" + fd[4]).c_str());
        CHECK((std::stoul(field(info, "flags:"), nullptr, 8) & O_NONBLOCK) == 0);
    }
    (void)c.process.stop();
}

TEST_CASE("signals that interrupt communicate all the time change nothing") {
    const std::string input = pattern(2'000'000);
    const signal_storm storm;
    auto c = piped({"copy", "0"});
    collector output;
    stream_exchange e;
    e.input = input;
    e.output = sink::to(output);
    CHECK(finish(c, e) == exchange_end::complete);
    CHECK(output.text == input);
    CHECK(timed_out(communicate_for(*pidfd::from_self(), c.ends, e, 20ms)));
    CHECK(signal_storm::count() > 0);
    (void)c.process.wait();
}

TEST_CASE("a file descriptor that is not a pidfd, and a closed end, are errors") {
    stream_ends none;
    stream_exchange e;
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        CHECK(error_of(communicate(pidfd_view(s.fd), none, e)) == EBADFD);
    }
    CHECK(error_of(communicate(pidfd_view(), none, e)) == EBADF);
    stream_ends ends;
    const auto self = pidfd::from_self();
    ends.output.reset(1 << 20);
    CHECK(error_of(communicate(*self, ends, e)) == EBADF);
    (void)ends.output.release();
}

TEST_CASE("a pidfd that is closed meanwhile is an error, and not the end of the process") {
    auto c = piped({"say", "1", "text", "sleep"});
    const int copy = fcntl(c.process.fd(), F_DUPFD_CLOEXEC, 3);
    REQUIRE(copy >= 0);
    const auto closes = [copy](const char*, std::size_t) noexcept { close(copy); };
    stream_exchange e;
    e.output = sink::to(closes);
    CHECK(error_of(communicate(pidfd_view(copy), c.ends, e)) == EBADF);
    CHECK(*c.process.is_alive());
    CHECK(c.process.kill());
    (void)c.process.wait();
}

TEST_CASE("a sink passes the bytes to a plain function, too") {
    auto c = piped({"say", "1", "text", "exit", "0"});
    stream_exchange e;
    e.output = sink::to(refuse);
    e.error = sink::to(ignore);
    CHECK(error_of(communicate(c.process, c.ends, e)) == ECANCELED);
    CHECK(e.output.count() == 4);
    auto* const pointer = &ignore;
    e.output = sink::to(pointer);
    CHECK(finish(c, e) == exchange_end::complete);
    (void)c.process.wait();
}

TEST_CASE("an end of the wrong direction is an error, and not a hang") {
    int pipe_ends[2];
    REQUIRE(pipe2(pipe_ends, O_CLOEXEC) == 0);
    const auto self = pidfd::from_self();
    REQUIRE(write(pipe_ends[1], "x", 1) == 1);
    stream_exchange e;
    e.input = "y";
    stream_ends ends;
    ends.input.reset(pipe_ends[0]); // for reading
    const auto wrong = communicate_for(*self, ends, e, 10ms);
    CHECK(!wrong);
    (void)ends.input.release();
    close(pipe_ends[0]);
    close(pipe_ends[1]);
}

TEST_CASE("sandboxes that refuse a system call are named, and the exchange can be made again") {
    struct facts {
        int error;
        int pidfd_refused;
        char text[4];
    };
    for (const long number : {long{SYS_read}, uapi::sys_fcntl, long{SYS_ioctl}, uapi::sys_ppoll}) {
        for (const int error : {EPERM, ENOSYS, 0}) {
            CAPTURE(number, error);
            const auto got = isolated(on(native()), [number, error] {
                facts f{};
                auto c = spawn_with_streams(spawnee(), arguments({"say", "1", "abc"}), {},
                                            {{}, stream_choice::new_pipe(), {}});
                (void)c->process.wait_exit();
                stream_exchange e;
                char text[3];
                e.output = sink(text);
                if (!install({{number, error}}))
                    return f;
                f.error = error_of(communicate_for(c->process, c->ends, e, 10s));
                std::memcpy(f.text, e.output.text().data(), e.output.count());
                return f;
            });
            REQUIRE(got);
            if (number == SYS_ioctl)
                CHECK(got->error == (error == EPERM    ? ERFKILL
                                     : error == ENOSYS ? EOPNOTSUPP
                                                       : ENOSYS));
            else
                CHECK(got->error == (error == EPERM ? ERFKILL : ENOSYS));
        }
    }
}
