// SPDX-License-Identifier: MIT
// What a call of the library has shown, and the line of the report for it.
#ifndef PIDFD_UTIL_TEST_KERNELS_REPORT_OUTCOME_HPP
#define PIDFD_UTIL_TEST_KERNELS_REPORT_OUTCOME_HPP

#include <pidfd_util/expected.hpp>

#include <cstddef>
#include <cstdio>

/// The outcome of a thing is one of these, or the errno of the result.
inline constexpr int works = 0;
inline constexpr int wrong = -1;

struct thing {
    const char* name;
    int (*run)();
};

template <class T>
int outcome(const pidfd_util::expected<T>& result) {
    return result ? works : result.error().value();
}

template <class T>
int outcome(const pidfd_util::expected<T>& result, bool as_it_should_be) {
    return result && !as_it_should_be ? wrong : outcome(result);
}

/// Does each thing once, and prints a line for it: the kind, the name, and "works", the number of the
/// error, or "wrong".
template <std::size_t N>
void report_things(const char* kind, const thing (&things)[N]) {
    for (const auto& t : things) {
        const int result = t.run();
        if (result > 0)
            std::printf("%s %s %d\n", kind, t.name, result);
        else
            std::printf("%s %s %s\n", kind, t.name, result == works ? "works" : "wrong");
    }
}

#endif
