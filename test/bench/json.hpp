// SPDX-License-Identifier: MIT
// Prints JSON: one object a line, for page.py.
#ifndef PIDFD_UTIL_TEST_BENCH_JSON_HPP
#define PIDFD_UTIL_TEST_BENCH_JSON_HPP

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace bench {

/// Returns the text as a JSON string.
inline std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            result += '\\';
        result += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return result + '"';
}

/// Returns whether the arguments are --json. Ends the program if there are others.
inline bool json_is_wanted(int argc, char** argv) {
    if (argc == 1)
        return false;
    if (argc == 2 && std::strcmp(argv[1], "--json") == 0)
        return true;
    std::fprintf(stderr, "usage: %s [--json]\n", argv[0]);
    std::exit(2);
}

} // namespace bench

#endif
