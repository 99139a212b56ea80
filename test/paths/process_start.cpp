// SPDX-License-Identifier: MIT
// The parsers of /proc/PID/stat and /proc/PID/timens_offsets, on malicious text.
#include "support/catch.hpp"

#include "paths/process_start.hpp"
#include "paths/process_stat.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

using namespace pidfd_util;

namespace {

/// A text of /proc/PID/stat with this name, and with this text as its 22nd field.
std::string stat_of(const std::string& name, const std::string& start) {
    return "4711 (" + name + ") S 1 4711 4711 0 -1 4194560 123 456 7 8 9 10 11 12 20 0 1 0 " +
           start +
           " 10240000 500 18446744073709551615 1 2 3 0 0 0 0 4096 81920 0 0 0 17 1 0 0 0 0 0 4 5 6 "
           "7 8 9 10 0\n";
}

/// The ticks, or -1 if the text is refused.
std::int64_t ticks_in(const std::string& text) {
    // Exactly the text, so that a sanitizer reports any access beyond it.
    const std::vector<char> exact(text.begin(), text.end());
    process_stat::record stat{};
    if (!process_stat::parse({exact.data(), exact.size()}, stat))
        return -1;
    return static_cast<std::int64_t>(stat.start);
}

struct offset {
    bool good;
    std::int64_t seconds;
    std::int64_t nanoseconds;
};

offset offset_in(const std::string& line) {
    const std::vector<char> exact(line.begin(), line.end());
    offset o{false, 42, 43};
    o.good = process_start::parse_offset({exact.data(), exact.size()}, o.seconds, o.nanoseconds);
    return o;
}

} // namespace

TEST_CASE("the start is the 22nd field of a stat file") {
    CHECK(ticks_in(stat_of("cat", "86400")) == 86400);
    CHECK(ticks_in(stat_of("cat", "0")) == 0);
    CHECK(ticks_in(stat_of("cat", "9223372036854775807")) ==
          std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("every field of a stat file is in its place") {
    process_stat::record stat{};
    REQUIRE(process_stat::parse(stat_of("cat", "86400"), stat));
    CHECK(stat.state == 'S');
    CHECK(stat.flags == 4194560);
    CHECK(stat.minor_faults == 123);
    CHECK(stat.major_faults == 7);
    CHECK(stat.user_time == 9);
    CHECK(stat.system_time == 10);
    CHECK(stat.threads == 1);
    CHECK(stat.start == 86400);
}

TEST_CASE("the name of a process cannot fake a field of its stat file") {
    for (const char* name :
         {"", ")", "(", "a)b", ") ", " )", "))))", "((((", "a b c", ") S 1 2 3 4 5 6 7", "\n",
          ")\n", ")\n4712 (x", "x) R 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 77", "\t", "\\n"}) {
        CAPTURE(name);
        CHECK(ticks_in(stat_of(name, "86400")) == 86400);
    }
    CHECK(ticks_in(stat_of(std::string("a\0) b", 5), "86400")) == 86400);
    CHECK(ticks_in(stat_of(std::string(64, ')'), "86400")) == 86400);
}

TEST_CASE("a start that is not a number of clock ticks is refused") {
    for (const char* bad : {"-1", "+1", "x", "1x", "0x10", "1.5", "9223372036854775808",
                            "18446744073709551615", "99999999999999999999999", "1\n", "\n1"}) {
        CAPTURE(bad);
        CHECK(ticks_in(stat_of("cat", bad)) == -1);
    }
}

TEST_CASE("a stat file that is cut off is refused") {
    const std::string good = stat_of("cat", "86400");
    const std::size_t end = good.find("86400") + 5;
    for (std::size_t length = 0; length <= end; ++length) {
        CAPTURE(length);
        // If nothing follows the number, its last digits may be missing.
        CHECK(ticks_in(good.substr(0, length)) == -1);
    }
    CHECK(ticks_in(good.substr(0, end + 1)) == 86400);
    for (const char* bad : {"", ")", "()", "4711 (cat) S", "4711 cat S 1 2 3", "\n", " "}) {
        CAPTURE(bad);
        CHECK(ticks_in(bad) == -1);
    }
}

TEST_CASE("the offset of a time namespace is that of the clock of boot") {
    const offset kernel = offset_in("boottime         1000  20000000");
    CHECK(kernel.good);
    CHECK(kernel.seconds == 1000);
    CHECK(kernel.nanoseconds == 20000000);
    const offset behind = offset_in("boottime           -1 990000000");
    CHECK(behind.good);
    CHECK(behind.seconds == -1);
    CHECK(behind.nanoseconds == 990000000);
}

TEST_CASE("the offsets of other clocks are left out") {
    for (const char* line : {"monotonic        1000         0", "monotonic", "", "boottimes 1 2",
                             "xboottime 1 2", "realtime x y"}) {
        CAPTURE(line);
        const offset o = offset_in(line);
        CHECK(o.good);
        CHECK(o.seconds == 42);
        CHECK(o.nanoseconds == 43);
    }
}

TEST_CASE("an offset that no kernel writes is refused") {
    for (const char* line :
         {"boottime", "boottime ", "boottime 1", "boottime 1 ", "boottime x 1", "boottime 1 x",
          "boottime 1x 1", "boottime 1 1x", "boottime + 1", "boottime 9223372036854775808 0",
          "boottime 1 -1", "boottime 1 1000000000"}) {
        CAPTURE(line);
        CHECK_FALSE(offset_in(line).good);
    }
}
