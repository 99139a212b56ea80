// SPDX-License-Identifier: MIT
#include "inspect.hpp"

#include "catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace support::inspect {

namespace {

/// Null where it was not built.
const char* tool() {
    const char* const elsewhere = std::getenv("PIDFD_INSPECT");
#ifdef PIDFD_INSPECT
    // Without /proc the loader does not find what stands beside a program.
    setenv("LD_LIBRARY_PATH", LIBRARIES, 0);
    return elsewhere != nullptr ? elsewhere : PIDFD_INSPECT;
#else
    return elsewhere;
#endif
}

std::string without_trailing_spaces(const std::string& text) {
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

} // namespace

finished run(const std::vector<std::string>& arguments, const surroundings& s,
             preparation prepare) {
    if (tool() == nullptr)
        return {{}, {}, -1, "the examples are not built"};
    return support::run(s, tool(), arguments, prepare);
}

finished table(pid_t pid, const surroundings& s) {
    return run({std::to_string(pid)}, s);
}

finished as_json(pid_t pid, const surroundings& s) {
    return run({"--json", std::to_string(pid)}, s);
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

std::map<std::string, cells> rows(const finished& f) {
    CAPTURE(f.err, f.status);
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
        all[without_trailing_spaces(line.substr(0, path))] = {
            without_trailing_spaces(line.substr(path, value - path)), line.substr(value)};
    }
    return all;
}

void check_one_plain_line(const std::string& text) {
    CAPTURE(text);
    REQUIRE(text.rfind("pidfd-inspect: ", 0) == 0);
    CHECK(text.find('\n') == text.size() - 1);
    CHECK(std::all_of(text.begin(), text.end() - 1, [](char c) { return c >= ' ' && c <= '~'; }));
}

} // namespace support::inspect
