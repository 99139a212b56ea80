// SPDX-License-Identifier: MIT
// The interface of the example tool pidfd-inspect: arguments, exit statuses, --features, broken
// output.
#include "support/catch.hpp"
#include "support/inspect.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <map>
#include <sstream>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

TEST_CASE("pidfd-inspect refuses bad arguments with one plain line and a separate exit status") {
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
        {"1:"},
        {":1"},
        {"1:0"},
        {"0:1"},
        {"1:1:1"},
        {"1:18446744073709551616"},
        {"1@"},
        {"1@0123"},
        {"0@0123456789abcdef0123456789abcdef"},
        {"1@00000000000000000000000000000000"},
        {"1@0123456789ABCDEF0123456789ABCDEF"},
        {"1:2@0123456789abcdef0123456789abcdef"},
        {"1\n\x1b[31m\xff"},
        {"--json"},
        {"--features", "1"},
        {"--featuresque"},
        {"--json=1", "1"},
        {"--\x1b[31m"},
        {"-x"},
        {"1", "abc"},
        {"--field"},
        {"--field", "", "1"},
        {"--field", "pid,", "1"},
        {"--field", "pid,colour\x1b[31m", "1"},
        {"--field", "pid"},
        {"--watch=0", "1"},
        {"--watch=", "1"},
        {"--watch=soon", "1"},
        {"--color=sometimes", "1"},
        {"--features", "--field", "pid"},
        {"--features", "--watch"},
        {"--list-fields", "1"},
        {"--list-fields", "--json"},
    };
    for (const auto& arguments : lines) {
        CAPTURE(arguments);
        const auto got = inspect::run(arguments);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == inspect::bad_usage);
        CHECK(got.out.empty());
        inspect::check_one_plain_line(got.err);
    }
}

TEST_CASE("pidfd-inspect names the option that does not exist") {
    const std::pair<std::vector<std::string>, std::string> lines[] = {
        {{"--nonsense"}, "--nonsense"},  {{"--json", "-x"}, "-x"},           {{"-xy", "1"}, "-x"},
        {{"1", "--json=1"}, "--json=1"}, {{"--\x1b[31m"}, "$'--\\x1b[31m'"},
    };
    for (const auto& [arguments, named] : lines) {
        const auto got = inspect::run(arguments);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.err == "pidfd-inspect: there is no option " + named + "\n");
    }
}

TEST_CASE("pidfd-inspect accepts an abbreviated option, and a pid after --") {
    const test_child c = test_child::zombie(); // what it uses does not change any more
    const std::string pid = std::to_string(c.pid());
    const auto shortened = inspect::run({"--js", pid});
    if (!shortened.missing.empty())
        SKIP_TEST(shortened.missing);
    CHECK(shortened.out == inspect::run({"--json", "--", pid}).out);
    CHECK(shortened.status == inspect::shown);
}

TEST_CASE("pidfd-inspect takes the options on either side of the pid") {
    const test_child c = test_child::zombie(); // as above
    const std::string pid = std::to_string(c.pid());
    const auto before = inspect::run({"--json", pid});
    if (!before.missing.empty())
        SKIP_TEST(before.missing);
    CHECK(before.status == inspect::shown);
    CHECK(inspect::run({pid, "--json"}).out == before.out);
    const json j = inspect::parsed(before);
    CHECK(j["/pid/value"].text == pid);
}

TEST_CASE("pidfd-inspect reports a sandbox that refuses pidfds with a separate exit status") {
    const struct {
        int error;
        int status;
        const char* name;
        const char* words;
    } sandboxes[] = {
        {EPERM, inspect::refused, "forbidden_by_sandbox", "forbidden by a sandbox"},
        {ENOSYS, inspect::no_pidfds, "unsupported", "not supported by this kernel or sandbox"},
    };
    for (const auto& expected : sandboxes) {
        for (const bool as_json : {false, true}) {
            CAPTURE(expected.error, as_json);
            const auto s = inspect::on(sandbox(expected.error));
            const auto got = as_json ? inspect::as_json(getpid(), s) : inspect::table(getpid(), s);
            if (!got.missing.empty())
                SKIP_TEST(got.missing);
            CHECK(got.status == expected.status);
            if (as_json) {
                const json j = inspect::parsed(got);
                CHECK(j["/error/name"].text == expected.name);
            } else {
                CHECK(got.out.empty());
            }
            inspect::check_one_plain_line(got.err);
            CHECK(got.err.find(expected.words) != std::string::npos);
        }
    }
}

TEST_CASE("pidfd-inspect --features prints what the library returns") {
    const auto table = inspect::run({"--features"});
    if (!table.missing.empty())
        SKIP_TEST(table.missing);
    CHECK(table.status == inspect::shown);
    std::map<std::string, std::vector<std::string>> lines;
    std::istringstream text(table.out);
    std::string section; // an operation can have the name of a feature
    for (std::string line; std::getline(text, line);) {
        CHECK((line.empty() || line.back() != ' '));
        std::istringstream words(line);
        std::string name;
        words >> name;
        if (name == "FEATURE" || name == "OPERATION")
            section = name + " ";
        for (std::string word; words >> word;)
            lines[section + name].push_back(word);
    }
    for (const feature f : all_features) {
        CAPTURE(to_string(f));
        const auto available = availability_of(f);
        REQUIRE(available);
        const std::string since = *first_kernel(f) != '\0' ? first_kernel(f) : "-";
        CHECK(lines["FEATURE " + std::string(to_string(f))] ==
              std::vector<std::string>{since, to_string(*available)});
    }
    for (const operation op : all_operations) {
        CAPTURE(to_string(op));
        if (const auto path = answering_path(op))
            CHECK(lines["OPERATION " + std::string(to_string(op))] ==
                  std::vector<std::string>{to_string(*path)});
    }
}

TEST_CASE("pidfd-inspect --features --json prints what the library returns") {
    const auto got = inspect::run({"--features", "--json"});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::shown);
    CHECK(got.err.empty());
    const json j = inspect::parsed(got);
    CHECK(j["/kernel"].text.rfind("Linux ", 0) == 0);
    CHECK(j["/features"].text == std::to_string(std::size(all_features)));
    CHECK(j["/operations"].text == std::to_string(std::size(all_operations)));
    for (const feature f : all_features) {
        CAPTURE(to_string(f));
        const std::string of = "/features/" + std::string(to_string(f));
        const auto available = availability_of(f);
        REQUIRE(available);
        CHECK(j[of + "/availability"].text == to_string(*available));
        const std::string since = *first_kernel(f) != '\0' ? first_kernel(f) : "null";
        CHECK(j[of + "/since"].text == since);
    }
    for (const operation op : all_operations) {
        CAPTURE(to_string(op));
        const std::string of = "/operations/" + std::string(to_string(op));
        const auto path = answering_path(op);
        if (path) {
            CHECK(j[of + "/path"].text == to_string(*path));
        } else {
            CHECK(j[of + "/error/code"].text == std::to_string(path.error().value()));
            CHECK(j[of + "/error/message"].text == path.error().message());
        }
    }
}

TEST_CASE("pidfd-inspect --features shows what a sandbox forbids and what an older kernel lacks") {
    const auto table = inspect::run({"--features"}, inspect::on(sandbox(EPERM)));
    if (!table.missing.empty())
        SKIP_TEST(table.missing);
    CHECK(table.status == inspect::shown);
    CHECK(table.out.find("forbidden by a sandbox") != std::string::npos);
    const auto old = inspect::run({"--features", "--json"}, inspect::on(linux_5_10()));
    CHECK(old.status == inspect::shown);
    const json lacking = inspect::parsed(old);
    CHECK(lacking["/features/info_ioctl/availability"].text == "missing");
    CHECK(lacking["/operations/get_pid/path"].text == "fdinfo");
    const auto strict = inspect::run({"--features", "--json"}, inspect::on(sandbox(EPERM)));
    CHECK(strict.status == inspect::shown);
    const json forbidden = inspect::parsed(strict);
    CHECK(forbidden["/features/pidfd_open/availability"].text == "forbidden");
    CHECK(forbidden["/operations/from_pid/error/message"].text == "forbidden by a sandbox");
}

TEST_CASE("pidfd-inspect reports that its output could not be written") {
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
    const std::vector<std::string> uses[] = {
        {self},         {"--json", self},         {"--field", "pid", self}, {"--watch=1h", self},
        {"--features"}, {"--features", "--json"}, {"--list-fields"},        {"--help"},
        {"--version"}};
    for (const preparation prepare : {full, closed, read_only, no_reader}) {
        for (const auto& arguments : uses) {
            CAPTURE(arguments);
            const auto got = inspect::run(arguments, {}, prepare);
            if (!got.missing.empty())
                SKIP_TEST(got.missing);
            CHECK(got.status == inspect::failed);
            inspect::check_one_plain_line(got.err);
        }
    }
}

TEST_CASE("pidfd-inspect ends by SIGPIPE if its output is not read") {
    const auto got = inspect::run({"--help"}, {}, [] {
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
    const auto got = inspect::run({"--help"});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::shown);
    CHECK(inspect::run({"-h"}).out == got.out);
    CHECK(got.err.empty());
    for (const char* text : {"--json", "--field NAME", "--list-fields", "--watch[=TIME]",
                             "--color[=WHEN]", "--features", "-h, --help", "-V, --version",
                             "\n  0  ", "\n  1  ", "\n  2  ", "\n  3  ", "\n  4  ", "\n  5  "}) {
        CAPTURE(text);
        CHECK(got.out.find(text) != std::string::npos);
    }
    std::istringstream lines(got.out);
    for (std::string line; std::getline(lines, line);)
        CHECK(line.size() <= 80);
}

TEST_CASE("pidfd-inspect --version prints its name and version") {
    const auto got = inspect::run({"--version"});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(inspect::run({"-V"}).out == got.out);
    CHECK(got.status == inspect::shown);
    CHECK(got.out.rfind("pidfd-inspect 0.", 0) == 0);
    CHECK(got.out.find('\n') == got.out.size() - 1);
}
