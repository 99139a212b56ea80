// SPDX-License-Identifier: MIT
// run_scripts_by_shell: a program without "#!" is run by the shell.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr char script[] = "echo \"$0\" $# \"$@\"\n";

spawn_options by_shell() {
    spawn_options o;
    o.run_scripts_by_shell = true;
    return o;
}

} // namespace

TEST_CASE("a script without #! is run by the shell only if that is asked for") {
    const temporary_directory d;
    const std::string path = d.file("script", script, 0755);
    const run_result r = run_program(path.c_str(), arguments({"a b", "c"}), by_shell());
    CHECK(r.error == 0);
    CHECK(r.output == path + " 2 a b c\n");
    const run_result plain = run_program(path.c_str(), arguments({"a"}), {});
    CHECK(plain.error == ENOEXEC);
    CHECK(plain.step == spawn_step::exec);
}

TEST_CASE("the shell gets any number of arguments, also none and not even a name") {
    const temporary_directory d;
    const std::string path = d.file("script", "echo $# $1\n", 0755);
    for (const std::size_t count : {0U, 1U, 2U, 12U, 13U, 14U, 15U, 16U, 17U, 5000U}) {
        std::vector<const char*> argv(count, "x");
        argv.push_back(nullptr);
        const run_result r = run_program(path.c_str(), argv.data(), by_shell());
        CHECK(r.error == 0);
        CHECK(r.output == (count < 2 ? "0\n" : std::to_string(count - 1) + " x\n"));
    }
    const std::string huge(256 * 1024, 'x');
    CHECK(run_program(path.c_str(), arguments({huge.c_str()}), by_shell()).error == E2BIG);
}

TEST_CASE("a binary and a script with #! are run as always") {
    CHECK(run({"exit", "3"}, by_shell()).status->code() == 3);
    const temporary_directory d;
    const std::string path = d.file("script", "#!/bin/sh\necho $0 $1\n", 0755);
    CHECK(run_program(path.c_str(), arguments({"x"}), by_shell()).output == path + " x\n");
    CHECK(run_program("/nonexistent", arguments({}), by_shell()).error == ENOENT);
}

TEST_CASE("the shell runs what the search in PATH finds") {
    const temporary_directory d;
    d.file("script", script, 0755);
    const variable v("PATH", ("/nonexistent:" + d.path()).c_str());
    spawn_options o = by_shell();
    o.search_path = true;
    CHECK(run_program("script", arguments({}), o).output == d.path() + "/script 0\n");
}

TEST_CASE("a script by its file descriptor is run by the shell if that is mapped, and is EBADF "
          "otherwise") {
    if (access("/dev/fd/0", F_OK) != 0)
        SKIP_TEST("no /dev/fd here");
    const temporary_directory d;
    const unique_fd program(open(d.file("script", script, 0755).c_str(), O_RDONLY | O_CLOEXEC));
    spawn_options o = by_shell();
    o.program = program.get();
    const run_result unmapped = run_program(nullptr, arguments({}), o);
    CHECK(unmapped.error == EBADF);
    CHECK(unmapped.step == spawn_step::exec);
    const fd_mapping map[] = {{program.get(), 8}};
    o.fds = map;
    CHECK(run_program(nullptr, arguments({"x"}), o).output == "/dev/fd/8 1 x\n");
}

TEST_CASE("without a shell the error is ENOEXEC") {
    const temporary_directory d;
    d.file("script", script, 0755);
    surroundings around;
    around.user_namespace = geteuid() != 0;
    const auto got = isolated(around, [&] {
        spawn_options o = by_shell();
        o.root = d.path().c_str();
        const auto c = spawn("/script", arguments({}), o);
        return c ? 0 : c.error().value();
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got == ENOEXEC);
}

TEST_CASE("the shell does not take a path that begins with '-' for an option") {
    const temporary_directory d;
    d.file("-c", script, 0755);
    spawn_options o = by_shell();
    o.directory = d.path().c_str();
    const run_result by_path = run_program("-c", arguments({"exit 9"}), o);
    CHECK(by_path.output == "./-c 1 exit 9\n");
    const variable v("PATH", ""); // the working directory
    o.search_path = true;
    const run_result found = run_program("-c", arguments({"exit 9"}), o);
    CHECK(found.output == "./-c 1 exit 9\n");
}
