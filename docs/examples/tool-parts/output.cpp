// SPDX-License-Identifier: MIT
#include "output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace {

std::string result(bool good) {
    return good ? "" : std::string("cannot write the output: ") + std::strerror(errno);
}

} // namespace

std::string write_output(std::string_view text) {
    return result(std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
                  std::fflush(stdout) == 0);
}

std::string close_output() {
    return result(std::fclose(stdout) == 0);
}

std::string write_whole_output(std::string_view text) {
    const std::string mistake = write_output(text);
    return mistake.empty() ? close_output() : mistake;
}
