// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"

#include <cerrno>
#include <climits>
#include <string>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// Directories with a program "tool" that reports where it was found, or that cannot be run.
struct tools {
    temporary_directory d;
    std::string first = with("first");
    std::string second = with("second");
    std::string empty = d.directory("empty");
    std::string locked = d.directory("locked"); // a tool that may not be executed
    std::string file = d.file("file", "", 0644);

    tools() { d.file("locked/tool", "", 0644); }
    std::string with(const char* name) const {
        const std::string path = d.directory(name);
        REQUIRE(symlink(spawnee(), (path + "/tool").c_str()) == 0);
        return path;
    }
};

run_result look_up(const char* path, const char* file = "tool", const char* directory = nullptr) {
    const variable v("PATH", path);
    spawn_options o;
    o.search_path = true;
    o.directory = directory;
    return run_program(file, arguments({"link", "/proc/self/exe"}), o);
}

int error_of(const std::string& path, const char* file = "tool") {
    const run_result r = look_up(path.c_str(), file);
    if (r.error != 0)
        CHECK(r.step == spawn_step::exec);
    return r.error;
}

} // namespace

TEST_CASE("a program is looked up in the directories of PATH, in order") {
    const tools t;
    CHECK(error_of(t.first) == 0);
    CHECK(error_of(t.empty + ":" + t.first + ":" + t.second) == 0);
    CHECK(error_of("/nonexistent:" + t.first) == 0);
    CHECK(error_of(t.empty) == ENOENT);
    CHECK(error_of("/nonexistent:" + t.empty) == ENOENT);
    // The first wins: it exits otherwise.
    const std::string other = t.d.directory("other");
    REQUIRE(symlink("/bin/false", (other + "/tool").c_str()) == 0);
    const run_result a = look_up((t.first + ":" + other).c_str());
    const run_result b = look_up((other + ":" + t.first).c_str());
    REQUIRE(a.status);
    REQUIRE(b.status);
    CHECK(a.status->success());
    CHECK_FALSE(b.status->success());
}

TEST_CASE(
    "an empty entry of PATH, at any position, is the directory in which the program is started") {
    const tools t;
    for (const std::string& path :
         {std::string(""), ":" + t.empty, t.empty + ":", t.empty + "::" + t.empty, std::string(":"),
          std::string("::")}) {
        CAPTURE(path);
        CHECK(look_up(path.c_str(), "tool", t.first.c_str()).error == 0);
        CHECK(look_up(path.c_str(), "tool", t.empty.c_str()).error == ENOENT);
    }
    CHECK(look_up(t.empty.c_str(), "tool", t.first.c_str()).error == ENOENT);
}

TEST_CASE(
    "a file that is not executable is skipped, and determines the error if nothing is found") {
    const tools t;
    CHECK(error_of(t.locked + ":" + t.first) == 0);
    CHECK(error_of(t.locked) == EACCES);
    CHECK(error_of(t.locked + ":" + t.empty + ":/nonexistent") == EACCES);
    CHECK(error_of(t.empty + ":" + t.locked) == EACCES);
}

TEST_CASE("an entry of PATH that is not a directory is skipped") {
    const tools t;
    CHECK(error_of(t.file + ":" + t.first) == 0);
    CHECK(error_of(t.file) == ENOENT);
}

TEST_CASE("an entry of PATH that is too long is skipped, and does not hide another error") {
    const tools t;
    const std::string too_long = "/" + std::string(PATH_MAX, 'x');
    const std::string just_too_long(PATH_MAX - sizeof "/tool" + 1, '/');
    for (const std::string& entry : {too_long, just_too_long}) {
        CHECK(error_of(entry + ":" + t.first) == 0);
        CHECK(error_of(entry) == ENAMETOOLONG);
        CHECK(error_of(entry + ":" + t.locked) == EACCES);
        CHECK(error_of(t.locked + ":" + entry) == EACCES);
    }
    CHECK(error_of(t.first, std::string(PATH_MAX + 10, 'n').c_str()) == ENAMETOOLONG);
    CHECK(error_of(t.first, std::string(NAME_MAX + 1, 'n').c_str()) == ENAMETOOLONG);
}

TEST_CASE("the longest path that fits is tried") {
    const tools t;
    // Slashes do not change which directory it is.
    const std::string tail = t.first.substr(1);
    const std::string path = std::string(PATH_MAX - tail.size() - sizeof "/tool", '/') + tail;
    CHECK((path + "/tool").size() == PATH_MAX - 1);
    CHECK(error_of(path) == 0);
    CHECK(error_of("/" + path) == ENAMETOOLONG);
}

TEST_CASE(
    "a program with a slash in its name is not looked up, and an empty name fails with ENOENT") {
    const tools t;
    CHECK(error_of(t.d.path(), "first/tool") == ENOENT);
    CHECK(look_up("/nonexistent", "first/tool", t.d.path().c_str()).error == 0);
    CHECK(error_of(t.first, "") == ENOENT);
}

TEST_CASE("without PATH in the environment, /bin and /usr/bin are searched") {
    CHECK(look_up(nullptr, "true").error == 0);
    CHECK(look_up(nullptr, "tool").error == ENOENT);
}

TEST_CASE("the search uses the caller's PATH, not that of the program's environment") {
    const tools t;
    const variable v("PATH", t.first.c_str());
    const std::string other = "PATH=" + t.empty;
    const char* const environment[] = {other.c_str(), nullptr};
    spawn_options o;
    o.search_path = true;
    o.environment = environment;
    CHECK(run_program("tool", arguments({"environment"}), o).output == other + "\n");
}

TEST_CASE("without search_path PATH is not used") {
    const tools t;
    const variable v("PATH", t.first.c_str());
    CHECK(run_program("tool", arguments({}), {}).error == ENOENT);
}

TEST_CASE("an error other than a failed look-up ends the search") {
    const tools t;
    const std::string odd = t.d.directory("odd");
    t.d.file("odd/tool", "no program", 0755);
    CHECK(error_of(odd + ":" + t.first) == ENOEXEC);
    const std::string loop = t.d.directory("loop");
    REQUIRE(symlink("tool", (loop + "/tool").c_str()) == 0);
    CHECK(error_of(loop + ":" + t.first) == ELOOP);
}
