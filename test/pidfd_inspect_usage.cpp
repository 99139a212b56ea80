// SPDX-License-Identifier: MIT
// The example tool pidfd-inspect at its edges: arguments, exit statuses, --features, broken output.
#include "support/catch.hpp"
#include "support/inspect.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <map>
#include <sstream>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

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
        const auto got = inspect::run(arguments);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == inspect::bad_usage);
        CHECK(got.out.empty());
        inspect::check_one_plain_line(got.err);
    }
}

TEST_CASE("pidfd-inspect takes the options on either side of the pid") {
    const std::string pid = std::to_string(getpid());
    const auto before = inspect::run({"--json", pid});
    if (!before.missing.empty())
        SKIP_TEST(before.missing);
    CHECK(inspect::parsed(before)["pid"]["value"].text == pid);
    CHECK(inspect::parsed(inspect::run({pid, "--json"}))["pid"]["value"].text == pid);
}

TEST_CASE(
    "pidfd-inspect under a sandbox that takes pidfds away says so, with a status of its own") {
    const struct {
        int error;
        int status;
        const char* words;
    } sandboxes[] = {
        {EPERM, inspect::refused, "forbidden by a sandbox"},
        {ENOSYS, inspect::no_pidfds, "not supported by this kernel or sandbox"},
    };
    for (const auto& expected : sandboxes) {
        for (const bool as_json : {false, true}) {
            CAPTURE(expected.error, as_json);
            const auto s = inspect::on(sandbox(expected.error));
            const auto got = as_json ? inspect::as_json(getpid(), s) : inspect::table(getpid(), s);
            if (!got.missing.empty())
                SKIP_TEST(got.missing);
            CHECK(got.status == expected.status);
            CHECK(got.out.empty());
            inspect::check_one_plain_line(got.err);
            CHECK(got.err.find(expected.words) != std::string::npos);
        }
    }
}

TEST_CASE("pidfd-inspect --features tells the same as the library") {
    const auto got = inspect::run({"--features", "--json"});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::shown);
    CHECK(got.err.empty());
    const json j = inspect::parsed(got);
    CHECK(j["kernel"].text.rfind("Linux ", 0) == 0);
    CHECK(j["features"].members.size() == std::size(all_features));
    CHECK(j["operations"].members.size() == std::size(all_operations));
    const auto table = inspect::run({"--features"});
    CHECK(table.status == inspect::shown);
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
    const auto old = inspect::run({"--features", "--json"}, inspect::on(linux_5_10()));
    if (!old.missing.empty())
        SKIP_TEST(old.missing);
    CHECK(old.status == inspect::shown);
    CHECK(inspect::parsed(old)["features"]["info_ioctl"]["availability"].text == "missing");
    CHECK(inspect::parsed(old)["operations"]["get_pid"]["path"].text == "fdinfo");
    const auto strict = inspect::run({"--features", "--json"}, inspect::on(sandbox(EPERM)));
    CHECK(strict.status == inspect::shown);
    CHECK(inspect::parsed(strict)["features"]["pidfd_open"]["availability"].text == "forbidden");
    CHECK(inspect::parsed(strict)["operations"]["from_pid"]["reason"].text ==
          "forbidden by a sandbox");
    const auto table = inspect::run({"--features"}, inspect::on(sandbox(EPERM)));
    CHECK(table.status == inspect::shown);
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
            const auto got = inspect::run(arguments, {}, prepare);
            if (!got.missing.empty())
                SKIP_TEST(got.missing);
            CHECK(got.status == inspect::failed);
            inspect::check_one_plain_line(got.err);
        }
    }
}

TEST_CASE("pidfd-inspect ends by SIGPIPE, as others do, where nobody reads its output") {
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
    const auto got = inspect::run({"--version"});
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == inspect::shown);
    CHECK(got.out.rfind("pidfd-inspect 0.", 0) == 0);
    CHECK(got.out.find('\n') == got.out.size() - 1);
}
