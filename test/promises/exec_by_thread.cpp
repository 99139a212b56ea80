// SPDX-License-Identifier: MIT
// A thread that executes a program becomes the leader of the process. It takes over the leader's
// pid and the pidfds of the process, and its own thread id is gone.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"
#include "support/readiness.hpp"
#include "support/talking.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>
#include <string>

using namespace pidfd_util;
using namespace support;

namespace {

bool has(feature f) {
    return availability_of(f) == availability::available;
}

/// A process with two threads, of which the second executes a program.
struct execution {
    const char* leader; // what the leader does meanwhile
    talking_child process;
    pid_t tid;
    unique_fd leaders; // pidfds of the threads alone, where the kernel has such
    unique_fd threads;

    explicit execution(bool leader_lives)
        : leader(leader_lives ? "lives" : "has exited"),
          process({leader_lives ? "thread" : "last_thread", "tid", "read", "exec", "tid", "read",
                   "exit", "5"}),
          tid(process.number("tid")), leaders(raw_pidfd_open(process.pid(), uapi::pidfd_thread)),
          threads(raw_pidfd_open(tid, uapi::pidfd_thread)) {
        REQUIRE(tid > 0);
        if (!leader_lives)
            process.wait_for_end_of_first_thread();
    }

    pidfd_view fd() const { return process.fd(); }
    void execute() {
        process.go();
        REQUIRE(process.number("tid") == process.pid());
    }
};

/// What the operations say about a living process.
struct facts {
    int is_alive;
    bool alive;
    pid_t pid;
    pid_t ppid;
    process_info info;
    bool right_directory;
    int signal;
    int ns;
    bool known_status;
};

facts ask(pidfd_view fd) {
    facts f{};
    const auto alive = fd.is_alive();
    f.is_alive = error_of(alive);
    f.alive = alive.value_or(false);
    f.pid = fd.get_pid().value_or(-1);
    f.ppid = fd.get_ppid().value_or(-1);
    f.info = fd.get_info().value_or(process_info{});
    const auto shown =
        fd.access_proc([](int dir) { return field(read_file_at(dir, "status"), "Pid:"); });
    f.right_directory = shown && *shown == std::to_string(f.pid);
    f.signal = error_of(fd.send_signal(0));
    f.ns = error_of(fd.get_namespace(namespace_type::uts));
    const auto status = fd.get_exit_status();
    f.known_status = status && *status;
    return f;
}

} // namespace

TEST_CASE("epoll stays silent when a thread executes a program, and reports the program's end") {
    if (emulated())
        SKIP_TEST(in_emulator);
    for (const bool leader_lives : {true, false}) {
        for (const unsigned trigger : {0U, static_cast<unsigned>(EPOLLET)}) {
            execution e(leader_lives);
            CAPTURE(e.leader, trigger);
            {
                epoll_watch watch({e.fd().fd()}, trigger);
                e.execute();
                CHECK(watch.end() == -1);
            }
            epoll_watch watch({e.fd().fd()}, trigger);
            e.process.go();
            CHECK(watch.first() == e.fd().fd());
            const auto status = e.process.process().wait();
            REQUIRE(status);
            CHECK(status->code() == 5);
        }
    }
}

TEST_CASE("wait_exit continues to wait when a thread executes a program") {
    if (emulated())
        SKIP_TEST(in_emulator);
    for (const bool leader_lives : {true, false}) {
        execution e(leader_lives);
        CAPTURE(e.leader);
        unique_fd done(eventfd(0, EFD_CLOEXEC));
        bool exited = false;
        std::thread waiter([&] {
            exited = e.fd().wait_exit().has_value();
            const long long one = 1;
            (void)!write(done.get(), &one, sizeof one);
        });
        e.execute();
        CHECK(events_of(done.get(), 20) == 0);
        e.process.go();
        waiter.join();
        CHECK(exited);
        CHECK(e.fd().is_alive() == false);
    }
}

TEST_CASE("every answer about a process is right after a thread has executed a program, with or "
          "without a living leader") {
    if (emulated())
        SKIP_TEST(in_emulator);
    for (const bool leader_lives : {true, false}) {
        execution e(leader_lives);
        e.execute();
        for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), linux_5_4()}) {
            CAPTURE(e.leader, kernel.name);
            const auto got = isolated(on(kernel), [&] { return ask(e.fd()); });
            REQUIRE(got);
            CHECK(got->is_alive == 0);
            CHECK(got->alive);
            CHECK(got->pid == e.process.pid());
            CHECK(got->ppid == getpid());
            CHECK(got->info.pid == e.process.pid());
            CHECK(got->info.ppid == getpid());
            CHECK(got->right_directory);
            CHECK(got->signal == 0);
            CHECK(got->ns == 0);
            CHECK_FALSE(got->known_status);
        }
        CHECK(events_of(e.fd().fd()) == 0);
        const auto waited = e.process.process().try_wait();
        REQUIRE(waited);
        CHECK_FALSE(*waited);
    }
}

TEST_CASE("the pidfd of a thread that executes a program reports the thread's end, because the "
          "thread becomes the leader") {
    if (!has(feature::thread))
        SKIP_TEST("this kernel has no PIDFD_THREAD");
    for (const bool leader_lives : {true, false}) {
        execution e(leader_lives);
        CAPTURE(e.leader);
        const pidfd_view thread(e.threads.get());
        REQUIRE(e.threads);
        CHECK(thread.is_alive() == true);
        CHECK(thread.get_pid() == e.tid);
        CHECK(thread.send_signal(0));
        e.execute();
        CHECK((events_of(thread.fd(), long_time) & (POLLIN | POLLHUP)) == (POLLIN | POLLHUP));
        CHECK(thread.is_alive() == false);
        CHECK(thread.wait_exit());
        CHECK(error_of(thread.get_pid()) == ESRCH);
        CHECK(error_of(thread.get_ppid()) == ESRCH);
        CHECK(error_of(thread.get_creds()) == ESRCH);
        CHECK(error_of(thread.get_info()) == ESRCH);
        CHECK(error_of(thread.open_proc()) == ESRCH);
        CHECK(error_of(thread.get_namespace(namespace_type::uts)) == ESRCH);
        CHECK(error_of(thread.get_namespace(namespace_type::user)) == ESRCH);
        CHECK(error_of(thread.send_signal(0)) == ESRCH);
        CHECK(error_of(thread.kill()) == ESRCH);
        CHECK(error_of(thread.wait()) == ECHILD);
        const auto status = thread.get_exit_status();
        if (status) {
            REQUIRE(*status);
            // The two threads swap ids: this is how the old leader ended.
            CHECK((*status)->code() == (leader_lives ? 0 : 3));
        } else {
            CHECK(status.error() == pidfd_errc::unsupported);
            CHECK_FALSE(has(feature::coredump_info)); // Linux 6.16; the status came with 6.15
        }
        CHECK(e.fd().is_alive() == true); // `kill` has hit no thread
    }
}

TEST_CASE(
    "after an execution, a pidfd of the leader's thread refers to the process's new first thread") {
    if (!has(feature::thread))
        SKIP_TEST("this kernel has no PIDFD_THREAD");
    for (const bool leader_lives : {true, false}) {
        execution e(leader_lives);
        CAPTURE(e.leader);
        const pidfd_view leader(e.leaders.get());
        REQUIRE(e.leaders);
        const bool id_stays = has(feature::pidfs);
        const auto id = leader.get_id();
        e.execute();
        CHECK(events_of(leader.fd()) == 0);
        CHECK(leader.is_alive() == true);
        CHECK(leader.get_pid() == e.process.pid());
        CHECK(leader.send_signal(0));
        if (id_stays) {
            CHECK(leader.get_id() == id);
            CHECK(e.fd().get_id() == id);
        }
        e.process.go();
        CHECK((events_of(leader.fd(), long_time) & POLLIN) != 0);
        const auto status = e.process.process().wait();
        REQUIRE(status);
        CHECK(status->code() == 5);
        CHECK((events_of(leader.fd()) & POLLHUP) != 0);
        for (const pidfd_view each : {leader, e.fd()}) {
            const auto known = each.get_exit_status();
            if (known)
                CHECK(*known == *status);
            else
                CHECK(known.error() == pidfd_errc::unsupported);
        }
    }
}
