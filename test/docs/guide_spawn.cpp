// SPDX-License-Identifier: MIT
// Runs the code of docs/guide-spawn.md. The build copies its C++ blocks into guide_spawn_blocks.hpp.
#include "guide_spawn_blocks.hpp"

#include "../support/catch.hpp"
#include "../support/isolated.hpp"
#include "guide_output.hpp"
#include "guide_processes.hpp"

TEST_CASE("the guide's functions that start a program run it") {
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
    const auto forked = pidfd::from_pid(start_by_fork(writer.get()));
    REQUIRE(forked);
    CHECK(forked->wait()->success());

    auto own = start_as(getuid(), getgid(), quick);
    if (own)
        CHECK(own->wait()->success());
    else // no permission to drop groups
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
        SKIP_TEST("no permission to create a namespace");
    REQUIRE(process);
    CHECK(process->wait());
}

TEST_CASE("the guide's options start programs") {
    const auto background = support::isolated({}, [] {
        auto process = start_in_background(quick);
        if (!process) // CPU 0 is not among those of the test
            return process.error() == std::errc::invalid_argument ? 0 : process.error().value();
        return process->wait()->success() ? 0 : -1;
    });
    REQUIRE(background);
    CHECK(*background == 0);
    auto dying = start_dying_with_us(quick);
    REQUIRE(dying);
    CHECK(dying->wait()->success());
    auto list = sort_in_c_locale({"/dev/null"});
    REQUIRE(list);
    CHECK(list->wait()->success());
    const unique_fd program(open("/bin/sh", O_PATH | O_CLOEXEC));
    struct stat file {};
    REQUIRE(fstat(program.get(), &file) == 0);
    auto checked = start_checked(program.get(), quick);
    if (file.st_uid == 0) {
        REQUIRE(checked);
        CHECK(checked->wait()->success());
    } else {
        CHECK(checked.error() == std::errc::permission_denied);
    }
    auto without = start_without(1, quick);
    if (without)
        CHECK(without->wait()->success());
    else // no CAP_SETPCAP
        CHECK(without.error() == std::errc::operation_not_permitted);
}

TEST_CASE("the guide's shell fails without a terminal") {
    const unique_fd no_terminal(open("/dev/null", O_RDWR | O_CLOEXEC));
    const auto none = start_in_foreground(no_terminal.get(), quick);
    REQUIRE_FALSE(none);
    CHECK((none.error().value() == ENXIO || none.error().value() == ENOTTY));
}

TEST_CASE("the guide's functions that hold the output of programs get all of it") {
    check_outputs(guide_spawn_outputs, {{"print_sorted", print_sorted}});
    char head[4];
    CHECK(read_head("/etc/passwd", head) == 4U);
    const char* const cat[] = {"/bin/cat", nullptr};
    auto job = spawn_with_streams(cat[0], cat, {},
                                  {stream_choice::new_pipe(), stream_choice::new_pipe(), {}});
    REQUIRE(job);
    CHECK(count_lines(*job, "1\n2\n3\n") == 3U);
    CHECK(job->process.wait());
}

TEST_CASE("the guide's warnings about spawn are true") {
    const char* const command[] = {"sleep", "60", nullptr};
    spawn_step failed{};
    const auto unsearched = spawn(command[0], command, {}, &failed);
    REQUIRE_FALSE(unsearched);
    CHECK(unsearched.error() == std::errc::no_such_file_or_directory);
    CHECK(failed == spawn_step::exec_unsearched);

    sigset_t terminate{};
    sigemptyset(&terminate);
    sigaddset(&terminate, SIGTERM);
    sigset_t before{};
    REQUIRE(pthread_sigmask(SIG_BLOCK, &terminate, &before) == 0);
    child deaf = started(lasting);
    auto hearing = start_unblocked(lasting);
    REQUIRE(pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
    const stop_step steps[] = {{SIGTERM, 100ms}, {SIGKILL, 1h}};
    CHECK(deaf.stop(steps)->status.signal() == SIGKILL);
    REQUIRE(hearing);
    CHECK(hearing->send_signal(SIGTERM));
    CHECK(hearing->wait()->signal() == SIGTERM);

    const auto held = pidfd_util::run({"sh", "-c", "sleep 60 & echo ready $!"});
    REQUIRE(held);
    CHECK(held->output_held_open);
    CHECK(held->output.rfind("ready ", 0) == 0);
    kill(std::stoi(held->output.substr(6)), SIGKILL);
}

TEST_CASE("the guide's filter refuses sockets to the program") {
    const char* const command[] = {"/bin/bash", "-c", "exec 3<>/dev/udp/127.0.0.1/9", nullptr};
    const unique_fd nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
    const fd_mapping quiet[] = {{nothing.get(), 2}};
    spawn_options options;
    options.fds = quiet;
    auto with_sockets = spawn(command[0], command, options);
    if (!with_sockets || !with_sockets->wait()->success())
        SKIP_TEST("no bash, or no network, in which a program could open a socket");
    auto without = start_without_sockets(command);
    REQUIRE(without);
    CHECK_FALSE(without->wait()->success());
    auto ordinary = start_without_sockets(quick);
    REQUIRE(ordinary);
    CHECK(ordinary->wait()->success());
}

#if __has_include(<asio.hpp>)
TEST_CASE("the guide's asynchronous exchange reads what the program writes") {
    const char* const cat[] = {"/bin/cat", nullptr};
    auto job = spawn_with_streams(cat[0], cat, {},
                                  {stream_choice::new_pipe(), stream_choice::new_pipe(), {}});
    REQUIRE(job);
    char text[16];
    stream_exchange e;
    e.input = "text";
    e.output = sink(text);
    asio::io_context context;
    exchange_with_asio(context, *job, e);
    context.run();
    CHECK(e.output.text() == "text");
    CHECK(job->process.wait()->success());
}
#endif
