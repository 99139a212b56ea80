// SPDX-License-Identifier: MIT
// What the example tool pidfd-inspect shows of processes of all kinds, on old kernels too.
#include "support/catch.hpp"
#include "support/inspect.hpp"
#include "support/processes.hpp"
#include "support/sanitizers.hpp"
#include "support/sleeping_thread.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <fstream>
#include <pwd.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr uid_t nobody = 65534;

const char* const namespace_names[] = {
    "cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children",
    "user",   "uts"};

std::string own_comm() {
    std::string name;
    std::getline(std::ifstream("/proc/self/comm"), name);
    return name;
}

} // namespace

TEST_CASE("pidfd-inspect shows all of a process of its own user in an aligned table") {
    const test_child c = test_child::running();
    const auto got = inspect::table(c.pid());
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::shown);
    CHECK(got.err.empty());
    const auto row = inspect::rows(got);
    CHECK(row.size() == 22);
    const auto expect = [&](const char* field, answer_path path, const std::string& value) {
        CAPTURE(field);
        REQUIRE(row.count(field) == 1);
        CHECK(row.at(field).path == to_string(path));
        CHECK(row.at(field).value == value);
    };
    answer_path path{};
    expect("comm", answer_path::procfs, own_comm());
    expect("alive", answer_path::syscall, "yes");
    const auto info = c.fd().get_info(&path);
    REQUIRE(info);
    expect("tgid", path, std::to_string(c.pid()));
    REQUIRE(c.fd().get_pid(&path));
    expect("pid", path, std::to_string(c.pid()));
    REQUIRE(c.fd().get_ppid(&path));
    expect("ppid", path, std::to_string(getpid()));
    if (const auto id = c.fd().get_id(&path))
        expect("id", path, std::to_string(*id));
    if (const auto cgroup = c.fd().get_cgroupid(&path))
        expect("cgroup id", path, std::to_string(*cgroup));
    REQUIRE(c.fd().get_creds(&path));
    for (const char* ids : {"real ids", "effective ids", "saved ids", "file system ids"}) {
        REQUIRE(row.count(ids) == 1);
        CHECK(row.at(ids).path == to_string(path));
        const std::string user = "uid " + std::to_string(geteuid());
        const std::string group = ", gid " + std::to_string(getegid());
        CHECK(row.at(ids).value.rfind(user, 0) == 0);
        CHECK(row.at(ids).value.find(group) != std::string::npos);
        if (geteuid() == 0 && getpwuid(0) != nullptr)
            CHECK(row.at(ids).value == "uid 0 (root), gid 0 (root)");
    }
    for (const char* name : namespace_names) {
        CAPTURE(name);
        REQUIRE(row.count("ns " + std::string(name)) == 1);
        const inspect::cells& ns = row.at("ns " + std::string(name));
        CHECK((ns.path == "-" || ns.value.find(", the caller's own") != std::string::npos));
    }
    CHECK(row.at("ns mnt").path == to_string(*answering_path(operation::get_namespace)));
}

TEST_CASE("pidfd-inspect --json tells the same as the library, on every kernel") {
    const test_child c = test_child::running();
    const profile kernels[] = {native(), linux_6_12(), linux_5_10(), linux_5_4()};
    for (const profile& kernel : kernels) {
        CAPTURE(kernel.name);
        const auto got = inspect::as_json(c.pid(), inspect::on(kernel));
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == inspect::shown);
        CHECK(got.err.empty());
        const json j = inspect::parsed(got);
        CHECK(j["comm"]["value"].text == own_comm());
        CHECK(j["alive"]["value"].is == json::boolean);
        CHECK(j["alive"]["value"].text == "true");
        for (const char* name : {"pid", "tgid"}) {
            CHECK(j[name]["value"].is == json::number);
            CHECK(j[name]["value"].text == std::to_string(c.pid()));
        }
        CHECK(j["ppid"]["value"].text == std::to_string(getpid()));
        if (const auto id = c.fd().get_id(); id && !j["id"].has("errno")) {
            CHECK(j["id"]["value"].is == json::string);
            CHECK(j["id"]["value"].text == std::to_string(*id));
        }
        if (const auto cgroup = c.fd().get_cgroupid(); cgroup && !j["cgroupid"].has("errno")) {
            CHECK(j["cgroupid"]["value"].is == json::string);
            CHECK(j["cgroupid"]["value"].text == std::to_string(*cgroup));
        }
        const json& creds = j["credentials"]["value"];
        for (const char* ids : {"real", "effective", "saved", "file_system"}) {
            CHECK(creds[ids]["uid"].text == std::to_string(geteuid()));
            CHECK(creds[ids]["gid"].is == json::number);
            CHECK((creds[ids]["user"].is == json::string || creds[ids]["user"].is == json::null));
        }
        CHECK(j["namespaces"].members.size() == std::size(namespace_names));
        CHECK(j["namespaces"]["uts"]["value"]["inode"].is == json::string);
        CHECK(j["namespaces"]["uts"]["value"]["own"].text == "true");
    }
}

TEST_CASE("pidfd-inspect names the path that an older kernel leaves") {
    const test_child c = test_child::running();
    const auto got = inspect::as_json(c.pid(), inspect::on(linux_5_10()));
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    const json j = inspect::parsed(got);
    CHECK(j["pid"]["path"].text == "fdinfo");
    CHECK(j["ppid"]["path"].text == "procfs");
    CHECK(j["credentials"]["path"].text == "procfs");
    CHECK(j["namespaces"]["mnt"]["path"].text == "procfs");
    CHECK(j["id"]["errno"].is == json::number);
    CHECK(j["id"]["reason"].text == "not supported by this kernel or sandbox");
    CHECK_FALSE(j["id"].has("value"));
    CHECK_FALSE(j["id"].has("path"));
}

TEST_CASE("pidfd-inspect shows every living process, whosever it is") {
    for (const subject& s : living()) {
        CAPTURE(s.name);
        const auto got = inspect::as_json(s.pid);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        if (s.name == "a thread") { // which is no process
            CHECK(got.status == inspect::gone);
            continue;
        }
        CHECK((got.status == inspect::shown || got.status == inspect::refused));
        CHECK(inspect::parsed(got)["pid"]["value"].text == std::to_string(s.pid));
        CHECK(inspect::parsed(got)["comm"]["path"].text == "procfs");
        const auto table = inspect::table(s.pid);
        CHECK(table.status == got.status);
        CHECK(inspect::rows(table).at("pid").value == std::to_string(s.pid));
    }
}

TEST_CASE("pidfd-inspect tells a namespace that is not its own") {
    for (const subject& s : living()) {
        if (s.name != "a process in a child pid namespace")
            continue;
        const auto got = inspect::as_json(s.pid);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        const json j = inspect::parsed(got);
        CHECK(j["namespaces"]["pid"]["value"]["own"].text == "false");
        CHECK(j["namespaces"]["uts"]["value"]["own"].text == "true");
        const auto row = inspect::rows(inspect::table(s.pid));
        CHECK(row.at("ns pid").value ==
              j["namespaces"]["pid"]["value"]["inode"].text + ", not the caller's");
        return;
    }
    SKIP_TEST("no right to make a pid namespace");
}

TEST_CASE("pidfd-inspect shows a zombie, and why some of it cannot be told") {
    const test_child c = test_child::zombie();
    const auto table = inspect::table(c.pid());
    if (!table.missing.empty())
        SKIP_TEST(table.missing);
    CHECK(table.status == inspect::shown);
    CHECK(table.err.empty());
    const auto row = inspect::rows(table);
    CHECK(row.at("alive").value == "no: it has ended");
    CHECK(row.at("pid").value == std::to_string(c.pid()));
    CHECK(row.at("comm").value == own_comm());
    CHECK(row.at("command line").value == "(none)");
    CHECK(row.at("ns mnt").path == "-");
    CHECK(row.at("ns mnt").value == "no such process: it has ended");
    const json j = inspect::parsed(inspect::as_json(c.pid()));
    CHECK(j["alive"]["value"].text == "false");
    CHECK(j["command_line"]["value"].is == json::array);
    CHECK(j["command_line"]["value"].items.empty());
    CHECK(j["namespaces"]["mnt"]["errno"].text == std::to_string(ESRCH));
}

TEST_CASE("pidfd-inspect says of a gone process that there is none") {
    const test_child c = test_child::reaped();
    for (const bool as_json : {false, true}) {
        const auto got = as_json ? inspect::as_json(c.pid()) : inspect::table(c.pid());
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == inspect::gone);
        CHECK(got.out.empty());
        CHECK(got.err == "pidfd-inspect: there is no process " + std::to_string(c.pid()) + "\n");
    }
}

TEST_CASE("pidfd-inspect says of a thread that it is no process") {
    sleeping_thread thread;
    const auto got = inspect::table(thread.tid());
    thread.end();
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::gone);
    CHECK(got.out.empty());
    CHECK(got.err.find("is a thread of another process") != std::string::npos);
    inspect::check_one_plain_line(got.err);
}

TEST_CASE("pidfd-inspect as another user tells what it may, and says that this is not all") {
    surroundings s;
    s.uid = nobody;
    const auto got = inspect::table(getpid(), s);
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::refused);
    inspect::check_one_plain_line(got.err);
    const auto row = inspect::rows(got);
    CHECK(row.at("pid").value == std::to_string(getpid()));
    CHECK(row.at("comm").value == own_comm());
    CHECK(row.at("ns mnt").path == "-");
    CHECK(row.at("ns mnt").value == "Permission denied");
    const auto as_json = inspect::as_json(getpid(), s);
    CHECK(as_json.status == inspect::refused);
    CHECK(inspect::parsed(as_json)["namespaces"]["mnt"]["errno"].text == std::to_string(EACCES));
}

TEST_CASE("pidfd-inspect says so where /proc hides the process") {
    for (const char* hiding : {"hidepid=1", "hidepid=2"}) {
        for (const profile& kernel : {native(), linux_5_10()}) {
            CAPTURE(hiding, kernel.name);
            const test_child c = test_child::running();
            surroundings s = inspect::on(kernel);
            s.uid = nobody;
            s.mount_namespace = true;
            s.proc = hiding;
            const auto got = inspect::as_json(c.pid(), s);
            if (!got.missing.empty())
                SKIP_TEST(got.missing);
            CHECK(got.status == inspect::refused);
            inspect::check_one_plain_line(got.err);
            const json j = inspect::parsed(got);
            CHECK(j["comm"]["errno"].text == std::to_string(EACCES));
            CHECK(j["command_line"]["reason"].text == "Permission denied");
            CHECK(j["pid"]["value"].text == std::to_string(c.pid()));
        }
    }
}

TEST_CASE("pidfd-inspect without /proc tells what the kernel tells directly") {
    if (sanitized)
        SKIP_TEST("a sanitized program does not start without /proc");
    const test_child c = test_child::running();
    surroundings s;
    s.proc = "none";
    const auto got = inspect::as_json(c.pid(), s);
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::shown);
    const json j = inspect::parsed(got);
    CHECK(j["comm"]["reason"].text == "not supported by this kernel or sandbox");
    CHECK(j["command_line"].has("errno"));
    CHECK(j["alive"]["value"].text == "true");
    answer_path path{};
    if (c.fd().get_pid(&path) && path == answer_path::ioctl) {
        CHECK(j["pid"]["value"].text == std::to_string(c.pid()));
        CHECK(j["credentials"]["value"]["real"]["uid"].text == std::to_string(getuid()));
    } else {
        CHECK(j["pid"]["reason"].text == "not supported by this kernel or sandbox");
    }
}

TEST_CASE("pidfd-inspect in a pid namespace under a stale /proc shows the right process") {
    for (const profile& kernel : {native(), linux_5_10()}) {
        CAPTURE(kernel.name);
        surroundings s = inspect::on(kernel);
        s.pid_namespace = true; // its pid 1 is a fork of this test, and /proc/1 is not
        const auto got = inspect::as_json(1, s);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        const json j = inspect::parsed(got);
        CHECK(j["pid"]["value"].text == "1");
        CHECK(j["comm"]["value"].text == own_comm());
        CHECK(j["ppid"]["errno"].text == std::to_string(EADDRNOTAVAIL));
        CHECK(j["namespaces"]["pid"]["value"]["own"].text == "true");
    }
}
