// SPDX-License-Identifier: MIT
// The example tool pidfd-wait: the pid of the process has a new owner.
#include "support/catch.hpp"
#include "tools/reused_pid.hpp"

#include <csignal>

using namespace pidfd_util;
using namespace support;
using namespace run_tool;

TEST_CASE("pidfd-wait ends when the process has ended, also if its pid has a new owner") {
    const auto got = isolated(own_pid_namespace(), [] {
        reuse_facts f{};
        test_child old = test_child::running();
        const std::string name = std::to_string(old.pid());
        tool_inside tool(PIDFD_WAIT, {"--timeout=30", name.c_str()});
        f.opened = has_opened(tool.pid(), 1);
        old.reap();
        const newcomer heir(old.pid());
        f.reused = static_cast<bool>(heir);
        f.status = tool.finish();
        f.heir_lives = heir.is_untouched();
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->reused)
        SKIP_TEST(no_chosen_pid);
    CHECK(got->opened);
    // SIGKILL ended the process, where the kernel shows that.
    CHECK((got->status == 0 || got->status == 128 + SIGKILL));
    CHECK(got->heir_lives);
}

TEST_CASE("pidfd-wait does not wait for the new owner of a pid if it is given an id") {
    for (const bool by_reference : {false, true}) {
        CAPTURE(by_reference);
        const auto got = isolated(own_pid_namespace(), [=] {
            reuse_facts f{};
            test_child old = test_child::running();
            const auto id = old.fd().get_process_id();
            f.opened = id && pidfd::from_id(*id);
            if (!f.opened)
                return f;
            const std::string name(by_reference ? std::string(to_util_linux_text({old.pid(), *id}))
                                                : std::string(to_text(*id)));
            old.reap();
            const newcomer heir(old.pid());
            f.reused = static_cast<bool>(heir);
            f.status = tool_inside(PIDFD_WAIT, {"--timeout=30", name.c_str()}).finish();
            f.status_of_second =
                tool_inside(PIDFD_WAIT, {"--timeout=30", "--exited", name.c_str()}).finish();
            f.heir_lives = heir.is_untouched();
            return f;
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->opened)
            SKIP_TEST("the kernel cannot open a process by its id (before Linux 6.14)");
        if (!got->reused)
            SKIP_TEST(no_chosen_pid);
        CHECK(got->status == 1);
        CHECK(got->status_of_second == 0);
        CHECK(got->heir_lives);
    }
}

TEST_CASE("pidfd-wait does not wait for the new owner of a pid if it is given a stamp") {
    const auto got = isolated(own_pid_namespace(), [] {
        reuse_facts f{};
        test_child old = test_child::running();
        const auto stamp = old.fd().get_stamp();
        f.opened = stamp.has_value();
        if (!f.opened)
            return f;
        const std::string name(to_text(*stamp));
        usleep(30'000); // more than a clock tick
        old.reap();
        const newcomer heir(old.pid());
        f.reused = static_cast<bool>(heir);
        f.status = tool_inside(PIDFD_WAIT, {"--timeout=30", name.c_str()}).finish();
        f.heir_lives = heir.is_untouched();
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->reused)
        SKIP_TEST(no_chosen_pid);
    REQUIRE(got->opened);
    CHECK(got->status == 1);
    CHECK(got->heir_lives);
}
