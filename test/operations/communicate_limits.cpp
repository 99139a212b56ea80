// SPDX-License-Identifier: MIT
// communicate where something is scarce: the space of sinks, pipes, file descriptors.
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/piped.hpp"
#include "support/timed_out.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace pidfd_util;
using namespace std::chrono_literals;
using namespace support;

TEST_CASE("a sink that is exactly large enough is not an error") {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65536},
                                   std::size_t{65537}, std::size_t{200000}}) {
        CAPTURE(size);
        const std::string count = std::to_string(size);
        auto c = piped({"write", "1", count.c_str()});
        std::vector<char> memory(size);
        stream_exchange e;
        e.output = sink(memory);
        CHECK(communicate(c.process, c.ends, e) == exchange_end::complete);
        CHECK(e.output.text() == pattern(size));
        (void)c.process.wait();
    }
}

TEST_CASE("a sink that is too small is an error that loses no byte") {
    for (const std::size_t size : {0, 1, 4095, 4096, 4097, 65536, 99999}) {
        CAPTURE(size);
        auto c = piped({"write", "1", "100000", "sleep"});
        std::vector<char> memory(size);
        stream_exchange e;
        e.output = sink(memory);
        for (int again = 0; again < 2; ++again) {
            CHECK(error_of(communicate(c.process, c.ends, e)) == EFBIG);
            CHECK(e.output.count() == size);
        }
        collector rest;
        e.output = sink::to(rest);
        while (rest.text.size() < 100000 - size)
            CHECK(timed_out(communicate_for(c.process, c.ends, e, 10ms)));
        CHECK(std::string(memory.data(), size) + rest.text == pattern(100000));
        (void)c.process.stop();
    }
}

TEST_CASE("the sink that discards counts the bytes, and goes on where a full one stopped") {
    auto c = piped({"write", "1", "100000"});
    char memory[10];
    stream_exchange e;
    e.output = sink(memory);
    CHECK(error_of(communicate(c.process, c.ends, e)) == EFBIG);
    CHECK(e.output.text() == pattern(10));
    e.output = sink();
    CHECK(communicate(c.process, c.ends, e) == exchange_end::complete);
    CHECK(e.output.count() == 99990);
    CHECK(e.output.text().empty());
    (void)c.process.wait();
}

TEST_CASE("a full sink of one output does not stop the other one before there is more for it") {
    auto c = piped({"say", "1", "abc", "write", "2", "500000"});
    char memory[3];
    collector error;
    stream_exchange e;
    e.output = sink(memory);
    e.error = sink::to(error);
    CHECK(communicate(c.process, c.ends, e) == exchange_end::complete);
    CHECK(e.output.text() == "abc");
    CHECK(error.text == pattern(500000));
    (void)c.process.wait();
}

TEST_CASE("a function that returns false ends communicate, and its bytes count") {
    auto c = piped({"say", "1", "one", "read", "say", "1", "two"});
    std::string got;
    bool first = true;
    const auto not_at_first = [&](const char* bytes, std::size_t count) noexcept {
        got.append(bytes, count);
        return !std::exchange(first, false);
    };
    stream_exchange e;
    e.output = sink::to(not_at_first);
    CHECK(error_of(communicate(c.process, c.ends, e)) == ECANCELED);
    CHECK(got.rfind("one", 0) == 0); // the rest may have come with it
    CHECK(e.output.count() == got.size());
    CHECK(communicate(c.process, c.ends, e) == exchange_end::complete);
    CHECK(got == "onetwo");
    (void)c.process.wait();
}

TEST_CASE("pipes of one page, as a user with too many pipes gets them, pass everything") {
    auto c = piped({"write", "1", "300000", "copy", "0", "write", "2", "300000"});
    for (const unique_fd* end : {&c.ends.input, &c.ends.output, &c.ends.error}) {
        const int size = fcntl(end->get(), F_SETPIPE_SZ, 4096);
        CHECK((size == 4096 || errno == EBUSY)); // the child has already filled it
    }
    const std::string input = pattern(300000);
    collector output;
    collector error;
    stream_exchange e;
    e.input = input;
    e.output = sink::to(output);
    e.error = sink::to(error);
    CHECK(communicate(c.process, c.ends, e) == exchange_end::complete);
    CHECK(output.text == pattern(300000) + input);
    CHECK(error.text == pattern(300000));
    CHECK(e.written == input.size());
    (void)c.process.wait();
}

TEST_CASE("communicate needs no free fd, and reports a limit that is too low for poll") {
    struct facts {
        int at_limit;
        int below;
        std::size_t count;
    };
    const auto got = isolated(on(native()), [] {
        facts f{};
        auto c = spawn_with_streams(spawnee(), arguments({"write", "1", "100", "copy", "0"}), {},
                                    three_pipes());
        stream_exchange e;
        e.input = "x";
        rlimit low{2, 64};
        setrlimit(RLIMIT_NOFILE, &low);
        f.below = error_of(communicate_for(c->process, c->ends, e, 10s));
        low.rlim_cur = 4;
        setrlimit(RLIMIT_NOFILE, &low);
        f.at_limit = error_of(communicate_for(c->process, c->ends, e, 10s));
        f.count = e.output.count();
        return f;
    });
    REQUIRE(got);
    CHECK(got->below == EMFILE);
    CHECK(got->at_limit == 0);
    CHECK(got->count == 101);
}

TEST_CASE("ends that are already in non-blocking mode, or are sockets, work too") {
    int pair[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
    const unique_fd theirs(pair[1]);
    REQUIRE(fcntl(pair[1], F_SETFL, 0) == 0);
    auto c = piped({"copy", "0", "write", "1", "70000", "exit", "0"},
                   {stream_choice::new_pipe(), stream_choice::from_fd(theirs.get()), {}});
    c.ends.output.reset(pair[0]);
    unique_fd(dup(theirs.get())).reset();
    const_cast<unique_fd&>(theirs).reset();
    std::vector<char> memory(70004);
    stream_exchange e;
    e.input = "text";
    e.output = sink(memory); // full just before the end
    CHECK(communicate(c.process, c.ends, e) == exchange_end::complete);
    CHECK(e.output.text() == "text" + pattern(70000));
    (void)c.process.wait();
}

TEST_CASE("records of the boundary that make no sense are refused") {
    const auto self = pidfd::from_self();
    stream_ends none;
    exchange_end end{};
    const auto refused = [&](abi::exchange_record x) {
        return abi::communicate(self->fd(), end, none, x, sizeof x, abi::at_once);
    };
    const abi::exchange_record right{};
    CHECK(refused(right) == ETIMEDOUT);
    auto wrong = right;
    wrong.output.kind = 3;
    CHECK(refused(wrong) == EINVAL);
    wrong = right;
    wrong.error.kind = abi::sink_record::calls;
    CHECK(refused(wrong) == EINVAL);
    wrong = right;
    wrong.error.kind = abi::sink_record::keeps;
    wrong.error.count = 1;
    CHECK(refused(wrong) == EINVAL);
    wrong = right;
    wrong.written = 1;
    CHECK(refused(wrong) == EINVAL);
    wrong = right;
    wrong.reserved = 1; // a later version may use it
    CHECK(refused(wrong) == EOPNOTSUPP);
    wrong = right;
    wrong.output.reserved = 1;
    CHECK(refused(wrong) == EOPNOTSUPP);
}
