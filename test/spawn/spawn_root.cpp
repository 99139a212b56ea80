// SPDX-License-Identifier: MIT
// The child's root directory.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// An unprivileged user may change the root in a user namespace of its own.
surroundings able() {
    surroundings around;
    around.user_namespace = geteuid() != 0;
    return around;
}

struct facts {
    int error;
    spawn_step step;
    bool right;
};

/// Starts a file below a root. Programs lack their libraries there; so the file is none, which shows
/// by the errno that it was found.
facts try_below(const std::string& root, const char* file, const spawn_options& more) {
    facts f{};
    spawn_options o = more;
    o.root = root.c_str();
    const auto c = spawn(file, arguments({}), o, &f.step);
    f.error = c ? 0 : c.error().value();
    return f;
}

} // namespace

TEST_CASE("the program is looked up below the new root") {
    const temporary_directory d;
    const std::string sub = d.directory("sub");
    d.file("found", "no program", 0755);
    d.file("sub/inner", "no program", 0755);
    struct all {
        facts absolute, relative, in_directory, missing, searched;
    };
    const auto got = isolated(able(), [&] {
        all a{};
        (void)!chdir("/"); // what lies below the old working directory must not be found
        a.absolute = try_below(d.path(), "/found", {});
        a.relative = try_below(d.path(), "./found", {});
        spawn_options o;
        o.directory = "sub"; // relative to the new root
        a.in_directory = try_below(d.path(), "./inner", o);
        a.missing = try_below(d.path(), spawnee(), {});
        o = {};
        o.search_path = true;
        const variable v("PATH", "/nonexistent:/sub");
        a.searched = try_below(d.path(), "inner", o);
        return a;
    });
    if (!got)
        SKIP_TEST(got.missing);
    for (const facts& f : {got->absolute, got->relative, got->in_directory, got->searched}) {
        CHECK(f.error == ENOEXEC);
        CHECK(f.step == spawn_step::exec);
    }
    CHECK(got->missing.error == ENOENT);
    (void)unlink((sub + "/inner").c_str());
}

TEST_CASE("the working directory is the new root, unless another one is asked for") {
    const temporary_directory d;
    const auto got = isolated(able(), [&] {
        (void)!chdir(d.path().c_str());
        spawn_options o;
        o.root = "/.";
        const run_result r = run({"cwd"}, o);
        return facts{r.error, r.step, r.output == "/\n"};
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->error == 0);
    CHECK(got->right);
}

TEST_CASE("a root that is a file, or that the caller may not enter, fails at its own step") {
    const temporary_directory d;
    const std::string file = d.file("file", "", 0644);
    struct all {
        facts missing, no_directory, empty;
    };
    const auto got = isolated(able(), [&] {
        return all{try_below("/nonexistent", spawnee(), {}), try_below(file, spawnee(), {}),
                   try_below("", spawnee(), {})};
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->missing.error == ENOENT);
    CHECK(got->no_directory.error == ENOTDIR);
    CHECK(got->empty.error == ENOENT);
    for (const facts& f : {got->missing, got->no_directory, got->empty})
        CHECK(f.step == spawn_step::root);
}

TEST_CASE("without CAP_SYS_CHROOT a root is EPERM, and with it the ids change afterwards") {
    if (geteuid() != 0)
        SKIP_TEST("only root can become another user");
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [] { return try_below("/", spawnee(), {}); });
    REQUIRE(got);
    CHECK(got->error == EPERM);
    CHECK(got->step == spawn_step::root);
    spawn_options o;
    o.root = "/.";
    o.uid = 65534;
    o.gid = 65534;
    o.groups = no_groups;
    const run_result r = run({"facts"}, o);
    if (r.error == EACCES)
        SKIP_TEST("the test's program is out of reach of another user");
    CHECK(r["uid"] == "65534 65534 65534");
}

TEST_CASE("in a new user namespace everyone may change the root") {
    spawn_options o;
    o.new_namespaces = namespace_flags::user;
    if (run({}, o).error != 0)
        SKIP_TEST("this user may not make user namespaces");
    const temporary_directory d;
    const facts f = try_below(d.path(), "/missing", o);
    CHECK(f.error == ENOENT);
    CHECK(f.step == spawn_step::exec);
}
