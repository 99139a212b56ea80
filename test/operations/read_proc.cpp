// SPDX-License-Identifier: MIT
// read_proc, get_command_line and get_environment.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/talking.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

int error_of_name(const char* name, pidfd_view p) {
    char buffer[4096];
    return error_of(p.read_proc(name, buffer));
}

int own_error(const char* name) {
    const auto self = pidfd::from_self();
    return error_of_name(name, pidfd_view(*self));
}

std::string own_file(const char* name) {
    std::vector<char> buffer(std::size_t{4} << 20); // smaps is longer than 64 KiB under ASan
    const auto text = pidfd::from_self()->read_proc(name, buffer);
    REQUIRE(text);
    CHECK(text->complete);
    return std::string(text->text);
}

std::vector<std::string> strings_of(const text_list& list) {
    std::vector<std::string> all;
    for (const std::string_view s : list)
        all.emplace_back(s);
    return all;
}

} // namespace

TEST_CASE("read_proc returns the text of the process's file, whatever the size of the buffer") {
    const test_child c = test_child::running();
    char whole[4096];
    const auto right = c.fd().read_proc("limits", whole);
    REQUIRE(right);
    CHECK(right->complete);
    CHECK(right->text.data() == whole);
    CHECK(right->text.substr(0, 5) == "Limit");
    for (std::size_t size = 0; size <= right->text.size() + 1; ++size) {
        std::vector<char> buffer(size + 1, '\x7f');
        const auto got = c.fd().read_proc("limits", storage<char>(buffer.data(), size));
        REQUIRE(got);
        const bool fits = size >= right->text.size();
        CHECK(got->complete == fits);
        CHECK(got->text == right->text.substr(0, size));
        CHECK(buffer.back() == '\x7f');
    }
}

TEST_CASE("read_proc reads a file that takes many system calls until its end") {
    const std::string maps = own_file("smaps"); // longer than a page, which one read returns
    CHECK(maps.size() > 8192);
    CHECK(maps.back() == '\n');
    CHECK(maps.find("VmFlags:") != maps.npos);
}

TEST_CASE("read_proc reads files in directories of the process") {
    CHECK(own_file("net/unix").substr(0, 3) == "Num");
    const std::string tid = "task/" + std::to_string(getpid()) + "/comm";
    CHECK(own_file(tid.c_str()) == own_file("comm"));
}

TEST_CASE("read_proc refuses a name that does not lead downwards") {
    const test_child c = test_child::running();
    for (const char* name : {"", "/", "/stat", "..", "../stat", "./stat", "stat/", "task//comm",
                             "net/../stat", "net/..", ".", "/proc/self/stat"}) {
        CAPTURE(name);
        CHECK(error_of_name(name, c.fd()) == EINVAL);
    }
    CHECK(error_of_name(nullptr, c.fd()) == EINVAL);
}

TEST_CASE("read_proc follows no link, and reads no directory") {
    rule without_openat2{437, ENOSYS};
    for (const profile& kernel : {native(), profile{"without openat2", {without_openat2}}}) {
        CAPTURE(kernel.name);
        for (const char* name : {"cwd", "root", "exe", "ns/uts", "fd/0", "cwd/x", "root/etc/passwd",
                                 "stat/x", "task/1/root/etc/passwd"}) {
            CAPTURE(name);
            const auto got = isolated(on(kernel), [&] { return own_error(name); });
            REQUIRE(got);
            const bool absent = std::strstr(name, "task/1") != nullptr;
            CHECK((*got == EOPNOTSUPP || (absent && *got == ENOENT)));
        }
        for (const char* name : {"net", "task", "ns", "fd", "attr"}) {
            CAPTURE(name);
            const auto got = isolated(on(kernel), [&] { return own_error(name); });
            REQUIRE(got);
            CHECK((*got == EISDIR || (*got == ENOENT && std::strcmp(name, "attr") == 0)));
        }
    }
}

TEST_CASE("read_proc distinguishes a file that is missing from a process that is gone or hidden") {
    test_child c = test_child::running();
    CHECK(error_of_name("none", c.fd()) == ENOENT);
    CHECK(error_of_name("net/none", c.fd()) == ENOENT);
    CHECK(error_of_name(std::string(100, 'x').c_str(), c.fd()) == ENAMETOOLONG);
    surroundings around;
    around.proc = "hidepid=2";
    around.uid = 65534;
    const auto hidden = isolated(around, [&] { return error_of_name("none", c.fd()); });
    if (hidden)
        CHECK(*hidden == EACCES);
    c.reap();
    CHECK(error_of_name("none", c.fd()) == ESRCH);
}

TEST_CASE("read_proc does not take a filter's empty answer for an empty file") {
    const test_child c = test_child::running();
    const auto got = isolated(on({"empty", {{SYS_read, 0}}}), [&] {
        struct {
            int cmdline, environ, status;
        } e{error_of_name("cmdline", c.fd()), error_of_name("environ", c.fd()),
            error_of_name("status", c.fd())};
        return e;
    });
    REQUIRE(got);
    // Without openat2, mounts cannot be distinguished either.
    for (const int error : {got->cmdline, got->environ, got->status})
        CHECK((error == ENOSYS || error == EBADMSG));
    for (const int error : {EPERM, EACCES}) {
        const auto denied = isolated(on({"denied", {{SYS_read, error}}}),
                                     [&] { return error_of_name("stat", c.fd()); });
        REQUIRE(denied);
        CHECK(*denied == ERFKILL);
    }
}

TEST_CASE("get_command_line returns each argument, also empty ones and those with newlines") {
    // execve lets the caller of `spawn` continue before it has set up the arguments.
    talking_child c({"ready", "sleep", "", "a b", "c\nd", ""});
    REQUIRE(c.line() == "ready");
    char buffer[4096];
    const auto got = c.fd().get_command_line(buffer);
    REQUIRE(got);
    CHECK(got->complete());
    CHECK(strings_of(*got) ==
          std::vector<std::string>{"spawnee", "ready", "sleep", "", "a b", "c\nd", ""});
    const auto cut = c.fd().get_command_line(storage<char>(buffer, 10));
    REQUIRE(cut);
    CHECK_FALSE(cut->complete());
    CHECK(strings_of(*cut) == std::vector<std::string>{"spawnee", "re"});
}

TEST_CASE("a process that has ended has no command line, no environment, and no files about its "
          "memory") {
    const test_child zombie = test_child::zombie();
    const pidfd_view p = zombie.fd();
    char buffer[64];
    for (const auto& got : {p.get_command_line(buffer), p.get_environment(buffer)}) {
        REQUIRE(got);
        CHECK(got->empty());
        CHECK(got->complete());
    }
    const int maps = error_of_name("maps", p);
    CHECK((maps == 0 || maps == ESRCH || (geteuid() != 0 && maps == EACCES)));
    const int mounts = error_of_name("mountinfo", p);
    CHECK((mounts == EIO || mounts == ENOENT || (geteuid() != 0 && mounts == EACCES)));
}

TEST_CASE("a kernel thread has no command line, no environment, and no files about its memory") {
    char buffer[4096];
    const auto thread = pidfd::from_pid(2); // kthreadd, in the first pid namespace
    const auto stat = thread ? thread->read_proc("stat", buffer) : unexpected(thread.error());
    if (!stat || stat->text.find("(kthreadd)") == std::string_view::npos)
        SKIP_TEST("no kernel thread is visible");
    const pidfd_view p(*thread);
    const auto arguments = p.get_command_line(buffer);
    CHECK((arguments && arguments->empty() && arguments->complete()));
    const auto environment = p.get_environment(buffer);
    CHECK((environment && environment->empty() && environment->complete()));
    for (const char* name : {"maps", "smaps", "environ", "auxv"}) {
        CAPTURE(name);
        const int error = error_of_name(name, p);
        CHECK((error == 0 || error == ENOENT || (geteuid() != 0 && error == EACCES)));
    }
}

TEST_CASE("value_of does not return a string that the storage has cut") {
    const char* const environment[] = {"A=1", "LONG=x=y", nullptr};
    spawn_options options;
    options.environment = environment;
    talking_child c({"ready", "sleep"}, options);
    REQUIRE(c.line() == "ready");
    const std::size_t whole = std::strlen("A=1") + 1 + std::strlen("LONG=x=y") + 1;
    for (std::size_t size = 0; size <= whole; ++size) {
        CAPTURE(size);
        std::vector<char> buffer(size);
        const auto got = c.fd().get_environment(storage<char>(buffer.data(), size));
        REQUIRE(got);
        const std::string_view first = got->value_of("A");
        const std::string_view last = got->value_of("LONG");
        CHECK((size > 3 ? first == "1" : first.data() == nullptr));
        CHECK((size == whole ? last == "x=y" : last.data() == nullptr));
    }
}

TEST_CASE("the strings of a list can be used by the algorithms of the standard library") {
    const text_list list({std::string_view("a\0b\0\0c", 6), false});
    CHECK(std::distance(list.begin(), list.end()) == 4);
    CHECK(std::find(list.begin(), list.end(), "c") != list.end());
    CHECK(std::find(list.begin(), list.end(), "d") == list.end());
    CHECK(std::vector<std::string>(list.begin(), list.end()) ==
          std::vector<std::string>{"a", "b", "", "c"});
    auto i = list.begin();
    CHECK(*i++ == "a");
    CHECK(*i == "b");
}

TEST_CASE("get_environment returns what the program was started with") {
    const char* const environment[] = {"A=1", "LONG=x=y", "EMPTY=", "NEWLINE=a\nb", nullptr};
    spawn_options options;
    options.environment = environment;
    talking_child c({"ready", "sleep"}, options);
    REQUIRE(c.line() == "ready");
    char buffer[4096];
    const auto got = c.fd().get_environment(buffer);
    REQUIRE(got);
    CHECK(strings_of(*got) ==
          std::vector<std::string>{"A=1", "LONG=x=y", "EMPTY=", "NEWLINE=a\nb"});
    CHECK(got->value_of("LONG") == "x=y");
    CHECK(got->value_of("EMPTY").data() != nullptr);
    CHECK(got->value_of("EMPTY").empty());
    CHECK(got->value_of("LON").data() == nullptr);
}

TEST_CASE("get_environment of a process of another user is denied") {
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    const test_child c = test_child::running();
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [&] {
        char buffer[64];
        return error_of(c.fd().get_environment(buffer));
    });
    REQUIRE(got);
    CHECK(*got == EACCES);
}

TEST_CASE("the answers change when the process executes another program") {
    talking_child c({"tid", "read", "exec", "tid", "sleep"});
    REQUIRE(c.number("tid") == c.pid());
    char buffer[4096];
    const auto before = c.fd().get_command_line(buffer);
    REQUIRE(before);
    CHECK(strings_of(*before).size() == 6);
    c.go();
    REQUIRE(c.number("tid") == c.pid());
    const auto after = c.fd().get_command_line(buffer);
    REQUIRE(after);
    CHECK(strings_of(*after) == std::vector<std::string>{"spawnee", "tid", "sleep"});
}
