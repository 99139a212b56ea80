// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/timed_out.hpp"

#include <pidfd_util/child.hpp>
#include <pidfd_util/wait_any.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <set>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

namespace {

/// Raises the limit on file descriptors, until the end of the scope.
class raised_fd_limit {
public:
    explicit raised_fd_limit(rlim_t count) {
        getrlimit(RLIMIT_NOFILE, &old_);
        rlimit wanted = old_;
        wanted.rlim_cur = std::min(old_.rlim_max, std::max(old_.rlim_cur, count));
        setrlimit(RLIMIT_NOFILE, &wanted);
        enough_ = wanted.rlim_cur >= count;
    }
    ~raised_fd_limit() { setrlimit(RLIMIT_NOFILE, &old_); }
    raised_fd_limit(const raised_fd_limit&) = delete;
    raised_fd_limit& operator=(const raised_fd_limit&) = delete;
    explicit operator bool() const { return enough_; }

private:
    rlimit old_{};
    bool enough_;
};

/// Many sleeping children, each with its pidfd. They are killed and reaped at the end.
class crowd {
public:
    explicit crowd(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            pids_.push_back(fork_sleeping(fd));
            REQUIRE(pids_.back() > 0);
            all_.push_back(*pidfd::adopt(unique_fd(fd)));
        }
    }
    ~crowd() {
        for (const pid_t pid : pids_)
            kill_made(pid);
        for (const pid_t pid : pids_)
            waitpid(pid, nullptr, __WALL);
    }
    crowd(const crowd&) = delete;
    crowd& operator=(const crowd&) = delete;
    const std::vector<pidfd>& all() const { return all_; }
    void end(std::size_t i) const {
        REQUIRE(all_[i].kill());
        REQUIRE(all_[i].wait_exit());
    }

private:
    std::vector<pid_t> pids_;
    std::vector<pidfd> all_;
};

} // namespace

TEST_CASE(
    "wait_any returns which of 1, 64, 65 or 1000 processes has ended, and leaves no fd open") {
    const raised_fd_limit raised(1200);
    if (!raised)
        SKIP_TEST("not so many file descriptors for this user");
    for (const std::size_t count :
         {std::size_t{1}, std::size_t{2}, std::size_t{64}, std::size_t{65}, std::size_t{1000}}) {
        CAPTURE(count);
        const crowd processes(count);
        const int fds = count_fds();
        const auto none = wait_any_for(processes.all(), 2ms);
        CHECK(timed_out(none));
        std::set<std::size_t> ended;
        for (const std::size_t i : {count - 1, count / 2, std::size_t{0}}) {
            processes.end(i);
            ended.insert(i);
            const auto which = wait_any(processes.all());
            REQUIRE(which);
            CHECK(ended.count(*which) == 1);
            const auto again = wait_any_until(processes.all(), clock_type::time_point::min());
            REQUIRE(again);
            CHECK(ended.count(*again) == 1);
        }
        CHECK(count_fds() == fds);
    }
}

TEST_CASE("wait_any reaps no process, and works for processes that are not children") {
    const auto lives = support::test_child::running();
    const auto zombie = support::test_child::zombie(31);
    const auto gone = support::test_child::reaped();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] {
            const pidfd_view with_zombie[] = {lives.fd(), zombie.fd()};
            const std::array<pidfd_view, 2> with_gone{lives.fd(), gone.fd()};
            const auto first = wait_any(with_zombie);
            const auto second = wait_any(with_gone);
            return first && second && *first == 1 && *second == 1;
        });
        REQUIRE(got);
        CHECK(*got);
    }
    const auto status = zombie.fd().wait();
    REQUIRE(status);
    CHECK(status->code() == 31);
}

TEST_CASE("wait_any waits until one ends") {
    for (const std::size_t others : {std::size_t{1}, std::size_t{70}}) {
        CAPTURE(others);
        const crowd lives(others);
        auto ends = support::test_child::that([] {
            usleep(10000);
            return 0;
        });
        std::vector<pidfd_view> all(lives.all().begin(), lives.all().end());
        all.push_back(ends.fd());
        const auto before = wait_any_for(all, 0s);
        CHECK(timed_out(before));
        ends.go();
        const auto which = wait_any(all);
        REQUIRE(which);
        CHECK(*which == others);
    }
}

TEST_CASE("wait_any with a limit times out when its time is over, and not before, even in a "
          "storm of signals") {
    for (const std::size_t count : {std::size_t{3}, std::size_t{70}}) {
        CAPTURE(count);
        const crowd lives(count);
        const signal_storm storm;
        const auto begin = clock_type::now();
        const auto none = wait_any_for(lives.all(), 20ms);
        CHECK(timed_out(none));
        CHECK(clock_type::now() - begin >= 20ms);
        const auto when = clock_type::now() + 5ms;
        const auto until = wait_any_until(lives.all(), when);
        CHECK(timed_out(until));
        CHECK(clock_type::now() >= when);
    }
}

TEST_CASE("wait_any of a process that is in the range several times returns one of its indices") {
    for (const std::size_t copies : {std::size_t{3}, std::size_t{100}}) {
        CAPTURE(copies);
        const auto lives = support::test_child::running();
        const auto zombie = support::test_child::zombie();
        std::vector<pidfd_view> all(copies, lives.fd());
        all.push_back(zombie.fd());
        all.insert(all.end(), copies, lives.fd());
        all.push_back(zombie.fd());
        const auto which = wait_any(all);
        REQUIRE(which);
        CHECK(*which == copies);
    }
}

TEST_CASE("wait_any refuses a file descriptor that is not a pidfd, and an empty range") {
    for (const std::size_t others : {std::size_t{1}, std::size_t{70}}) {
        CAPTURE(others);
        const crowd lives(others);
        std::vector<pidfd_view> all(lives.all().begin(), lives.all().end());
        const int fds = count_fds();
        for (const subject& s : impostors()) {
            CAPTURE(s.name);
            all.push_back(pidfd_view(s.fd));
            CHECK(wait_any(all).error().value() == EBADFD);
            CHECK(wait_any_for(all, 0s).error().value() == EBADFD);
            all.pop_back();
        }
        for (const int bad : {-1, 9999}) {
            all.push_back(pidfd_view(bad));
            CHECK(wait_any(all).error().value() == EBADF);
            all.pop_back();
        }
        CHECK(count_fds() == fds);
    }
    CHECK(wait_any(std::vector<pidfd>()).error().value() == EINVAL);
    CHECK(wait_any_for(std::vector<pidfd_view>(), 0s).error().value() == EINVAL);
}

TEST_CASE(
    "wait_any finds an ended process before a handle that is not one, and takes no such handle "
    "for an ended process") {
    const crowd processes(1);
    processes.end(0);
    const pidfd_view ended(processes.all()[0]);
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        CHECK(wait_any({ended, pidfd_view(s.fd)}).value_or(9) == 0);
        const auto second = wait_any({pidfd_view(s.fd), ended});
        // One that is never ready, like a namespace, is not noticed if nothing has to wait.
        CHECK((second ? *second == 1 : second.error().value() == EBADFD));
    }
}

TEST_CASE("wait_any takes arrays and vectors of pidfd, pidfd_view and child") {
    pidfd_util::child children[] = {sleeping(), sleeping()};
    REQUIRE(children[1].kill());
    const auto which = wait_any(children);
    REQUIRE(which);
    CHECK(*which == 1);

    const std::array<pidfd_view, 2> views{pidfd_view(children[0]), pidfd_view(children[1])};
    CHECK(wait_any(views).value_or(9) == 1);
    CHECK(wait_any({pidfd_view(children[0]), pidfd_view(children[1])}).value_or(9) == 1);
    CHECK(timed_out(wait_any_for({pidfd_view(children[0])}, 0s)));
    CHECK(wait_all({pidfd_view(children[1])}));
    CHECK(timed_out(wait_all_for({pidfd_view(children[0]), pidfd_view(children[1])}, 0s)));
    std::vector<pidfd> owners;
    owners.push_back(*children[1].duplicate());
    owners.push_back(*children[0].duplicate());
    CHECK(wait_any(owners).value_or(9) == 0);
    std::vector<pidfd_util::child> moved;
    moved.push_back(std::move(children[0]));
    moved.push_back(std::move(children[1]));
    CHECK(wait_any(moved).value_or(9) == 1);
    CHECK(timed_out(wait_all_for(moved, 0s)));
    CHECK(moved[0].stop());
    CHECK(wait_all(moved));
    CHECK(moved[1].wait());
}

TEST_CASE("wait_any of more processes than RLIMIT_NOFILE allows fails with EMFILE") {
    const crowd lives(5);
    const auto got = isolated({}, [&] {
        const rlimit few{3, 3};
        setrlimit(RLIMIT_NOFILE, &few);
        return wait_any(lives.all()).error().value();
    });
    REQUIRE(got);
    CHECK(*got == EMFILE);
}

TEST_CASE("wait_any of many processes works without a free file descriptor") {
    const crowd processes(100);
    processes.end(99);
    const auto got = isolated({}, [&] {
        fill_fds(0);
        return wait_any(processes.all()).value_or(0) == 99;
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("wait_any of many processes fails with ENOMEM if there is no memory for their entries") {
    const crowd lives(65);
    const auto got = isolated({}, [&] {
        const rlimit none{0, 0};
        setrlimit(RLIMIT_AS, &none);
        return error_of(wait_any(lives.all()));
    });
    REQUIRE(got);
    CHECK(*got == ENOMEM);
}

TEST_CASE("wait_all waits for the last process, and times out if the time is over before that") {
    for (const std::size_t count : {std::size_t{2}, std::size_t{80}}) {
        CAPTURE(count);
        const crowd processes(count);
        for (std::size_t i = count - 1; i > 0; --i)
            processes.end(i);
        const auto begin = clock_type::now();
        const auto not_yet = wait_all_for(processes.all(), 10ms);
        CHECK(timed_out(not_yet));
        CHECK(clock_type::now() - begin >= 10ms);
        CHECK(timed_out(wait_all_until(processes.all(), clock_type::now() - 1h)));
        std::thread killer([&] {
            usleep(5000);
            (void)!processes.all()[0].kill();
        });
        CHECK(wait_all(processes.all()));
        killer.join();
        CHECK(wait_all_for(processes.all(), 0s));
        CHECK(wait_all_until(processes.all(), clock_type::time_point::max()));
    }
}

TEST_CASE(
    "wait_all of an empty range succeeds, and refuses a file descriptor that is not a pidfd") {
    CHECK(wait_all(std::vector<pidfd>()));
    CHECK(wait_all_for(std::vector<pidfd>(), 0s));
    const auto zombie = support::test_child::zombie();
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        const pidfd_view both[] = {zombie.fd(), pidfd_view(s.fd)};
        CHECK(wait_all(both).error().value() == EBADFD);
    }
    const pidfd_view closed[] = {zombie.fd(), pidfd_view(-1)};
    CHECK(wait_all(closed).error().value() == EBADF);
    CHECK(wait_all_for(closed, 1h).error().value() == EBADF);
}
