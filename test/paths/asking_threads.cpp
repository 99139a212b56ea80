// SPDX-License-Identifier: MIT
// Threads for which /proc/self is wrong: it shows the file descriptors of the first thread.
#include "support/answers.hpp"
#include "support/emulated.hpp"

#include <fstream>
#include <sched.h>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct answers {
    bool prepared;
    answer<pid_t> pid;
    answer<pid_t> ppid;
    answer<credentials> creds;
    answer<process_info> info;
};

answers ask_all(int fd) {
    return {true, ask(fd, &pidfd_view::get_pid), ask(fd, &pidfd_view::get_ppid),
            ask(fd, &pidfd_view::get_creds), ask(fd, &pidfd_view::get_info)};
}

void check_right(const answers& got, const test_child& c) {
    REQUIRE(got.prepared);
    CHECK(got.pid.error == 0);
    CHECK(got.pid.value == c.pid());
    CHECK(got.ppid.error == 0);
    CHECK(got.ppid.value == getpid());
    CHECK(got.creds.error == 0);
    CHECK(got.creds.value.ruid == getuid());
    CHECK(got.info.error == 0);
    CHECK(got.info.value.pid == c.pid());
}

bool has_exited(pid_t thread) {
    std::ifstream file("/proc/" + std::to_string(thread) + "/stat");
    std::string text;
    std::getline(file, text, '\0');
    const std::size_t end = text.rfind(')');
    return end != text.npos && text[end + 2] == 'Z';
}

/// Runs in a separate process: its first thread exits, and another thread makes the query.
answers ask_without_first_thread(int fd) {
    int report[2];
    answers result{};
    if (pipe(report) != 0)
        return result;
    const pid_t process = fork();
    if (process == 0) {
        std::thread([=] {
            while (!has_exited(getpid()))
                usleep(100);
            const answers got = ask_all(fd);
            (void)!write(report[1], &got, sizeof got);
            _exit(0);
        }).detach();
        syscall(SYS_exit, 0); // of this thread only
    }
    close(report[1]);
    (void)!read(report[0], &result, sizeof result);
    return result;
}

} // namespace

TEST_CASE("a query is right in a thread whose process's first thread has exited") {
    if (emulated())
        SKIP_TEST(in_emulator);
    const test_child c = test_child::running();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got =
            isolated(on(kernel), [&] { return ask_without_first_thread(c.fd().fd()); });
        REQUIRE(got);
        check_right(*got, c);
    }
}

TEST_CASE("a query is right in a thread that has file descriptors of its own") {
    const test_child c = test_child::running();
    const test_child other = test_child::running();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] {
            answers result{};
            std::thread([&] {
                // One number, which refers to another process in the first thread.
                const bool prepared = unshare(CLONE_FILES) == 0 &&
                                      dup2(c.fd().fd(), other.fd().fd()) == other.fd().fd();
                result = ask_all(other.fd().fd());
                result.prepared = prepared;
            }).join();
            return result;
        });
        REQUIRE(got);
        check_right(*got, c);
    }
}
