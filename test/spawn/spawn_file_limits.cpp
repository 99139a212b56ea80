// SPDX-License-Identifier: MIT
// spawn where the limits on file descriptors do not match what is open: lowered below it, far above
// it, or used up.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

// Found early, because it is found through /proc, which a test may unmount.
const char* const program = spawnee();

/// The ways in which a child can find out what to close.
struct ground {
    const char* name;
    int close_range; // the errno of close_range; 0: none
    bool proc;
};
const ground grounds[] = {
    {"native", 0, true},
    {"without /proc", 0, false},
    {"without close_range", ENOSYS, true},
    {"without close_range and /proc", ENOSYS, false},
    {"close_range forbidden", EPERM, true},
    {"close_range forbidden, without /proc", EPERM, false},
};

surroundings on(const ground& g) {
    surroundings around;
    around.user_namespace = !g.proc && geteuid() != 0;
    around.mount_namespace = !g.proc;
    around.proc = g.proc ? "" : "none";
    if (g.close_range != 0)
        around.kernel = {g.name, {{SYS_close_range, g.close_range}}};
    return around;
}

rlimit limit_of_fds() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit;
}

bool set_limit(rlim_t soft, rlim_t hard) {
    const rlimit limit{soft, hard};
    return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

/// How many file descriptors a program has. Negative: an errno of spawn.
int fds_in_program() {
    const run_result r = run_program(program, arguments({"fds"}), {});
    return r.error != 0 ? -r.error
                        : static_cast<int>(std::count(r.output.begin(), r.output.end(), '\n'));
}

int error_with(const spawn_options& options, spawn_step* step = nullptr) {
    auto c = spawn(program, arguments({}), options, step);
    if (!c)
        return c.error().value();
    (void)c->wait();
    return 0;
}

/// Allows limits of a billion. Only in a guest of test/kernels, because the setting affects the
/// whole machine.
void allow_a_billion() {
    if (access("/guest", F_OK) != 0)
        return;
    const unique_fd highest(open("/proc/sys/fs/nr_open", O_WRONLY | O_CLOEXEC));
    (void)!write(highest.get(), "1073741816", 10);
}

/// Lowers the soft limit, and uses up all numbers below it except `left` of them.
void leave_free(int left) {
    set_limit(100, limit_of_fds().rlim_max);
    fill_fds(left);
}

} // namespace

TEST_CASE("no file descriptor above a lowered hard limit stays open") {
    for (const ground& g : grounds) {
        CAPTURE(g.name);
        const auto got = isolated(on(g), [] {
            (void)!dup2(0, 900);
            set_limit(256, 256);
            return fds_in_program();
        });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(*got == 3);
    }
}

TEST_CASE("spawn needs one free file descriptor, and fails with EMFILE without one") {
    for (const ground& g : grounds) {
        CAPTURE(g.name);
        struct facts {
            int none;
            spawn_step step;
            int one;
            int one_with_death_signal;
        };
        const auto got = isolated(on(g), [] {
            facts f{};
            spawn_options o;
            leave_free(0);
            f.none = error_with(o, &f.step);
            close(99);
            f.one = error_with(o);
            o.parent_death_signal = SIGKILL; // for which a pidfd of the caller is of use
            f.one_with_death_signal = error_with(o);
            return f;
        });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->none == EMFILE);
        CHECK(got->step == spawn_step::clone);
        CHECK(got->one == 0);
        CHECK(got->one_with_death_signal == 0);
    }
}

TEST_CASE("in a new pid namespace a parent-death signal needs one more file descriptor") {
    struct facts {
        bool possible;
        int one;
        int two;
    };
    const auto got = isolated({}, [] {
        facts f{};
        spawn_options o;
        o.parent_death_signal = SIGKILL;
        o.new_namespaces = namespace_flags::pid;
        if (geteuid() != 0)
            o.new_namespaces = o.new_namespaces | namespace_flags::user;
        f.possible = error_with(o) == 0;
        leave_free(1);
        f.one = error_with(o);
        close(99);
        close(98);
        f.two = error_with(o);
        return f;
    });
    REQUIRE(got);
    if (!got->possible)
        SKIP_TEST("this user may not make pid namespaces");
    CHECK(got->one == EMFILE);
    CHECK(got->two == 0);
}

TEST_CASE("with a hard limit of a billion, spawn fails with EMFILE once all numbers are used up") {
    allow_a_billion();
    for (const ground& g : grounds) {
        CAPTURE(g.name);
        struct facts {
            bool raised;
            int none;
            int one;
            int fds;
        };
        const auto got = isolated(on(g), [] {
            facts f{};
            f.raised = set_limit(100, 1000000000);
            f.fds = fds_in_program();
            leave_free(0);
            f.none = error_with({});
            close(99);
            f.one = error_with({});
            return f;
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->raised)
            SKIP_TEST("the limit cannot be raised to a billion: root, fs.nr_open");
        CHECK(got->fds == 3);
        CHECK(got->none == EMFILE);
        CHECK(got->one == 0);
    }
}
