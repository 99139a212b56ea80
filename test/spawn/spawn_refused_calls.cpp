// SPDX-License-Identifier: MIT
// spawn where a sandbox refuses a system call that finds out what to close, which program to run,
// or whether a step succeeded. It fails, or does everything that was asked for.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

#ifdef SYS_statfs64
constexpr long statfs_number = SYS_statfs64;
#else
constexpr long statfs_number = SYS_statfs;
#endif

struct outcome_of_spawn {
    int error;
    int lines; // that the program wrote: one for each of its file descriptors
};

/// Starts `file` under the rules. It should have only its three standard file descriptors.
outcome_of_spawn list_under(const std::vector<rule>& rules, const char* file) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0 || dup2(ends[1], 1) != 1)
        return {errno, -1};
    close(ends[1]);
    for (const int extra : {64, 70})
        (void)dup2(0, extra); // without close-on-exec
    if (!install(rules))
        return {errno, -1};
    auto c = spawn(file, arguments({"fds"}));
    if (!c)
        return {c.error().value(), -1};
    (void)c->wait();
    char text[4096];
    const ssize_t size = read(ends[0], text, sizeof text);
    return {0, static_cast<int>(std::count(text, text + std::max<ssize_t>(size, 0), '\n'))};
}

/// Whether a program runs that is found through the last of `count` file descriptors in PATH.
int search_through(int count, spawn_step& step) {
    const std::string path = spawnee();
    const temporary_directory other; // whose program is none
    (void)other.file("pidfd-util-spawnee", "", 0644);
    std::string list;
    for (int i = 0; i < count; ++i) {
        const std::string directory =
            i + 1 == count ? path.substr(0, path.rfind('/')) : other.path();
        const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        list += (i == 0 ? "/proc/self/fd/" : ":/proc/self/fd/") + std::to_string(fd);
    }
    const variable v("PATH", list.c_str());
    spawn_options o;
    o.search_path = true;
    auto c = spawn("pidfd-util-spawnee", arguments({}), o, &step);
    if (!c)
        return c.error().value();
    const auto status = c->wait();
    return status && status->code() == 0 ? 0 : ECHILD;
}

} // namespace

TEST_CASE("no file descriptor stays open because a sandbox refuses to inspect or close it") {
    const rule no_close_range{SYS_close_range, ENOSYS};
    const struct {
        const char* name;
        std::vector<rule> rules;
    } sandboxes[] = {
        {"fcntl", {{uapi::sys_fcntl, EPERM}}},
        {"fcntl, and no close_range", {no_close_range, {uapi::sys_fcntl, EPERM}}},
        {"close, and no close_range", {no_close_range, {SYS_close, EPERM}}},
        {"close with ENOSYS, and no close_range", {no_close_range, {SYS_close, ENOSYS}}},
        {"pselect, and no close_range", {no_close_range, {uapi::sys_pselect6, EPERM}}},
    };
    for (const auto& s : sandboxes) {
        for (const bool by_fd : {false, true}) {
            CAPTURE(s.name, by_fd);
            const char* const program = spawnee();
            const auto got = isolated({}, [&] {
                const int fd = open(program, O_RDONLY | O_CLOEXEC);
                const std::string path = "/proc/self/fd/" + std::to_string(fd);
                return list_under(s.rules, by_fd ? path.c_str() : program);
            });
            REQUIRE(got);
            CAPTURE(got->error);
            if (got->error == 0)
                CHECK(got->lines == 3);
            else
                CHECK((got->error == ERFKILL || got->error == EOPNOTSUPP));
        }
    }
}

TEST_CASE(
    "the program's file descriptor does not stay open because a filter denies that it is open") {
    const char* const program = spawnee();
    for (const int invented : {EBADF, 0}) {
        CAPTURE(invented);
        const auto got = isolated({}, [&] {
            const int fd = dup(open(program, O_RDONLY | O_CLOEXEC)); // without close-on-exec
            const std::string path = "/proc/self/fd/" + std::to_string(fd);
            return list_under({{uapi::sys_fcntl, invented, 1, ~0U, F_SETFD}}, path.c_str());
        });
        REQUIRE(got);
        CHECK(got->error == ENOSYS);
    }
}

TEST_CASE(
    "a program that is reached through a file descriptor is found, or the sandbox is reported") {
    for (const long call : {long{SYS_readlinkat}, statfs_number}) {
        CAPTURE(call);
        const char* const program = spawnee();
        const auto got = isolated({}, [&] {
            const int fd = open(program, O_RDONLY | O_CLOEXEC);
            const std::string path = "/proc/self/fd/" + std::to_string(fd);
            return list_under({{call, EPERM}}, path.c_str());
        });
        REQUIRE(got);
        CHECK(got->error == ERFKILL);
    }
}

TEST_CASE("many directories of PATH may lead through file descriptors, and too many of them are "
          "refused") {
    for (const int count : {1, 17, 64, 65}) {
        CAPTURE(count);
        struct facts {
            int error;
            spawn_step step;
        };
        const auto got = isolated({}, [count] {
            facts f{};
            f.error = search_through(count, f.step);
            return f;
        });
        REQUIRE(got);
        CHECK(got->error == (count <= 64 ? 0 : EMFILE));
        if (count > 64)
            CHECK(got->step == spawn_step::file_descriptors);
    }
}

TEST_CASE("spawn fails if a sandbox hides whether the user id has changed") {
    if (geteuid() != 0)
        SKIP_TEST("only root may become another user");
    surroundings around;
    around.kernel = {"sets no ids", {{uapi::sys_setresuid, 0}, {uapi::sys_getresuid, EPERM}}};
    const auto got = isolated(around, [] {
        spawn_options o;
        o.uid = 65534;
        o.gid = 65534;
        o.groups = no_groups;
        spawn_step step{};
        const auto c = spawn(spawnee(), arguments({}), o, &step);
        return !c && step == spawn_step::uid && c.error().value() == ERFKILL;
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("CPUs whose list a filter makes up are not taken for missing ones") {
    surroundings around;
    around.kernel = {"made up", {{SYS_sched_getaffinity, 0}}};
    static const int cpu[] = {sched_getcpu()};
    const auto got = isolated(around, [] {
        spawn_options o;
        o.cpus = cpu;
        spawn_step step{};
        const auto c = spawn(spawnee(), arguments({}), o, &step);
        return c ? 0 : step == spawn_step::cpus ? c.error().value() : -1;
    });
    REQUIRE(got);
    CHECK(*got == ENOSYS);
}

TEST_CASE("spawn fails where a sandbox hides whether the parent has ended") {
    surroundings around;
    around.kernel = {"no getppid", {{SYS_getppid, EPERM}}};
    const auto got = isolated(around, [] {
        spawn_options o;
        o.parent_death_signal = SIGTERM;
        const auto c = spawn(spawnee(), arguments({}), o);
        return c ? 0 : c.error().value();
    });
    REQUIRE(got);
    CHECK(*got == ERFKILL);
}

TEST_CASE("a file outside of cgroup2 is not read to find out whether a cgroup is frozen") {
    const temporary_directory place;
    REQUIRE(mkfifo((place.path() + "/cgroup.events").c_str(), 0600) == 0);
    const unique_fd directory(open(place.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    spawn_options o;
    o.cgroup = directory.get();
    const auto c = spawn(spawnee(), arguments({}), o);
    CHECK_FALSE(c.has_value());
    unlink((place.path() + "/cgroup.events").c_str());
}
