// SPDX-License-Identifier: MIT
// Killing everything in a cgroup.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/opened_cgroup.hpp"
#include "support/rounds.hpp"

#include <pidfd_util/cgroup.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/mount.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

/// Processes in a cgroup that multiply by double forks, in sessions of their own, as fast as they
/// can. There are never more than a few at a time, as each one ends after it has made the next.
/// All of them hold a pipe open.
class fork_bomb {
public:
    explicit fork_bomb(const test_cgroup& home) {
        REQUIRE(pipe2(ends_, O_CLOEXEC) == 0);
        for (int i = 0; i < 4; ++i)
            seeds_.push_back(test_child::that([this, &home] {
                restore_signals();
                // If the library fails to kill them.
                const std::time_t end = std::time(nullptr) + 60;
                if (!home.add(0))
                    return 1;
                close(ends_[0]);
                while (std::time(nullptr) < end)
                    if (const pid_t pid = fork(); pid != 0)
                        _exit(0);
                    else
                        setsid();
                return 0;
            }));
        for (test_child& seed : seeds_)
            seed.go();
        close(ends_[1]);
        for (test_child& seed : seeds_)
            seed.wait_for_end();
    }
    fork_bomb(const fork_bomb&) = delete;
    fork_bomb& operator=(const fork_bomb&) = delete;
    ~fork_bomb() { close(ends_[0]); }

    /// Whether none of them is left.
    bool is_over() const {
        pollfd p{ends_[0], POLLIN, 0};
        return poll(&p, 1, 20000) == 1 && (p.revents & POLLHUP) != 0;
    }

private:
    int ends_[2] = {-1, -1};
    std::vector<test_child> seeds_;
};

} // namespace

TEST_CASE("kill ends every process in the cgroup and below it, and no other") {
    const auto made = test_cgroup::make("-kill");
    if (!made)
        SKIP_TEST(no_cgroup);
    const auto below = made->make_below("below");
    const auto other = test_cgroup::make("-other");
    REQUIRE((below && other));
    const auto a = test_child::running();
    const auto b = test_child::running();
    const auto stopped = test_child::running();
    const auto outside = test_child::running();
    REQUIRE(made->add(a.pid()));
    REQUIRE(below->add(b.pid()));
    REQUIRE(below->add(stopped.pid()));
    REQUIRE(other->add(outside.pid()));
    REQUIRE(stopped.fd().send_signal(SIGSTOP));
    const handle opened = open_made(*made);
    REQUIRE(error_of(opened.kill()) == 0);
    REQUIRE(opened.wait_empty_for(20s));
    for (const test_child* c : {&a, &b, &stopped}) {
        const auto status = c->fd().wait();
        REQUIRE(status);
        CHECK(status->signal() == SIGKILL);
    }
    CHECK(*outside.fd().is_alive());
    CHECK_FALSE(opened.is_frozen().value());
    CHECK(error_of(opened.kill()) == 0); // of none
}

TEST_CASE("kill ends frozen processes, and the cgroup stays frozen") {
    const auto made = test_cgroup::make("-frozen");
    if (!made)
        SKIP_TEST(no_cgroup);
    const auto c = test_child::running();
    REQUIRE(made->add(c.pid()));
    const handle opened = open_made(*made);
    REQUIRE(opened.freeze());
    REQUIRE(opened.wait_frozen());
    REQUIRE(error_of(opened.kill()) == 0);
    REQUIRE(opened.wait_empty_for(20s));
    CHECK(opened.is_frozen().value());
    CHECK(opened.thaw());
}

TEST_CASE("no process of a fork bomb survives kill") {
    const auto made = test_cgroup::make("-bomb");
    if (!made)
        SKIP_TEST(no_cgroup);
    const auto outside = test_child::running();
    const int jobs = long_mode() ? 10000 : rounds(5);
    for (int i = 0; i < jobs; ++i) {
        const auto job = made->make_below("job-" + std::to_string(i));
        REQUIRE(job);
        const fork_bomb bomb(*job);
        const handle opened = open_made(*job);
        CHECK_FALSE(opened.is_empty().value());
        REQUIRE(error_of(opened.kill()) == 0);
        REQUIRE(opened.wait_empty_for(20s));
        CHECK(bomb.is_over());
    }
    CHECK(*outside.fd().is_alive());
}

TEST_CASE(
    "without cgroup.kill, as before Linux 5.14, the members are frozen and killed one by one") {
    const auto made = test_cgroup::make("-by-hand");
    if (!made)
        SKIP_TEST(no_cgroup);
    const auto neighbour = test_cgroup::make("-neighbour");
    REQUIRE(neighbour);
    const auto outside = test_child::running();
    REQUIRE(neighbour->add(outside.pid()));
    struct facts {
        bool prepared;
        int error;
        bool empty;
        bool frozen;
    };
    const int jobs = long_mode() ? 1000 : rounds(3);
    for (int i = 0; i < jobs; ++i) {
        for (const profile& kernel : {native(), linux_6_12(), linux_5_4()}) {
            CAPTURE(kernel.name);
            const std::string name = "job-" + std::to_string(i) + kernel.name;
            const auto job = made->make_below(name);
            REQUIRE(job);
            const auto deeper = job->make_below("deeper");
            REQUIRE(deeper);
            const fork_bomb bomb(*deeper);
            const auto member = test_child::running();
            REQUIRE(job->add(member.pid()));
            const std::string file = job->path() + "/cgroup.kill";
            const bool has_file = access(file.c_str(), F_OK) == 0;
            const auto got = isolated({}, [&]() -> facts {
                facts f{};
                // What is mounted over the file hides it.
                f.prepared =
                    !has_file || (keep_mounts_here() &&
                                  mount("/dev/null", file.c_str(), nullptr, MS_BIND, nullptr) == 0);
                install(kernel.rules);
                const auto opened = handle::open(job->path().c_str());
                f.error = error_of(opened->kill());
                f.empty = opened->wait_empty_for(20s).has_value();
                f.frozen = opened->is_frozen().value_or(true);
                return f;
            });
            if (!got)
                SKIP_TEST(got.missing);
            REQUIRE(got->prepared);
            CHECK(got->error == 0);
            CHECK(got->empty);
            CHECK_FALSE(got->frozen);
            CHECK(bomb.is_over());
            CHECK_FALSE(*member.fd().is_alive());
        }
    }
    CHECK(*outside.fd().is_alive());
}

TEST_CASE("without cgroup.kill, a caller in the cgroup does not freeze itself") {
    const auto made = test_cgroup::make("-self");
    if (!made)
        SKIP_TEST(no_cgroup);
    const auto below = made->make_below("below");
    REQUIRE(below);
    const std::string file = made->path() + "/cgroup.kill";
    const bool has_file = access(file.c_str(), F_OK) == 0;
    const auto got = isolated({}, [&] {
        if (has_file && (!keep_mounts_here() ||
                         mount("/dev/null", file.c_str(), nullptr, MS_BIND, nullptr) != 0))
            return -1;
        if (!below->add(0))
            return -2;
        return error_of(handle::open(made->path().c_str())->kill());
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got == EDEADLK);
}
