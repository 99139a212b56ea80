// SPDX-License-Identifier: MIT
// The example tool pidfd-kill: the pid belongs to another process now.
#include "support/catch.hpp"
#include "tools/reused_pid.hpp"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/wait.h>

using namespace pidfd_util;
using namespace support;
using namespace run_tool;

namespace {

/// A temporary file, also for an isolated child.
struct temporary_file {
    explicit temporary_file(const std::string& text) {
        const unique_fd file(mkostemp(path, O_CLOEXEC));
        good = file &&
               write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    ~temporary_file() { unlink(path); }

    char path[32] = "/tmp/pidfd-kill-XXXXXX";
    bool good = false;
};

int kill_with(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "-KILL");
    return tool_inside(PIDFD_KILL, std::move(arguments)).finish();
}

} // namespace

TEST_CASE("pidfd-kill does not signal the new owner of the pid in a stale pid file") {
    const auto got = isolated(own_pid_namespace(), [] {
        reuse_facts f{};
        test_child old = test_child::running();
        const temporary_file file(std::to_string(old.pid()) + "\n");
        // The file is as good as its process.
        f.status = tool_inside(PIDFD_KILL, {"-0", "--pid-file", file.path}).finish();
        f.opened = file.good;
        usleep(2'100'000); // more than the tolerance, and the precision of both times
        old.reap();
        const newcomer heir(old.pid());
        f.reused = static_cast<bool>(heir);
        f.status_of_second = kill_with({"--pid-file", file.path});
        f.heir_lives = heir.is_untouched();
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->reused)
        SKIP_TEST(no_chosen_pid);
    REQUIRE(got->opened);
    CHECK(got->status == 0);
    CHECK(got->status_of_second == 1);
    CHECK(got->heir_lives);
}

TEST_CASE("pidfd-kill by a pid alone signals the new owner") {
    const auto got = isolated(own_pid_namespace(), [] {
        reuse_facts f{};
        test_child old = test_child::running();
        const std::string name = std::to_string(old.pid());
        old.reap();
        const newcomer heir(old.pid());
        f.reused = static_cast<bool>(heir);
        f.status = kill_with({name.c_str()});
        siginfo_t info{};
        waitid(P_PID, static_cast<id_t>(old.pid()), &info, WEXITED | WNOWAIT);
        f.heir_lives = heir.is_untouched();
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->reused)
        SKIP_TEST(no_chosen_pid);
    CHECK(got->status == 0);
    CHECK_FALSE(got->heir_lives);
}

TEST_CASE("pidfd-kill does not signal the new owner of a pid if it is given another name") {
    enum class form { process_id, util_linux, stamp };
    for (const form by : {form::process_id, form::util_linux, form::stamp}) {
        CAPTURE(static_cast<int>(by));
        const auto got = isolated(own_pid_namespace(), [=] {
            reuse_facts f{};
            test_child old = test_child::running();
            const auto id = old.fd().get_process_id();
            const auto stamp = old.fd().get_stamp();
            f.opened = by == form::stamp ? stamp.has_value() : id && pidfd::from_id(*id);
            if (!f.opened)
                return f;
            const std::string name(by == form::process_id ? std::string(to_text(*id))
                                   : by == form::util_linux
                                       ? std::string(to_util_linux_text({old.pid(), *id}))
                                       : std::string(to_text(*stamp)));
            f.status = tool_inside(PIDFD_KILL, {"-0", name.c_str()}).finish();
            usleep(30'000); // more than a clock tick
            old.reap();
            const newcomer heir(old.pid());
            f.reused = static_cast<bool>(heir);
            f.status_of_second = kill_with({name.c_str()});
            f.heir_lives = heir.is_untouched();
            return f;
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->opened)
            continue; // before Linux 6.14
        if (!got->reused)
            SKIP_TEST(no_chosen_pid);
        CHECK(got->status == 0);
        CHECK(got->status_of_second == 1);
        CHECK(got->heir_lives);
    }
}

TEST_CASE("pidfd-kill does not signal a new owner of the pid that fails a check") {
    const auto got = isolated(own_pid_namespace(), [] {
        reuse_facts f{};
        test_child old = test_child::running();
        const std::string name = std::to_string(old.pid());
        f.opened = true;
        old.reap();
        const newcomer heir(old.pid());
        f.reused = static_cast<bool>(heir);
        f.status = kill_with({"--exe=/bin/sh", name.c_str()});
        f.status_of_second = kill_with({"--user=54321", name.c_str()});
        f.heir_lives = heir.is_untouched();
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->reused)
        SKIP_TEST(no_chosen_pid);
    CHECK(got->status == 1);
    CHECK(got->status_of_second == 1);
    CHECK(got->heir_lives);
}
