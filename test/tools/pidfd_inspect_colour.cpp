// SPDX-License-Identifier: MIT
// When the example tool pidfd-inspect colours its output.
#include "support/catch.hpp"
#include "support/inspect.hpp"
#include "support/processes.hpp"
#include "support/pseudo_terminal.hpp"

#include <cstdlib>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace support;

namespace {

/// For the preparation, which has no arguments.
struct {
    int terminal = -1;
    std::vector<std::pair<const char*, const char*>> variables;
} surroundings_of_tool;

void prepare() {
    for (const char* name : {"NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"})
        unsetenv(name);
    setenv("TERM", "xterm", 1);
    for (const auto& [name, value] : surroundings_of_tool.variables)
        setenv(name, value, 1);
    if (surroundings_of_tool.terminal >= 0)
        dup2(surroundings_of_tool.terminal, STDOUT_FILENO);
}

/// The output, on a terminal or in a file. Empty if there is no tool or no terminal.
std::string output(bool on_terminal, const std::vector<std::string>& arguments,
                   std::vector<std::pair<const char*, const char*>> variables = {}) {
    const pseudo_terminal terminal;
    if (on_terminal && !terminal)
        return "";
    surroundings_of_tool = {on_terminal ? terminal.slave() : -1, std::move(variables)};
    const auto got = inspect::run(arguments, {}, prepare);
    if (!on_terminal)
        return got.out;
    char text[4096]; // as much as a terminal holds until it is read
    const ssize_t n = got.missing.empty() ? read(terminal.master(), text, sizeof text) : 0;
    return {text, static_cast<std::size_t>(n > 0 ? n : 0)};
}

bool coloured(const std::string& text) {
    return text.find("\x1b[") != std::string::npos;
}

} // namespace

TEST_CASE("pidfd-inspect colours only on a terminal, as NO_COLOR and its kin say") {
    const struct {
        bool terminal;
        std::vector<std::string> options;
        std::vector<std::pair<const char*, const char*>> variables;
        bool colours;
    } cases[] = {
        {true, {}, {}, true},
        {false, {}, {}, false},
        {true, {}, {{"TERM", "dumb"}}, false},
        {true, {}, {{"NO_COLOR", "1"}}, false},
        {true, {}, {{"NO_COLOR", ""}}, true},
        {true, {}, {{"CLICOLOR", "0"}}, false},
        {true, {}, {{"CLICOLOR", "1"}}, true},
        {false, {}, {{"CLICOLOR", "1"}}, false},
        {false, {}, {{"CLICOLOR_FORCE", "1"}}, true},
        {false, {}, {{"CLICOLOR_FORCE", "0"}}, false},
        {false, {}, {{"CLICOLOR_FORCE", ""}}, false},
        {false, {}, {{"CLICOLOR_FORCE", "1"}, {"CLICOLOR", "0"}}, true},
        {false, {}, {{"CLICOLOR_FORCE", "1"}, {"TERM", "dumb"}}, true},
        {true, {}, {{"NO_COLOR", "1"}, {"CLICOLOR_FORCE", "1"}}, false},
        {false, {"--color"}, {{"NO_COLOR", "1"}}, true},
        {false, {"--color=always"}, {{"NO_COLOR", "1"}, {"TERM", "dumb"}}, true},
        {true, {"--color=never"}, {{"CLICOLOR_FORCE", "1"}}, false},
        {true, {"--color=auto"}, {}, true},
        {true, {"--color=never", "--color=auto"}, {}, true},
    };
    for (const auto& c : cases) {
        CAPTURE(c.terminal, c.options, c.variables, c.colours);
        std::vector<std::string> arguments = c.options;
        arguments.insert(arguments.begin(), "--list-fields");
        const std::string text = output(c.terminal, arguments, c.variables);
        if (text.empty())
            SKIP_TEST("the examples are not built, or there are no pseudo-terminals");
        CHECK(coloured(text) == c.colours);
    }
}

TEST_CASE("pidfd-inspect colours tables, but neither fields nor JSON") {
    const std::string pid = std::to_string(getpid());
    const std::string table = output(false, {"--color", pid});
    if (table.empty())
        SKIP_TEST("the examples are not built");
    CHECK(coloured(table));
    CHECK(coloured(output(false, {"--color", "--features"})));
    CHECK_FALSE(coloured(output(false, {"--color", "--json", pid})));
    CHECK_FALSE(coloured(output(false, {"--color", "--json", "--features"})));
    CHECK_FALSE(coloured(output(false, {"--color", "--field", "pid,comm", pid})));
}

TEST_CASE("pidfd-inspect's table without its colours is the table that has none") {
    std::string table = output(false, {"--color", "--list-fields"});
    if (table.empty())
        SKIP_TEST("the examples are not built");
    std::size_t begin = 0;
    while ((begin = table.find("\x1b[")) != std::string::npos)
        table.erase(begin, table.find('m', begin) + 1 - begin);
    CHECK(table == output(false, {"--list-fields"}));
}

TEST_CASE("pidfd-inspect --watch redraws a table on a terminal, unless the terminal is dumb") {
    const test_child c = test_child::zombie(); // so that there is one table
    const std::vector<std::string> arguments = {"--watch=1h", "--color=never",
                                                std::to_string(c.pid())};
    const std::string erase = "\x1b[H\x1b[2J";
    const std::string redrawn = output(true, arguments);
    if (redrawn.empty())
        SKIP_TEST("the examples are not built, or there are no pseudo-terminals");
    CHECK(redrawn.rfind(erase + "FIELD", 0) == 0);
    CHECK(output(true, arguments, {{"TERM", "dumb"}}).rfind("FIELD", 0) == 0);
    CHECK(output(false, arguments).rfind("FIELD", 0) == 0);
}
