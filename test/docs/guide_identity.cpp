// SPDX-License-Identifier: MIT
// Runs the code of docs/guide-identity.md. The build copies its C++ blocks into guide_identity_blocks.hpp.
#include "guide_identity_blocks.hpp"

#include "../support/catch.hpp"
#include "../support/isolated.hpp"
#include "../support/processes.hpp"
#include "../support/tracer.hpp"
#include "guide_processes.hpp"

#include <cstdlib>

TEST_CASE("the guide stops a daemon by its pid file, and no new owner of its pid") {
    char path[] = "/tmp/pidfd-util-guide-XXXXXX";
    const unique_fd file(mkostemp(path, O_CLOEXEC));
    REQUIRE(file);
    child daemon = started(lasting);
    REQUIRE(dprintf(file.get(), "%d\n", pid_of(daemon)) > 0);
    const auto not_ours = stop_daemon(path, geteuid() + 1);
    REQUIRE_FALSE(not_ours);
    CHECK(not_ours.error() == pidfd_errc::not_found);
    CHECK(daemon.is_alive() == true);
    CHECK(stop_daemon(path, geteuid()));
    CHECK(daemon.wait()->signal() == SIGTERM);
    child second = started(lasting);
    REQUIRE(ftruncate(file.get(), 0) == 0);
    REQUIRE(pwrite(file.get(), std::to_string(pid_of(second)).c_str(), 8, 0) > 0);
    CHECK(stop_daemon_by_pid(path));
    CHECK(second.wait()->signal() == SIGTERM);
    CHECK(unlink(path) == 0);
}

TEST_CASE("the guide's names of processes open the process again, and no other") {
    child process = started(lasting);
    const std::string name = name_in_pid_file(pidfd_of(process));
    REQUIRE(name != "");
    const auto again = open_from_pid_file(name);
    REQUIRE(again);
    CHECK(same_process(*again, process) == true);
    CHECK(line_for_the_log(*again, "started").rfind("started: ", 0) == 0);
    CHECK_FALSE(open_from_pid_file("4711"));
    CHECK(process.kill());
    CHECK(process.wait());
    const auto gone = open_from_pid_file(name);
    REQUIRE_FALSE(gone);
    CHECK(gone.error() == pidfd_errc::not_found);
}

TEST_CASE("the guide opens the process that holds the lock of a pid file") {
    FILE* const file = std::tmpfile();
    REQUIRE(file != nullptr);
    const support::test_child daemon = support::test_child::ready([file] {
        struct flock lock {};
        lock.l_type = F_WRLCK;
        lock.l_whence = SEEK_SET;
        return fcntl(fileno(file), F_SETLK, &lock) == 0;
    });
    const auto holder = open_holder_of_lock(fileno(file));
    REQUIRE(holder);
    CHECK(holder->get_pid() == daemon.pid());
    std::fclose(file);
}

TEST_CASE("the guide refuses a thread without a valid notification") {
    seccomp_notif request{};
    request.pid = static_cast<__u32>(getpid());
    const auto thread = open_notifying_thread(-1, request);
    REQUIRE_FALSE(thread);
    CHECK((thread.error() == pidfd_errc::not_found || thread.error() == pidfd_errc::unsupported));
}

TEST_CASE("the guide opens a tracee that is stopped, and no other thread") {
    const pid_t child = fork();
    if (child == 0)
        support::end_child(support::be_traced() ? 0 : 1);
    const support::tracee stopped(child); // reaps it
    if (!stopped.traced())
        SKIP_TEST("nothing can be traced here");
    const auto thread = open_stopped_tracee(child);
    if (!pidfd::from_tid(getpid())) {
        CHECK(thread.error() == pidfd_errc::unsupported);
        return;
    }
    REQUIRE(thread);
    CHECK(thread->is_thread() == true);
    CHECK(thread->get_pid() == child);
    const auto other = open_stopped_tracee(getpid());
    REQUIRE_FALSE(other);
    CHECK(other.error() == pidfd_errc::not_found);
}

TEST_CASE("the guide hands a pidfd to the next program") {
    auto worker = pidfd::from_self();
    REQUIRE(worker);
    const auto text = announce_to_next_program(*worker);
    REQUIRE(text);
    auto taken = worker_of_last_program(text->c_str());
    REQUIRE(taken);
    CHECK(taken->fd() == worker->release());
    CHECK((fcntl(taken->fd(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("the guide counts different processes") {
    const auto self = pidfd::from_self();
    REQUIRE(self);
    std::vector<pidfd> handles;
    handles.push_back(std::move(*self->duplicate()));
    handles.push_back(std::move(*pidfd::from_self()));
    handles.push_back(pidfd_of(started(quick)));
    CHECK(count_processes(std::move(handles)) == (self->get_id() ? 2U : 0U));
}

TEST_CASE("the guide authorises the peer of a socket, and the sender of a message") {
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const unique_fd here(ends[0]);
    const unique_fd there(ends[1]);
    const auto allowed = may_shut_down(here.get(), geteuid());
    if (!allowed && allowed.error() == pidfd_errc::unsupported)
        SKIP_TEST("no SO_PEERPIDFD in this kernel");
    CHECK(allowed == true);
    CHECK(may_shut_down(here.get(), geteuid() + 1) == false);
    CHECK(prepare_to_listen(here.get()));
    CHECK(send_message(there.get(), "stop", 4) == 4U);
    const auto self = pidfd::from_self();
    REQUIRE(self);
    CHECK(answer_request(here.get(), *self));
    CHECK(send_message(there.get(), "stop", 4) == 4U);
    const support::test_child stranger = support::test_child::running();
    const auto refused = answer_request(here.get(), stranger.fd());
    REQUIRE_FALSE(refused);
    CHECK(refused.error() == std::errc::operation_not_permitted);
}
