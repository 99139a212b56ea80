// SPDX-License-Identifier: MIT
#include "support/processes.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/listing_limits.hpp"
#include "support/nested.hpp"

#include <pidfd_util/enumeration.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <set>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// What a call has found, as plain data.
struct found {
    int error;
    bool complete;
    std::size_t count;
    bool self;
    bool known;   // the process that the test has asked for
    bool strange; // something that is not a process of the caller's namespace
};

constexpr std::size_t most = 20'000;

found look_for(pid_t wanted) {
    found f{};
    std::vector<pidfd> all(most);
    const auto listed = processes(all);
    f.error = error_of(listed);
    if (!listed)
        return f;
    f.complete = listed->complete;
    f.count = listed->count;
    for (std::size_t i = 0; i < listed->count; ++i) {
        const auto pid = all[i].get_pid();
        f.self = f.self || pid == getpid();
        f.known = f.known || pid == wanted;
        f.strange = f.strange || (!pid && pid.error() != pidfd_errc::not_found &&
                                  pid.error() != pidfd_errc::unsupported &&
                                  pid.error() != pidfd_errc::forbidden_by_sandbox);
    }
    return f;
}

} // namespace

TEST_CASE("processes opens the caller, a child, a zombie and all other processes") {
    const auto child = test_child::running();
    const auto zombie = test_child::zombie();
    const auto reaped = test_child::reaped();
    CHECK(look_for(child.pid()).known);
    CHECK(look_for(zombie.pid()).known);
    const found f = look_for(reaped.pid());
    CHECK_FALSE(f.known);
    CHECK(f.error == 0);
    CHECK(f.complete);
    CHECK(f.self);
    CHECK_FALSE(f.strange);
    CHECK(f.count >= 3);
}

TEST_CASE("for_each_process passes each process once, the same ones as processes, and keeps none") {
    const auto child = test_child::running();
    const int before = open_fds();
    std::vector<pid_t> pids;
    REQUIRE(for_each_process([&](pidfd process) {
        if (const auto pid = process.get_pid())
            pids.push_back(*pid);
        return true;
    }));
    CHECK(open_fds() == before);
    CHECK(std::set<pid_t>(pids.begin(), pids.end()).size() == pids.size());
    CHECK(std::is_sorted(pids.begin(), pids.end()));
    CHECK(std::count(pids.begin(), pids.end(), child.pid()) == 1);
    CHECK(std::count(pids.begin(), pids.end(), getpid()) == 1);
}

TEST_CASE(
    "for_each_process ends when the function says so, or by its exception, and closes the rest") {
    const int before = open_fds();
    int calls = 0;
    REQUIRE(for_each_process([&](const pidfd&) { return ++calls < 2; }));
    CHECK(calls == 2);
    CHECK(open_fds() == before);
    CHECK_THROWS_AS(for_each_process([](const pidfd&) -> bool { throw 7; }), int);
    CHECK(open_fds() == before);
}

TEST_CASE("a storage that is too small is filled, and the list is not complete") {
    const auto child = test_child::running();
    const int before = open_fds();
    pidfd few[2];
    few[1] = std::move(*child.fd().duplicate());
    const auto listed = processes(few);
    REQUIRE(listed);
    CHECK(listed->count == 2);
    CHECK_FALSE(listed->complete);
    CHECK(few[0].is_alive());
    CHECK(few[1].get_pid() != child.pid()); // replaced and closed
    CHECK(open_fds() == before + 2);
    const auto none = processes({});
    REQUIRE(none);
    CHECK(none->count == 0);
    CHECK_FALSE(none->complete);
}

TEST_CASE("if there are too few file descriptors, the error is EMFILE, and nothing stays open") {
    check_listing_without_fds(8, 8, [](const pidfd&, auto& all) { return processes(all); });
}

TEST_CASE("on every kernel and sandbox, processes finds the processes or says that it cannot") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] {
            const pid_t child = fork();
            if (child == 0)
                for (;;)
                    pause();
            const found f = look_for(child);
            kill(child, SIGKILL);
            waitpid(child, nullptr, 0);
            return f;
        });
        REQUIRE(got);
        CHECK_FALSE(got->strange);
        if (kernel.refuses_pidfd_open())
            CHECK(got->error == (kernel.forbids() ? ERFKILL : ENOSYS));
        else
            CHECK(got->error == 0);
        CHECK(got->complete == (got->error == 0));
    }
}

TEST_CASE("a filter that says that there is no process is noticed") {
    if (emulated())
        SKIP_TEST(in_emulator);
    for (const int error : {ESRCH, EINVAL, ENOENT}) {
        CAPTURE(error);
        const auto got = isolated({}, [error] {
            return install({{SYS_pidfd_open, error}}) ? look_for(0).error : -1;
        });
        REQUIRE(got);
        CHECK(*got == EIO);
    }
}

TEST_CASE(
    "in a pid namespace with the /proc outside of it, the processes of the namespace are found, "
    "and no other") {
    for (const char* const proc : {"", "fresh"}) {
        CAPTURE(proc);
        surroundings inside;
        inside.pid_namespace = true;
        inside.mount_namespace = true;
        inside.user_namespace = geteuid() != 0;
        inside.proc = proc;
        struct facts {
            found f;
            std::size_t expected;
        };
        const auto got = isolated(inside, [] {
            facts f{};
            const relative child = make_child();
            make_grandchild();
            f.f = look_for(child.pid);
            // This process, the child, and a child with its child.
            f.expected = 4;
            return f;
        });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->f.error == 0);
        CHECK(got->f.complete);
        CHECK(got->f.count == got->expected);
        CHECK(got->f.self);
        CHECK(got->f.known);
        CHECK_FALSE(got->f.strange);
    }
}

TEST_CASE("without /proc, or with one in which the caller is not, processes is not supported") {
    surroundings without;
    without.mount_namespace = true;
    without.user_namespace = geteuid() != 0;
    without.proc = "none";
    const auto got = isolated(without, [] { return look_for(0).error; });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got == EOPNOTSUPP);
}

TEST_CASE("processes that /proc hides are left out") {
    if (geteuid() != 0)
        SKIP_TEST("only root can mount a /proc that hides processes of others");
    const auto child = test_child::running(); // of root
    for (const char* const option : {"hidepid=1", "hidepid=2"}) {
        CAPTURE(option);
        surroundings hidden;
        hidden.mount_namespace = true;
        hidden.proc = option;
        hidden.uid = 65534;
        const auto got = isolated(hidden, [&] { return look_for(child.pid()); });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->error == 0);
        CHECK(got->self);
        CHECK(got->complete);
        // With hidepid=1 the numbers are shown, and a pidfd gives no right.
        CHECK(got->known == (std::string(option) == "hidepid=1"));
    }
}

TEST_CASE("a file that is mounted over /proc is not taken for it") {
    surroundings own;
    own.mount_namespace = true;
    own.user_namespace = geteuid() != 0;
    const auto got = isolated(own, [] {
        if (mount("none", "/proc", "tmpfs", 0, nullptr) != 0)
            return -1;
        return look_for(0).error;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (*got == -1)
        SKIP_TEST("nothing can be mounted here");
    CHECK(*got == EOPNOTSUPP);
}

TEST_CASE(
    "processes that start and end meanwhile do no harm, and one that lives on is found each time") {
    const auto child = test_child::running();
    const pid_t busy = fork();
    if (busy == 0)
        for (;;) {
            const pid_t brief = fork();
            if (brief == 0)
                _exit(0);
            waitpid(brief, nullptr, 0);
            usleep(2000); // the list must get ahead of the new numbers, also in an emulator
        }
    int missed = 0;
    for (int i = 0; i < 10; ++i) {
        const found f = look_for(child.pid());
        missed += f.error == 0 && f.known && f.self && f.complete ? 0 : 1;
    }
    kill_made(busy);
    waitpid(busy, nullptr, 0);
    CHECK(missed == 0);
}
