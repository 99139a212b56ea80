// SPDX-License-Identifier: MIT
// Runs the code of docs/guide-loops.md. The build copies its C++ blocks into guide_loops_blocks.hpp.
#include "guide_loops_blocks.hpp"

#include "../support/catch.hpp"
#include "guide_output.hpp"
#include "guide_processes.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

TEST_CASE("the guide's event loops report the end of a process") {
    const unique_fd epoll(epoll_create1(EPOLL_CLOEXEC));
    child process = started(quick);
    REQUIRE(add_to_loop(epoll.get(), process, 7));
    epoll_event event{};
    REQUIRE(epoll_wait(epoll.get(), &event, 1, -1) == 1);
    CHECK(event.data.u64 == 7);
    CHECK(on_readable(epoll.get(), process));
    CHECK(process.fd() == -1);
    CHECK(epoll_wait(epoll.get(), &event, 1, 0) == 0);
#if __has_include(<asio.hpp>)
    child another = started(quick);
    asio::io_context context;
    watch_with_asio(context, another);
    context.run();
    CHECK(another.status());
#endif
}

TEST_CASE("the guide duplicates a pidfd for a loop that closes it") {
    const child process = started(quick);
    const auto copy = for_foreign_loop(process);
    REQUIRE(copy);
    const unique_fd closed_at_the_end(*copy);
    CHECK(*copy != process.fd());
}

TEST_CASE("the guide's supervisor restarts failed programs and reaps all children") {
    char path[] = "/tmp/pidfd-util-guide-XXXXXX";
    const unique_fd log(mkostemp(path, O_CLOEXEC));
    REQUIRE(log);
    const char* const failing[] = {"/bin/sh", "-c", "echo >>\"$0\"; exit 1", path, nullptr};
    std::vector<job> jobs;
    std::vector<pidfd> seen;
    for (const char* const* command : {quick, failing, lasting}) {
        jobs.push_back({command, started(command)});
        seen.push_back(pidfd_of(jobs.back().process));
    }
    // A killed child counts as failed. Its replacement succeeds.
    CHECK(seen.back().kill());
    REQUIRE(seen.back().wait_exit()); // so that it takes the first restart
    jobs.back().command = quick;
    const auto done = supervise(std::move(jobs), 3);
    struct stat st {};
    CHECK(fstat(log.get(), &st) == 0);
    unlink(path);
    REQUIRE(done);
    CHECK(st.st_size == 3); // one start and the other two restarts
    for (const pidfd& process : seen) {
        const auto sent = process.send_signal(0);
        REQUIRE_FALSE(sent);
        CHECK(sent.error() == pidfd_errc::not_found);
    }
}

TEST_CASE("the guide's page about event loops shows what its functions print") {
    check_outputs(guide_loops_outputs, {{"on_readable", [] {
                                             const unique_fd epoll(epoll_create1(EPOLL_CLOEXEC));
                                             child process = started(quick);
                                             REQUIRE(add_to_loop(epoll.get(), process, 7));
                                             REQUIRE(process.wait_exit());
                                             CHECK(on_readable(epoll.get(), process));
                                         }}});
}
