// SPDX-License-Identifier: MIT
#include "formats.hpp"

#include <cstdio>

std::string in_seconds(std::chrono::nanoseconds time) {
    const long long hundredths = time.count() / 10'000'000;
    char text[32];
    std::snprintf(text, sizeof text, "%lld.%02lld", hundredths / 100, hundredths % 100);
    return text;
}
