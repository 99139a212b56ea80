// SPDX-License-Identifier: MIT
#include "inspect.hpp"

#include "catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <sstream>

namespace support::inspect {

namespace {

std::string without_trailing_spaces(const std::string& text) {
    return text.substr(0, text.find_last_not_of(' ') + 1);
}

} // namespace

const char* program() {
    const char* const elsewhere = std::getenv("PIDFD_INSPECT");
#ifdef PIDFD_INSPECT
    // Without /proc the loader does not find what stands beside a program.
    setenv("LD_LIBRARY_PATH", LIBRARIES, 0);
    return elsewhere != nullptr ? elsewhere : PIDFD_INSPECT;
#else
    return elsewhere;
#endif
}

finished run(const std::vector<std::string>& arguments, const surroundings& s,
             preparation prepare) {
    if (program() == nullptr)
        return {{}, {}, -1, "the examples are not built"};
    return support::run(s, program(), arguments, prepare);
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
    CAPTURE(f.err, f.status);
    return parse_json(f.out);
}

std::vector<json> parsed_lines(const finished& f) {
    std::vector<json> objects;
    std::istringstream lines(f.out);
    finished one = f;
    while (std::getline(lines, one.out)) {
        one.out += '\n';
        objects.push_back(parsed(one));
    }
    return objects;
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
