// SPDX-License-Identifier: MIT
// Many children with pipes, one after the other and in threads: nothing is left, and no child keeps
// an end of another one's pipes.
#include "support/catch.hpp"
#include "support/piped.hpp"
#include "support/processes.hpp"
#include "support/rounds.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// Starts a program that copies its input, and returns whether everything came back.
bool echoes(const std::string& input) {
    auto c =
        spawn_with_streams(spawnee(), arguments({"copy", "0", "exit", "4"}), {}, three_pipes());
    if (!c)
        return false;
    char output[64];
    stream_exchange e;
    e.input = input;
    e.output = sink(output);
    // A copy of one of the ends in another child would keep it from ending.
    e.grace = std::chrono::nanoseconds::max();
    const auto end = communicate(c->process, c->ends, e);
    return end && *end == exchange_end::complete && e.output.text() == input &&
           c->process.wait()->code() == 4;
}

int count_mappings() {
    const std::string maps = read_file_at(AT_FDCWD, "/proc/self/maps");
    return static_cast<int>(std::count(maps.begin(), maps.end(), '\n'));
}

} // namespace

TEST_CASE("thousands of exchanges leave no file descriptor, no zombie and no mapping") {
    CHECK(echoes("warm")); // what libc allocates at first
    const int fds = count_fds();
    const int mappings = count_mappings();
    int wrong = 0;
    const int count = long_mode() ? 10000 : rounds(500);
    for (int i = 0; i < count; ++i) {
        if (i % 10 != 0)
            wrong += echoes(std::to_string(i)) ? 0 : 1;
        else
            wrong += spawn_with_streams("/nonexistent", arguments({}), {}, three_pipes()) ? 1 : 0;
    }
    CHECK(wrong == 0);
    CHECK(count_fds() == fds);
    // The test's own heap may grow, that of ASan by more. A mapping left behind each time is far more.
    CHECK(count_mappings() < mappings + count / 10);
    CHECK(waitpid(-1, nullptr, WNOHANG | __WALL) == -1);
    CHECK(errno == ECHILD);
}

TEST_CASE("children that threads start at once keep none of each other's pipes") {
    const int fds = count_fds();
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&wrong, t] {
            const int count = long_mode() ? 1250 : rounds(50);
            for (int i = 0; i < count; ++i)
                wrong += echoes(std::to_string(t * 10000 + i)) ? 0 : 1;
        });
    // Others start programs without this library: with close-on-exec alone, and with nothing closed.
    std::atomic<bool> done{false};
    std::thread stranger([&done] {
        while (!done) {
            const pid_t pid = fork();
            if (pid == 0) {
                execl(spawnee(), "spawnee", "exit", "0", nullptr);
                _exit(1);
            }
            (void)waitpid(pid, nullptr, 0);
        }
    });
    for (std::thread& t : threads)
        t.join();
    done = true;
    stranger.join();
    CHECK(wrong == 0);
    CHECK(count_fds() == fds);
}
