// SPDX-License-Identifier: MIT
// Thousands of spawns with many options, in several threads.
#include "support/catch.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/rounds.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sched.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

long count_mappings() {
    std::ifstream maps("/proc/self/maps");
    return std::count(std::istreambuf_iterator<char>(maps), {}, '\n');
}

int fail(void* argument) noexcept {
    return argument != nullptr ? EDOM : 0;
}

/// Whether one spawn with many options does what it should. Every tenth fails in the last step
/// before exec.
bool spawn_one(int number, int program) {
    fd_mapping map[40];
    for (int i = 0; i < 40; ++i)
        map[i] = {0, 100 + i};
    const bool fails = number % 10 == 0;
    spawn_options o;
    o.fds = map;
    o.program = program;
    o.run_scripts_by_shell = true;
    o.copy_memory = number % 7 == 0;
    o.new_session = true;
    o.umask = 077;
    o.scheduling_policy = SCHED_BATCH;
    o.io_priority = best_effort_io(7);
    o.oom_score_adj = 1000;
    o.default_signals = {SIGINT};
    o.before_exec = fail;
    o.before_exec_argument = fails ? &o : nullptr;
    std::vector<const char*> argv{"spawnee", "exit", "9"};
    argv.resize(40, "x");
    argv.push_back(nullptr);
    spawn_step step{};
    auto c = spawn(nullptr, argv.data(), o, &step);
    if (fails)
        return !c && c.error().value() == EDOM && step == spawn_step::before_exec;
    const auto status = c ? c->wait() : expected<exit_status>(unexpected(c.error()));
    return status && status->code() == 9;
}

int spawn_in_threads(int count, int program) {
    constexpr int threads = 4;
    std::atomic<int> wrong{0};
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t)
        all.emplace_back([&, t] {
            for (int i = t; i < count; i += threads)
                wrong += spawn_one(i, program) ? 0 : 1;
        });
    for (std::thread& t : all)
        t.join();
    return wrong;
}

} // namespace

TEST_CASE("thousands of spawns with many options, in threads, leave no file descriptor, no zombie "
          "and no mapping") {
    const unique_fd program(open(spawnee(), O_PATH | O_CLOEXEC));
    CHECK(spawn_in_threads(40, program.get()) == 0); // after which the heap of each thread exists
    const int fds = count_fds();
    const long mappings = count_mappings();
    CHECK(spawn_in_threads(rounds(10000), program.get()) == 0);
    CHECK(count_fds() == fds);
    CHECK(count_mappings() < mappings + 100);
    CHECK(waitpid(-1, nullptr, WNOHANG | __WALL) == -1);
    CHECK(errno == ECHILD);
}
