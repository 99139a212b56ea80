// SPDX-License-Identifier: MIT
// Children that another thread forks during a spawn share no memory with the caller, so that they
// cannot change what the new child does, or what spawn returns.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/sanitizers.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

long milliseconds() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<long>(t.tv_sec) * 1000 + t.tv_nsec / 1000000;
}

struct mapping {
    unsigned long begin;
    unsigned long end;
};

/// Finds the calling process's writable shared memory. Uses no heap, because it runs in forked
/// children of a program with threads.
struct shared_mappings {
    mapping list[64];
    int count = 0;

    shared_mappings() {
        static char text[1 << 18];
        const int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
        std::size_t size = 0;
        for (ssize_t more = 1; more > 0 && size < sizeof text - 1;) {
            more = read(file, text + size, sizeof text - 1 - size);
            size += more > 0 ? static_cast<std::size_t>(more) : 0;
        }
        close(file);
        text[size] = '\0';
        for (const char* line = text; *line != '\0';) {
            char* rest = nullptr;
            const unsigned long begin = std::strtoul(line, &rest, 16);
            const unsigned long end = std::strtoul(rest + 1, &rest, 16);
            if (std::strncmp(rest, " rw-s", 5) == 0 && count < 64)
                list[count++] = {begin, end};
            const char* const newline = std::strchr(line, '\n');
            line = newline != nullptr ? newline + 1 : "";
        }
    }
    bool contains(const mapping& m) const {
        return std::any_of(list, list + count,
                           [&](const mapping& n) { return n.begin == m.begin && n.end == m.end; });
    }
};

/// What a forked child does with each new mapping.
using attack = void (*)(const mapping&);

/// Forks children, in a separate thread, that look for new shared memory.
class forking {
public:
    explicit forking(attack act)
        : before_(), thread_([this, act] {
              while (!stop_) {
                  const pid_t pid = fork();
                  if (pid == 0)
                      _exit(look(act) ? 1 : 0);
                  int status = 0;
                  waitpid(pid, &status, 0);
                  forks_ += pid > 0 ? 1 : 0;
                  found_ += WIFEXITED(status) && WEXITSTATUS(status) == 1 ? 1 : 0;
              }
          }) {}
    ~forking() {
        stop_ = true;
        thread_.join();
    }
    forking(const forking&) = delete;
    forking& operator=(const forking&) = delete;
    int forks() const { return forks_; }
    int found() const { return found_; }

private:
    bool look(attack act) const {
        const shared_mappings now;
        bool found = false;
        for (int i = 0; i < now.count; ++i) {
            if (before_.contains(now.list[i]))
                continue;
            found = true;
            act(now.list[i]);
        }
        return found;
    }

    shared_mappings before_;
    std::atomic<bool> stop_{false};
    std::atomic<int> forks_{0};
    std::atomic<int> found_{0};
    std::thread thread_;
};

/// A search in PATH that takes the child some milliseconds.
std::string long_path() {
    std::string path;
    for (int i = 0; i < 500; ++i)
        path += "/nonexistent:";
    const std::string program = spawnee();
    return path + program.substr(0, program.rfind('/'));
}

spawn_options searching() {
    spawn_options o;
    o.search_path = true;
    return o;
}

struct facts {
    int forks;
    int found;
    int wrong; // results of spawn, or of the program
    int error; // the first wrong one of spawn
};

/// Repeatedly spawns an existing and a missing program.
facts spawn_beside(attack act, const spawn_options& options) {
    facts f{};
    const variable v("PATH", long_path().c_str());
    const forking others(act);
    const auto check = [&](int error, int expected) {
        if (error == expected)
            return;
        ++f.wrong;
        if (f.error == 0)
            f.error = error;
    };
    const auto end = milliseconds() + 2000;
    while (milliseconds() < end) {
        auto c = spawn("pidfd-util-spawnee", arguments({"exit", "6"}), options);
        const auto status = c ? c->wait() : expected<exit_status>(unexpected(c.error()));
        check(status ? 0 : status.error().value(), 0);
        f.wrong += status && status->code() != 6 ? 1 : 0;
        spawn_step step{};
        const auto none = spawn("no-such-program", arguments({}), options, &step);
        check(none ? 0 : none.error().value(), ENOENT);
    }
    f.forks = others.forks();
    f.found = others.found();
    return f;
}

void leave(const mapping&) {}

/// Repeatedly writes an outcome there: an errno and the step `uid`.
void forge(const mapping& m) {
    const int outcome[] = {EACCES, static_cast<int>(spawn_step::uid)};
    const auto end = milliseconds() + 10;
    while (milliseconds() < end)
        for (int i = 0; i < 1000; ++i)
            std::memcpy(reinterpret_cast<void*>(m.begin), outcome, sizeof outcome);
}

} // namespace

TEST_CASE("a child that is forked during a spawn shares no memory with it") {
    if (thread_sanitizer)
        SKIP_TEST("thread sanitizers let no thread fork beside others");
    const auto got = isolated({}, [] { return spawn_beside(leave, searching()); });
    REQUIRE(got);
    CHECK(got->forks > 0);
    CHECK(got->found == 0);
    CHECK(got->wrong == 0);
}

TEST_CASE("a forked child cannot forge the outcome of a new child that has a copy of the memory") {
    if (thread_sanitizer)
        SKIP_TEST("thread sanitizers let no thread fork beside others");
    spawn_options o = searching();
    o.new_namespaces = namespace_flags::user;
    if (!spawn(spawnee(), arguments({}), o))
        SKIP_TEST("this user may not make user namespaces");
    const auto got = isolated({}, [&o] { return spawn_beside(forge, o); });
    REQUIRE(got);
    CHECK(got->found > 0); // or the test would have shown nothing
    CAPTURE(got->error);
    CHECK(got->wrong == 0);
}
