// SPDX-License-Identifier: MIT
// The queries of facts.hpp as plain functions, for tests of what they have in common.
#ifndef PIDFD_UTIL_TEST_FACT_QUESTIONS_HPP
#define PIDFD_UTIL_TEST_FACT_QUESTIONS_HPP

#include "error_of.hpp"

#include <pidfd_util/pidfd.hpp>

#include <climits>
#include <sys/resource.h>

namespace support {

/// A query of a process, which returns 0 or its errno.
struct fact_question {
    const char* name;
    int (*ask)(pidfd_util::pidfd_view);
    bool of_file; // opens a file: a process that has ended has none
};

inline constexpr fact_question fact_questions[] = {
    {"read_proc",
     [](pidfd_util::pidfd_view p) {
         char buffer[4096];
         return error_of(p.read_proc("status", buffer));
     },
     false},
    {"get_command_line",
     [](pidfd_util::pidfd_view p) {
         char buffer[256];
         return error_of(p.get_command_line(buffer));
     },
     false},
    {"get_comm",
     [](pidfd_util::pidfd_view p) {
         char buffer[64];
         return error_of(p.get_comm(buffer));
     },
     false},
    {"get_state", [](pidfd_util::pidfd_view p) { return error_of(p.get_state()); }, false},
    {"get_usage", [](pidfd_util::pidfd_view p) { return error_of(p.get_usage()); }, false},
    {"get_limit", [](pidfd_util::pidfd_view p) { return error_of(p.get_limit(RLIMIT_NOFILE)); },
     false},
    {"get_oom_score_adj", [](pidfd_util::pidfd_view p) { return error_of(p.get_oom_score_adj()); },
     false},
    {"get_executable", [](pidfd_util::pidfd_view p) { return error_of(p.get_executable()); }, true},
    {"get_directory", [](pidfd_util::pidfd_view p) { return error_of(p.get_directory()); }, true},
    {"get_root", [](pidfd_util::pidfd_view p) { return error_of(p.get_root()); }, true},
};
inline constexpr std::size_t fact_count = sizeof fact_questions / sizeof *fact_questions;

/// The errno of each query.
struct fact_errors {
    int of[fact_count];
};
inline fact_errors ask_facts(int fd) {
    fact_errors errors{};
    for (std::size_t i = 0; i < fact_count; ++i)
        errors.of[i] = fact_questions[i].ask(pidfd_util::pidfd_view(fd));
    return errors;
}

} // namespace support

#endif
