// SPDX-License-Identifier: MIT
// Compares what the functions of the guide print with what its pages show.
#ifndef PIDFD_UTIL_TEST_DOCS_GUIDE_OUTPUT_HPP
#define PIDFD_UTIL_TEST_DOCS_GUIDE_OUTPUT_HPP

#include "../support/catch.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cctype>
#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <map>
#include <string>
#include <unistd.h>

/// Returns what the call writes to standard output.
inline std::string printed(const std::function<void()>& call) {
    std::FILE* const file = std::tmpfile();
    REQUIRE(file != nullptr);
    std::fflush(stdout);
    const pidfd_util::unique_fd before(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
    REQUIRE(dup2(fileno(file), STDOUT_FILENO) == STDOUT_FILENO);
    call();
    std::fflush(stdout);
    REQUIRE(dup2(before.get(), STDOUT_FILENO) == STDOUT_FILENO);
    std::string text;
    std::rewind(file);
    for (int byte = std::fgetc(file); byte != EOF; byte = std::fgetc(file))
        text += static_cast<char>(byte);
    std::fclose(file);
    return text;
}

/// Returns the text with a 0 for each number, as pids and times are different on every run.
inline std::string without_numbers(const std::string& text) {
    std::string result;
    for (const char c : text)
        if (std::isdigit(static_cast<unsigned char>(c)) == 0)
            result += c;
        else if (result.empty() || result.back() != '0')
            result += '0';
    return result;
}

using calls_by_name = std::map<std::string, std::function<void()>>;

/// Checks that each call prints what the page shows, and that no text of the page lacks a call.
/// `shown` is what extract.py makes of the page.
template <std::size_t Count>
void check_outputs(const char* const (&shown)[Count][2], const calls_by_name& calls) {
    CHECK(calls.size() == Count);
    for (const auto& [name, text] : shown) {
        INFO(name);
        const auto call = calls.find(name);
        REQUIRE(call != calls.end());
        CHECK(without_numbers(printed(call->second)) == without_numbers(text));
    }
}

#endif
