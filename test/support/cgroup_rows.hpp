// SPDX-License-Identifier: MIT
// The rows of the table of operations that are about cgroups. Part of operation_table.cpp.
#ifndef PIDFD_UTIL_TEST_CGROUP_ROWS_HPP
#define PIDFD_UTIL_TEST_CGROUP_ROWS_HPP

#include "cgroups.hpp"
#include "operation_calls.hpp"
#include "operations.hpp"

#include <pidfd_util/cgroup.hpp>

#include <cerrno>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace support {

namespace {

/// An empty cgroup for the operations, with another one below it, where the caller may make them.
class empty_cgroup {
public:
    empty_cgroup() {
        if (made_)
            if (auto opened = pidfd_util::cgroup::open(made_->path().c_str()))
                handle_ = std::move(*opened);
        make("old");
    }
    empty_cgroup(const empty_cgroup&) = delete;
    empty_cgroup& operator=(const empty_cgroup&) = delete;
    ~empty_cgroup() {
        if (!made_ || !made_->made_here())
            return;
        remove("old");
        remove("new");
    }

    const pidfd_util::cgroup& handle() const { return handle_; }
    void make(const std::string& name) const {
        if (made_)
            mkdir((made_->path() + "/" + name).c_str(), 0755);
    }
    void remove(const std::string& name) const {
        if (made_)
            rmdir((made_->path() + "/" + name).c_str());
    }

private:
    std::optional<test_cgroup> made_ = test_cgroup::make("-rows");
    pidfd_util::cgroup handle_;
};
// Made before a test limits or counts file descriptors, and before it installs a filter.
const empty_cgroup cgroup_at_start;

/// A row that is not supported where there is no cgroup to ask.
template <class F>
void in_cgroup(plain_answer& a, F ask) {
    if (cgroup_at_start.handle())
        ask(cgroup_at_start.handle());
    else
        a.error = EOPNOTSUPP;
}

constexpr operation_row cgroup_row(const char* name, const char* title,
                                   operation_row::call_function call) {
    // The guide's table of system calls is about pidfds.
    return operation_row(role::opens, name, call).documented_as(title).listed_as("cgroup");
}

constexpr operation_row cgroup_rows[] = {
    cgroup_row("get_id of a cgroup", "cgroup::get_id",
               [](scene&, plain_answer& a) {
                   in_cgroup(a, [&](const auto& group) { calls::add(a, group.get_id()); });
               }),
    cgroup_row("members", "cgroup::members",
               [](scene&, plain_answer& a) {
                   in_cgroup(a, [&](const auto& group) {
                       pidfd_util::pidfd found[1];
                       if (const auto listed = group.members(found); calls::take(listed, a))
                           a.add(listed->count);
                   });
               }),
    cgroup_row("kill of a cgroup", "cgroup::kill",
               [](scene&, plain_answer& a) {
                   in_cgroup(a, [&](const auto& group) { calls::take(group.kill(), a); });
               }),
    cgroup_row("freeze and thaw", "cgroup::freeze",
               [](scene&, plain_answer& a) {
                   in_cgroup(a, [&](const auto& group) {
                       if (calls::take(group.freeze(), a))
                           calls::take(group.thaw(), a);
                   });
               })
        .changing_shared(),
    cgroup_row("is_empty", "cgroup::is_empty",
               [](scene&, plain_answer& a) {
                   in_cgroup(a, [&](const auto& group) { calls::add(a, group.is_empty()); });
               }),
    cgroup_row("open_events", "cgroup::open_events",
               [](scene& s, plain_answer& a) {
                   in_cgroup(a, [&](const auto& group) { calls::keep(group.open_events(), s, a); });
               })
        .making_fd(),
    cgroup_row("create", "cgroup::create",
               [](scene& s, plain_answer& a) {
                   in_cgroup(a, [&](const auto& group) { calls::keep(group.create("new"), s, a); });
               })
        .looked_at([](scene& s, plain_answer& a) {
            // Its inode number is new each time. A call that failed may have left it.
            a.add(s.made ? 1 : 0);
            cgroup_at_start.remove("new");
        })
        .changing_shared(),
    cgroup_row("remove", "cgroup::remove",
               [](scene&, plain_answer& a) {
                   in_cgroup(a, [&](const auto& group) { calls::take(group.remove("old"), a); });
               })
        .looked_at([](scene&, plain_answer&) { cgroup_at_start.make("old"); })
        .changing_shared(),
};

} // namespace

} // namespace support

#endif
