// SPDX-License-Identifier: MIT
#include "fault_rows.hpp"

#include "cgroups.hpp"
#include "operation_calls.hpp"
#include "pseudo_terminal.hpp"

#include <pidfd_util/cgroup.hpp>
#include <pidfd_util/enumeration.hpp>
#include <pidfd_util/orphans.hpp>
#include <pidfd_util/run.hpp>
#include <pidfd_util/signal_scope.hpp>
#include <pidfd_util/spawn.hpp>
#include <pidfd_util/wait_any.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <iterator>
#include <optional>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;
using namespace std::chrono_literals;

namespace support {

namespace {

using namespace calls;
using answer = plain_answer;

/// Longer than any call takes.
constexpr auto long_enough = 1h;

/// A frozen cgroup and another one, both without processes, where the caller may make them.
struct cgroups_for_faults {
    std::optional<test_cgroup> made = test_cgroup::make("-faults");
    std::optional<test_cgroup> below = made ? made->make_below("frozen") : std::nullopt;
    std::optional<test_cgroup> for_kills = made ? made->make_below("kills") : std::nullopt;
    cgroup empty = open(made);
    cgroup killed = open(for_kills);
    // Some kernels kill what is born in a cgroup that was killed once.
    std::optional<test_cgroup> for_births = made ? made->make_below("births") : std::nullopt;
    cgroup never_killed = open(for_births);
    cgroup frozen = open(below);

    cgroups_for_faults() {
        if (frozen)
            (void)frozen.freeze();
    }
    static cgroup open(const std::optional<test_cgroup>& at) {
        if (at)
            if (auto opened = cgroup::open(at->path().c_str()))
                return std::move(*opened);
        return {};
    }
};
// Made before a test limits or counts file descriptors, and before it installs a filter.
const cgroups_for_faults cgroups_at_start;
const pseudo_terminal terminal_at_start;

void wait_for(const cgroup& group, expected<void> (cgroup_operations::*wait)() const noexcept,
              answer& a) {
    if (group)
        take((group.*wait)(), a);
    else
        a.error = EOPNOTSUPP;
}

constexpr stop_step kill_group[] = {{SIGKILL, long_enough, signal_scope::process_group}};
constexpr stop_step kill_child[] = {{SIGKILL, long_enough}};

spawn_options as_another_user() {
    spawn_options o;
    if (geteuid() == 0) {
        o.uid = 1207;
        o.gid = 1208;
        o.groups = no_groups;
    }
    o.directory = "/";
    o.die_with_parent = true;
    o.close_other_fds = true;
    o.umask = 022;
    return o;
}

spawn_options in_other_surroundings() {
    spawn_options o;
    if (geteuid() == 0) {
        o.root = "/";
        o.new_namespaces = namespace_flags::uts | namespace_flags::ipc;
    }
    if (cgroups_at_start.never_killed)
        o.cgroup = cgroups_at_start.never_killed.fd();
    if (terminal_at_start) {
        o.terminal = terminal_at_start.slave();
        o.new_session = true;
    }
    return o;
}

constexpr operation_row extra_rows[] = {
    operation_row(role::about_child, "kill_descendants",
                  [](scene&, answer& a) {
                      if (take(become_subreaper(), a))
                          take(kill_descendants(long_enough), a);
                  })
        .only_on(child_kind::zombie) // one that runs would outlive a signal that is not sent
        .blocking_on(blocking::on_child)
        .varying()
        .documented_as("kill_descendants"),
    // The test and the stranger are its children, at least.
    operation_row(role::opens, "children of the parent",
                  [](scene&, answer& a) {
                      const auto parent = pidfd::from_parent();
                      pidfd found[2];
                      if (!take(parent, a))
                          return;
                      if (const auto listed = children(*parent, found); take(listed, a))
                          a.add(listed->count != 0); // one that /proc hides is left out
                  })
        .documented_as("children"),
    operation_row(role::opens, "wait_empty",
                  [](scene&, answer& a) {
                      wait_for(cgroups_at_start.empty, &cgroup_operations::wait_empty, a);
                  })
        .documented_as("cgroup::wait_empty"),
    operation_row(role::opens, "wait_frozen",
                  [](scene&, answer& a) {
                      wait_for(cgroups_at_start.frozen, &cgroup_operations::wait_frozen, a);
                  })
        .documented_as("cgroup::wait_frozen"),
    operation_row(
        role::about_process, "send_signal to the process group",
        [](scene& s, answer& a) { take(s.process.send_signal(0, signal_scope::process_group), a); })
        .documented_as("pidfd::send_signal(signal, scope)"),
    operation_row(role::about_child, "stop of the group of a child",
                  [](scene& s, answer& a) {
                      if (const auto stopped = s.child.stop(kill_group); take(stopped, a))
                          add_status(a, stopped->status);
                  })
        .only_on(child_kind::zombie) // one that runs would outlive a signal that is not sent
        .blocking_on(blocking::on_child)
        .varying()
        .since(feature::signal_scope)
        .documented_as("child::stop"),
    operation_row(role::about_child, "stop of a child and a cgroup",
                  [](scene& s, answer& a) {
                      if (!cgroups_at_start.killed) {
                          a.error = EOPNOTSUPP;
                          return;
                      }
                      const auto stopped = s.child.stop(cgroups_at_start.killed, kill_child);
                      if (take(stopped, a))
                          add_status(a, stopped->status);
                  })
        .only_on(child_kind::zombie)
        .blocking_on(blocking::on_child)
        .varying()
        .documented_as("child::stop(job, steps)"),
    operation_row(role::opens, "open_verified",
                  [](scene& s, answer& a) {
                      keep(pidfd::open_verified(
                               s.stranger_pid,
                               [](pidfd_view process) { return process.is_alive(); }),
                           s, a);
                  })
        .making_fd(),
    operation_row(role::about_process, "wait_any_for",
                  [](scene& s, answer& a) {
                      const pidfd_view both[] = {s.stranger, s.process};
                      add(a, wait_any_for(both, long_enough));
                  })
        .only_on(child_kind::zombie)
        .blocking_on(blocking::on_process),
    operation_row(role::starts, "spawn as another user",
                  [](scene& s, answer& a) { start(as_another_user(), s, a); })
        .looked_at(look_at_spawned)
        .documented_as("spawn"),
    operation_row(role::starts, "spawn in a cgroup, namespaces and a session",
                  [](scene& s, answer& a) { start(in_other_surroundings(), s, a); })
        .looked_at(look_at_spawned)
        .documented_as("spawn"),
    operation_row(role::starts, "run",
                  [](scene&, answer& a) {
                      const auto done = run({"/bin/sh", "-c", "exit 5"});
                      if (take(done, a))
                          add_status(a, done->status);
                  })
        .looked_at(look_at_spawned)
        .varying()
        .documented_as("run"),
};

} // namespace

operation_range fault_rows() {
    return {std::begin(extra_rows), std::end(extra_rows)};
}

} // namespace support
