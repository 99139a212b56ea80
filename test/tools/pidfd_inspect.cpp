// SPDX-License-Identifier: MIT
// What the example tool pidfd-inspect shows about processes of all kinds, on old kernels too.
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

TEST_CASE("pidfd-inspect shows all facts about a process of its own user in an aligned table") {
    const test_child c = test_child::running();
    const auto got = inspect::table(c.pid());
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::shown);
    CHECK(got.err.empty());
    const auto row = inspect::rows(got);
    CHECK(row.size() == 31);
    const auto expect = [&](const char* field, answer_path path, const std::string& value) {
        CAPTURE(field);
        REQUIRE(row.count(field) == 1);
        CHECK(row.at(field).path == to_string(path));
        CHECK(row.at(field).value == value);
    };
    answer_path path{};
    expect("comm", answer_path::procfs, own_comm());
    expect("alive", answer_path::syscall, "yes");
    expect("threads", answer_path::procfs, "1");
    const auto info = c.fd().get_info(&path);
    REQUIRE(info);
    expect("tgid", path, std::to_string(c.pid()));
    REQUIRE(c.fd().get_pid(&path));
    expect("pid", path, std::to_string(c.pid()));
    REQUIRE(c.fd().get_ppid(&path));
    expect("ppid", path, std::to_string(getpid()));
    if (const auto id = c.fd().get_id(&path))
        expect("id", path, std::to_string(*id));
    if (const auto id = c.fd().get_process_id())
        expect("process id", answer_path::inode, std::string(to_text(*id)));
    if (const auto stamp = c.fd().get_stamp())
        expect("stamp", answer_path::procfs, std::string(to_text(*stamp)));
    if (const auto start = c.fd().get_start_time()) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(start->since_boot);
        const std::string after = "Z, " + std::to_string(seconds.count()) + " s after boot";
        CHECK(row.at("started").path == "procfs");
        CHECK(row.at("started").value.substr(19) == after);
    }
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

TEST_CASE("pidfd-inspect --json shows the same as the library, on every kernel") {
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
        CHECK(j["/comm/value"].text == own_comm());
        CHECK(j["/alive/value"].type == "boolean");
        CHECK(j["/alive/value"].text == "true");
        for (const std::string name : {"pid", "tgid"}) {
            const json_value pid = j["/" + name + "/value"];
            CHECK(pid.type == "number");
            CHECK(pid.text == std::to_string(c.pid()));
        }
        CHECK(j["/ppid/value"].text == std::to_string(getpid()));
        if (const auto id = c.fd().get_id(); id && !j.has("/id/error")) {
            CHECK(j["/id/value"].type == "string");
            CHECK(j["/id/value"].text == std::to_string(*id));
        }
        if (const auto id = c.fd().get_process_id(); id && !j.has("/process_id/error")) {
            CHECK(j["/process_id/value"].type == "string");
            CHECK(j["/process_id/value"].text == to_text(*id));
        }
        if (const auto stamp = c.fd().get_stamp(); stamp && !j.has("/stamp/error"))
            CHECK(j["/stamp/value"].text == to_text(*stamp));
        if (const auto start = c.fd().get_start_time(); start && !j.has("/start_time/error")) {
            const json_value since_boot = j["/start_time/value/since_boot"];
            CHECK(since_boot.type == "string");
            CHECK(since_boot.text == std::to_string(start->since_boot.count()));
            CHECK(j["/start_time/value/wall"].text.size() == 20);
        }
        if (const auto cgroup = c.fd().get_cgroupid(); cgroup && !j.has("/cgroupid/error")) {
            CHECK(j["/cgroupid/value"].type == "string");
            CHECK(j["/cgroupid/value"].text == std::to_string(*cgroup));
        }
        for (const std::string ids : {"real", "effective", "saved", "file_system"}) {
            const std::string of = "/credentials/value/" + ids;
            CHECK(j[of + "/uid"].text == std::to_string(geteuid()));
            CHECK(j[of + "/gid"].type == "number");
            const std::string user = j[of + "/user"].type;
            CHECK((user == "string" || user == "null"));
        }
        CHECK(j["/namespaces"].text == std::to_string(std::size(namespace_names)));
        CHECK(j["/namespaces/uts/value/inode"].type == "string");
        CHECK(j["/namespaces/uts/value/own"].text == "true");
    }
}

TEST_CASE("pidfd-inspect names the path that answers on an older kernel") {
    const test_child c = test_child::running();
    const auto got = inspect::as_json(c.pid(), inspect::on(linux_5_10()));
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    const json j = inspect::parsed(got);
    CHECK(j["/pid/path"].text == "fdinfo");
    CHECK(j["/ppid/path"].text == "procfs");
    CHECK(j["/credentials/path"].text == "procfs");
    CHECK(j["/namespaces/mnt/path"].text == "procfs");
    CHECK(j["/id/error/code"].type == "number");
    CHECK(j["/id/error/name"].text == "unsupported");
    CHECK(j["/id/error/message"].text == "not supported by this kernel or sandbox");
    CHECK_FALSE(j.has("/id/value"));
    CHECK_FALSE(j.has("/id/path"));
    CHECK(j["/process_id/error/message"].text == "not supported by this kernel or sandbox");
    CHECK(j["/stamp/path"].text == "procfs");
}

TEST_CASE("pidfd-inspect shows every living process, whatever its user") {
    for (const subject& s : living()) {
        CAPTURE(s.name);
        const auto table = inspect::table(s.pid);
        if (!table.missing.empty())
            SKIP_TEST(table.missing);
        if (s.name == "a thread") { // which is no process
            CHECK(table.status == inspect::gone);
            continue;
        }
        CHECK((table.status == inspect::shown || table.status == inspect::refused));
        CHECK(inspect::rows(table).at("pid").value == std::to_string(s.pid));
    }
}

TEST_CASE("pidfd-inspect --json shows every living process, whatever its user") {
    for (const subject& s : living()) {
        CAPTURE(s.name);
        const auto got = inspect::as_json(s.pid);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == inspect::table(s.pid).status);
        if (s.name == "a thread")
            continue;
        const json j = inspect::parsed(got);
        CHECK(j["/pid/value"].text == std::to_string(s.pid));
        CHECK(j["/comm/path"].text == "procfs");
    }
}

TEST_CASE("pidfd-inspect marks a namespace that is not its own") {
    for (const subject& s : living()) {
        if (s.name != "a process in a child pid namespace")
            continue;
        const auto got = inspect::as_json(s.pid);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        const json j = inspect::parsed(got);
        CHECK(j["/namespaces/pid/value/own"].text == "false");
        CHECK(j["/namespaces/uts/value/own"].text == "true");
        const auto row = inspect::rows(inspect::table(s.pid));
        CHECK(row.at("ns pid").value ==
              j["/namespaces/pid/value/inode"].text + ", not the caller's");
        return;
    }
    SKIP_TEST("no right to make a pid namespace");
}

TEST_CASE("pidfd-inspect shows a zombie, and why some facts are missing") {
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
    CHECK(j["/alive/value"].text == "false");
    CHECK(j["/command_line/value"].type == "array");
    CHECK(j["/command_line/value"].text == "0");
    CHECK(j["/namespaces/mnt/error/code"].text == std::to_string(ESRCH));
}

TEST_CASE("pidfd-inspect reports that a process is gone") {
    const test_child c = test_child::reaped();
    for (const bool as_json : {false, true}) {
        const auto got = as_json ? inspect::as_json(c.pid()) : inspect::table(c.pid());
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == inspect::gone);
        CHECK(got.err == "pidfd-inspect: " + std::to_string(c.pid()) + ": no such process\n");
        if (!as_json) {
            CHECK(got.out.empty());
            continue;
        }
        const json j = inspect::parsed(got);
        CHECK(j["/process"].type == "string");
        CHECK(j["/process"].text == std::to_string(c.pid()));
        CHECK(j["/error/code"].text == std::to_string(ESRCH));
        CHECK(j["/error/name"].text == "not_found");
        CHECK(j["/error/message"].type == "string");
        CHECK(j[""].text == "2"); // and nothing else
    }
}

TEST_CASE("pidfd-inspect refuses the id of a thread") {
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

TEST_CASE(
    "pidfd-inspect as another user shows what it may read, and reports that facts are missing") {
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
    const json j = inspect::parsed(as_json);
    CHECK(j["/namespaces/mnt/error/code"].text == std::to_string(EACCES));
    CHECK(j["/namespaces/mnt/error/name"].text == "EACCES");
}

TEST_CASE("pidfd-inspect reports that /proc hides the process") {
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
            CHECK(j["/comm/error/code"].text == std::to_string(EACCES));
            CHECK(j["/command_line/error/message"].text == "Permission denied");
            CHECK(j["/pid/value"].text == std::to_string(c.pid()));
        }
    }
}

TEST_CASE("pidfd-inspect without /proc shows what the kernel answers directly") {
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
    CHECK(j["/comm/error/message"].text == "not supported by this kernel or sandbox");
    CHECK(j.has("/command_line/error"));
    CHECK(j["/alive/value"].text == "true");
    answer_path path{};
    if (c.fd().get_pid(&path) && path == answer_path::ioctl) {
        CHECK(j["/pid/value"].text == std::to_string(c.pid()));
        CHECK(j["/credentials/value/real/uid"].text == std::to_string(getuid()));
    } else {
        CHECK(j["/pid/error/message"].text == "not supported by this kernel or sandbox");
    }
}

TEST_CASE("pidfd-inspect in a pid namespace under a stale /proc shows the right process") {
    for (const profile& kernel : {native(), linux_5_10()}) {
        CAPTURE(kernel.name);
        surroundings s = inspect::on(kernel);
        s.pid_namespace = true; // its pid 1 is a fork of this test, but /proc/1 is another process
        const auto got = inspect::as_json(1, s);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        const json j = inspect::parsed(got);
        CHECK(j["/pid/value"].text == "1");
        CHECK(j["/comm/value"].text == own_comm());
        CHECK(j["/ppid/error/code"].text == std::to_string(EADDRNOTAVAIL));
        CHECK(j["/namespaces/pid/value/own"].text == "true");
    }
}
