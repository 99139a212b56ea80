// SPDX-License-Identifier: MIT
// The program given by a file descriptor.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct answer {
    int error = 0;
    spawn_step step{};
    run_result ran;
};

/// Spawns the program of the options.
answer attempt(const spawn_options& o, std::initializer_list<const char*> commands = {}) {
    answer a;
    a.ran = run_program(nullptr, arguments(commands), o);
    a.error = a.ran.error;
    a.step = a.ran.step;
    return a;
}

void check(const answer& a, int error, spawn_step step = spawn_step::exec) {
    CHECK(a.error == error);
    CHECK(a.step == step);
}

unique_fd open_program(int flags, const char* path = spawnee()) {
    return unique_fd(open(path, flags));
}

constexpr char echo[] = "#!/bin/sh\necho script \"$@\"\n";

} // namespace

TEST_CASE("the program of a file descriptor runs, whatever the file descriptor's flags are") {
    for (const int flags : {O_RDONLY, O_PATH, O_RDONLY | O_CLOEXEC, O_PATH | O_CLOEXEC}) {
        CAPTURE(flags);
        const unique_fd program = open_program(flags);
        spawn_options o;
        o.program = program.get();
        const answer a = attempt(o, {"fds"});
        check(a, 0, spawn_step{});
        CHECK(a.ran["fd 0"] != "?");
        CHECK(a.ran["fd " + std::to_string(program.get())] == "?"); // it is closed
        CHECK(fcntl(program.get(), F_GETFD) == ((flags & O_CLOEXEC) != 0 ? FD_CLOEXEC : 0));
    }
}

TEST_CASE("the program of a file descriptor runs without /proc") {
    const unique_fd program = open_program(O_PATH | O_CLOEXEC);
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.mount_namespace = true;
    around.proc = "none";
    const auto got = isolated(around, [&] {
        spawn_options o;
        o.program = program.get();
        return attempt(o).error;
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got == 0);
}

TEST_CASE(
    "the program keeps its file descriptor until it runs, whatever mappings take its number") {
    const unique_fd program = open_program(O_PATH | O_CLOEXEC);
    const int fd = program.get();
    for (const bool close_others : {true, false}) {
        spawn_options o;
        o.program = fd;
        o.close_other_fds = close_others;
        const fd_mapping over_it[] = {{0, fd}};
        o.fds = over_it;
        check(attempt(o, {"fds"}), 0, spawn_step{});
        const fd_mapping to_itself[] = {{fd, fd}};
        o.fds = to_itself;
        CHECK(attempt(o, {"fds"}).ran["fd " + std::to_string(fd)] != "?");
        const fd_mapping swapped[] = {{0, fd}, {fd, 0}};
        o.fds = swapped;
        check(attempt(o), 0, spawn_step{});
        const fd_mapping elsewhere[] = {{fd, 40}, {0, fd}};
        o.fds = elsewhere;
        CHECK(attempt(o, {"executed"}).ran["executed"] == "/dev/fd/40");
    }
}

TEST_CASE("the program does not inherit its own file descriptor, unless a mapping passes it on") {
    const unique_fd program = open_program(O_PATH); // without close-on-exec
    const std::string name = "fd " + std::to_string(program.get());
    spawn_options o;
    o.program = program.get();
    o.close_other_fds = false;
    const answer a = attempt(o, {"fds"});
    check(a, 0, spawn_step{});
    CHECK(a.ran["fd 0"] != "?");
    CHECK(a.ran[name] == "?");
    CHECK(fcntl(program.get(), F_GETFD) == 0); // the caller's own is not changed
    const fd_mapping map[] = {{program.get(), program.get()}};
    o.fds = map;
    CHECK(attempt(o, {"fds"}).ran[name] != "?");
}

TEST_CASE("a program in the place of standard input runs") {
    for (const int flags : {0, O_CLOEXEC}) {
        const auto got = isolated({}, [flags] {
            const unique_fd program = open_program(O_RDONLY | O_CLOEXEC);
            if (dup3(program.get(), 0, flags) != 0 && dup2(program.get(), 0) != 0)
                return -1;
            spawn_options o;
            o.program = 0;
            return attempt(o).error;
        });
        REQUIRE(got);
        CHECK(*got == 0);
    }
}

TEST_CASE("a script runs by the number to which its file descriptor is mapped") {
    const temporary_directory d;
    const unique_fd script = open_program(O_RDONLY | O_CLOEXEC, d.file("s", echo, 0755).c_str());
    if (access("/dev/fd/0", F_OK) != 0)
        SKIP_TEST("no /dev/fd here");
    for (const int to : {script.get(), 33}) {
        const fd_mapping map[] = {{script.get(), to}};
        spawn_options o;
        o.program = script.get();
        o.fds = map;
        const answer a = attempt(o, {"x"});
        check(a, 0, spawn_step{});
        CHECK(a.ran.output == "script x\n");
    }
}

TEST_CASE("a script whose file descriptor its interpreter would not have is EBADF, and a missing "
          "interpreter ENOENT") {
    const temporary_directory d;
    const std::string script = d.file("script", echo, 0755);
    const std::string lost = d.file("lost", "#!/nonexistent/interpreter\n", 0755);
    for (const int flags : {O_RDONLY, O_RDONLY | O_CLOEXEC}) {
        const unique_fd program = open_program(flags, script.c_str());
        spawn_options o;
        o.program = program.get();
        check(attempt(o), EBADF);
    }
    const unique_fd unreadable = open_program(O_PATH | O_CLOEXEC, script.c_str());
    spawn_options o;
    o.program = unreadable.get();
    check(attempt(o), ENOENT); // nobody can tell
    const unique_fd program = open_program(O_RDONLY | O_CLOEXEC, lost.c_str());
    const fd_mapping map[] = {{program.get(), program.get()}};
    o.program = program.get();
    o.fds = map;
    check(attempt(o), ENOENT);
}

TEST_CASE("a file descriptor of a file that is not a program fails with the errno of execveat") {
    const temporary_directory d;
    const auto refused = [&](const std::string& path, int error) {
        const unique_fd program = open_program(O_RDONLY | O_CLOEXEC, path.c_str());
        spawn_options o;
        o.program = program.get();
        check(attempt(o), error);
    };
    refused(d.path(), EACCES);
    refused("/dev/null", EACCES);
    refused(d.file("plain", "", 0644), EACCES);
    refused(d.file("garbage", "garbage", 0755), ENOEXEC);
    refused(d.file("empty", "", 0755), ENOEXEC);
    spawn_options o;
    for (const int closed : {9999, INT_MAX}) {
        o.program = closed;
        check(attempt(o), EBADF, spawn_step::file_descriptors);
    }
}

TEST_CASE("a program beside a file or a search, and a negative one, are refused") {
    const unique_fd program = open_program(O_PATH | O_CLOEXEC);
    spawn_step step{};
    const auto refused = [&](const char* file, const spawn_options& o) {
        const auto c = spawn(file, arguments({}), o, &step);
        return !c && c.error().value() == EINVAL && step == spawn_step::options;
    };
    spawn_options o;
    o.program = program.get();
    CHECK(refused(spawnee(), o));
    CHECK(refused("", o));
    o.search_path = true;
    CHECK(refused(nullptr, o));
    o = {};
    o.program = -1;
    CHECK(refused(nullptr, o));
}

TEST_CASE("a program in memory runs by its file descriptor, although that is open for writing") {
    const int memory = static_cast<int>(syscall(SYS_memfd_create, "program", 1U)); // MFD_CLOEXEC
    if (memory < 0)
        SKIP_TEST("no memfd_create here");
    const unique_fd program(memory);
    const unique_fd source = open_program(O_RDONLY | O_CLOEXEC);
    char buffer[65536];
    for (ssize_t size = 0; (size = read(source.get(), buffer, sizeof buffer)) > 0;)
        REQUIRE(write(memory, buffer, static_cast<std::size_t>(size)) == size);
    spawn_options o;
    o.program = memory;
    check(attempt(o, {"exit", "0"}), 0, spawn_step{});
}

TEST_CASE("a sandbox that refuses execveat is reported, and a success that it invents too") {
    const unique_fd program = open_program(O_PATH | O_CLOEXEC);
    for (const int invented : {EPERM, 0, ENOMEM}) {
        surroundings around;
        around.kernel = {"no execveat", {{SYS_execveat, invented}}};
        const auto got = isolated(around, [&] {
            spawn_options o;
            o.program = program.get();
            return attempt(o).error;
        });
        REQUIRE(got);
        CHECK(*got == (invented == EPERM ? ERFKILL : invented == 0 ? ENOSYS : invented));
    }
}
