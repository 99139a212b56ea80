// SPDX-License-Identifier: MIT
// Documented cases that no other test covers: errnos with unexpected causes, and the directory in
// which a relative path is resolved.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct refusal {
    int error;
    spawn_step step;
};

refusal attempt(const char* file, const spawn_options& o = {}) {
    refusal r{};
    auto c = spawn(file, arguments({}), o, &r.step);
    r.error = c ? 0 : c.error().value();
    if (c)
        (void)c->wait();
    return r;
}

} // namespace

TEST_CASE(
    "spawn fails with ENOMEM where the first process of the pid namespace for children has ended") {
    (void)spawnee();
    surroundings around;
    around.user_namespace = geteuid() != 0;
    struct facts {
        bool made;
        refusal got;
    };
    const auto got = isolated(around, [] {
        facts f{};
        f.made = unshare(CLONE_NEWPID) == 0;
        const pid_t first = f.made ? fork() : -1;
        if (first == 0)
            _exit(0);
        waitpid(first, nullptr, 0);
        f.got = attempt(spawnee());
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->made)
        SKIP_TEST("this user may not make pid namespaces");
    CHECK(got->got.error == ENOMEM);
    CHECK(got->got.step == spawn_step::clone);
}

TEST_CASE("for a user with too many processes, spawn fails with EAGAIN at exec") {
    if (geteuid() != 0)
        SKIP_TEST("only root can become another user");
    const resource_limit limits[] = {{RLIMIT_NPROC, {1, 1}}};
    spawn_options o;
    o.uid = 64999;
    o.gid = 64999;
    o.groups = no_groups;
    const char* const sleep[] = {"sleep", "100", nullptr};
    auto other = spawn("/bin/sleep", sleep, o);
    auto another = spawn("/bin/sleep", sleep, o);
    if (!other || !another)
        SKIP_TEST("this user may not become another one");
    o.limits = limits;
    const refusal r = attempt("/bin/true", o);
    for (child* c : {&*other, &*another}) {
        CHECK(c->kill());
        CHECK(c->wait());
    }
    CHECK(r.error == EAGAIN);
    CHECK(r.step == spawn_step::exec);
}

TEST_CASE("for a program that is open for writing, spawn fails with ETXTBSY at exec") {
    const temporary_directory d;
    const std::string path = d.file("program", "#!/bin/true\n", 0755);
    const unique_fd writing(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(writing);
    const refusal r = attempt(path.c_str());
    if (r.error == 0)
        SKIP_TEST("this kernel runs programs that are open for writing, as 6.11 does");
    CHECK(r.error == ETXTBSY);
    CHECK(r.step == spawn_step::exec);
}

TEST_CASE("a relative file, and relative entries of PATH, are resolved in the new directory") {
    const temporary_directory d;
    const std::string sub = d.directory("sub");
    REQUIRE(symlink(spawnee(), (sub + "/tool").c_str()) == 0);
    spawn_options o;
    o.directory = d.path().c_str();
    CHECK(attempt("sub/tool", o).error == 0);
    CHECK(attempt("./sub/tool", o).error == 0);
    CHECK(attempt("sub/tool").error == ENOENT);
    const variable v("PATH", "sub");
    o.search_path = true;
    CHECK(attempt("tool", o).error == 0);
    o.directory = nullptr;
    CHECK(attempt("tool", o).error == ENOENT);
}

TEST_CASE("in a mount namespace that the child enters, its working directory is the root") {
    static const std::string program = spawnee();
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.mount_namespace = true;
    struct facts {
        int entered;
        bool at_root;
        bool at_directory;
        bool at_own; // with a new namespace, which is a copy
    };
    const auto got = isolated(around, [] {
        facts f{};
        const temporary_directory d;
        (void)!chdir(d.path().c_str());
        const auto self = pidfd::from_self();
        const auto cwd = [&f](const spawn_options& o) {
            const run_result r = run_program(program.c_str(), arguments({"cwd"}), o);
            f.entered |= r.error;
            return r.output;
        };
        spawn_options o;
        o.new_namespaces = namespace_flags::mnt;
        f.at_own = cwd(o) == d.path() + "\n";
        o.new_namespaces = namespace_flags::none;
        o.enter_process = self ? self->fd() : -1;
        o.enter_namespaces = namespace_flags::mnt;
        f.at_root = cwd(o) == "/\n";
        o.directory = d.path().c_str() + 1; // relative to the root
        f.at_directory = cwd(o) == d.path() + "\n";
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (got->entered == EOPNOTSUPP)
        SKIP_TEST("this kernel enters no namespaces by a pidfd");
    CHECK(got->entered == 0);
    CHECK(got->at_root);
    CHECK(got->at_directory);
    CHECK(got->at_own);
}

TEST_CASE("a name without a slash is unsearched only if there is no such file in the working "
          "directory") {
    const temporary_directory d;
    d.file("build.sh", "#!/nonexistent\n", 0755);
    REQUIRE(symlink("nowhere", (d.path() + "/dangling").c_str()) == 0);
    spawn_options o;
    o.directory = d.path().c_str();
    const struct {
        const char* file;
        spawn_step step;
    } rows[] = {{"build.sh", spawn_step::exec},
                {"dangling", spawn_step::exec},
                {"missing", spawn_step::exec_unsearched},
                {"./missing", spawn_step::exec}};
    for (const auto& row : rows) {
        CAPTURE(row.file);
        const refusal r = attempt(row.file, o);
        CHECK(r.error == ENOENT);
        CHECK(r.step == row.step);
    }
}
