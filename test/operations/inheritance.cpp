// SPDX-License-Identifier: MIT
// A program that inherits a pidfd: this one, started anew.
#include "kernel/uapi.hpp"
#include "support/answers.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/lifecycle.hpp"
#include "support/opened.hpp"
#include "support/sleeping_thread.hpp"

#include <pidfd_util/inheritance.hpp>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* announced = "PIDFD_UTIL_TEST_ANNOUNCED";

/// If the variable announces a pidfd, takes it over, describes it, and ends before main begins.
[[maybe_unused]] const bool is_heir = [] {
    const char* const text = std::getenv(announced);
    if (text == nullptr)
        return false;
    const auto process = adopt_announced(text);
    const opened got = look_at(process);
    std::printf("error %d\npid %d\ncloexec %d\nthread %d\nfd %d\nself %d\n", got.error, got.pid,
                got.cloexec, got.thread, process ? process->fd() : -1, getpid());
    std::fflush(stdout);
    end_child(0);
}();

run_result run_heir(std::string_view text, array_view<fd_mapping> fds,
                    namespace_flags namespaces = namespace_flags::none) {
    const std::string program = this_program();
    (void)spawnee(); // skips the test case where nothing can be spawned
    const variable environment(announced, std::string(text).c_str());
    spawn_options o;
    o.fds = fds;
    o.new_namespaces = namespaces;
    return run_program(program.c_str(), arguments({}), o);
}

/// Executes this program in the place of a child. `prepare` returns the text that it announces.
template <class Prepare>
run_result exec_heir(Prepare prepare) {
    const std::string program = this_program();
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    test_child c = test_child::that([&] {
        const std::string text(prepare());
        if (dup2(ends[1], STDOUT_FILENO) < 0 || setenv(announced, text.c_str(), 1) != 0)
            return 1;
        execl(program.c_str(), "heir", nullptr);
        return 1;
    });
    c.go();
    close(ends[1]);
    run_result r;
    char buffer[200];
    for (ssize_t size = 0; (size = read(ends[0], buffer, sizeof buffer)) > 0;)
        r.output.append(buffer, static_cast<std::size_t>(size));
    close(ends[0]);
    return r;
}

std::string number(int fd) {
    return std::to_string(fd);
}

} // namespace

TEST_CASE("a spawned program takes over the pidfd that a variable announces") {
    const test_child running = test_child::running();
    const test_child zombie = test_child::zombie();
    const test_child reaped = test_child::reaped();
    const auto self = pidfd::from_self();
    struct {
        const char* name;
        pidfd_view process;
        pid_t pid;
    } const handed_over[] = {{"a sibling", running.fd(), running.pid()},
                             {"a zombie", zombie.fd(), zombie.pid()},
                             {"a reaped process", reaped.fd(), -1},
                             {"its parent", *self, getpid()}};
    for (const auto& each : handed_over) {
        for (const int target : {0, 3, 42}) {
            CAPTURE(each.name, target);
            const auto text = announce(each.process, target);
            REQUIRE(text);
            const fd_mapping fds[] = {{each.process.fd(), target}};
            const run_result r = run_heir(*text, fds);
            CHECK(r.error == 0);
            CHECK(r["error"] == "0");
            CHECK(r["pid"] == std::to_string(each.pid));
            CHECK(r["cloexec"] == "1");
            CHECK(r["fd"] == number(target));
        }
    }
}

TEST_CASE("a spawned program takes over the pidfd of a thread as one") {
    const sleeping_thread sleeper;
    const auto thread = pidfd::from_tid(sleeper.tid());
    if (!thread)
        SKIP_TEST("this kernel has no PIDFD_THREAD");
    const fd_mapping fds[] = {{thread->fd(), 3}};
    const run_result r = run_heir(std::string(*announce(*thread, 3)), fds);
    CHECK(r["error"] == "0");
    CHECK(r["pid"] == std::to_string(sleeper.tid()));
    CHECK(r["thread"] == "1");
    // The process's own pidfd is not the announced one.
    const auto self = pidfd::from_self();
    const fd_mapping wrong[] = {{self->fd(), 3}};
    CHECK(run_heir(std::string(*announce(*thread, 3)), wrong)["error"] == number(ESRCH));
}

TEST_CASE("a program in another pid namespace takes over the pidfd of a process that it cannot "
          "see") {
    const auto self = pidfd::from_self();
    const fd_mapping fds[] = {{self->fd(), 3}};
    const run_result r = run_heir(std::string(*announce(*self, 3)), fds, namespace_flags::pid);
    if (r.error != 0)
        SKIP_TEST("no pid namespace can be made here");
    CHECK(r["error"] == "0");
    CHECK(r["pid"] == "-1");
    CHECK(r["cloexec"] == "1");
}

TEST_CASE("a spawned program refuses a pidfd that is not the announced one") {
    const test_child process = test_child::running();
    const test_child other = test_child::running();
    const auto text = announce(process.fd(), 3);
    // The text came further than the file descriptor.
    CHECK(run_heir(*text, {})["error"] == number(EBADF));
    const fd_mapping elsewhere[] = {{process.fd().fd(), 4}};
    CHECK(run_heir(*text, elsewhere)["error"] == number(EBADF));
    const unique_fd file(open("/dev/null", O_RDWR | O_CLOEXEC));
    const fd_mapping no_pidfd[] = {{file.get(), 3}};
    CHECK(run_heir(*text, no_pidfd)["error"] == number(EBADFD));
    const fd_mapping of_another[] = {{other.fd().fd(), 3}};
    CHECK(run_heir(*text, of_another)["error"] == (has_ids() ? number(ESRCH) : "0"));
}

TEST_CASE("a process that executes a program keeps those pidfds for which it asks, also its own") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child process = test_child::running();
    const run_result r = exec_heir([&] {
        const bool kept = process.fd().keep_on_exec().has_value();
        return kept ? std::string(*announce(process.fd(), process.fd().fd())) : std::string();
    });
    CHECK(r["error"] == "0");
    CHECK(r["pid"] == std::to_string(process.pid()));
    CHECK(r["cloexec"] == "1"); // set again
    CHECK(r["fd"] == number(process.fd().fd()));

    const run_result own = exec_heir([] {
        auto self = pidfd::from_self();
        const auto text = announce(*self, self->fd());
        const bool kept = self->keep_on_exec().has_value();
        (void)self->release(); // stays open
        return kept ? std::string(*text) : std::string();
    });
    CHECK(own["error"] == "0");
    CHECK(own["pid"] == own["self"]); // the process is the same, whatever it executes

    const run_result not_kept =
        exec_heir([&] { return std::string(*announce(process.fd(), process.fd().fd())); });
    CHECK(not_kept["error"] == number(EBADF));
}
