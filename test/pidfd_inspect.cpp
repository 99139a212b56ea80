// SPDX-License-Identifier: MIT
// The example tool, run as a user would.
#include "support/catch.hpp"
#include "support/json.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <map>
#include <sstream>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

enum : int { shown = 0, failed = 1, bad_usage = 2, gone = 3, refused = 4, no_pidfds = 5 };

constexpr uid_t nobody = 65534;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

/// Null where it was not built.
const char* tool() {
    const char* const elsewhere = std::getenv("PIDFD_INSPECT");
#ifdef PIDFD_INSPECT
    // Without /proc the loader does not find what stands beside a program.
    setenv("LD_LIBRARY_PATH", PIDFD_INSPECT_LIBRARIES, 0);
    return elsewhere != nullptr ? elsewhere : PIDFD_INSPECT;
#else
    return elsewhere;
#endif
}

finished inspect(std::vector<std::string> arguments, const surroundings& s = {},
                 preparation prepare = nullptr) {
    if (tool() == nullptr)
        return {{}, {}, -1, "the examples are not built"};
    return run(s, tool(), arguments, prepare);
}

finished inspect(pid_t pid, const surroundings& s = {}) {
    return inspect({std::to_string(pid)}, s);
}

finished inspect_json(pid_t pid, const surroundings& s = {}) {
    return inspect({"--json", std::to_string(pid)}, s);
}

surroundings on(const profile& kernel) {
    surroundings s;
    s.kernel = kernel;
    return s;
}

json parsed(const finished& f) {
    CAPTURE(f.out, f.err, f.status);
    const auto value = parse_json(f.out);
    REQUIRE(value);
    REQUIRE(value->is == json::object);
    CHECK(std::count(f.out.begin(), f.out.end(), '\n') == 1);
    return *value;
}

void check_one_plain_line(const std::string& text) {
    CAPTURE(text);
    CHECK(text.rfind("pidfd-inspect: ", 0) == 0);
    CHECK(text.find('\n') == text.size() - 1);
    CHECK(std::all_of(text.begin(), text.end() - 1, [](char c) { return c >= ' ' && c != 0x7f; }));
}

struct cells {
    std::string path;
    std::string value;
};

/// The table's rows by their field; fails where a column is out of line.
std::map<std::string, cells> rows(const finished& f) {
    std::map<std::string, cells> all;
    std::istringstream lines(f.out);
    std::string line;
    REQUIRE(std::getline(lines, line));
    const std::size_t path = line.find("PATH");
    const std::size_t value = line.find("VALUE");
    REQUIRE((line.rfind("FIELD  ", 0) == 0 && path < value && value < line.size()));
    while (std::getline(lines, line)) {
        CAPTURE(line);
        REQUIRE(line.size() > value);
        for (const std::size_t column : {path, value}) {
            CHECK(line.substr(column - 2, 2) == "  ");
            CHECK(line[column] != ' ');
        }
        const auto trimmed = [](std::string text) {
            return text.substr(0, text.find_last_not_of(' ') + 1);
        };
        all[trimmed(line.substr(0, path))] = {trimmed(line.substr(path, value - path)),
                                              line.substr(value)};
    }
    return all;
}

const char* const namespace_names[] = {
    "cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children",
    "user",   "uts"};

std::string own_comm() {
    std::string name;
    std::getline(std::ifstream("/proc/self/comm"), name);
    return name;
}

/// Overwrites the command line that /proc shows of the calling process; 0 if it could.
int set_command_line(std::string_view text) {
    std::string stat;
    std::getline(std::ifstream("/proc/self/stat"), stat, '\0');
    std::istringstream fields(stat.substr(stat.rfind(')') + 2));
    std::vector<std::string> values;
    for (std::string field; fields >> field;)
        values.push_back(field);
    // proc_pid_stat(5): 48 and 49, of which the first here is the third.
    const auto begin = static_cast<std::uintptr_t>(std::stoull(values.at(45)));
    const auto end = static_cast<std::uintptr_t>(std::stoull(values.at(46)));
    if (end - begin <= text.size())
        return 1;
    std::memset(reinterpret_cast<char*>(begin), 0, end - begin);
    std::memcpy(reinterpret_cast<char*>(begin), text.data(), text.size());
    return 0;
}

/// A child with a name and a command line of its choice.
child odd_child(const std::string& comm, std::string_view command_line = {}) {
    int ready[2];
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    child c = child::that([&] {
        prctl(PR_SET_NAME, comm.c_str(), 0, 0, 0);
        const char done = command_line.empty() || set_command_line(command_line) == 0 ? 'y' : 'n';
        (void)!write(ready[1], &done, 1);
        for (;;)
            pause();
        return 0;
    });
    c.go();
    char done = 0;
    REQUIRE(read(ready[0], &done, 1) == 1);
    REQUIRE(done == 'y');
    close(ready[0]);
    close(ready[1]);
    return c;
}

} // namespace

TEST_CASE("pidfd-inspect shows all of a process of its own user in an aligned table") {
    const child c = child::running();
    const auto got = inspect(c.pid());
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == shown);
    CHECK(got.err.empty());
    const auto row = rows(got);
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
        if (geteuid() == 0)
            CHECK(row.at(ids).value == "uid 0 (root), gid 0 (root)");
    }
    for (const char* name : namespace_names) {
        CAPTURE(name);
        REQUIRE(row.count("ns " + std::string(name)) == 1);
        const cells& ns = row.at("ns " + std::string(name));
        CHECK((ns.path == "-" || ns.value.find(", the caller's own") != std::string::npos));
    }
    CHECK(row.at("ns mnt").path == to_string(*answering_path(operation::get_namespace)));
}

TEST_CASE("pidfd-inspect --json tells the same as the library, on every kernel") {
    const child c = child::running();
    const profile kernels[] = {native(), linux_6_12(), linux_5_10(), linux_5_4()};
    for (const profile& kernel : kernels) {
        CAPTURE(kernel.name);
        const auto got = inspect_json(c.pid(), on(kernel));
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == shown);
        CHECK(got.err.empty());
        const json j = parsed(got);
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
    const child c = child::running();
    const auto got = inspect_json(c.pid(), on(linux_5_10()));
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    const json j = parsed(got);
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
        const auto got = inspect_json(s.pid);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        if (s.name == "a thread") { // which is no process
            CHECK(got.status == gone);
            continue;
        }
        CHECK((got.status == shown || got.status == refused));
        CHECK(parsed(got)["pid"]["value"].text == std::to_string(s.pid));
        CHECK(parsed(got)["comm"]["path"].text == "procfs");
        const auto table = inspect(s.pid);
        CHECK(table.status == got.status);
        CHECK(rows(table).at("pid").value == std::to_string(s.pid));
    }
}

TEST_CASE("pidfd-inspect tells a namespace that is not its own") {
    for (const subject& s : living()) {
        if (s.name != "a process in a child pid namespace")
            continue;
        const auto got = inspect_json(s.pid);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        const json j = parsed(got);
        CHECK(j["namespaces"]["pid"]["value"]["own"].text == "false");
        CHECK(j["namespaces"]["uts"]["value"]["own"].text == "true");
        const auto row = rows(inspect(s.pid));
        CHECK(row.at("ns pid").value ==
              j["namespaces"]["pid"]["value"]["inode"].text + ", not the caller's");
        return;
    }
    SKIP_TEST("no right to make a pid namespace");
}

TEST_CASE("pidfd-inspect shows a name and arguments of any bytes without harm to the terminal") {
    using namespace std::string_literals;
    const std::string comm = "a) \n\x1b[31m\xff'\xc3\xa9";
    const std::string line = "x y\0it's\0\0\x1b[m\\\0\xff\0\xe2\x80\xaez\0"s;
    const child c = odd_child(comm, line);
    const auto table = inspect(c.pid());
    if (!table.missing.empty())
        SKIP_TEST(table.missing);
    const auto row = rows(table);
    CHECK(row.at("comm").value == R"($'a) \x0a\x1b[31m\xff\'é')");
    CHECK(row.at("command line").value ==
          R"('x y' $'it\'s' '' $'\x1b[m\\' $'\xff' $'\xe2\x80\xaez')");
    CHECK(is_utf8(table.out));

    const auto got = inspect_json(c.pid());
    for (const char byte : got.out.substr(0, got.out.size() - 1))
        CHECK((static_cast<unsigned char>(byte) >= ' ' && byte != 0x7f));
    const json j = parsed(got);
    CHECK(j["comm"]["value"].text == "a) \n\x1b[31m\xef\xbf\xbd'\xc3\xa9");
    CHECK(j["comm"]["hex"].text == "6129200a1b5b33316dff27c3a9");
    const auto& arguments = j["command_line"]["value"].items;
    REQUIRE(arguments.size() >= 6);
    CHECK(arguments[0].text == "x y");
    CHECK(arguments[1].text == "it's");
    CHECK(arguments[2].text.empty());
    CHECK(arguments[3].text == "\x1b[m\\");
    CHECK(arguments[4].text == "\xef\xbf\xbd");
    CHECK(arguments[5].text == "\xe2\x80\xaez");
    CHECK(j["command_line"]["hex"].text.rfind("78207900697427730000", 0) == 0);
}

TEST_CASE("pidfd-inspect takes for UTF-8 only what is") {
    const struct {
        const char* comm;
        const char* table;
        const char* json;
    } names[] = {
        {"\xc0\xaf", R"($'\xc0\xaf')", "\xef\xbf\xbd\xef\xbf\xbd"}, // overlong
        {"\xe0\x80\xaf", R"($'\xe0\x80\xaf')", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", R"($'\xed\xa0\x80')", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, // surrogate
        {"\xf4\x90\x80\x80", R"($'\xf4\x90\x80\x80')",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},       // above U+10FFFF
        {"\xe2\x82", R"($'\xe2\x82')", "\xef\xbf\xbd\xef\xbf\xbd"}, // cut short
        {"\xe2\x82(", R"($'\xe2\x82(')", "\xef\xbf\xbd\xef\xbf\xbd("},
        {"\xc2\x9b", R"($'\xc2\x9b')", "\xc2\x9b"}, // a control character
        {"\xf0\x9f\x98\x80\xe2\x82\xac", "\xf0\x9f\x98\x80\xe2\x82\xac",
         "\xf0\x9f\x98\x80\xe2\x82\xac"},
        {"\"\\\x01\x7f", R"($'"\\\x01\x7f')", "\"\\\x01\x7f"},
        {"", "''", ""},
        {"kworker/0:1-ev", "kworker/0:1-ev", "kworker/0:1-ev"},
        {"$(reboot)", "'$(reboot)'", "$(reboot)"},
    };
    for (const auto& name : names) {
        CAPTURE(name.table);
        const child c = odd_child(name.comm);
        const auto table = inspect(c.pid());
        if (!table.missing.empty())
            SKIP_TEST(table.missing);
        CHECK(rows(table).at("comm").value == name.table);
        const json comm = parsed(inspect_json(c.pid()))["comm"];
        CHECK(comm["value"].text == name.json);
        CHECK(comm.has("hex") == !is_utf8(name.comm));
    }
}

TEST_CASE("pidfd-inspect shows a zombie, and why some of it cannot be told") {
    const child c = child::zombie();
    const auto table = inspect(c.pid());
    if (!table.missing.empty())
        SKIP_TEST(table.missing);
    CHECK(table.status == shown);
    CHECK(table.err.empty());
    const auto row = rows(table);
    CHECK(row.at("alive").value == "no: it has ended");
    CHECK(row.at("pid").value == std::to_string(c.pid()));
    CHECK(row.at("comm").value == own_comm());
    CHECK(row.at("command line").value == "(none)");
    CHECK(row.at("ns mnt").path == "-");
    CHECK(row.at("ns mnt").value == "no such process: it has ended");
    const json j = parsed(inspect_json(c.pid()));
    CHECK(j["alive"]["value"].text == "false");
    CHECK(j["command_line"]["value"].is == json::array);
    CHECK(j["command_line"]["value"].items.empty());
    CHECK(j["namespaces"]["mnt"]["errno"].text == std::to_string(ESRCH));
}

TEST_CASE("pidfd-inspect says of a gone process that there is none") {
    const child c = child::reaped();
    for (const bool as_json : {false, true}) {
        const auto got = as_json ? inspect_json(c.pid()) : inspect(c.pid());
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == gone);
        CHECK(got.out.empty());
        CHECK(got.err == "pidfd-inspect: there is no process " + std::to_string(c.pid()) + "\n");
    }
}

TEST_CASE("pidfd-inspect says of a thread that it is no process") {
    std::atomic<pid_t> tid{0};
    std::atomic<bool> stop{false};
    std::thread thread([&] {
        tid = static_cast<pid_t>(syscall(SYS_gettid));
        while (!stop)
            usleep(1000);
    });
    while (tid == 0)
        usleep(100);
    const auto got = inspect(tid);
    stop = true;
    thread.join();
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == gone);
    CHECK(got.out.empty());
    CHECK(got.err.find("is a thread of another process") != std::string::npos);
    check_one_plain_line(got.err);
}

TEST_CASE("pidfd-inspect refuses bad arguments with one plain line and a status of their own") {
    const std::vector<std::vector<std::string>> lines = {
        {},
        {"0"},
        {"-1"},
        {"abc"},
        {"99999999999"},
        {"99999999999999999999999999"},
        {"2147483648"},
        {""},
        {" 1"},
        {"1 "},
        {"+1"},
        {"0x1"},
        {"1.0"},
        {"1\n\x1b[31m\xff"},
        {"1", "2"},
        {"--json"},
        {"--features", "1"},
        {"--feature"},
        {"--\x1b[31m"},
        {"-x"},
    };
    for (const auto& arguments : lines) {
        CAPTURE(arguments);
        const auto got = inspect(arguments);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == bad_usage);
        CHECK(got.out.empty());
        check_one_plain_line(got.err);
    }
}

TEST_CASE("pidfd-inspect takes the options on either side of the pid") {
    const std::string pid = std::to_string(getpid());
    const auto before = inspect({"--json", pid});
    if (!before.missing.empty())
        SKIP_TEST(before.missing);
    CHECK(parsed(before)["pid"]["value"].text == pid);
    CHECK(parsed(inspect({pid, "--json"}))["pid"]["value"].text == pid);
}

TEST_CASE("pidfd-inspect as another user tells what it may, and says that this is not all") {
    surroundings s;
    s.uid = nobody;
    const auto got = inspect(getpid(), s);
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == refused);
    check_one_plain_line(got.err);
    const auto row = rows(got);
    CHECK(row.at("pid").value == std::to_string(getpid()));
    CHECK(row.at("comm").value == own_comm());
    CHECK(row.at("ns mnt").path == "-");
    CHECK(row.at("ns mnt").value == "Permission denied");
    const auto as_json = inspect_json(getpid(), s);
    CHECK(as_json.status == refused);
    CHECK(parsed(as_json)["namespaces"]["mnt"]["errno"].text == std::to_string(EACCES));
}

TEST_CASE("pidfd-inspect says so where /proc hides the process") {
    for (const char* hiding : {"hidepid=1", "hidepid=2"}) {
        for (const profile& kernel : {native(), linux_5_10()}) {
            CAPTURE(hiding, kernel.name);
            surroundings s = on(kernel);
            s.uid = nobody;
            s.pid_namespace = true; // of which the calling process, root's, must be the first
            s.proc = hiding;
            const child c = child::running();
            surroundings outer = on(kernel);
            outer.uid = nobody;
            outer.mount_namespace = true;
            outer.proc = hiding;
            const auto got = inspect_json(c.pid(), outer);
            if (!got.missing.empty())
                SKIP_TEST(got.missing);
            CHECK(got.status == refused);
            check_one_plain_line(got.err);
            const json j = parsed(got);
            CHECK(j["comm"]["errno"].text == std::to_string(EACCES));
            CHECK(j["command_line"]["reason"].text == "Permission denied");
            CHECK(j["pid"]["value"].text == std::to_string(c.pid()));
        }
    }
}

TEST_CASE("pidfd-inspect without /proc tells what the kernel tells directly") {
    if (sanitized)
        SKIP_TEST("a sanitized program does not start without /proc");
    const child c = child::running();
    surroundings s;
    s.proc = "none";
    const auto got = inspect_json(c.pid(), s);
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == shown);
    const json j = parsed(got);
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
        surroundings s = on(kernel);
        s.pid_namespace = true; // its pid 1 is a fork of this test, and /proc/1 is not
        const auto got = inspect_json(1, s);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        const json j = parsed(got);
        CHECK(j["pid"]["value"].text == "1");
        CHECK(j["comm"]["value"].text == own_comm());
        CHECK(j["ppid"]["errno"].text == std::to_string(EADDRNOTAVAIL));
        CHECK(j["namespaces"]["pid"]["value"]["own"].text == "true");
    }
}

TEST_CASE(
    "pidfd-inspect under a sandbox that takes pidfds away says so, with a status of its own") {
    const struct {
        int error;
        int status;
        const char* words;
    } sandboxes[] = {
        {EPERM, refused, "forbidden by a sandbox"},
        {ENOSYS, no_pidfds, "not supported by this kernel or sandbox"},
    };
    for (const auto& expected : sandboxes) {
        for (const char* form : {"--json", "--"}) {
            CAPTURE(expected.error, form);
            const auto s = on(sandbox(expected.error));
            const auto got =
                *form == '-' && form[2] != '\0' ? inspect_json(getpid(), s) : inspect(getpid(), s);
            if (!got.missing.empty())
                SKIP_TEST(got.missing);
            CHECK(got.status == expected.status);
            CHECK(got.out.empty());
            check_one_plain_line(got.err);
            CHECK(got.err.find(expected.words) != std::string::npos);
        }
    }
}

TEST_CASE("pidfd-inspect --features tells the same as the library") {
    const auto got = inspect({"--features", "--json"});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == shown);
    CHECK(got.err.empty());
    const json j = parsed(got);
    CHECK(j["kernel"].text.rfind("Linux ", 0) == 0);
    CHECK(j["features"].members.size() == std::size(all_features));
    CHECK(j["operations"].members.size() == std::size(all_operations));
    const auto table = inspect({"--features"});
    CHECK(table.status == shown);
    std::map<std::string, std::vector<std::string>> lines;
    std::istringstream text(table.out);
    for (std::string line; std::getline(text, line);) {
        CHECK((line.empty() || line.back() != ' '));
        std::istringstream words(line);
        std::string name;
        words >> name;
        for (std::string word; words >> word;)
            lines[name].push_back(word);
    }
    for (const feature f : all_features) {
        CAPTURE(to_string(f));
        const json& told = j["features"][to_string(f)];
        const auto available = query(f);
        REQUIRE(available);
        CHECK(told["availability"].text == to_string(*available));
        CHECK(told["since"].text == first_kernel(f));
        const std::string since = *first_kernel(f) != '\0' ? first_kernel(f) : "-";
        CHECK(lines[to_string(f)] == std::vector<std::string>{since, to_string(*available)});
    }
    for (const operation op : all_operations) {
        CAPTURE(to_string(op));
        const json& told = j["operations"][to_string(op)];
        const auto path = answering_path(op);
        if (path) {
            CHECK(told["path"].text == to_string(*path));
            CHECK(lines[to_string(op)] == std::vector<std::string>{to_string(*path)});
        } else {
            CHECK(told["errno"].text == std::to_string(path.error().value()));
            CHECK(told["reason"].text == path.error().message());
        }
    }
}

TEST_CASE("pidfd-inspect --features shows what a sandbox forbids and what an older kernel lacks") {
    const auto old = inspect({"--features", "--json"}, on(linux_5_10()));
    if (!old.missing.empty())
        SKIP_TEST(old.missing);
    CHECK(old.status == shown);
    CHECK(parsed(old)["features"]["info_ioctl"]["availability"].text == "missing");
    CHECK(parsed(old)["operations"]["get_pid"]["path"].text == "fdinfo");
    const auto strict = inspect({"--features", "--json"}, on(sandbox(EPERM)));
    CHECK(strict.status == shown);
    CHECK(parsed(strict)["features"]["pidfd_open"]["availability"].text == "forbidden");
    CHECK(parsed(strict)["operations"]["from_pid"]["reason"].text == "forbidden by a sandbox");
    const auto table = inspect({"--features"}, on(sandbox(EPERM)));
    CHECK(table.status == shown);
    CHECK(table.out.find("forbidden by a sandbox") != std::string::npos);
}

TEST_CASE("pidfd-inspect notices that its output could not be written") {
    const preparation full = [] { dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO); };
    const preparation closed = [] { close(STDOUT_FILENO); };
    const preparation read_only = [] { dup2(open("/dev/null", O_RDONLY), STDOUT_FILENO); };
    const preparation no_reader = [] {
        std::signal(SIGPIPE, SIG_IGN);
        int ends[2];
        if (pipe(ends) == 0)
            dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
    };
    const std::string self = std::to_string(getpid());
    const std::vector<std::string> uses[] = {{self},         {"--json", self},
                                             {"--features"}, {"--features", "--json"},
                                             {"--help"},     {"--version"}};
    for (const preparation prepare : {full, closed, read_only, no_reader}) {
        for (const auto& arguments : uses) {
            CAPTURE(arguments);
            const auto got = inspect(arguments, {}, prepare);
            if (!got.missing.empty())
                SKIP_TEST(got.missing);
            CHECK(got.status == failed);
            check_one_plain_line(got.err);
        }
    }
}

TEST_CASE("pidfd-inspect ends by SIGPIPE, as others do, where nobody reads its output") {
    const auto got = inspect({"--help"}, {}, [] {
        std::signal(SIGPIPE, SIG_DFL);
        int ends[2];
        if (pipe(ends) == 0)
            dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
    });
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == 128 + SIGPIPE);
    CHECK(got.err.empty());
}

TEST_CASE("pidfd-inspect --help documents every option and exit status") {
    const auto got = inspect({"--help"});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == shown);
    CHECK(got.err.empty());
    for (const char* text : {"--json", "--features", "--help", "--version", "\n  0  ", "\n  1  ",
                             "\n  2  ", "\n  3  ", "\n  4  ", "\n  5  "}) {
        CAPTURE(text);
        CHECK(got.out.find(text) != std::string::npos);
    }
    std::istringstream lines(got.out);
    for (std::string line; std::getline(lines, line);)
        CHECK(line.size() <= 80);
}

TEST_CASE("pidfd-inspect --version tells its name and version") {
    const auto got = inspect({"--version"});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == shown);
    CHECK(got.out.rfind("pidfd-inspect 0.", 0) == 0);
    CHECK(got.out.find('\n') == got.out.size() - 1);
}
