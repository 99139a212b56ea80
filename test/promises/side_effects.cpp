// SPDX-License-Identifier: MIT
// No operation changes the caller's errno or leaves a file descriptor open, however it ends.
#include "support/catch.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/operations.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <string>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// All operations that neither need a child nor block.
std::vector<const operation_row*> operations() {
    return operations_that(
        [](const operation_row& o) { return o.harmless() || o.kind == role::opens; });
}

/// What an operation did that it should not have done.
struct blame {
    const operation_row* operation; // the table is at the same place in an isolated child
    int number;
};

std::string culprit(const blame& b) {
    return b.operation != nullptr ? b.operation->name : "none";
}

} // namespace

TEST_CASE("no operation changes the caller's errno, on any kernel and any file descriptor") {
    constexpr int untouched = 4711;
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : everything()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] {
                blame first{nullptr, untouched};
                for (const operation_row* o : operations()) {
                    scene on{pidfd_view(s.fd), getppid()};
                    plain_answer answer;
                    errno = untouched;
                    o->call(on, answer);
                    if (const int now = errno; now != untouched && first.operation == nullptr)
                        first = {o, now};
                }
                return first;
            });
            REQUIRE(got);
            CHECK(culprit(*got) == "none");
            CHECK(got->number == untouched);
        }
    }
}

TEST_CASE("no operation leaks a file descriptor, on any kernel and any file descriptor") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : everything()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] {
                blame first{nullptr, 0};
                for (const operation_row* o : operations()) {
                    const int before = open_fds();
                    {
                        scene on{pidfd_view(s.fd), getppid()};
                        plain_answer answer;
                        o->call(on, answer);
                    }
                    if (const int more = open_fds() - before;
                        more != 0 && first.operation == nullptr)
                        first = {o, more};
                }
                return first;
            });
            REQUIRE(got);
            CHECK(culprit(*got) == "none");
            CHECK(got->number == 0);
        }
    }
}
