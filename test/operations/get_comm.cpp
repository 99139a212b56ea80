// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/error_of.hpp"

#include <cerrno>
#include <cstring>
#include <string>
#include <sys/prctl.h>

using namespace pidfd_util;
using namespace support;

TEST_CASE("get_comm returns every name that a process can have") {
    for (const char* name : {"x) R 1 1\n1 (y", ")\n)", "a b", "((((", "\n\n\n", "", " ",
                             "fifteen chars..", "\x01\xff", "1 (a) S 1 1 1"}) {
        CAPTURE(name);
        const test_child c =
            test_child::ready([name] { return prctl(PR_SET_NAME, name, 0, 0, 0) == 0; });
        REQUIRE(c.prepared());
        char buffer[16];
        const auto got = c.fd().get_comm(buffer);
        REQUIRE(got);
        CHECK(std::string(*got) == name);
        CHECK(got->data() == buffer);
    }
}

TEST_CASE("get_comm refuses storage that is too small, and writes nothing beyond it") {
    const test_child c =
        test_child::ready([] { return prctl(PR_SET_NAME, "abcdef", 0, 0, 0) == 0; });
    char buffer[8];
    for (std::size_t size = 0; size <= sizeof buffer; ++size) {
        CAPTURE(size);
        std::memset(buffer, '!', sizeof buffer);
        const auto got = c.fd().get_comm(storage<char>(buffer, size));
        CHECK(error_of(got) == (size < 6 ? ERANGE : 0));
        CHECK((size >= 6 || buffer[0] == '!'));
        CHECK(buffer[6] == '!');
    }
    const test_child nameless =
        test_child::ready([] { return prctl(PR_SET_NAME, "", 0, 0, 0) == 0; });
    CHECK(nameless.fd().get_comm({}) == std::string_view());
}

TEST_CASE("get_comm of a thread is the thread's, and of a kernel thread the whole name") {
    for (const subject& s : living()) {
        CAPTURE(s.name);
        char buffer[128];
        const auto got = pidfd_view(s.fd).get_comm(buffer);
        REQUIRE(got);
        if (s.name == "a kernel thread")
            CHECK_FALSE(got->empty());
    }
}
