// SPDX-License-Identifier: MIT
// Asynchronous waits for the end of any process; built for standalone Asio, and again for Boost's.
#include "async_waits.hpp"
#include "support/catch.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;
using support::errno_of;
using support::heard;
using support::worker;

TEST_CASE("async_wait_exit waits for a process that is not a child, and for one that was reaped") {
    net::io_context io;
    // A grandchild: its parent lives until it gets a byte.
    int pids[2];
    REQUIRE(pipe2(pids, O_CLOEXEC) == 0);
    auto parent = support::test_child::that([&] {
        const pid_t grandchild = fork();
        if (grandchild == 0) {
            usleep(20000);
            _exit(0);
        }
        (void)!write(pids[1], &grandchild, sizeof grandchild);
        pause();
        return 0;
    });
    parent.go();
    pid_t pid = 0;
    REQUIRE(read(pids[0], &pid, sizeof pid) == sizeof pid);
    const auto process = pidfd::from_pid(pid);
    REQUIRE(process);
    heard end;
    async_wait_exit(io, *process, end.exit_handler());
    io.run();
    CHECK((end.calls == 1 && !end.error));
    CHECK(*process->is_alive() == false);

    const auto gone = support::test_child::reaped();
    heard past;
    async_wait_exit(io.get_executor(), gone.fd(), past.exit_handler());
    io.restart();
    io.run();
    CHECK((past.calls == 1 && !past.error));
    close(pids[0]);
    close(pids[1]);
}

TEST_CASE("async_wait_exit continues when the user closes the pidfd, and reaps no process") {
    net::io_context io;
    worker w;
    heard end;
    auto copy = *w.process.duplicate();
    async_wait_exit(io, copy, end.exit_handler());
    copy.reset();
    io.poll();
    CHECK(end.calls == 0);
    w.go();
    io.restart();
    io.run();
    CHECK((end.calls == 1 && !end.error));
    CHECK(w.process.wait()->code() == 3);
}

TEST_CASE("an asynchronous wait on a file descriptor that is not a pidfd fails with EBADFD") {
    net::io_context io;
    for (const support::subject& s : support::impostors()) {
        CAPTURE(s.name);
        heard end;
        async_wait_exit(io, pidfd_view(s.fd), end.exit_handler());
        io.restart();
        io.run();
        CHECK(end.calls == 1);
        CHECK(errno_of(end.error) == EBADFD);
        CHECK(end.error == pidfd_errc::not_a_pidfd);
        CHECK(end.error != pidfd_errc::not_found);
        CHECK(end.error.message() == "the file descriptor is not a pidfd");
        CHECK(end.error == std::errc::bad_file_descriptor);
    }
    heard empty;
    async_wait_exit(io, pidfd_view(), empty.exit_handler());
    io.restart();
    io.run();
    CHECK(errno_of(empty.error) == EBADF);
}
