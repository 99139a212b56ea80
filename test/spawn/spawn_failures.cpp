// SPDX-License-Identifier: MIT
// A failure at each step of spawn is reported with its step and errno, and leaves no process and no
// file descriptor.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/spawn_steps.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

struct failure {
    int error;
    spawn_step step;
    int fds;      // that it left
    int children; // that it left: -ECHILD if none
};

constexpr auto untouched = static_cast<spawn_step>(99);

failure attempt(const char* file, const char* const* argv, const spawn_options& o) {
    failure f{0, untouched, -count_fds(), 0};
    {
        auto c = spawn(file, argv, o, &f.step);
        f.error = c ? 0 : c.error().value();
        if (c)
            (void)!c->wait();
    }
    f.fds += count_fds();
    f.children = waitpid(-1, nullptr, WNOHANG | __WALL) < 0 ? -errno : 1;
    return f;
}

failure attempt(const spawn_options& o) {
    return attempt(spawnee(), arguments({}), o);
}

void check(const failure& f, int error, spawn_step step) {
    CHECK(f.error == error);
    CHECK(static_cast<int>(f.step) == static_cast<int>(step));
    CHECK(f.fds == 0);
    CHECK(f.children == -ECHILD);
}

} // namespace

TEST_CASE("a system call that fails in the child is reported with its step, and leaves no zombie "
          "and no fd") {
    for (const step_taken& i : steps_of_spawn()) {
        for (const int error : {EPERM, EACCES, ENOMEM, EAGAIN, EIO}) {
            CAPTURE(static_cast<int>(i.step), error);
            surroundings around;
            around.kernel = {"refuses", answering(i, error)};
            const auto got = isolated(around, [&] {
                spawn_options o;
                i.set(o);
                return attempt(o);
            });
            REQUIRE(got);
            // Without CAP_SETGID the kernel would also return EPERM, whatever the arguments are.
            const bool own = i.step == spawn_step::groups && geteuid() != 0;
            const bool forbids = error == EACCES || (error == EPERM && !own);
            check(*got, forbids ? ERFKILL : error, i.step);
        }
    }
}

TEST_CASE("the first step that fails is reported") {
    surroundings around;
    around.kernel = {"refuses", {{SYS_setsid, EIO}, {SYS_chdir, EPERM}, {SYS_execve, ENOMEM}}};
    const auto got = isolated(around, [] {
        spawn_options o;
        o.new_session = true;
        o.directory = "/";
        return attempt(o);
    });
    REQUIRE(got);
    check(*got, EIO, spawn_step::session);
}

TEST_CASE("a program that cannot be run fails with the errno of execve") {
    const temporary_directory d;
    const auto got = [&](const std::string& file) {
        return attempt(file.c_str(), arguments({}), spawn_options());
    };
    check(got("/nonexistent"), ENOENT, spawn_step::exec);
    check(got(""), ENOENT, spawn_step::exec);
    check(got(d.path()), EACCES, spawn_step::exec);
    check(got(d.file("plain", "", 0644)), EACCES, spawn_step::exec);
    check(got(d.file("garbage", "garbage", 0755)), ENOEXEC, spawn_step::exec);
    check(got(d.path() + "/plain/x"), ENOTDIR, spawn_step::exec);
    check(got(d.file("script", "#!/nonexistent/interpreter\n", 0755)), ENOENT, spawn_step::exec);
}

TEST_CASE("arguments and an environment that are too long are E2BIG") {
    const std::string huge(256 * 1024, 'x');
    const char* const argv[] = {"spawnee", huge.c_str(), nullptr};
    check(attempt(spawnee(), argv, {}), E2BIG, spawn_step::exec);
    const char* const environment[] = {huge.c_str(), nullptr};
    spawn_options o;
    o.environment = environment;
    check(attempt(o), E2BIG, spawn_step::exec);
}

TEST_CASE("a child that a filter kills before it runs the program is reported, and reaped") {
    utsname system{};
    int major = 0;
    int minor = 0;
    REQUIRE(uname(&system) == 0);
    REQUIRE(std::sscanf(system.release, "%d.%d", &major, &minor) == 2);
    if (major < 5 || (major == 5 && minor < 16))
        SKIP_TEST("such a filter kills all processes that share the memory, before Linux 5.16");
    surroundings around;
    around.kernel = {"killing setsid", {rule::killing(SYS_setsid)}};
    for (const bool ignore : {false, true}) {
        CAPTURE(ignore);
        const auto got = isolated(around, [ignore] {
            const rlimit none{0, 0};
            setrlimit(RLIMIT_CORE, &none);
            if (ignore)
                std::signal(SIGCHLD, SIG_IGN);
            spawn_options o;
            o.new_session = true;
            return attempt(o);
        });
        REQUIRE(got);
        check(*got, ECANCELED, spawn_step::exec);
    }
}

TEST_CASE("a program that ends at once counts as started, even where SIGCHLD is ignored") {
    const auto got = isolated({}, [] {
        std::signal(SIGCHLD, SIG_IGN);
        int errors = 0;
        for (int i = 0; i < 200; ++i) {
            const auto c = spawn(spawnee(), arguments({}));
            errors += c ? 0 : 1;
        }
        return errors;
    });
    REQUIRE(got);
    CHECK(*got == 0);
}

TEST_CASE("bad values of options fail at their own step") {
    const auto refused = [](int error, spawn_step step,
                            const std::function<void(spawn_options&)>& set) {
        spawn_options o;
        set(o);
        check(attempt(o), error, step);
    };
    refused(ENOENT, spawn_step::directory, [](spawn_options& o) { o.directory = "/nonexistent"; });
    refused(ENOTDIR, spawn_step::directory,
            [](spawn_options& o) { o.directory = "/proc/self/status"; });
    refused(ENOENT, spawn_step::directory, [](spawn_options& o) { o.directory = ""; });
    const resource_limit unknown[] = {{9999, {0, 0}}};
    refused(EINVAL, spawn_step::limits, [&](spawn_options& o) { o.limits = unknown; });
    const resource_limit inverted[] = {{RLIMIT_CORE, {2, 1}}};
    refused(EINVAL, spawn_step::limits, [&](spawn_options& o) { o.limits = inverted; });
    refused(EINVAL, spawn_step::options, [](spawn_options& o) { o.parent_death_signal = 9999; });
    const auto gone = support::test_child::reaped();
    refused(EPERM, spawn_step::process_group,
            [&](spawn_options& o) { o.process_group = gone.pid(); });
    refused(EBADF, spawn_step::enter_namespaces, [](spawn_options& o) {
        o.enter_process = 9999;
        o.enter_namespaces = namespace_flags::uts;
    });
    for (const support::subject& s : support::impostors()) {
        CAPTURE(s.name);
        refused(EBADFD, spawn_step::enter_namespaces, [&](spawn_options& o) {
            o.enter_process = s.fd;
            o.enter_namespaces = namespace_flags::uts;
        });
    }
    // Before Linux 5.8 setns takes no pidfd at all.
    const bool enters = availability_of(feature::setns) == availability::available;
    refused(enters ? ESRCH : EOPNOTSUPP, spawn_step::enter_namespaces, [&](spawn_options& o) {
        o.enter_process = gone.fd().fd();
        o.enter_namespaces = namespace_flags::uts;
    });
}

TEST_CASE("namespaces of a type that the kernel was built without are unsupported") {
    surroundings around;
    around.kernel = {"no such namespaces", {{SYS_clone, EINVAL}, {SYS_clone3, EINVAL}}};
    const auto got = isolated(around, [] {
        spawn_options o;
        o.new_namespaces = namespace_flags::uts;
        return attempt(o);
    });
    REQUIRE(got);
    check(*got, EOPNOTSUPP, spawn_step::clone);
}

TEST_CASE("before Linux 5.8 entering a process's namespaces is unsupported") {
    surroundings around;
    around.kernel = {"no setns with pidfds", {{SYS_setns, EINVAL}}};
    const auto got = isolated(around, [] {
        const auto self = pidfd::from_self();
        spawn_options o;
        o.enter_process = self->fd();
        o.enter_namespaces = namespace_flags::uts;
        return attempt(o);
    });
    REQUIRE(got);
    check(*got, EOPNOTSUPP, spawn_step::enter_namespaces);
}

TEST_CASE("without a free file descriptor nothing is started") {
    const auto got = isolated({}, [] {
        rlimit limit{};
        getrlimit(RLIMIT_NOFILE, &limit);
        const int free_fd = dup(0);
        close(free_fd);
        const rlimit none{static_cast<rlim_t>(free_fd), limit.rlim_max};
        setrlimit(RLIMIT_NOFILE, &none);
        failure f{0, untouched, 0, 0};
        auto c = spawn(spawnee(), arguments({}), {}, &f.step);
        f.error = c ? 0 : c.error().value();
        f.children = waitpid(-1, nullptr, WNOHANG) < 0 ? -errno : 1;
        return f;
    });
    REQUIRE(got);
    check(*got, EMFILE, spawn_step::clone);
}

TEST_CASE("spawn fails with EAGAIN where no more processes are allowed") {
    surroundings around;
    if (geteuid() == 0)
        around.uid = 65533; // root is above this limit
    const auto got = isolated(around, [] {
        const rlimit none{0, 0};
        setrlimit(RLIMIT_NPROC, &none);
        return attempt(spawn_options());
    });
    REQUIRE(got);
    check(*got, EAGAIN, spawn_step::clone);
}

TEST_CASE("a failure where SIGCHLD is ignored leaves no process, and reaps no other child") {
    const auto got = isolated({}, [] {
        std::signal(SIGCHLD, SIG_IGN);
        int other = -1;
        const pid_t pid = fork_sleeping(other);
        failure f{0, untouched, -count_fds(), 0};
        auto c = spawn("/nonexistent", arguments({}), {}, &f.step);
        f.error = c ? 0 : c.error().value();
        f.fds += count_fds();
        f.children = waitpid(-1, nullptr, WNOHANG) == 0 && kill(pid, 0) == 0 ? -ECHILD : 1;
        kill_made(pid);
        return f;
    });
    REQUIRE(got);
    check(*got, ENOENT, spawn_step::exec);
}

TEST_CASE("a failure reaps the child that failed and no other, even without waitid for pidfds") {
    for (const int error : {0, EPERM, ENOSYS, EINVAL}) {
        CAPTURE(error);
        surroundings around;
        if (error != 0)
            around.kernel = {"no waitid", {{SYS_waitid, error, 0, ~0U, uapi::p_pidfd}}};
        const auto got = isolated(around, [] {
            int other = -1;
            const pid_t zombie = fork_exiting(3, other);
            while (!pidfd_view(other).wait_exit()) {
            }
            failure f{0, untouched, -count_fds(), 0};
            auto c = spawn("/nonexistent", arguments({}), {}, &f.step);
            f.error = c ? 0 : c.error().value();
            f.fds += count_fds();
            int status = 0;
            const bool there =
                waitpid(zombie, &status, WNOHANG) == zombie && WEXITSTATUS(status) == 3;
            f.children = there && waitpid(-1, nullptr, WNOHANG) < 0 ? -errno : 1;
            return f;
        });
        REQUIRE(got);
        check(*got, ENOENT, spawn_step::exec);
    }
}

TEST_CASE("a step is only stored after a failure") {
    spawn_step step = untouched;
    auto c = spawn(spawnee(), arguments({}), {}, &step);
    REQUIRE(c);
    CHECK(c->wait());
    CHECK(step == untouched);
    CHECK_FALSE(spawn("/nonexistent", arguments({}))); // the step is not asked for
}
