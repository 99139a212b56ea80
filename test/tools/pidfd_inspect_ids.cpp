// SPDX-License-Identifier: MIT
// The example tool pidfd-inspect with the id of a process in the place of a pid.
#include "support/catch.hpp"
#include "support/inspect.hpp"
#include "support/processes.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <string>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

TEST_CASE("pidfd-inspect takes the id of a process in the place of a pid") {
    const test_child c = test_child::running();
    const auto by_pid = inspect::table(c.pid());
    if (!by_pid.missing.empty())
        SKIP_TEST(by_pid.missing);
    const auto id = c.fd().get_process_id();
    if (!id)
        SKIP_TEST("the kernel or /proc has no ids of processes");
    const auto by_id = inspect::run({std::string(to_text(*id))});
    if (const auto opened = pidfd::from_id(*id)) {
        CHECK(by_id.status == inspect::shown);
        CHECK(by_id.out == by_pid.out);
    } else {
        CHECK(by_id.status == inspect::no_pidfds);
        CHECK(by_id.out.empty());
        CHECK(by_id.err.find("not supported by this kernel") != std::string::npos);
    }
    const process_reference both{c.pid(), *id};
    CHECK(inspect::run({std::string(to_util_linux_text(both))}).out == by_pid.out);
}

TEST_CASE("pidfd-inspect compares the pid and the inode number of PID:INODE") {
    const test_child c = test_child::running();
    const test_child other = test_child::running();
    const auto id = c.fd().get_id();
    const auto other_id = other.fd().get_id();
    if (!id || !other_id)
        SKIP_TEST("the kernel has no ids of processes");
    for (const std::string& name : {std::to_string(other.pid()) + ":" + std::to_string(*id),
                                    std::to_string(c.pid()) + ":" + std::to_string(*other_id)}) {
        const auto got = inspect::run({name});
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == inspect::gone);
        CHECK(got.out.empty());
        CHECK(got.err == "pidfd-inspect: " + name + ": no such process\n");
    }
}

TEST_CASE("pidfd-inspect reports that the process with an id is gone") {
    test_child c = test_child::running();
    const auto id = c.fd().get_process_id();
    if (!id)
        SKIP_TEST("the kernel or /proc has no ids of processes");
    const bool opens_ids = pidfd::from_id(*id).has_value();
    c.reap();
    const std::string name(to_text(*id));
    const auto got = inspect::run({name});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == (opens_ids ? inspect::gone : inspect::no_pidfds));
    if (opens_ids)
        CHECK(got.err == "pidfd-inspect: " + name + ": no such process\n");
}

TEST_CASE("pidfd-inspect refuses an id of another boot, even if its inode number exists") {
    auto boot = get_boot_id();
    if (!boot)
        SKIP_TEST("/proc shows no boot id");
    boot->bytes[15] ^= 1;
    const auto inode = pidfd::from_self()->get_id();
    const process_id foreign{inode ? *inode : 1, *boot};
    const std::string name(to_text(foreign));
    const auto got = inspect::run({name});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::gone);
    CHECK(got.out.empty());
    CHECK(got.err == "pidfd-inspect: " + name + ": the id is from another boot or machine\n");
}

TEST_CASE("pidfd-inspect reports a kernel that has no ids with a separate exit status") {
    const auto boot = get_boot_id();
    if (!boot)
        SKIP_TEST("/proc shows no boot id");
    const process_id id{4711, *boot};
    for (const std::string& name : {std::string(to_text(id)), std::to_string(getpid()) + ":4711"}) {
        CAPTURE(name);
        const auto got = inspect::run({name}, inspect::on(linux_5_10()));
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == inspect::no_pidfds);
        CHECK(got.out.empty());
        inspect::check_one_plain_line(got.err);
    }
}

TEST_CASE("pidfd-inspect takes the stamp of a process in the place of a pid") {
    const test_child c = test_child::running();
    auto stamp = c.fd().get_stamp();
    if (!stamp)
        SKIP_TEST("/proc shows no stamp");
    const auto by_stamp = inspect::run({"--field", "pid", std::string(to_text(*stamp))});
    if (!by_stamp.missing.empty())
        SKIP_TEST(by_stamp.missing);
    CHECK(by_stamp.status == inspect::shown);
    CHECK(by_stamp.out == std::to_string(c.pid()) + "\n");
    stamp->boot.bytes[15] ^= 1;
    CHECK(inspect::run({std::string(to_text(*stamp))}).status == inspect::gone);
}
