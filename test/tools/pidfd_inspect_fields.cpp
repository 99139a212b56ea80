// SPDX-License-Identifier: MIT
// The example tool pidfd-inspect with --field and --list-fields; and the values of the fields that
// stand for the executable, the CPU time and the memory.
#include "support/catch.hpp"
#include "support/inspect.hpp"
#include "support/processes.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <climits>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

std::string text_of(pid_t pid) {
    return std::to_string(pid);
}

std::string own_executable() {
    char path[PATH_MAX];
    const ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    return {path, static_cast<std::size_t>(n > 0 ? n : 0)};
}

struct listed_field {
    std::string name;
    std::string key;
};

/// The lines of --list-fields.
std::vector<listed_field> listed_fields(const finished& list) {
    std::istringstream lines(list.out);
    std::vector<listed_field> fields;
    std::string line;
    std::getline(lines, line); // the headings
    while (std::getline(lines, line)) {
        std::istringstream words(line);
        listed_field f;
        words >> f.name >> f.key;
        fields.push_back(f);
    }
    return fields;
}

} // namespace

TEST_CASE("pidfd-inspect --field prints the values of a process on one line, with tabs") {
    const test_child c = test_child::running();
    const auto one = inspect::run({"--field", "pid", text_of(c.pid())});
    if (!one.missing.empty())
        SKIP_TEST(one.missing);
    CHECK(one.status == inspect::shown);
    CHECK(one.err.empty());
    CHECK(one.out == text_of(c.pid()) + "\n");
    const std::string ids =
        text_of(static_cast<pid_t>(geteuid())) + ":" + text_of(static_cast<pid_t>(getegid()));
    const std::string line =
        "yes\t" + text_of(getpid()) + "\t" + ids + "\t" + text_of(c.pid()) + "\n";
    const std::string all = "alive,ppid,effective_ids,pid";
    CHECK(inspect::run({"--field", all, text_of(c.pid())}).out == line);
    CHECK(inspect::run({"--field=alive,ppid", "--field=effective_ids,pid", text_of(c.pid())}).out ==
          line);
    CHECK(inspect::run({"--field", all, text_of(c.pid()), text_of(c.pid())}).out == line + line);
}

TEST_CASE("pidfd-inspect --field takes every name of --list-fields") {
    const auto list = inspect::run({"--list-fields"});
    if (!list.missing.empty())
        SKIP_TEST(list.missing);
    const test_child c = test_child::running();
    const auto fields = listed_fields(list);
    CHECK(fields.size() == 31);
    std::set<std::string> names;
    for (const listed_field& f : fields) {
        CAPTURE(f.name);
        CHECK(names.insert(f.name).second);
        const auto got = inspect::run({"--field", f.name, text_of(c.pid())});
        CHECK(got.out.find('\n') == got.out.size() - 1);
        CHECK((got.status == inspect::shown || got.out == "-\n"));
    }
}

TEST_CASE("pidfd-inspect --json --field prints only the members that contain the fields") {
    const test_child c = test_child::running();
    const std::string pid = text_of(c.pid());
    const auto got = inspect::run({"--json", "--field", "ns_uts,pid,real_ids,saved_ids", pid});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::shown);
    const json j = inspect::parsed(got);
    CHECK(j[""].text == "4");
    CHECK(j["/process"].text == pid);
    CHECK(j["/pid/value"].text == pid);
    CHECK(j["/credentials/value/real/uid"].type == "number");
    CHECK(j["/namespaces/uts/value/inode"].type == "string");
}

TEST_CASE("the fields of pidfd-inspect are all members of its JSON") {
    const auto list = inspect::run({"--list-fields"});
    if (!list.missing.empty())
        SKIP_TEST(list.missing);
    std::set<std::string> keys;
    for (const listed_field& f : listed_fields(list))
        keys.insert(f.key);
    const json j = inspect::parsed(inspect::as_json(getpid()));
    CHECK(j[""].text == std::to_string(keys.size() + 1)); // and "process"
    for (const std::string& key : keys)
        CHECK(j.has("/" + key));
}

TEST_CASE("pidfd-inspect --field exits with the reason for which a value is missing") {
    const test_child running = test_child::running();
    const test_child ended = test_child::zombie();
    surroundings other;
    other.uid = 65534;
    const struct {
        const char* name;
        const char* field;
        pid_t pid;
        surroundings in;
        int status;
        const char* reason;
    } cases[] = {
        {"an older kernel", "id", running.pid(), inspect::on(linux_5_10()), inspect::no_pidfds,
         "not supported by this kernel or sandbox"},
        {"a zombie", "ns_mnt", ended.pid(), {}, inspect::gone, "no such process: it has ended"},
        {"another user", "executable", getpid(), other, inspect::refused, "Permission denied"},
    };
    for (const auto& c : cases) {
        CAPTURE(c.name);
        const auto got =
            inspect::run({"--field", std::string("pid,") + c.field, text_of(c.pid)}, c.in);
        if (!got.missing.empty()) {
            WARN(got.missing);
            continue;
        }
        CHECK(got.status == c.status);
        CHECK(got.out == text_of(c.pid) + "\t-\n");
        CHECK(got.err == std::string("pidfd-inspect: no ") + c.field + " of process " +
                             text_of(c.pid) + ": " + c.reason + "\n");
        // What is missing does not matter if it was not asked for.
        CHECK(inspect::run({"--field", "pid", text_of(c.pid)}, c.in).status == inspect::shown);
    }
}

TEST_CASE("pidfd-inspect --field quotes a name for the shell, and a name like - too") {
    const struct {
        const char* comm;
        const char* shown;
    } names[] = {{"two words", "'two words'"}, {"-", "'-'"}, {"a\tb\n", R"($'a\x09b\x0a')"}};
    for (const auto& name : names) {
        CAPTURE(name.shown);
        const test_child c = test_child::ready([&] {
            std::ofstream("/proc/self/comm") << std::string_view(name.comm) << std::flush;
            return true;
        });
        const auto got = inspect::run({"--field", "comm,pid", text_of(c.pid())});
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.out == std::string(name.shown) + "\t" + text_of(c.pid()) + "\n");
    }
}

TEST_CASE("pidfd-inspect shows the executable, and that none is there for a kernel thread") {
    const test_child c = test_child::running();
    const auto got = inspect::table(c.pid());
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    if (!c.fd().get_executable())
        SKIP_TEST("the executable cannot be opened here");
    CHECK(inspect::rows(got).at("executable").path == "procfs");
    CHECK(inspect::rows(got).at("executable").value == own_executable());
    const json j = inspect::parsed(inspect::as_json(c.pid()));
    CHECK(j["/executable/value/path"].text == own_executable());
    CHECK(j["/executable/value/removed"].text == "false");
    for (const subject& s : living()) {
        if (s.name != "a kernel thread" || !pidfd_view(s.fd).get_creds())
            continue;
        const auto thread = inspect::run({"--field", "executable,resident_memory", text_of(s.pid)});
        if (thread.status == inspect::shown)
            CHECK(thread.out == "(none)\t(none)\n");
        else
            CHECK(thread.status == inspect::refused);
    }
}

TEST_CASE("pidfd-inspect shows the path of an executable that was removed") {
    char copy[] = "/tmp/pidfd inspect XXXXXX";
    const int file = mkstemp(copy);
    if (file < 0)
        SKIP_TEST("there is no /tmp");
    close(file);
    const std::string quoted = std::string("'") + copy + "'";
    if (std::system(("cp /bin/sleep " + quoted + " && chmod 700 " + quoted).c_str()) != 0)
        SKIP_TEST("there is no /bin/sleep to copy");
    const char* const argv[] = {"sleep", "1000", nullptr};
    auto sleeper = spawn(copy, argv);
    REQUIRE(unlink(copy) == 0);
    if (!sleeper)
        SKIP_TEST("the copy of /bin/sleep cannot be executed here");
    const std::string pid = text_of(*pidfd_view(*sleeper).get_pid());
    const auto table = inspect::run({pid});
    const auto field = inspect::run({"--field", "executable", pid});
    const auto as_json = inspect::run({"--json", "--field", "executable", pid});
    REQUIRE(sleeper->kill());
    REQUIRE(sleeper->wait());
    if (!table.missing.empty())
        SKIP_TEST(table.missing);
    CHECK(inspect::rows(table).at("executable").value == quoted + ", which was removed");
    CHECK(field.out == quoted + "\n");
    const json j = inspect::parsed(as_json);
    CHECK(j["/executable/value/path"].text == copy);
    CHECK(j["/executable/value/removed"].text == "true");
}

TEST_CASE("pidfd-inspect shows the CPU time and the resident memory") {
    constexpr std::size_t size = std::size_t{32} << 20;
    const test_child c = test_child::ready([] {
        const std::clock_t begin = std::clock();
        while (std::clock() - begin < CLOCKS_PER_SEC / 5) {
        }
        auto* const memory = static_cast<char*>(std::malloc(size));
        for (std::size_t i = 0; memory != nullptr && i < size; i += 512)
            static_cast<volatile char*>(memory)[i] = 1;
        return memory != nullptr;
    });
    REQUIRE(c.prepared());
    const auto got = inspect::run({"--field", "cpu_time,resident_memory", text_of(c.pid())});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::shown);
    std::istringstream words(got.out);
    double seconds = 0;
    std::uint64_t bytes = 0;
    REQUIRE(words >> seconds >> bytes);
    CHECK(seconds >= 0.1); // it counted by ticks
    CHECK(bytes >= size);
    const json j = inspect::parsed(inspect::as_json(c.pid()));
    CHECK(j["/cpu_time/value/user"].type == "number");
    CHECK(j["/cpu_time/value/system"].type == "number");
    CHECK(j["/resident_memory/value"].type == "number");
    const auto row = inspect::rows(inspect::table(c.pid()));
    CHECK(row.at("cpu time").value.find(" s in user mode") != std::string::npos);
    CHECK(row.at("resident memory").value.find(" MiB") != std::string::npos);
    const test_child ended = test_child::zombie();
    CHECK(inspect::run({"--field", "resident_memory", text_of(ended.pid())}).out == "(none)\n");
}
