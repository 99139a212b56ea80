// SPDX-License-Identifier: MIT
// Runs the code of docs/guide.md, which stands as it is in the generated file.
#include "guide_blocks.hpp"

#include "../support/catch.hpp"
#include "../support/isolated.hpp"

#include <cstdlib>

namespace {

const char* const lasting[] = {"/bin/sleep", "60", nullptr};
const char* const quick[] = {"/bin/sh", "-c", "exit 0", nullptr};

child run(const char* const* command) {
    auto process = spawn(command[0], command);
    REQUIRE(process);
    return std::move(*process);
}

pidfd pidfd_of(const child& process) {
    auto copy = process.duplicate();
    REQUIRE(copy);
    return std::move(*copy);
}

pid_t pid_of(const child& process) {
    return process.get_pid().value_or(-1);
}

} // namespace

TEST_CASE("the guide's ways to signal end a process, and say so of one that has gone") {
    child first = run(lasting);
    CHECK(terminate(pidfd_of(first)));
    CHECK(done_in_time(first) == false); // by a signal
    CHECK(first.status()->signal() == SIGTERM);
    CHECK(terminate(pidfd_of(first)));

    child second = run(lasting);
    CHECK(terminate_by_pid(pid_of(second)));
    CHECK(second.wait());

    child daemon = run(lasting);
    const auto not_ours = stop_daemon(pid_of(daemon), geteuid() + 1);
    REQUIRE_FALSE(not_ours);
    CHECK(not_ours.error() == pidfd_errc::not_found);
    CHECK(daemon.is_alive() == true);
    CHECK(stop_daemon(pid_of(daemon), geteuid()));
    CHECK(daemon.wait()->signal() == SIGTERM);
    CHECK(daemon.is_alive() == false);

    child third = run(lasting);
    CHECK(end_of(third));
    CHECK(third.status()->signal() == SIGINT);
}

TEST_CASE("the guide's waits tell how a process ended") {
    child good = run(quick);
    const auto well = succeeded(good);
    REQUIRE(well);
    CHECK(*well);
    child killed = run(lasting);
    CHECK(killed.kill());
    const auto badly = succeeded(killed);
    REQUIRE(badly);
    CHECK_FALSE(*badly);

    child seen = run(quick);
    CHECK(after_the_end_of(pidfd_of(seen)));
    CHECK(exit_code_by_pid(pid_of(seen)) == 0);

    std::vector<child> several;
    several.push_back(run(quick));
    several.push_back(run(quick));
    CHECK(watch(several));
    for (child& c : several)
        CHECK(c.wait());
}

TEST_CASE("the guide's ways through /proc lead to the same command line") {
    const auto self = pidfd::from_self();
    REQUIRE(self);
    const auto text = command_line(*self);
    REQUIRE(text);
    CHECK_FALSE(text->empty());
    CHECK(*text == command_line_by_pid(getpid()));
    tell_of(*self);
}

TEST_CASE("the guide's event loops are told of the end") {
    const unique_fd epoll(epoll_create1(EPOLL_CLOEXEC));
    child process = run(quick);
    REQUIRE(add_to_loop(epoll.get(), process, 7));
    epoll_event event{};
    REQUIRE(epoll_wait(epoll.get(), &event, 1, -1) == 1);
    CHECK(event.data.u64 == 7);
    CHECK(when_readable(epoll.get(), process));
    CHECK(process.fd() == -1);
    CHECK(epoll_wait(epoll.get(), &event, 1, 0) == 0);
#if __has_include(<asio.hpp>)
    child another = run(quick);
    asio::io_context context;
    watch_with_asio(context, another);
    context.run();
    CHECK(another.status());
#endif
}

TEST_CASE("the guide's supervisor starts again what fails, and reaps all") {
    char path[] = "/tmp/pidfd-util-guide-XXXXXX";
    const unique_fd log(mkostemp(path, O_CLOEXEC));
    REQUIRE(log);
    const char* const failing[] = {"/bin/sh", "-c", "echo >>\"$0\"; exit 1", path, nullptr};
    std::vector<job> jobs;
    std::vector<pidfd> seen;
    for (const char* const* command : {quick, failing, lasting}) {
        jobs.push_back({command, run(command)});
        seen.push_back(pidfd_of(jobs.back().process));
    }
    // Killed, it has failed as well: then it is told to succeed.
    CHECK(seen.back().kill());
    jobs.back().command = quick;
    const auto done = supervise(std::move(jobs), 3);
    struct stat st {};
    CHECK(fstat(log.get(), &st) == 0);
    unlink(path);
    REQUIRE(done);
    CHECK(st.st_size == 3); // of three restarts one was the killed one's
    for (const pidfd& process : seen) {
        const auto sent = process.send_signal(0);
        REQUIRE_FALSE(sent);
        CHECK(sent.error() == pidfd_errc::not_found);
    }
}

TEST_CASE("the guide's ways to start a program run it") {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const unique_fd reader(ends[0]);
    unique_fd writer(ends[1]);
    const unique_fd nothing(open("/dev/null", O_RDONLY | O_CLOEXEC));
    REQUIRE(dup2(nothing.get(), STDIN_FILENO) == STDIN_FILENO);
    auto sorted = start(writer.get());
    REQUIRE(sorted);
    const auto status = sorted->wait();
    REQUIRE(status);
    CHECK(status->success());
    CHECK(exit_code_by_pid(start_by_fork(writer.get())) == 0);

    auto own = start_as(getuid(), getgid(), quick);
    if (own)
        CHECK(own->wait()->success());
    else // no right to drop groups
        CHECK(own.error() == std::errc::operation_not_permitted);

    auto nowhere = start_in_cgroup("/nowhere", quick);
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error() == std::errc::no_such_file_or_directory);
}

TEST_CASE("the guide starts a program beside another") {
    const auto self = pidfd::from_self();
    REQUIRE(self);
    auto process = start_beside(*self, quick);
    if (!process && process.error() == std::errc::operation_not_permitted)
        SKIP_TEST("no right to make a namespace");
    REQUIRE(process);
    CHECK(process->wait());
}

TEST_CASE("the guide's ways into namespaces enter them, or say that there is no right to") {
    // In a child, as it moves the thread. A container's root may lack the right, too.
    const auto entered = support::isolated({}, [] {
        const auto self = pidfd::from_self();
        if (!self)
            return -1;
        const auto done = enter(*self);
        const int error = done ? 0 : done.error().value();
        return enter_network_by_pid(getpid()) == (error == 0) ? error : -1;
    });
    REQUIRE(entered);
    CHECK((*entered == 0 || *entered == EPERM));

    const auto self = pidfd::from_self();
    REQUIRE(self);
    child here = run(lasting);
    const auto shared = share_a_network(*self, pidfd_of(here));
    REQUIRE(shared);
    CHECK(*shared);
    CHECK(here.stop());
    const auto gone = share_a_network(*self, pidfd_of(here));
    REQUIRE_FALSE(gone);
    CHECK(gone.error() == pidfd_errc::not_found);
}

TEST_CASE("the guide has a name for every process") {
    const auto self = pidfd::from_self();
    REQUIRE(self);
    const auto id = self->get_id();
    CHECK(name_for_the_log(*self) ==
          (id ? "process " + std::to_string(*id) : "pid " + std::to_string(getpid())));
    CHECK(name_for_the_log(pidfd()) == "a process that has gone, or is out of sight");
}

TEST_CASE("the guide asks a socket for its peer") {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const unique_fd here(ends[0]);
    const unique_fd there(ends[1]);
    const auto peer = peer_of(here.get());
    if (!peer && peer.error() == std::errc::no_protocol_option)
        SKIP_TEST("no SO_PEERPIDFD in this kernel");
    REQUIRE(peer);
    CHECK(peer->get_pid().value_or(-1) == getpid());
}

TEST_CASE("the guide tells errors apart") {
    child process = run(quick);
    const pidfd gone = pidfd_of(process);
    CHECK(process.wait());
    const auto sent = gone.kill();
    REQUIRE_FALSE(sent);
    CHECK(what_now(sent.error()) == std::string("it has gone: tidy up"));
    tell_of_the_system();
}
