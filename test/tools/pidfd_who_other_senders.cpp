// SPDX-License-Identifier: MIT
// The example server pidfd-who: which process and which thread is the sender of a request, whatever
// system call sends it.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "tools/who.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <grp.h>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

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

bool say_by_splice(const unique_fd& socket, const std::string& text) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    const unique_fd in(ends[0]);
    const unique_fd out(ends[1]);
    const auto size = static_cast<ssize_t>(text.size());
    return write(out.get(), text.data(), text.size()) == size &&
           splice(in.get(), nullptr, socket.get(), nullptr, text.size(), 0) == size;
}

bool say_by_sendfile(const unique_fd& socket, const std::string& text) {
    const unique_fd file(memfd_create("request", MFD_CLOEXEC));
    const auto size = static_cast<ssize_t>(text.size());
    off_t start = 0;
    return write(file.get(), text.data(), text.size()) == size &&
           sendfile(socket.get(), file.get(), &start, text.size()) == size;
}

bool say_out_of_band(const unique_fd& socket, const std::string& text) {
    return send(socket.get(), text.data(), text.size(), MSG_OOB | MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
}

/// Another process than the caller, which shares its memory and its file descriptors.
int say_hello_on(void* socket) {
    return say(*static_cast<const unique_fd*>(socket), "hello\n") ? 0 : 1;
}

} // namespace

TEST_CASE("pidfd-who refuses another process, whatever system call it sends with") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    for (const auto& say_rest : {say_by_splice, say_by_sendfile}) {
        for (const bool begun : {false, true}) {
            CAPTURE(begun);
            const unique_fd socket = s.connect();
            s.suspend(); // all parts are there when it reads
            if (begun)
                REQUIRE(say(socket, "hel"));
            CHECK(in_child([&] {
                      return say_rest(socket, begun ? "lo\n" : "hello\n") ? "sent" : "";
                  }) == "sent");
            s.resume();
            CHECK(hear(socket) == foreign_sender);
        }
    }
    // The caller itself may use them.
    const unique_fd own = s.connect();
    REQUIRE(say_by_splice(own, "hel"));
    REQUIRE(say_by_sendfile(own, "lo\n"));
    CHECK(hear(own).rfind("welcome", 0) == 0);
}

TEST_CASE("pidfd-who refuses another process also behind out-of-band data of the caller") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    for (const std::string before : {"", "hel"}) {
        CAPTURE(before);
        const unique_fd socket = s.connect();
        s.suspend();
        if (!before.empty())
            REQUIRE(say(socket, before));
        const bool sent = say_out_of_band(socket, "x");
        CHECK(in_child([&] {
                  return say(socket, before.empty() ? "hello\n" : "lo\n") ? "sent" : "";
              }) == "sent");
        s.resume();
        if (!sent)
            SKIP_TEST("this kernel has no out-of-band data on UNIX sockets");
        CHECK(hear(socket) == foreign_sender);
    }
}

TEST_CASE("pidfd-who serves others while a client sends out-of-band data") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    const unique_fd socket = s.connect();
    if (!say_out_of_band(socket, "x"))
        SKIP_TEST("this kernel has no out-of-band data on UNIX sockets");
    CHECK(serves(s));
    for (int i = 0; i < 100; ++i)
        REQUIRE(say_out_of_band(socket, "hello\n"));
    CHECK(say(socket, "\n"));
    CHECK_FALSE(hear(socket).empty());
}

TEST_CASE("pidfd-who refuses a process that shares the caller's memory and file descriptors") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    unique_fd socket = s.connect();
    alignas(16) static char stack[65536];
    const pid_t twin = clone(say_hello_on, stack + sizeof stack,
                             CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_VFORK | SIGCHLD, &socket);
    REQUIRE(twin > 0);
    int status = -1;
    CHECK(waitpid(twin, &status, 0) == twin);
    CHECK(status == 0);
    CHECK(hear(socket) == foreign_sender);
}

TEST_CASE("pidfd-who welcomes a caller whose threads share the work") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    unique_fd socket;
    std::thread([&] { socket = s.connect(); }).join();
    std::string answer;
    std::thread([&] {
        answer = ask(socket, "hel"
                             "lo\n");
    }).join();
    CHECK(answer == "welcome");
    CHECK(ask(socket).rfind("welcome", 0) == 0);
}

TEST_CASE("pidfd-who welcomes a caller whose first thread has ended") {
    NEEDS_PEERS();
    const temporary_directory directory;
    server s(directory);
    const std::string answer = in_child([&]() -> std::string {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            return {};
        const pid_t caller = fork();
        if (caller == 0) {
            std::thread([&] {
                while (state_of(getpid()) != 'Z')
                    usleep(1000);
                const std::string heard = ask(who::connect_to(s.path()));
                (void)!write(ends[1], heard.data(), heard.size());
                _exit(0);
            }).detach();
            syscall(SYS_exit, 0); // the first thread only
        }
        close(ends[1]);
        std::string text;
        for (char byte = 0; read(ends[0], &byte, 1) == 1;)
            text += byte;
        return text;
    });
    CHECK(answer == "welcome");
}

TEST_CASE("pidfd-who refuses a user who is an allowed one only in its own user namespace") {
    NEEDS_PEERS();
    if (geteuid() != 0)
        SKIP_TEST("no right to become another user");
    const temporary_directory directory;
    server s(directory, {"--allow-user=0"});
    constexpr uid_t somebody = 1;
    const std::string answer = in_child([&]() -> std::string {
        if (setgroups(0, nullptr) != 0 || setresgid(somebody, somebody, somebody) != 0 ||
            setresuid(somebody, somebody, somebody) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0 ||
            unshare(CLONE_NEWUSER) != 0)
            return "no namespace";
        const unique_fd map(open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC));
        constexpr std::string_view as_root = "0 1 1\n";
        if (write(map.get(), as_root.data(), as_root.size()) < 0 || geteuid() != 0)
            return "no namespace";
        return ask(who::connect_to(s.path()));
    });
    if (answer == "no namespace")
        SKIP_TEST("no user namespace can be made here");
    CHECK(answer == "refused: user 1 is not allowed");
}
