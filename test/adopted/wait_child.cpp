// SPDX-License-Identifier: MIT
// The traps of a reactor that waits for children: see wait_child.hpp.
#include "wait_child.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/idle_tracer.hpp"
#include "support/isolated.hpp"
#include "support/newcomer.hpp"
#include "support/processes.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <functional>
#include <optional>
#include <poll.h>
#include <utility>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

/// A reactor that waits for one thing at a time.
class small_reactor {
public:
    void when_readable(int fd, std::function<void()> f) { fd_ = fd, next_ = std::move(f); }
    void after(std::chrono::milliseconds time, std::function<void()> f) {
        fd_ = -1, time_ = static_cast<int>(time.count()), next_ = std::move(f);
        ++pauses;
    }
    /// Runs one step. False if there is none.
    bool step() {
        const auto f = std::exchange(next_, nullptr);
        if (!f)
            return false;
        pollfd p{fd_, POLLIN, 0};
        REQUIRE(poll(&p, 1, fd_ >= 0 ? -1 : time_) >= 0);
        f();
        return true;
    }
    void run() {
        while (step()) {
        }
    }

    int pauses = 0;

private:
    int fd_ = -1;
    int time_ = 0;
    std::function<void()> next_;
};

} // namespace

TEST_CASE("wait_child sees the exit when it happens, and not at the next look") {
    std::chrono::nanoseconds least = 1h;
    for (int i = 0; i < 10; ++i) {
        test_child made = test_child::that([] { return 7; });
        auto process = adopted::open_child(made.pid());
        REQUIRE(process);
        made.disown();
        small_reactor reactor;
        std::optional<exit_status> status;
        adopted::wait_child(reactor, *process, [&](const auto& s) { status = s.value(); });
        const auto before = std::chrono::steady_clock::now();
        made.go();
        reactor.run();
        least = (std::min)(least, std::chrono::steady_clock::now() - before);
        REQUIRE(status);
        CHECK(status->code() == 7);
        CHECK(reactor.pauses == 0);
    }
    CHECK(least < 20ms); // the quickest of ten
}

TEST_CASE("wait_child without a free file descriptor is an error before the wait") {
    test_child made = test_child::running();
    const pid_t pid = made.pid();
    const auto error = isolated({}, [=] {
        leave_fds(0);
        return error_of(adopted::open_child(pid));
    });
    REQUIRE(error);
    CHECK(*error == EMFILE);
}

TEST_CASE("wait_child waits on while a tracer has not seen the end of the child") {
    test_child made = test_child::running();
    auto process = adopted::open_child(made.pid());
    REQUIRE(process);
    test_child tracer = tracer_of(made.pid());
    if (!tracer.prepared())
        SKIP_TEST("nothing can be traced here");

    small_reactor reactor;
    std::optional<exit_status> status;
    adopted::wait_child(reactor, *process, [&](const auto& s) { status = s.value(); });
    REQUIRE(process->kill());
    made.disown();
    while (reactor.pauses < 3 && !status)
        REQUIRE(reactor.step());
    CHECK_FALSE(status);
    tracer.reap();
    reactor.run();
    REQUIRE(status);
    CHECK(status->signal() == SIGKILL);
}

TEST_CASE("a kill after wait_child hits no process") {
    test_child made = test_child::that([] { return 0; });
    auto process = adopted::open_child(made.pid());
    REQUIRE(process);
    small_reactor reactor;
    adopted::wait_child(reactor, *process, [](const auto&) {});
    made.go();
    reactor.run();
    made.disown();
    const newcomer heir(made.pid());
    CHECK(process->kill().error() == pidfd_errc::not_found);
    if (!heir)
        SKIP_TEST(no_chosen_pid);
    CHECK(heir.is_untouched());
}
