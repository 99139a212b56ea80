// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <string>
#include <sys/wait.h>
#include <type_traits>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

pid_t pid_below(int dir) {
    return std::atoi(field(read_file_at(dir, "status"), "Pid:").c_str());
}

std::error_code busy() {
    return std::make_error_code(std::errc::device_or_resource_busy);
}

} // namespace

TEST_CASE("access_proc passes the directory to the function and returns its result") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : living()) {
            CAPTURE(kernel.name, s.name);
            surroundings around;
            around.kernel = kernel;
            const auto got = isolated(
                around, [&] { return pidfd_view(s.fd).access_proc(pid_below).value_or(-1); });
            REQUIRE(got);
            CHECK(*got == s.pid);
        }
    }
}

TEST_CASE("access_proc of a function that returns void succeeds once it has run") {
    const test_child c = test_child::running();
    bool ran = false;
    const auto result = c.fd().access_proc([&](int) { ran = true; });
    static_assert(std::is_same_v<decltype(result), const expected<void>>);
    CHECK(result);
    CHECK(ran);
}

TEST_CASE("access_proc passes on the errors of a function that itself returns an expected") {
    const test_child c = test_child::running();
    const auto value = c.fd().access_proc([](int) -> expected<std::string> { return "text"; });
    static_assert(std::is_same_v<decltype(value), const expected<std::string>>);
    REQUIRE(value);
    CHECK(*value == "text");

    const auto error = c.fd().access_proc([](int) -> expected<int> { return unexpected(busy()); });
    REQUIRE_FALSE(error);
    CHECK(error.error() == busy());

    const auto nothing =
        c.fd().access_proc([](int) -> expected<void> { return unexpected(busy()); });
    static_assert(std::is_same_v<decltype(nothing), const expected<void>>);
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error() == busy());
}

TEST_CASE("access_proc takes functions and results that can only be moved") {
    const test_child c = test_child::running();
    auto result = c.fd().access_proc([token = std::make_unique<int>(7)](int dir) mutable {
        *token += pid_below(dir);
        return std::move(token);
    });
    static_assert(std::is_same_v<decltype(result), expected<std::unique_ptr<int>>>);
    REQUIRE(result);
    CHECK(**result == c.pid() + 7);
}

TEST_CASE("access_proc calls the function once, with its value category") {
    struct one_shot {
        int calls = 0;
        int operator()(int) && { return ++calls; }
        int operator()(int) & { return 100; }
    };
    const test_child c = test_child::running();
    CHECK(c.fd().access_proc(one_shot{}) == 1);
    one_shot f;
    CHECK(c.fd().access_proc(f) == 100);
}

TEST_CASE("access_proc returns a copy if the function returns a reference") {
    const test_child c = test_child::running();
    const std::string text = "text";
    const auto result = c.fd().access_proc([&](int) -> const std::string& { return text; });
    static_assert(std::is_same_v<decltype(result), const expected<std::string>>);
    CHECK(result == text);
}

TEST_CASE("access_proc does not call the function if it cannot open the directory") {
    const test_child gone = test_child::reaped();
    for (const pidfd_view bad : {gone.fd(), pidfd_view(), pidfd_view(9999)}) {
        bool ran = false;
        CHECK_FALSE(bad.access_proc([&](int) { ran = true; }));
        CHECK_FALSE(ran);
    }
}

TEST_CASE("access_proc of a zombie works") {
    const test_child c = test_child::zombie();
    CHECK(c.fd().access_proc(pid_below) == c.pid());
}

TEST_CASE("access_proc says that the process is gone if it was reaped while the function ran") {
    if (emulated())
        SKIP_TEST(in_emulator);
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        struct facts {
            int with_value;
            int with_nothing;
            int with_expected;
            int with_error;
        };
        // Made before the rules are installed, because a sandbox would refuse to make a pidfd.
        const auto got = isolated({}, [&]() -> facts {
            test_child a = test_child::running();
            test_child b = test_child::running();
            test_child c = test_child::running();
            test_child d = test_child::running();
            if (!install(kernel.rules))
                return {};
            const auto value = a.fd().access_proc([&](int) { return a.reap(), 1; });
            const auto nothing = b.fd().access_proc([&](int) { b.reap(); });
            const auto wrapped =
                c.fd().access_proc([&](int) -> expected<int> { return c.reap(), 1; });
            const auto error = d.fd().access_proc(
                [&](int) -> expected<int> { return d.reap(), unexpected(busy()); });
            return {value.error().value(), nothing.error().value(), wrapped.error().value(),
                    error.error().value()};
        });
        REQUIRE(got);
        CHECK(got->with_value == if_ended(kernel, ESRCH));
        CHECK(got->with_nothing == if_ended(kernel, ESRCH));
        CHECK(got->with_expected == if_ended(kernel, ESRCH));
        CHECK(got->with_error == if_ended(kernel, ESRCH));
    }
}

TEST_CASE("access_proc's directory never shows the new owner of the pid") {
    struct facts {
        bool reused;
        int error;           // of opening a file relative to the directory
        int open_file_error; // of reading a file that was opened before
        bool directory_is_empty;
        int result;
    };
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.pid_namespace = true;
    around.proc = "fresh";
    const auto got = isolated(around, []() -> facts {
        facts f{};
        test_child old = test_child::running();
        const auto result = old.fd().access_proc([&](int dir) {
            const unique_fd before(openat(dir, "status", O_RDONLY | O_CLOEXEC));
            old.reap();
            const pid_t heir = fork_sleeper_with_pid(old.pid());
            f.reused = heir == old.pid();
            const unique_fd after(openat(dir, "status", O_RDONLY | O_CLOEXEC));
            f.error = after ? 0 : errno;
            char byte = 0;
            f.open_file_error = read(before.get(), &byte, 1) >= 0 ? 0 : errno;
            f.directory_is_empty = read_file_at(dir, "comm").empty() &&
                                   read_file_at(dir, "cgroup").empty() &&
                                   faccessat(dir, "ns", F_OK, 0) != 0;
            kill_made(heir);
            waitpid(heir, nullptr, 0);
            return 0;
        });
        f.result = result ? 0 : result.error().value();
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->reused)
        SKIP_TEST(no_chosen_pid);
    CHECK((got->error == ESRCH || got->error == ENOENT));
    CHECK(got->open_file_error == ESRCH);
    CHECK(got->directory_is_empty);
    CHECK(got->result == ESRCH);
}

TEST_CASE("access_proc closes the directory after the function, even if that throws") {
    const test_child c = test_child::running();
    const int before = count_fds();
    int dir_fd = -1;
    CHECK(c.fd().access_proc([&](int dir) { dir_fd = dir; }));
    CHECK(fcntl(dir_fd, F_GETFD) == -1);
    CHECK_THROWS_AS(c.fd().access_proc([](int) -> int { throw std::string("thrown"); }),
                    std::string);
    CHECK(count_fds() == before);
}

TEST_CASE("access_proc refuses a file descriptor that is not a pidfd") {
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        const auto result = pidfd_view(s.fd).access_proc([](int) {});
        REQUIRE_FALSE(result);
        CHECK(result.error().value() == EBADFD);
    }
}

TEST_CASE("access_proc reports exhausted file descriptors with EMFILE") {
    const test_child c = test_child::running();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        around.file_limit = static_cast<unsigned long>(c.fd().fd()) + 1;
        const auto error = isolated(around, [&] {
            // Uses up the free file descriptors below the limit.
            while (open("/dev/null", O_RDONLY) >= 0) {
            }
            const auto result = c.fd().access_proc([](int) {});
            return result ? 0 : result.error().value();
        });
        REQUIRE(error);
        CHECK(*error == EMFILE);
    }
}
