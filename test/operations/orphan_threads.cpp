// SPDX-License-Identifier: MIT
// kill_descendants and reap_orphans with threads: of the caller, and of the children that it keeps.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"
#include "support/rounds.hpp"
#include "support/sleeping_thread.hpp"
#include "support/tracer.hpp"

#include <pidfd_util/orphans.hpp>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <new>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

/// What the traced process and its tracer share.
struct board {
    int error;
    std::atomic<pid_t> child;
    std::atomic<pid_t> grandchild;
};

board& shared_board() {
    void* const page =
        mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        _exit(1);
    return *new (page) board();
}

/// Makes a child with a child of its own, in another thread, which lasts.
void make_pair_by_thread(board& b) {
    std::thread([&b] {
        const pid_t child = fork();
        if (child == 0) {
            const pid_t grandchild = fork();
            if (grandchild == 0)
                live_on();
            b.grandchild = grandchild;
            live_on();
        }
        b.child = child;
        for (;;)
            pause();
    }).detach();
    while (b.child == 0 || b.grandchild == 0)
        usleep(200);
}

struct facts {
    bool traced;
    int error;
    bool over;     // the call ended before the child was to end
    bool deserted; // no process of the call's descendants lives
};

/// Ends the child of the other thread at a system call of kill_descendants.
facts end_child_at(std::size_t at) {
    facts f{};
    board& b = shared_board();
    int line[2];
    if (pipe2(line, O_CLOEXEC) != 0)
        return f;
    const pid_t pid = fork();
    if (pid == 0) {
        if (!be_traced())
            _exit(1);
        std::signal(SIGCHLD, SIG_IGN); // the child reaps itself
        if (!become_subreaper())
            _exit(1);
        make_pair_by_thread(b);
        make(mark::begin);
        b.error = error_of(kill_descendants(60s));
        make(mark::end);
        _exit(0);
    }
    {
        tracee caller(pid);
        f.traced = caller.traced();
        std::size_t calls = 0;
        bool begun = false;
        while (f.traced) {
            const auto next = caller.next_call();
            if (!next || is(*next, mark::end))
                break;
            if (begun && calls++ == at) {
                kill_made(b.child);
                while (kill(b.child, 0) == 0)
                    usleep(200);
            }
            begun = begun || is(*next, mark::begin);
        }
        f.error = b.error;
        f.over = calls <= at;
    }
    // If the call has succeeded, nobody but this process holds the pipe.
    close(line[1]);
    fcntl(line[0], F_SETFL, O_NONBLOCK);
    char byte = 0;
    f.deserted = read(line[0], &byte, 1) == 0;
    if (!f.deserted) {
        kill_made(b.child);
        kill_made(b.grandchild);
    }
    return f;
}

} // namespace

TEST_CASE("whenever a child of another thread ends and reaps itself, kill_descendants finds the "
          "orphan it leaves") {
    constexpr std::size_t most = 4000; // calls: without openat2, each path takes many
    std::size_t at = 0;
    for (bool over = false; !over && at < most; at += stride() + at / 32) {
        CAPTURE(at);
        const auto got = isolated({}, [at] { return end_child_at(at); });
        REQUIRE(got);
        if (!got->traced)
            SKIP_TEST("no process can be traced here");
        REQUIRE(got->error == 0);
        REQUIRE(got->deserted);
        over = got->over;
    }
    CHECK(at < most);
}

TEST_CASE("a pidfd of a thread is refused as a handle to keep, and nothing is killed or reaped") {
    if (!has(feature::thread))
        SKIP_TEST("this kernel has no PIDFD_THREAD");
    struct results {
        bool prepared;
        int killing;
        int reaping;
        bool alive;
        int kept; // how many others die beside a pidfd of the whole process
    };
    const auto got = isolated({}, [] {
        results r{};
        int ends[2];
        if (!become_subreaper() || pipe2(ends, O_CLOEXEC) != 0)
            return r;
        const pid_t child = fork();
        if (child == 0) {
            const sleeping_thread other;
            const pid_t tid = other.tid();
            (void)!write(ends[1], &tid, sizeof tid);
            live_on();
        }
        pid_t tid = 0;
        (void)!read(ends[0], &tid, sizeof tid);
        const auto process = pidfd::from_pid(child);
        const auto first = pidfd::from_tid(child);
        const auto second = pidfd::from_tid(tid);
        r.prepared = process && first && second;
        if (!r.prepared)
            return r;
        for (const pidfd* thread : {&*first, &*second}) {
            const int killing = error_of(kill_descendants({pidfd_view(*thread)}, 10s));
            r.killing = r.killing == 0 || r.killing == killing ? killing : -1;
            const int reaping = error_of(reap_orphans({pidfd_view(*thread)}));
            r.reaping = r.reaping == 0 || r.reaping == reaping ? reaping : -1;
        }
        r.alive = process->is_alive() == true;
        r.kept = static_cast<int>(kill_descendants({pidfd_view(*process)}, 10s).value_or(99));
        (void)!kill_descendants(10s);
        return r;
    });
    REQUIRE(got);
    REQUIRE(got->prepared);
    CHECK(got->killing == EINVAL);
    CHECK(got->reaping == EINVAL);
    CHECK(got->alive);
    CHECK(got->kept == 0);
}
