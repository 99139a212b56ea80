// SPDX-License-Identifier: MIT
// Runs a program as a child, in separate surroundings, and keeps its output.
#ifndef PIDFD_UTIL_TEST_PROGRAM_HPP
#define PIDFD_UTIL_TEST_PROGRAM_HPP

#include "isolated.hpp"

#include <string>
#include <vector>

namespace support {

struct finished {
    std::string out;
    std::string err;
    int status = -1;     // the exit code, or 128 and the signal
    std::string missing; // why it could not be run; empty if it was
};

/// Called in the child before the program starts, to set its standard output up differently.
using preparation = void (*)();

finished run(const surroundings& s, const std::string& program,
             const std::vector<std::string>& arguments, preparation prepare = nullptr);

} // namespace support

#endif
