// SPDX-License-Identifier: MIT
// The traps of an Asio handle of a child: see child_handle.hpp.
#include <asio.hpp>

#include "child_handle.hpp"

#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/idle_tracer.hpp"
#include "support/isolated.hpp"
#include "support/newcomer.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

using handle = adopted::child_handle<asio::io_context::executor_type>;

/// Takes over the child.
handle handle_of(asio::io_context& context, test_child& made) {
    auto opened = handle::open(context.get_executor(), made.pid());
    REQUIRE(opened);
    made.disown();
    return std::move(*opened);
}

/// Waits, and stores the status.
void wait_into(handle& process, std::optional<exit_status>& status) {
    process.async_wait([&status](std::error_code error, auto ended) {
        if (!error)
            status = ended;
    });
}

} // namespace

TEST_CASE("a handle that cannot be opened says why, and not that a file descriptor is bad") {
    const test_child made = test_child::running();
    surroundings around;
    around.kernel = {"no pidfd_open", {{SYS_pidfd_open, ENOSYS}}};
    const auto error = isolated(around, [pid = made.pid()] {
        asio::io_context context;
        return error_of(handle::open(context.get_executor(), pid));
    });
    if (!error)
        SKIP_TEST(error.missing);
    CHECK(*error == ENOSYS);
}

TEST_CASE("a wait and terminate get one status, and a later terminate hits no process") {
    asio::io_context context;
    test_child made = test_child::running();
    handle process = handle_of(context, made);
    std::optional<exit_status> first;
    std::optional<exit_status> second;
    wait_into(process, first);
    wait_into(process, second);
    REQUIRE(process.terminate());
    context.run();
    REQUIRE(first);
    REQUIRE(second);
    CHECK(first->signal() == SIGKILL);
    CHECK(second->signal() == SIGKILL);
    CHECK(process.wait().value().signal() == SIGKILL);
    CHECK(process.running() == false);

    const newcomer heir(made.pid());
    CHECK(process.terminate().error() == pidfd_errc::not_found);
    CHECK(process.request_exit().error() == pidfd_errc::not_found);
    if (!heir)
        SKIP_TEST(no_chosen_pid);
    CHECK(heir.is_untouched());
}

TEST_CASE("a wait does not block the context while a tracer has not seen the end of the child") {
    asio::io_context context;
    test_child made = test_child::running();
    handle process = handle_of(context, made);
    test_child tracer = tracer_of(made.pid());
    if (!tracer.prepared()) {
        (void)process.terminate();
        (void)process.wait();
        SKIP_TEST("nothing can be traced here");
    }
    std::optional<exit_status> status;
    wait_into(process, status);
    REQUIRE(process.terminate());
    asio::steady_timer timer(context, 50ms);
    bool ran = false;
    timer.async_wait([&](std::error_code) {
        ran = !status;
        tracer.reap();
    });
    context.run();
    CHECK(ran);
    REQUIRE(status);
    CHECK(status->signal() == SIGKILL);
}

TEST_CASE("a wait for a child whose first thread has ended lasts until the last one has") {
    asio::io_context context;
    test_child made = test_child::that([] {
        std::thread([] {
            usleep(50'000);
            _exit(6);
        }).detach();
        syscall(SYS_exit, 0); // this thread only
        return 0;
    });
    handle process = handle_of(context, made);
    std::optional<exit_status> status;
    wait_into(process, status);
    made.go();
    context.run();
    REQUIRE(status);
    CHECK(status->code() == 6);
}

TEST_CASE("a handle that is moved or stopped keeps its wait") {
    asio::io_context context;
    test_child made = test_child::running();
    handle process = handle_of(context, made);
    std::optional<exit_status> status;
    wait_into(process, status);
    handle moved = std::move(process);
    REQUIRE(moved.suspend());
    CHECK(moved.running() == true);
    REQUIRE(moved.resume());
    REQUIRE(moved.terminate());
    context.run();
    CHECK(status);
}
