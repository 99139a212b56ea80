// SPDX-License-Identifier: MIT
// How the example tool pidfd-inspect shows names and arguments of any bytes.
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/inspect.hpp"
#include "support/processes.hpp"

#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <sstream>
#include <sys/prctl.h>
#include <unistd.h>

using namespace support;

namespace {

/// Overwrites the command line that /proc shows of the calling process; false if the text is
/// longer.
bool set_command_line(std::string_view text) {
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
        return false;
    std::memset(reinterpret_cast<char*>(begin), 0, end - begin);
    std::memcpy(reinterpret_cast<char*>(begin), text.data(), text.size());
    return true;
}

/// A child with a name and a command line of its choice; empty where they do not fit.
std::optional<test_child> odd_child(const std::string& comm, std::string_view command_line = {}) {
    int ready[2];
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    test_child c = test_child::that([&] {
        prctl(PR_SET_NAME, comm.c_str(), 0, 0, 0);
        const char done = command_line.empty() || set_command_line(command_line) ? 'y' : 'n';
        (void)!write(ready[1], &done, 1);
        for (;;)
            pause();
        return 0;
    });
    c.go();
    char done = 0;
    REQUIRE(read(ready[0], &done, 1) == 1);
    close(ready[0]);
    close(ready[1]);
    if (done != 'y')
        return std::nullopt;
    return c;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
        text.replace(at, what.size(), with);
    return text;
}

} // namespace

TEST_CASE("pidfd-inspect shows a name and arguments of any bytes without harm to the terminal") {
    if (emulated())
        SKIP_TEST(in_emulator);
    using namespace std::string_literals;
    const std::string comm = "a) \n\x1b[31m\xff'\xc3\xa9";
    const std::string line = "x y\0it's\0\0\x1b[m\\\0\xff\0\xe2\x80\xaez\0"s;
    const auto c = odd_child(comm, line);
    if (!c)
        SKIP_TEST("the command line of the test itself is too short to write another over it");
    const auto table = inspect::table(c->pid());
    if (!table.missing.empty())
        SKIP_TEST(table.missing);
    const auto row = inspect::rows(table);
    CHECK(row.at("comm").value == R"($'a) \x0a\x1b[31m\xff\'é')");
    CHECK(row.at("command line").value ==
          R"('x y' $'it\'s' '' $'\x1b[m\\' $'\xff' $'\xe2\x80\xaez')");
    for (const char byte : replaced(table.out, "\xc3\xa9", "e"))
        CHECK(((byte >= ' ' && byte <= '~') || byte == '\n'));

    const auto got = inspect::as_json(c->pid());
    for (const char byte : got.out.substr(0, got.out.size() - 1))
        CHECK((static_cast<unsigned char>(byte) >= ' ' && byte != 0x7f));
    const json j = inspect::parsed(got);
    CHECK(j["/comm/value"].text == "a) \n\x1b[31m\xef\xbf\xbd'\xc3\xa9");
    CHECK(j["/comm/hex"].text == "6129200a1b5b33316dff27c3a9");
    CHECK(j["/command_line/value"].type == "array");
    const std::string arguments[] = {"x y",      "it's",         "",
                                     "\x1b[m\\", "\xef\xbf\xbd", "\xe2\x80\xaez"};
    for (std::size_t i = 0; i < std::size(arguments); ++i) {
        const json_value argument = j["/command_line/value/" + std::to_string(i)];
        CHECK(argument.type == "string");
        CHECK(argument.text == arguments[i]);
    }
    CHECK(j["/command_line/hex"].text.rfind("78207900697427730000", 0) == 0);
}

TEST_CASE("pidfd-inspect shows only valid UTF-8 as it is") {
    const struct {
        const char* comm;
        const char* table;
        const char* json;
        bool is_utf8;
    } names[] = {
        {"\xc0\xaf", R"($'\xc0\xaf')", "\xef\xbf\xbd\xef\xbf\xbd", false}, // overlong
        {"\xe0\x80\xaf", R"($'\xe0\x80\xaf')", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", false},
        {"\xed\xa0\x80", R"($'\xed\xa0\x80')", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd",
         false}, // surrogate
        {"\xf4\x90\x80\x80", R"($'\xf4\x90\x80\x80')",
         "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", false},       // above U+10FFFF
        {"\xe2\x82", R"($'\xe2\x82')", "\xef\xbf\xbd\xef\xbf\xbd", false}, // cut short
        {"\xe2\x82(", R"($'\xe2\x82(')", "\xef\xbf\xbd\xef\xbf\xbd(", false},
        {"\xc2\x9b", R"($'\xc2\x9b')", "\xc2\x9b", true}, // a control character
        {"\xf0\x9f\x98\x80\xe2\x82\xac", "\xf0\x9f\x98\x80\xe2\x82\xac",
         "\xf0\x9f\x98\x80\xe2\x82\xac", true},
        {"\"\\\x01\x7f", R"($'"\\\x01\x7f')", "\"\\\x01\x7f", true},
        {"", "''", "", true},
        {"kworker/0:1-ev", "kworker/0:1-ev", "kworker/0:1-ev", true},
        {"$(reboot)", "'$(reboot)'", "$(reboot)", true},
    };
    for (const auto& name : names) {
        CAPTURE(name.table);
        const auto c = odd_child(name.comm);
        const auto table = inspect::table(c->pid());
        if (!table.missing.empty())
            SKIP_TEST(table.missing);
        CHECK(inspect::rows(table).at("comm").value == name.table);
        const json j = inspect::parsed(inspect::as_json(c->pid()));
        CHECK(j["/comm/value"].text == name.json);
        CHECK(j.has("/comm/hex") == !name.is_utf8);
    }
}
