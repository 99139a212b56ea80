// SPDX-License-Identifier: MIT
// A child that is born in a cgroup, and the other options that only clone3 can serve.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/cgroups.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/timed_out.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

unique_fd directory_of(const test_cgroup& group) {
    return unique_fd(open(group.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

struct failure {
    int error;
    spawn_step step;
};

failure attempt(const spawn_options& o) {
    failure f{0, spawn_step::exec};
    const int fds = count_fds();
    const int children = count_children();
    auto c = spawn(spawnee(), arguments({}), o, &f.step);
    f.error = c ? 0 : c.error().value();
    if (c)
        (void)!c->wait();
    c = pidfd_util::child();
    CHECK(count_fds() == fds);
    CHECK(count_children() == children);
    return f;
}

bool is_unsupported(int error) {
    return std::error_code(error, pidfd_category()) == pidfd_errc::unsupported;
}

spawn_options born_in(int cgroup) {
    spawn_options o;
    o.cgroup = cgroup;
    return o;
}

struct birthplace {
    test_cgroup group;
    unique_fd dir;
};

/// Makes a cgroup in which children can be born, or skips the test.
birthplace usable_cgroup() {
    auto group = test_cgroup::make("-born");
    if (!group)
        skip_at_once(no_cgroup);
    unique_fd dir = directory_of(*group);
    if (is_unsupported(attempt(born_in(dir.get())).error))
        skip_at_once("no CLONE_INTO_CGROUP: Linux before 5.7, or not on this machine");
    return {std::move(*group), std::move(dir)};
}

} // namespace

TEST_CASE("a child is born in the given cgroup, whose directory may be opened for reading or with "
          "O_PATH") {
    const auto group = test_cgroup::make("-born");
    if (!group)
        SKIP_TEST(no_cgroup);
    const unique_fd dir = directory_of(*group);
    const unique_fd path_only(open(group->path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    for (const int fd : {dir.get(), path_only.get()}) {
        const run_result r = run({"file", "/proc/self/cgroup"}, born_in(fd));
        if (is_unsupported(r.error))
            SKIP_TEST("no CLONE_INTO_CGROUP: Linux before 5.7, or not on this machine");
        CHECK(r.error == 0);
        CHECK(r.output.find("0::") != std::string::npos);
        CHECK(r.output.find(group->name() + "\n") != std::string::npos);
        REQUIRE(r.status);
        CHECK(r.status->success());
    }
}

TEST_CASE(
    "a cgroup works with every other option, and does not change the errno and step of a failure") {
    const auto group = test_cgroup::make("-born");
    if (!group)
        SKIP_TEST(no_cgroup);
    const unique_fd dir = directory_of(*group);
    spawn_options o = born_in(dir.get());
    o.new_session = true;
    o.directory = "/";
    o.no_new_privs = true;
    if (is_unsupported(attempt(o).error))
        SKIP_TEST("no CLONE_INTO_CGROUP: Linux before 5.7, or not on this machine");
    const run_result r = run({"cwd", "facts"}, o);
    CHECK(r.output.substr(0, 2) == "/\n");
    CHECK(r["sid"] == r["pid"]);
    CHECK(r["no_new_privs"] == "1");
    spawn_step step{};
    const variable path("PATH", "/nonexistent:/also/not");
    o.search_path = true;
    errno = E2BIG;
    const auto missing = spawn("no-such-program", arguments({}), o, &step);
    CHECK(errno == E2BIG);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().value() == ENOENT);
    CHECK(step == spawn_step::exec);
    CHECK(count_children() == 0);
}

TEST_CASE("a hundred children in turn are born in a cgroup, and none is left there") {
    const birthplace b = usable_cgroup();
    for (int i = 0; i < 100; ++i) {
        auto c = spawn(spawnee(), arguments({"exit", "3"}), born_in(b.dir.get()));
        REQUIRE(c);
        CHECK(c->wait()->code() == 3);
    }
    std::ifstream procs(b.group.path() + "/cgroup.procs");
    std::string line;
    CHECK_FALSE(std::getline(procs, line));
}

TEST_CASE(
    "a cgroup that was removed, and a directory outside of cgroup2, are refused at the clone") {
    const temporary_directory plain;
    const unique_fd directory(open(plain.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const failure f = attempt(born_in(directory.get()));
    CHECK(f.step == spawn_step::clone);
    if (is_unsupported(f.error))
        SKIP_TEST("no CLONE_INTO_CGROUP: Linux before 5.7, or not on this machine");
    CHECK(f.error == EBADF);
    CHECK(attempt(born_in(9999)).error == EBADF);
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        CHECK(attempt(born_in(s.fd)).error == EBADF);
    }
    auto group = test_cgroup::make("-born");
    if (!group)
        SKIP_TEST(no_cgroup);
    const unique_fd dir = directory_of(*group);
    group->remove();
    const failure removed = attempt(born_in(dir.get()));
    CHECK(removed.step == spawn_step::clone);
    CHECK(removed.error == ENOENT);
}

TEST_CASE("a frozen cgroup is refused with EBUSY, as the child would never run, and works once it "
          "is thawed") {
    const birthplace b = usable_cgroup();
    REQUIRE(b.group.write("cgroup.freeze", "1"));
    const failure frozen = attempt(born_in(b.dir.get()));
    REQUIRE(b.group.write("cgroup.freeze", "0"));
    CHECK(frozen.step == spawn_step::clone);
    CHECK(frozen.error == EBUSY);
    CHECK(attempt(born_in(b.dir.get())).error == 0);
}

TEST_CASE(
    "a cgroup that does not show whether it is frozen is refused, instead of waiting for it") {
    const birthplace b = usable_cgroup();
    const std::string file = b.group.path() + "/cgroup.events";
    const auto got = isolated({}, [&] {
        failure f{-1, spawn_step::exec};
        if (!keep_mounts_here() || mount("/dev/null", file.c_str(), nullptr, MS_BIND, nullptr) != 0)
            return f;
        const unique_fd dir = directory_of(b.group); // with what is mounted here
        const auto c = spawn(spawnee(), arguments({}), born_in(dir.get()), &f.step);
        f.error = c ? 0 : c.error().value();
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (got->error == -1)
        SKIP_TEST("no right to mount");
    CHECK(got->error == EOPNOTSUPP);
    CHECK(got->step == spawn_step::clone);
}

TEST_CASE("a cgroup in the state \"domain invalid\" is EBUSY, not an old kernel") {
    const birthplace b = usable_cgroup();
    const auto threaded = b.group.make_below("threaded");
    const auto invalid = b.group.make_below("invalid");
    REQUIRE(threaded);
    REQUIRE(invalid);
    REQUIRE(threaded->write("cgroup.type", "threaded"));
    const unique_fd fd = directory_of(*invalid);
    const failure f = attempt(born_in(fd.get()));
    CHECK(f.step == spawn_step::clone);
    CHECK(f.error == EBUSY);
}

TEST_CASE("a child is born in a threaded cgroup too") {
    const birthplace b = usable_cgroup();
    const auto threaded = b.group.make_below("threaded");
    REQUIRE(threaded);
    REQUIRE(threaded->write("cgroup.type", "threaded"));
    const unique_fd fd = directory_of(*threaded);
    const run_result r = run({"file", "/proc/self/cgroup"}, born_in(fd.get()));
    CHECK(r.error == 0);
    CHECK(r.output.find(threaded->name() + "\n") != std::string::npos);
}

TEST_CASE("a cgroup that may not be written to fails with EACCES, and is not reported as a "
          "sandbox's refusal") {
    const birthplace b = usable_cgroup();
    if (geteuid() != 0)
        SKIP_TEST("its owner may write to it");
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [&] {
        const auto c = spawn(spawnee(), arguments({}), born_in(b.dir.get()));
        return c ? 0 : c.error().value();
    });
    REQUIRE(got);
    CHECK(*got == EACCES);
}

TEST_CASE("without clone3 spawn works, and refuses only the options that need it, each with its "
          "error") {
    for (const int error : {ENOSYS, EPERM}) {
        CAPTURE(error);
        surroundings around;
        around.kernel = {"no clone3", {{SYS_clone3, error}}};
        struct facts {
            int plain;
            int namespaces;
            int cgroup;
            int autoreap;
            spawn_step step;
            int left;
        };
        const auto got = isolated(around, [] {
            facts f{};
            const auto error_of = [&](const spawn_options& o) {
                auto c = spawn(spawnee(), arguments({}), o, &f.step);
                if (c)
                    (void)!c->wait();
                return c ? 0 : c.error().value();
            };
            f.plain = error_of({});
            spawn_options o;
            o.new_namespaces = namespace_flags::user | namespace_flags::pid;
            f.namespaces = error_of(o);
            f.cgroup = error_of(born_in(0));
            o = {};
            o.autoreap = true;
            f.autoreap = error_of(o);
            f.left = waitpid(-1, nullptr, WNOHANG) < 0 ? errno : 0;
            return f;
        });
        REQUIRE(got);
        CHECK(got->plain == 0);
        CHECK((got->namespaces == 0 || got->namespaces == EPERM || got->namespaces == ENOSPC));
        const auto wanted =
            error == EPERM ? pidfd_errc::forbidden_by_sandbox : pidfd_errc::unsupported;
        for (const int refused : {got->cgroup, got->autoreap}) {
            const std::error_code code(refused, pidfd_category());
            CHECK((code == wanted || code == pidfd_errc::unsupported)); // or not on this machine
#if defined(__x86_64__) && defined(__LP64__)
            CHECK(code == wanted);
#endif
        }
        CHECK(got->step == spawn_step::clone);
        CHECK(got->left == ECHILD);
    }
}

TEST_CASE("spawn reports a sandbox without any way to make a process") {
    for (const int error : {ENOSYS, EPERM}) {
        CAPTURE(error);
        surroundings around;
        around.kernel = {"no clone", {{SYS_clone, error}, {SYS_clone3, error}}};
        const auto got = isolated(around, [] {
            const auto c = spawn(spawnee(), arguments({}));
            return c ? 0 : c.error().value();
        });
        REQUIRE(got);
        if (error == ENOSYS)
            CHECK(is_unsupported(*got));
        else
            CHECK((*got == EPERM || *got == ERFKILL));
    }
}

TEST_CASE("a child that reaps itself needs no wait, and its status can be read") {
    spawn_options o;
    o.autoreap = true;
    spawn_step step{};
    auto c = spawn(spawnee(), arguments({"exit", "71"}), o, &step);
    if (!c) {
        CHECK(c.error() == pidfd_errc::unsupported);
        CHECK(step == spawn_step::clone);
        CHECK(count_children() == 0);
        SKIP_TEST("no CLONE_AUTOREAP: Linux before 7.1, or not on this machine");
    }
    const auto status = c->wait();
    REQUIRE(status);
    CHECK(status->code() == 71);
    CHECK(waitpid(-1, nullptr, WNOHANG) < 0);
    spawn_step failed{};
    const auto missing = spawn("/nonexistent", arguments({}), o, &failed);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().value() == ENOENT);
    CHECK(failed == spawn_step::exec);
    CHECK(count_children() == 0);
}

TEST_CASE("a child with autokill dies when its pidfd is closed") {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const fd_mapping map[] = {{ends[1], 1}};
    spawn_options o;
    o.fds = map;
    o.autoreap = true;
    o.autokill = true;
    o.no_new_privs = true;
    spawn_step step{};
    auto c = spawn(spawnee(), arguments({"ready", "sleep"}), o, &step);
    close(ends[1]);
    char text[6];
    if (!c) {
        close(ends[0]);
        CHECK(c.error() == pidfd_errc::unsupported);
        CHECK(step == spawn_step::clone);
        SKIP_TEST("no CLONE_PIDFD_AUTOKILL: Linux before 7.1, or not on this machine");
    }
    CHECK(read(ends[0], text, 6) == 6);
    auto copy = c->duplicate();
    REQUIRE(copy);
    *c = pidfd_util::child();
    CHECK(timed_out(copy->wait_exit_for(std::chrono::milliseconds(20))));
    *copy = pidfd(std::move(*copy));
    copy->reset();
    CHECK(read(ends[0], text, 1) == 0);
    close(ends[0]);
}
