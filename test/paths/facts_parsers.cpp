// SPDX-License-Identifier: MIT
// The parsers of /proc/PID/limits and of the memory in /proc/PID/status, on malicious text.
#include "support/catch.hpp"

#include "paths/limits.hpp"
#include "paths/memory_status.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <vector>

using namespace pidfd_util;

namespace {

bool takes(const std::string& line, memory_status::record& result) {
    // Exactly the line, so that a sanitizer reports any access beyond it.
    const std::vector<char> exact(line.begin(), line.end());
    memory_status::parser parser;
    return parser.take({exact.data(), exact.size()}, result);
}

} // namespace

TEST_CASE("the sizes of memory are in kibibytes, and in any order") {
    memory_status::record r{};
    memory_status::parser parser;
    CHECK(parser.empty());
    for (const char* line : {"Name:\tVmRSS: 1 kB", "VmRSS:\t     200 kB", "VmPeak:\t 7 kB",
                             "VmSize:\t    1000 kB", "VmHWM:\t     300 kB"})
        CHECK(parser.take(line, r));
    CHECK(parser.complete());
    CHECK_FALSE(parser.empty());
    CHECK(r.resident == 200 * 1024);
    CHECK(r.peak_resident == 300 * 1024);
    CHECK(r.virtual_size == 1000 * 1024);
}

TEST_CASE("a size of memory that no kernel writes is refused") {
    memory_status::record r{};
    for (const char* line :
         {"VmRSS:", "VmRSS:\t", "VmRSS:\t1", "VmRSS:\t1 MB", "VmRSS:\t-1 kB", "VmRSS:\t1 kB x",
          "VmRSS:\t1x kB", "VmRSS:\t9007199254740992 kB", "VmRSS:\t99999999999999999999 kB"}) {
        CAPTURE(line);
        CHECK_FALSE(takes(line, r));
    }
    CHECK(takes("VmRSS:\t9007199254740991 kB", r));
}

TEST_CASE("each resource has a name of its own, and other numbers have none") {
    CHECK(limits::name_of(RLIMIT_NOFILE) == "Max open files");
    CHECK(limits::name_of(RLIMIT_RTTIME) == "Max realtime timeout");
    for (const int none : {-1, 16, 1000})
        CHECK(limits::name_of(none).empty());
}

TEST_CASE("a limit is a number of 64 bits, or unlimited") {
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
    CHECK(limits::parse("            1024                 unlimited            files     ", soft,
                        hard));
    CHECK(soft == 1024);
    CHECK(hard == UINT64_MAX);
    CHECK(limits::parse(" 0 18446744073709551614 bytes", soft, hard));
    CHECK(soft == 0);
    CHECK(hard == UINT64_MAX - 1);
    CHECK(limits::parse(" 0 0", soft, hard)); // nice values have no unit
    for (const char* bad : {"", " ", "1", "unlimited", "1 x", "x 1", "-1 1", "1 -1", "+1 1",
                            "18446744073709551616 1", "Unlimited 1", "1.5 2"}) {
        CAPTURE(bad);
        CHECK_FALSE(limits::parse(bad, soft, hard));
    }
}
