// SPDX-License-Identifier: MIT
// Trees of processes that are killed with kill_tree.
#ifndef PIDFD_UTIL_TEST_PROCESS_TREE_HPP
#define PIDFD_UTIL_TEST_PROCESS_TREE_HPP

#include "catch.hpp"
#include "error_of.hpp"
#include "fds.hpp"
#include "processes.hpp"

#include <pidfd_util/kill_tree.hpp>

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace support {

/// Processes hold the writing end of this pipe as long as they live.
class life_line {
public:
    life_line() {
        if (pipe2(ends_, O_CLOEXEC) != 0)
            _exit(1);
    }
    ~life_line() {
        close(ends_[0]);
        let_go();
    }
    life_line(const life_line&) = delete;
    life_line& operator=(const life_line&) = delete;

    void write(const char* text) const { (void)!::write(ends_[1], text, 1); }
    /// Waits until this many processes have written.
    void wait_for(int count) const {
        char byte = 0;
        for (; count > 0; --count)
            (void)!read(ends_[0], &byte, 1);
    }
    /// Returns whether nobody but the caller holds the other end, after a while at most.
    bool is_deserted() {
        let_go();
        for (int i = 0; i < 2000; ++i) {
            char rest[4096];
            fcntl(ends_[0], F_SETFL, O_NONBLOCK);
            const ssize_t size = read(ends_[0], rest, sizeof rest);
            if (size == 0)
                return true;
            if (size < 0)
                usleep(1000);
        }
        return false;
    }

    void let_go() {
        if (ends_[1] >= 0)
            close(ends_[1]);
        ends_[1] = -1;
    }

private:
    int ends_[2] = {-1, -1};
};

/// Makes `width` children, each of which does the same, `depth` levels deep, and sleeps.
[[noreturn]] inline void grow(const life_line& line, int depth, int width, bool own_sessions) {
    for (int i = 0; depth > 0 && i < width; ++i)
        if (fork() == 0) {
            if (own_sessions && i % 2 == 0)
                setsid();
            else if (own_sessions)
                setpgid(0, 0);
            grow(line, depth - 1, width, own_sessions);
        }
    line.write("+");
    live_on();
}

constexpr int size_of_tree(int depth, int width) {
    int size = 1;
    for (int level = width; depth > 0; --depth, level *= width)
        size += level;
    return size;
}

struct killing {
    int error;
    std::size_t killed;
    std::size_t descendants;
    bool deserted; // nobody of the tree lives
    bool sentinel; // a process outside of it does, and was not touched
    int leaked;
    bool reachable; // every pidfd in the storage is of a process that ends
};

inline bool is_untouched(pid_t pid) {
    int status = 0;
    return waitpid(pid, &status, WNOHANG | WUNTRACED | WCONTINUED) == 0 && state_of(pid) == 'S';
}

/// Runs `tree` in a child, waits until `count` processes have written, and kills it.
template <class Tree>
killing kill_one(Tree tree, int count, std::size_t room = 512) {
    killing k{};
    life_line line;
    const pid_t sentinel = fork();
    if (sentinel == 0) {
        line.let_go();
        live_on();
    }
    const pid_t root = fork();
    if (root == 0)
        tree(line);
    line.wait_for(count);
    auto process = pidfd_util::pidfd::from_pid(root);
    const int before = open_fds();
    std::vector<pidfd_util::pidfd> all(room);
    const auto killed =
        kill_tree(*process, all, std::chrono::seconds(60)); // in an emulator, each look takes long
    k.error = error_of(killed);
    if (killed) {
        k.killed = killed->killed;
        k.descendants = killed->descendants;
    }
    k.reachable = true;
    for (std::size_t i = 0; i < k.descendants; ++i)
        k.reachable = k.reachable && all[i].wait_exit_for(std::chrono::seconds(5));
    all.clear();
    k.leaked = open_fds() - before;
    if (!killed)
        kill(root, SIGKILL);
    waitpid(root, nullptr, 0);
    k.deserted = line.is_deserted();
    k.sentinel = is_untouched(sentinel);
    kill(sentinel, SIGKILL);
    waitpid(sentinel, nullptr, 0);
    return k;
}

inline void check_killed(const killing& k, int size) {
    CHECK(k.error == 0);
    CHECK(k.killed == static_cast<std::size_t>(size));
    CHECK(k.descendants == static_cast<std::size_t>(size) - 1);
    CHECK(k.deserted);
    CHECK(k.sentinel);
    CHECK(k.reachable);
    CHECK(k.leaked == 0);
}

} // namespace support

#endif
