// SPDX-License-Identifier: MIT
// The rows of the table of operations that open or kill many processes. Part of
// operation_table.cpp.
#ifndef PIDFD_UTIL_TEST_TREE_ROWS_HPP
#define PIDFD_UTIL_TEST_TREE_ROWS_HPP

#include "operation_calls.hpp"
#include "operations.hpp"

#include <pidfd_util/enumeration.hpp>
#include <pidfd_util/kill_tree.hpp>
#include <pidfd_util/orphans.hpp>

#include <utility>

namespace support {

namespace {

/// Keeps the first of the processes that were found.
inline void keep_first(const pidfd_util::expected<pidfd_util::listing>& listed,
                       pidfd_util::pidfd& first, scene& s, plain_answer& a) {
    if (calls::take(listed, a) && listed->count != 0)
        s.made = pidfd_util::unique_fd(first.release());
}

constexpr operation_row tree_rows[] = {
    operation_row(role::about_process, "children",
                  [](scene& s, plain_answer& a) {
                      if (const auto listed = pidfd_util::children(s.process, {});
                          calls::take(listed, a))
                          a.add(listed->count);
                  })
        .with_proc(proc_use::always)
        .and_on(child_kind::zombie)
        .alike_for_heir()
        .documented_as("children"),
    // The caller has one child.
    operation_row(role::about_child, "children of the caller",
                  [](scene&, plain_answer& a) {
                      const auto self = pidfd_util::pidfd::from_self();
                      if (!calls::take(self, a))
                          return;
                      pidfd_util::pidfd found[4];
                      calls::take(pidfd_util::children(*self, found), a);
                  })
        .only_on(child_kind::running)
        .with_proc(proc_use::always)
        .listed_as("children")
        .documented_as("children"),
    operation_row(role::about_process, "kill_tree",
                  [](scene& s, plain_answer& a) {
                      pidfd_util::pidfd found[4];
                      calls::take(pidfd_util::kill_tree(s.process, found), a);
                  })
        .only_on(child_kind::running, child_kind::zombie)
        .with_proc(proc_use::always)
        .killing()
        .varying()
        .documented_as("kill_tree"),
    operation_row(role::opens, "processes",
                  [](scene& s, plain_answer& a) {
                      pidfd_util::pidfd found[1];
                      keep_first(pidfd_util::processes(found), found[0], s, a);
                  })
        .making_fd()
        .with_proc(proc_use::always),
    operation_row(role::opens, "become_subreaper",
                  [](scene&, plain_answer& a) { calls::take(pidfd_util::become_subreaper(), a); })
        .promising("prctl prctl", "prctl prctl"),
    operation_row(role::about_child, "reap_orphans",
                  [](scene&, plain_answer& a) { calls::take(pidfd_util::reap_orphans(), a); })
        .only_on(child_kind::zombie)
        .with_proc(proc_use::always)
        .documented_as("reap_orphans"),
};

} // namespace

} // namespace support

#endif
