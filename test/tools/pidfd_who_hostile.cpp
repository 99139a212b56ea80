// SPDX-License-Identifier: MIT
// The example server pidfd-who with hostile clients.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"
#include "tools/who.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <fcntl.h>
#include <functional>
#include <grp.h>
#include <list>
#include <string>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace pidfd_util;
using namespace support;
using who::ask;
using who::foreign_sender;
using who::hear;
using who::in_child;
using who::say;
using who::server;
using who::serves;

namespace {

constexpr char ended[] = "refused: the caller has ended";
constexpr char changed_ids[] = "refused: the caller runs with other ids than it connected with";
constexpr uid_t somebody = 1;
constexpr uid_t nobody = 65534;

bool become(uid_t id) {
    return setgroups(0, nullptr) == 0 && setresgid(id, id, id) == 0 && setresuid(id, id, id) == 0;
}

/// A socket that a child of the test has connected, and the child, which has ended. It was reaped if
/// `reap` is set.
std::pair<unique_fd, test_child> connected_by_ended(const server& s, bool reap) {
    const socket_ends ends = socket_pair(SOCK_SEQPACKET);
    test_child c = test_child::that([&] {
        const unique_fd mine = who::connect_to(s.path());
        const int passed[] = {mine.get()};
        return send_message(ends.b.get(), "s", 1, passed) ? 0 : 1;
    });
    c.go();
    c.wait_for_end();
    char data[1];
    unique_fd files[1];
    const auto message = receive_message(ends.a.get(), data, sizeof data, files);
    REQUIRE((message && message->file_count == 1));
    if (reap)
        c.reap();
    return {std::move(files[0]), std::move(c)};
}

} // namespace

TEST_CASE("pidfd-who survives clients that end before they send a request") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    for (int i = 0; i < 100; ++i)
        (void)s.connect();
    for (int i = 0; i < 10; ++i)
        CHECK(in_child([&] { return who::connect_to(s.path()) ? "connected" : ""; }) ==
              "connected");
    CHECK(serves(s));
}

TEST_CASE("pidfd-who refuses a caller that has ended since it sent the request, reaped or not") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    for (const bool reaped : {false, true}) {
        for (const bool accepted : {false, true}) {
            CAPTURE(reaped, accepted);
            const socket_ends talk = socket_pair(SOCK_STREAM);
            if (!accepted)
                s.suspend();
            test_child sender = test_child::that([&] {
                const unique_fd socket = who::connect_to(s.path());
                (void)say(talk.b, "connected\n");
                return hear(talk.b) == "go" && say(socket, "hello\n") ? 0 : 1;
            });
            sender.go();
            CHECK(hear(talk.a) == "connected");
            if (accepted) {
                CHECK(serves(s)); // so that it has accepted the connection
                s.suspend();
            }
            CHECK(say(talk.a, "go\n"));
            sender.wait_for_end();
            if (reaped)
                sender.reap();
            s.resume();
            CHECK(s.printed() == ended);
        }
    }
    CHECK(serves(s));
}

TEST_CASE("pidfd-who refuses another process that sends over the caller's socket") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    const unique_fd passed_on = s.connect();
    CHECK(in_child([&] { return ask(passed_on); }) == foreign_sender);
    CHECK(s.printed() == foreign_sender);
    CHECK(hear(passed_on).empty()); // the connection has ended for the caller too
    CHECK_FALSE(say(passed_on, "hello\n"));
    const unique_fd welcome_before = s.connect();
    CHECK(ask(welcome_before) == "welcome");
    CHECK(in_child([&] { return ask(welcome_before); }) == foreign_sender);
}

TEST_CASE("pidfd-who refuses a request whose parts come from different processes") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    for (const bool suspended : {false, true}) {
        CAPTURE(suspended);
        const unique_fd begun_here = s.connect();
        if (suspended)
            s.suspend(); // both parts are there when it reads
        REQUIRE(say(begun_here, "hel"));
        CHECK(in_child([&] { return say(begun_here, "lo\n") ? "sent" : ""; }) == "sent");
        if (suspended)
            s.resume();
        CHECK(hear(begun_here) == foreign_sender);
        const unique_fd begun_there = s.connect();
        CHECK(in_child([&] { return say(begun_there, "hel") ? "sent" : ""; }) == "sent");
        CHECK(ask(begun_there, "lo\n") == foreign_sender);
    }
}

TEST_CASE("pidfd-who refuses every process that sends over the socket of a caller that has ended") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    for (const bool reaped : {false, true}) {
        const auto [socket, caller] = connected_by_ended(s, reaped);
        CHECK(ask(socket) == ended);
    }
}

TEST_CASE("pidfd-who refuses a process that has the pid of the caller, which has ended") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    const auto [socket, caller] = connected_by_ended(s, true);
    const pid_t reused = fork_with_pid(caller.pid());
    if (reused == 0)
        end_child(say(socket, "hello\n") ? 0 : 1);
    if (reused < 0)
        SKIP_TEST(no_chosen_pid);
    CHECK(hear(socket) == ended);
    int status = 0;
    CHECK(waitpid(reused, &status, 0) == reused);
    CHECK(status == 0);
}

TEST_CASE("pidfd-who refuses other users, and welcomes those that it allows") {
    NEEDS_PEERS();
    if (geteuid() != 0)
        SKIP_TEST("no right to become another user");
    const temporary_directory directory;
    const auto ask_as = [](const server& s, uid_t user) {
        return in_child(
            [&] { return become(user) ? ask(who::connect_to(s.path())) : std::string(); });
    };
    server own(directory);
    CHECK(ask_as(own, 0) == "welcome");
    CHECK(ask_as(own, nobody) == "refused: user 65534 is not allowed");
    CHECK(ask_as(own, somebody) == "refused: user 1 is not allowed");
    CHECK(own.stop().code == 0);
    server other(directory, {"--allow-user", "1", "--allow-user=2"});
    CHECK(ask_as(other, somebody) == "welcome");
    CHECK(ask_as(other, 2) == "welcome");
    CHECK(ask_as(other, 0) == "refused: user 0 is not allowed");
}

TEST_CASE("pidfd-who refuses a caller whose ids have changed since it connected") {
    NEEDS_PEERS();
    if (geteuid() != 0)
        SKIP_TEST("no right to become another user");
    const temporary_directory directory;
    server s(directory, {"--allow-user=0", "--allow-user=1"});
    const std::function<bool()> changes[] = {
        [] { return become(somebody); },
        [] { return seteuid(somebody) == 0; },
        [] { return setresuid(somebody, 0, 0) == 0; },
        [] { return setresuid(0, 0, somebody) == 0; },
        [] { return setegid(somebody) == 0; },
    };
    for (const auto& change : changes) {
        const auto connect_and_change = [&] {
            const unique_fd socket = who::connect_to(s.path());
            return change() ? ask(socket) : std::string();
        };
        CHECK(in_child(connect_and_change) == changed_ids);
        CHECK(s.printed() == changed_ids);
    }
}

TEST_CASE("pidfd-who refuses a caller that has executed a set-user-ID program") {
    NEEDS_PEERS();
    struct statvfs fs {};
    const temporary_directory directory;
    if (geteuid() != 0 || statvfs(directory.path().c_str(), &fs) != 0 ||
        (fs.f_flag & (ST_NOSUID | ST_NOEXEC)) != 0)
        SKIP_TEST("no right to make a set-user-ID program, or no place for it");
    const std::string program = directory.file("program", read_file_at(AT_FDCWD, spawnee()), 0755);
    REQUIRE(chmod(program.c_str(), 04755) == 0);
    server s(directory, {"--allow-user=0", "--allow-user=1"});
    test_child c = test_child::that([&] {
        if (!become(somebody))
            return 1;
        const unique_fd socket = who::connect_to(s.path());
        if (ask(socket) != "welcome" || dup2(socket.get(), STDOUT_FILENO) != STDOUT_FILENO)
            return 2;
        execl(program.c_str(), "program", "ready", "sleep", nullptr); // prints "ready"
        return 3;
    });
    c.go();
    CHECK(s.printed() == "welcome");
    CHECK(s.printed() == changed_ids);
}

TEST_CASE("pidfd-who prints an executable with a dangerous name on one plain line") {
    NEEDS_PEERS();
    const temporary_directory directory;
    const std::string program =
        directory.file("a\n\x1b[31m\xff: welcome", read_file_at(AT_FDCWD, spawnee()), 0755);
    server s(directory);
    test_child c = test_child::that([&] {
        const unique_fd socket = who::connect_to(s.path());
        dup2(socket.get(), STDOUT_FILENO);
        execl(program.c_str(), "program", "ready", "sleep", nullptr); // prints "ready"
        return 1;
    });
    c.go();
    std::string line;
    CHECK(s.printed(&line) == "refused: there is no such request");
    CHECK(line.find("/a\\x0a\\x1b[31m\\xff: welcome', cgroup ") != std::string::npos);
}

TEST_CASE("pidfd-who serves others while clients send nothing or half a request") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    const unique_fd silent = s.connect();
    const unique_fd half = s.connect();
    REQUIRE(say(half, "hel"));
    CHECK(serves(s));
    CHECK(serves(s));
    CHECK(ask(half, "lo\n").rfind("welcome", 0) == 0);
    CHECK(ask(silent).rfind("welcome", 0) == 0);
}

TEST_CASE("pidfd-who refuses requests that are not complete, too long or unknown") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    const unique_fd half = s.connect();
    REQUIRE(say(half, "hello"));
    REQUIRE(shutdown(half.get(), SHUT_WR) == 0);
    CHECK(hear(half) == "refused: the request is not complete");
    CHECK(ask(s.connect(), std::string(64, 'h')) == "refused: the request is too long");
    for (const std::string& unknown :
         {std::string("\n"), std::string("hell\n"), std::string("hello \n"),
          std::string("hello\0\n", 7), std::string("HELLO\n"), std::string("\xff\n")})
        CHECK(ask(s.connect(), unknown) == "refused: there is no such request");
    CHECK(ask(s.connect()) == "welcome");
}

TEST_CASE("pidfd-who ends the connection of a client that floods it, and serves others") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    const unique_fd flood = s.connect();
    const std::string much(1 << 16, 'x');
    while (send(flood.get(), much.data(), much.size(), MSG_NOSIGNAL) > 0) {
    }
    CHECK(hear(flood) == "refused: the request is too long");
    CHECK(s.printed() == "refused: the request is too long");
    CHECK(serves(s));
}

TEST_CASE("pidfd-who drops a client that does not read its answers") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    const unique_fd deaf = s.connect();
    int requests = 0;
    // The server has served the first client when it answers the second one.
    while (say(deaf, "hello\n") && requests++ < 100000) {
        REQUIRE(s.printed().rfind("welcome", 0) == 0);
        REQUIRE(serves(s));
    }
    CHECK(requests < 100000);
    CHECK(serves(s));
}

TEST_CASE("pidfd-who closes the file descriptors that come with a request") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const unique_fd in(ends[0]);
    unique_fd out(ends[1]);
    const unique_fd client = s.connect();
    const std::vector<int> many(250, out.get());
    REQUIRE(send_message(client.get(), "hello\n", 6, many));
    CHECK(hear(client) == "welcome");
    out.reset();
    char byte = 0;
    CHECK(read(in.get(), &byte, 1) == 0); // nobody has the other end
}

TEST_CASE("pidfd-who makes space for a new client: those that it would refuse go first") {
    NEEDS_PEERS();
    const resource_limit limits[] = {{RLIMIT_NOFILE, {40, 40}}};
    spawn_options how;
    how.limits = limits;
    const temporary_directory directory;
    server s(directory, {}, how);
    constexpr std::size_t most = 12; // with 40 file descriptors
    std::list<unique_fd> silent;
    while (silent.size() + 1 < most)
        silent.push_back(s.connect());
    if (geteuid() == 0) {
        test_child other = test_child::ready(
            [&] { return become(nobody) && who::connect_to(s.path()).release() >= 0; });
        REQUIRE(other.prepared());
        CHECK(ask(s.connect()) == "welcome");
        CHECK(s.printed() == "refused: user 65534 is not allowed");
        CHECK(s.printed() == "welcome");
    }
    for (int i = 0; i < 100; ++i)
        silent.push_back(s.connect());
    CHECK(ask(silent.back()).rfind("welcome", 0) == 0);
    CHECK(hear(silent.front()) == "refused: there are too many clients");
}
