// SPDX-License-Identifier: MIT
// The rows of the table of operations that are of facts.hpp. Part of operation_table.cpp.
#ifndef PIDFD_UTIL_TEST_FACTS_ROWS_HPP
#define PIDFD_UTIL_TEST_FACTS_ROWS_HPP

#include "operation_calls.hpp"
#include "operations.hpp"

#include <climits>
#include <string_view>
#include <sys/resource.h>

namespace support {

namespace {

using namespace pidfd_util;
using namespace calls;
using answer = plain_answer;

/// A number for a text.
constexpr std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 14695981039346656037U;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return hash;
}

constexpr operation_row fact_row(const char* name, operation_row::call_function call) {
    return operation_row(role::about_process, name, call).with_proc(proc_use::always);
}
/// The answer about processes of one program is alike. One that has ended has none.
constexpr operation_row link_row(const char* name, operation_row::call_function call) {
    constexpr const char* calls =
        "<find> openat2 openat2 close openat ppoll close pread close close";
    return fact_row(name, call).making_fd().alike_for_heir().promising(calls, calls);
}

// Only what a zombie still has is compared.
constexpr operation_row facts_rows[] = {
    fact_row("read_proc",
             [](scene& s, answer& a) {
                 char buffer[64];
                 if (const auto text = s.process.read_proc("comm", buffer); take(text, a))
                     a.add(hash_of(text->text));
             })
        .promising("<find> openat2 read read close pread close close",
                   "<find> openat2 read read close pread close close"),
    fact_row("read_proc of no file",
             [](scene& s, answer& a) {
                 char buffer[64];
                 take(s.process.read_proc("../stat", buffer), a);
             })
        .failing(),
    fact_row("get_command_line",
             [](scene& s, answer& a) {
                 char buffer[4096];
                 take(s.process.get_command_line(buffer), a);
             })
        .alike_for_heir(),
    fact_row("get_environment",
             [](scene& s, answer& a) {
                 char buffer[64];
                 take(s.process.get_environment(buffer), a);
             })
        .alike_for_heir(),
    fact_row("get_comm",
             [](scene& s, answer& a) {
                 char buffer[64];
                 if (const auto name = s.process.get_comm(buffer); take(name, a))
                     a.add(hash_of(*name));
             })
        .promising("<find> openat2 read close pread close close",
                   "<find> openat2 read close pread close close"),
    fact_row("get_cgroup_path",
             [](scene& s, answer& a) {
                 char buffer[PATH_MAX];
                 if (const auto cgroup = s.process.get_cgroup_path(buffer); take(cgroup, a))
                     a.add(hash_of(cgroup->path));
             })
        .alike_for_heir(),
    link_row("get_executable", [](scene& s, answer& a) { keep(s.process.get_executable(), s, a); }),
    link_row("get_directory", [](scene& s, answer& a) { keep(s.process.get_directory(), s, a); }),
    link_row("get_root", [](scene& s, answer& a) { keep(s.process.get_root(), s, a); }),
    fact_row("get_state", [](scene& s, answer& a) { take(s.process.get_state(), a); })
        .alike_for_heir()
        .promising("<find> openat2 read close pread close close",
                   "<find> openat2 read close pread close close"),
    fact_row("get_usage",
             [](scene& s, answer& a) {
                 if (const auto usage = s.process.get_usage(); take(usage, a))
                     a.add(usage->threads);
             })
        .alike_for_heir()
        .promising("<find> openat2 read close openat2 read close pread close close",
                   "<find> openat2 read close openat2 read close pread close close"),
    fact_row("get_limit",
             [](scene& s, answer& a) {
                 if (const auto found = s.process.get_limit(RLIMIT_CORE); take(found, a)) {
                     a.add(found->limit.soft);
                     a.add(found->limit.hard);
                 }
             })
        .alike_for_heir()
        .promising("<find> openat2 read close pread close close",
                   "<find> openat2 read close pread close close"),
    fact_row("get_limit of no resource",
             [](scene& s, answer& a) { take(s.process.get_limit(-1), a); })
        .failing(),
    fact_row("get_oom_score_adj",
             [](scene& s, answer& a) {
                 if (const auto found = s.process.get_oom_score_adj(); take(found, a))
                     a.add(static_cast<std::uint64_t>(*found + 1000));
             })
        .alike_for_heir()
        .promising("<find> openat2 read close pread close close",
                   "<find> openat2 read close pread close close"),
    // It sets what is set already.
    fact_row("set_oom_score_adj",
             [](scene& s, answer& a) {
                 if (const auto found = s.process.get_oom_score_adj(); take(found, a))
                     take(s.process.set_oom_score_adj(*found), a);
             })
        .alike_for_heir(),
    fact_row("set_oom_score_adj of no adjustment",
             [](scene& s, answer& a) { take(s.process.set_oom_score_adj(1001), a); })
        .failing(),
    // Of a process that has ended: it has no memory any more.
    operation_row(role::about_process, "release_memory",
                  [](scene& s, answer& a) { take(s.process.release_memory(), a); })
        .only_on(child_kind::zombie, child_kind::lost)
        .if_reaped(once_reaped::answers)
        .since(feature::process_mrelease)
        .promising("process_mrelease", nullptr),
    operation_row(
        role::about_process, "advise",
        [](scene& s, answer& a) { take(s.process.advise({}, static_cast<memory_advice>(-1)), a); })
        .since(feature::process_madvise)
        .failing(),
};

} // namespace

} // namespace support

#endif
