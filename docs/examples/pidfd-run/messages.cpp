// SPDX-License-Identifier: MIT
#include "messages.hpp"

#include <cstdio>

void say(const std::string& text) {
    std::fprintf(stderr, "pidfd-run: %s\n", text.c_str());
}

int complain(int code, const std::string& text) {
    say(text);
    return code;
}
