// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <type_traits>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

TEST_CASE("spawn runs a program, and wait returns its code or signal") {
    for (const char* code : {"0", "1", "127", "255"}) {
        const run_result r = run({"exit", code});
        CHECK(r.error == 0);
        REQUIRE(r.status);
        CHECK(r.status->code() == std::atoi(code));
    }
    const std::string signal = std::to_string(SIGUSR1);
    const run_result r = run({"raise", signal.c_str()});
    REQUIRE(r.status);
    CHECK(r.status->signal() == SIGUSR1);
}

TEST_CASE("spawn returns a pidfd of the child, with close-on-exec, in blocking mode") {
    const int fds = count_fds();
    {
        pidfd_util::child c = sleeping();
        CHECK(count_fds() == fds + 1);
        CHECK((fcntl(c.fd(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK((fcntl(c.fd(), F_GETFL) & O_NONBLOCK) == 0);
        const auto pid = c.get_pid();
        REQUIRE(pid);
        CHECK(waitpid(*pid, nullptr, WNOHANG) == 0);
        CHECK(*c.get_ppid() == getpid());
        CHECK(c.stop());
        CHECK(waitpid(*pid, nullptr, WNOHANG) == -1);
    }
    CHECK(count_fds() == fds);
}

TEST_CASE("spawn passes the arguments unchanged") {
    const char* const argv[] = {"spawnee", "arguments", "", "a b", "\n*$x'\"", nullptr};
    CHECK(run_program(spawnee(), argv, {}).output == "spawnee\narguments\n\na b\n\n*$x'\"\n");
}

TEST_CASE("spawn passes only the given environment, or the caller's") {
    const char* const environment[] = {"A=1", "EMPTY=", "A=2", "no assignment", nullptr};
    spawn_options o;
    o.environment = environment;
    CHECK(run({"environment"}, o).output == "A=1\nEMPTY=\nA=2\nno assignment\n");
    const char* const nothing[] = {nullptr};
    o.environment = nothing;
    CHECK(run({"environment"}, o).output.empty());
    const variable mark("PIDFD_UTIL_TEST_MARK", "of the caller");
    CHECK(run({"environment"}).output.find("PIDFD_UTIL_TEST_MARK=of the caller\n") !=
          std::string::npos);
}

TEST_CASE("spawn starts the program in the given directory, where a relative path begins") {
    const temporary_directory d;
    const char* const argv[] = {"./tool", "cwd", nullptr};
    REQUIRE(symlink(spawnee(), (d.path() + "/tool").c_str()) == 0);
    spawn_options o;
    o.directory = d.path().c_str();
    const run_result r = run_program("./tool", argv, o);
    CHECK(r.error == 0);
    CHECK(r.output == d.path() + "\n");
    char here[4096];
    REQUIRE(getcwd(here, sizeof here) != nullptr);
    CHECK(run({"cwd"}).output == std::string(here) + "\n");
}

TEST_CASE("spawn does not change the caller's errno, whether it succeeds or fails") {
    const variable path("PATH", "/nonexistent:/also/not:/bin:/usr/bin");
    const char* const argv[] = {"true", nullptr};
    const char* const missing[] = {"no-such-program", nullptr};
    spawn_options o;
    o.search_path = true;
    errno = E2BIG;
    auto c = spawn("true", argv, o);
    CHECK(errno == E2BIG);
    REQUIRE(c);
    CHECK(c->wait()->success());
    errno = E2BIG;
    CHECK_FALSE(spawn("no-such-program", missing, o));
    CHECK(errno == E2BIG);
}

TEST_CASE("spawn returns once the program runs, and uses none of the caller's memory after that") {
    std::string file = spawnee();
    std::string word = "arguments";
    std::string last = "kept";
    std::vector<const char*> argv{"spawnee", word.c_str(), last.c_str(), nullptr};
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    std::vector<fd_mapping> map{{ends[1], 1}};
    spawn_options o;
    o.fds = map;
    auto c = spawn(file.c_str(), argv.data(), o);
    REQUIRE(c);
    for (std::string* s : {&file, &word, &last})
        s->assign(s->size(), 'x');
    argv.assign(argv.size(), nullptr);
    map[0] = {-1, -1};
    close(ends[1]);
    std::string text(200, '\0');
    ssize_t size = 0;
    CHECK(c->wait()->success());
    size = read(ends[0], text.data(), text.size());
    close(ends[0]);
    REQUIRE(size > 0);
    CHECK(text.substr(0, static_cast<std::size_t>(size)) == "spawnee\narguments\nkept\n");
}

TEST_CASE("spawn works on every kernel and in every sandbox, because it needs no pidfd call") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        around.kernel.rules.push_back({SYS_clone3, ENOSYS});
        const auto got = isolated(around, [] {
            auto c = spawn(spawnee(), arguments({"exit", "61"}));
            if (!c)
                return -c.error().value();
            if (const auto ended = c->wait_exit(); !ended)
                return -ended.error().value();
            int status = 0;
            waitpid(-1, &status, 0);
            return WEXITSTATUS(status);
        });
        REQUIRE(got);
        CHECK(*got == 61);
    }
}

TEST_CASE("spawn of a shell script without an interpreter line is ENOEXEC, not a shell") {
    const temporary_directory d;
    const std::string script = d.file("script", "exit 3\n", 0755);
    const run_result r = run_program(script.c_str(), arguments({}), {});
    CHECK(r.error == ENOEXEC);
    CHECK(r.step == spawn_step::exec);
    const std::string with_line = d.file("with-line", "#!/bin/sh\nexit 3\n", 0755);
    const run_result good = run_program(with_line.c_str(), arguments({}), {});
    if (good.error == ENOENT)
        SKIP_TEST("no /bin/sh");
    REQUIRE(good.status);
    CHECK(good.status->code() == 3);
}
