// SPDX-License-Identifier: MIT
// Freezing a cgroup, and waiting until it is frozen or empty.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/opened_cgroup.hpp"
#include "support/timed_out.hpp"

#include <pidfd_util/cgroup.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

TEST_CASE("a cgroup is empty while no process in it or below it runs") {
    const auto made = test_cgroup::make("-empty");
    if (!made)
        SKIP_TEST(no_cgroup);
    const auto below = made->make_below("below");
    REQUIRE(below);
    const handle opened = open_made(*made);
    CHECK(opened.is_empty().value());
    CHECK(opened.wait_empty());
    auto c = test_child::running();
    REQUIRE(below->add(c.pid()));
    CHECK_FALSE(opened.is_empty().value());
    CHECK(timed_out(opened.wait_empty_for(5ms)));
    CHECK(timed_out(opened.wait_empty_until(std::chrono::steady_clock::now())));
    REQUIRE(c.fd().kill());
    CHECK(opened.wait_empty_for(20s)); // the zombie does not count
    CHECK(opened.is_empty().value());
}

TEST_CASE("the root, which has no events, and a removed cgroup are not mistaken for each other "
          "while file descriptors are short") {
    const auto root = handle::open(cgroup2_mount().c_str());
    const auto made = test_cgroup::make("-gone");
    if (!root || !made)
        SKIP_TEST(no_cgroup);
    const handle above = open_made(*made);
    const auto gone = above.create("gone");
    REQUIRE(gone);
    REQUIRE(above.remove("gone"));
    CHECK(error_of(root->is_empty()) == EOPNOTSUPP);
    CHECK(gone->is_empty().value());
    // The library looks at the directory again, and at a file that every cgroup has.
    constexpr unsigned path = O_PATH;
    constexpr unsigned directory = O_DIRECTORY;
    const rule second_looks[] = {{SYS_openat, EMFILE, 2, directory, directory},
                                 {SYS_openat, EMFILE, 2, path | directory, path}};
    for (const rule& refused : second_looks) {
        CAPTURE(refused.mask);
        struct facts {
            int root;
            int waited;
            int frozen;
            int gone;
        };
        const auto got = isolated(on({"no file descriptor", {refused}}), [&] {
            return facts{error_of(root->is_empty()), error_of(root->wait_empty_for(0s)),
                         error_of(root->is_frozen()), error_of(gone->is_empty())};
        });
        REQUIRE(got);
        CHECK(got->root == EMFILE);
        CHECK(got->waited == EMFILE);
        CHECK(got->frozen == EMFILE);
        CHECK((got->gone == 0 || got->gone == EMFILE));
    }
}

TEST_CASE("wait_empty wakes up when the last process ends") {
    const auto made = test_cgroup::make("-last");
    if (!made)
        SKIP_TEST(no_cgroup);
    const handle opened = open_made(*made);
    for (int i = 0; i < 20; ++i) {
        auto c = test_child::running();
        REQUIRE(made->add(c.pid()));
        std::thread killer([&] { (void)!c.fd().kill(); });
        CHECK(opened.wait_empty());
        killer.join();
    }
}

TEST_CASE("a frozen process does not run until it is thawed, and a signal can end it") {
    const auto made = test_cgroup::make("-freeze");
    if (!made)
        SKIP_TEST(no_cgroup);
    const handle opened = open_made(*made);
    CHECK_FALSE(opened.is_frozen().value());
    CHECK(timed_out(opened.wait_frozen_for(1ms)));
    auto c = test_child::that([] { return 5; });
    REQUIRE(made->add(c.pid()));
    REQUIRE(opened.freeze());
    REQUIRE(opened.wait_frozen_for(20s));
    CHECK(opened.is_frozen().value());
    c.go();
    CHECK(timed_out(c.fd().wait_exit_for(20ms)));
    REQUIRE(opened.thaw());
    REQUIRE(c.fd().wait_exit_for(20s));
    CHECK_FALSE(opened.is_frozen().value());
    REQUIRE(opened.freeze());
    REQUIRE(opened.wait_frozen());
    const auto second = test_child::running();
    REQUIRE(made->add(second.pid()));
    REQUIRE(second.fd().send_signal(SIGKILL));
    CHECK(second.fd().wait_exit_for(20s));
    CHECK(opened.thaw());
}

TEST_CASE("a cgroup is frozen as long as the one above it is") {
    const auto made = test_cgroup::make("-above");
    if (!made)
        SKIP_TEST(no_cgroup);
    const auto below = made->make_below("below");
    REQUIRE(below);
    const handle upper = open_made(*made);
    const handle lower = open_made(*below);
    REQUIRE(upper.freeze());
    REQUIRE(lower.wait_frozen_for(20s));
    CHECK(lower.thaw());
    CHECK(lower.is_frozen().value());
    CHECK(upper.thaw());
    CHECK_FALSE(lower.is_frozen().value());
}

TEST_CASE("the events can be polled: read, test, and only then poll") {
    const auto made = test_cgroup::make("-poll");
    if (!made)
        SKIP_TEST(no_cgroup);
    const handle opened = open_made(*made);
    auto c = test_child::running();
    REQUIRE(made->add(c.pid()));
    const auto events = opened.open_events();
    REQUIRE(events);
    pollfd change{events->get(), POLLPRI, 0};
    char text[256];
    REQUIRE(pread(events->get(), text, sizeof text, 0) > 0);
    // A change of the settings before this does not count: drain what has come since the read.
    while (poll(&change, 1, 0) == 1)
        REQUIRE(pread(events->get(), text, sizeof text, 0) > 0);
    REQUIRE(c.fd().kill());
    std::string now;
    do {
        CHECK(poll(&change, 1, 20000) == 1);
        CHECK((change.revents & POLLPRI) != 0);
        const ssize_t size = pread(events->get(), text, sizeof text, 0);
        REQUIRE(size > 0);
        now.assign(text, static_cast<std::size_t>(size));
    } while (now.find("populated 1") != now.npos);
    CHECK(now.find("populated 0") != now.npos);
}

TEST_CASE("the root of the hierarchy has no events, and cannot be frozen or killed") {
    const std::string mount = cgroup2_mount();
    if (mount.empty())
        SKIP_TEST("no cgroup2 hierarchy");
    const auto root = handle::open(mount.c_str());
    REQUIRE(root);
    if (root->get_id() != 1U)
        SKIP_TEST("this mount does not show the root of the hierarchy");
    CHECK(error_of(root->is_empty()) == EOPNOTSUPP);
    CHECK(error_of(root->freeze()) == EOPNOTSUPP);
    CHECK(error_of(root->kill()) == EOPNOTSUPP);
    CHECK(error_of(root->open_events()) == EOPNOTSUPP);
}
