// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/listing_limits.hpp"
#include "support/nested.hpp"
#include "support/processes.hpp"
#include "support/rounds.hpp"
#include "support/sleeping_thread.hpp"

#include <pidfd_util/child.hpp>
#include <pidfd_util/enumeration.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <set>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// The pids of the children, or one negated errno.
std::set<pid_t> pids_of_children(const pidfd_identity& process, std::size_t room = 256) {
    std::vector<pidfd> all(room);
    const auto listed = children(process, all);
    if (!listed)
        return {-listed.error().value()};
    std::set<pid_t> pids;
    for (std::size_t i = 0; i < listed->count; ++i)
        pids.insert(all[i].get_pid().value());
    return pids;
}

void end(pid_t pid) {
    kill_made(pid);
    waitpid(pid, nullptr, 0);
}

/// For an isolated process: counts what it finds as its own children.
struct counted {
    int error;
    std::size_t count;
    bool complete;
    bool right; // each is a child
};
counted count_own(std::size_t room) {
    counted c{};
    const auto self = pidfd::from_self();
    std::vector<pidfd> all(room);
    const auto listed = self ? children(*self, all) : expected<listing>(unexpected(self.error()));
    c.error = error_of(listed);
    if (!listed)
        return c;
    c.count = listed->count;
    c.complete = listed->complete;
    c.right = true;
    for (std::size_t i = 0; i < listed->count; ++i) {
        siginfo_t info{};
        c.right = c.right && waitid(static_cast<idtype_t>(3), static_cast<id_t>(all[i].fd()), &info,
                                    WEXITED | WNOHANG | WNOWAIT) == 0;
    }
    return c;
}

/// If the machine is fast enough, their numbers fill more than one page.
std::size_t number_of_children() {
    return static_cast<std::size_t>(rounds(900));
}

} // namespace

TEST_CASE("children opens the children of the caller, living and ended, and no grandchild") {
    const auto self = pidfd::from_self();
    const std::set<pid_t> before = pids_of_children(*self);
    const auto living = test_child::running();
    const auto zombie = test_child::zombie();
    auto parent = test_child::ready([] { return make_child().pid > 0; });
    REQUIRE(parent.prepared());
    std::set<pid_t> now = pids_of_children(*self);
    CHECK(now.size() == before.size() + 3);
    for (const pid_t pid : {living.pid(), zombie.pid(), parent.pid()})
        CHECK(now.count(pid) == 1);
    const std::set<pid_t> grandchildren = pids_of_children(parent.fd());
    CHECK(grandchildren.size() == 1);
    CHECK(now.count(*grandchildren.begin()) == 0);
    CHECK(pids_of_children(living.fd()).empty());
}

TEST_CASE("children of each thread of a process are found, also through a pidfd of a thread") {
    const auto self = pidfd::from_self();
    std::vector<pid_t> made(4);
    std::vector<std::thread> threads;
    std::mutex stay;
    stay.lock();
    {
        int ready[2];
        REQUIRE(pipe(ready) == 0);
        for (pid_t& pid : made)
            threads.emplace_back([&] {
                pid = fork();
                if (pid == 0)
                    for (;;)
                        pause();
                (void)!write(ready[1], "r", 1);
                const std::lock_guard<std::mutex> lock(stay);
            });
        for (std::size_t i = 0; i < made.size(); ++i) {
            char byte = 0;
            REQUIRE(read(ready[0], &byte, 1) == 1);
        }
        close(ready[0]);
        close(ready[1]);
    }
    const std::set<pid_t> found = pids_of_children(*self);
    for (const pid_t pid : made)
        CHECK(found.count(pid) == 1);
    if (const auto thread = pidfd::from_tid(static_cast<pid_t>(syscall(SYS_gettid)))) {
        const std::set<pid_t> by_thread = pids_of_children(*thread);
        CHECK(by_thread == found);
    }
    stay.unlock();
    for (std::thread& t : threads)
        t.join();
    // The threads have exited: the first one has their children now.
    const std::set<pid_t> inherited = pids_of_children(*self);
    for (const pid_t pid : made) {
        CHECK(inherited.count(pid) == 1);
        end(pid);
    }
}

TEST_CASE("children of an ended process have another parent, and a reaped one is not found") {
    const auto zombie = test_child::zombie();
    CHECK(pids_of_children(zombie.fd()).empty());
    const auto reaped = test_child::reaped();
    CHECK(pids_of_children(reaped.fd()) == std::set<pid_t>{-ESRCH});
}

TEST_CASE("an orphan is a child of the subreaper") {
    struct facts {
        bool before;
        bool after;
    };
    const auto got = isolated({}, [] {
        facts f{};
        const auto self = pidfd::from_self();
        if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
            return f;
        const pid_t middle = fork();
        if (middle == 0) {
            make_child();
            raise(SIGSTOP);
            _exit(0);
        }
        waitpid(middle, nullptr, WUNTRACED);
        f.before = pids_of_children(*self) == std::set<pid_t>{middle};
        end(middle);
        f.after = pids_of_children(*self).size() == 1;
        return f;
    });
    REQUIRE(got);
    CHECK(got->before);
    CHECK(got->after);
}

TEST_CASE("with many children and little storage, the list is not complete, and nothing leaks") {
    struct facts {
        counted few;
        counted exact;
        counted all;
        int leaked;
    };
    const auto got = isolated({}, [] {
        facts f{};
        const std::size_t many = number_of_children();
        rlimit limit{2048, 2048};
        if (setrlimit(RLIMIT_NOFILE, &limit) != 0 && getrlimit(RLIMIT_NOFILE, &limit) != 0)
            return f;
        for (std::size_t i = 0; i < many; ++i)
            fork_sleeper();
        const int before = open_fds();
        f.few = count_own(5);
        f.exact = count_own(many);
        f.all = count_own(many + 1);
        f.leaked = open_fds() - before;
        return f;
    });
    REQUIRE(got);
    CHECK(got->few.error == 0);
    CHECK(got->few.count == 5);
    CHECK_FALSE(got->few.complete);
    CHECK(got->few.right);
    for (const counted& c : {got->exact, got->all}) {
        CHECK(c.error == 0);
        CHECK(c.count == number_of_children());
        CHECK(c.complete);
        CHECK(c.right);
    }
    CHECK(got->leaked == 0);
}

TEST_CASE("if there are too few file descriptors for the children, nothing stays open") {
    check_listing_without_fds(12, 12,
                              [](const pidfd& self, auto& all) { return children(self, all); });
}

TEST_CASE("on every kernel and sandbox, children finds the children or says that it cannot") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] {
            fork_sleeper();
            fork_sleeper();
            return count_own(8);
        });
        REQUIRE(got);
        if (kernel.refuses_pidfd_open()) {
            CHECK(got->error == (kernel.forbids() ? ERFKILL : ENOSYS));
        } else {
            CHECK(got->error == 0);
            CHECK(got->count == 2);
            CHECK(got->right);
        }
    }
}

TEST_CASE("in a pid namespace with the /proc outside of it, children are found") {
    for (const char* const proc : {"", "fresh"}) {
        CAPTURE(proc);
        surroundings inside;
        inside.pid_namespace = true;
        inside.mount_namespace = true;
        inside.user_namespace = geteuid() != 0;
        inside.proc = proc;
        const auto got = isolated(inside, [] {
            fork_sleeper();
            make_zombie();
            return count_own(8);
        });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->error == 0);
        CHECK(got->count == 2);
        CHECK(got->right);
    }
}

TEST_CASE("what is not a pidfd has no children") {
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        CHECK(pids_of_children(pidfd_view(s.fd)) == std::set<pid_t>{-EBADFD});
    }
    CHECK(pids_of_children(pidfd_view()) == std::set<pid_t>{-EBADF});
}

TEST_CASE("a child whose pid gets a new owner during the call is not reported as a child") {
    if (emulated())
        SKIP_TEST(in_emulator);
    // The parent makes and reaps children all the time, with one pid if it may; a stranger takes the
    // pid in between.
    struct facts {
        int rounds;
        int wrong;
        int errors;
    };
    surroundings inside;
    inside.pid_namespace = true;
    inside.mount_namespace = true;
    inside.user_namespace = geteuid() != 0;
    inside.proc = "fresh";
    const auto got = isolated(inside, [] {
        facts f{};
        constexpr pid_t number = 1000;
        const pid_t parent = fork();
        if (parent == 0)
            for (;;) {
                const pid_t brief = fork_with_pid(number);
                if (brief == 0)
                    _exit(0);
                if (brief > 0)
                    waitpid(brief, nullptr, 0);
                else if (errno == EPERM)
                    _exit(1);
            }
        const pid_t rival = fork();
        if (rival == 0)
            for (;;) {
                const pid_t stranger = fork_with_pid(number);
                if (stranger == 0) {
                    usleep(20);
                    _exit(0);
                }
                if (stranger > 0)
                    waitpid(stranger, nullptr, 0);
            }
        const auto process = pidfd::from_pid(parent);
        const auto other = pidfd::from_pid(rival);
        for (int i = 0; i < rounds(3000); ++i) {
            pidfd all[4];
            const auto listed = children(*process, all);
            if (!listed) {
                ++f.errors;
                continue;
            }
            for (std::size_t k = 0; k < listed->count; ++k) {
                ++f.rounds;
                // It has at most this parent: the rival's children never have it.
                const auto ppid = all[k].get_ppid();
                f.wrong += ppid && *ppid == rival ? 1 : 0;
            }
        }
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->wrong == 0);
    CHECK(got->errors == 0);
}
