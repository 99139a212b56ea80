// SPDX-License-Identifier: MIT
#include "report_lifecycle.hpp"

#include "report_outcome.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;

namespace {

const char* program;

/// A child that lives until it is killed.
expected<child> start(const spawn_options& options = {}) {
    const char* const argv[] = {program, "sleep", nullptr};
    return spawn(program, argv, options);
}

int error_of(const std::error_code& error) {
    return error.value();
}

bool killed(const expected<std::optional<exit_status>>& status) {
    return status && *status && (*status)->signal() == SIGKILL;
}

int finish(child& c, int result) {
    if (const auto alive = c.is_alive(); alive && *alive)
        (void)!c.kill();
    (void)!c.wait();
    return result;
}

int ends_one_of_two() {
    std::array<child, 2> pair;
    for (child& c : pair) {
        auto started = start();
        if (!started)
            return error_of(started.error());
        c = std::move(*started);
    }
    (void)!pair[1].kill();
    const auto which = wait_any(pair);
    (void)!pair[0].kill();
    const auto all = wait_all(pair);
    const int result = which && *which != 1  ? wrong
                       : outcome(which) != 0 ? outcome(which)
                                             : outcome(all);
    return finish(pair[0], finish(pair[1], result));
}

/// Starts a child, and returns the result of `use`.
template <class Use>
int with_child(Use use) {
    auto c = start();
    return c ? finish(*c, use(*c)) : error_of(c.error());
}

/// The same with a child that has been killed, and is not reaped.
template <class Use>
int with_zombie(Use use) {
    return with_child([&](child& c) {
        (void)!c.kill();
        const auto ended = c.wait_exit();
        return ended ? use(c) : error_of(ended.error());
    });
}

/// The same with a child that was reaped without its owner's knowledge.
template <class Use>
int with_reaped(Use use) {
    return with_zombie([&](child& c) {
        const auto status = pidfd_view(c).wait();
        return status ? use(c) : error_of(status.error());
    });
}

int born_with(const spawn_options& options) {
    auto c = start(options);
    if (!c)
        return error_of(c.error());
    // One that reaps itself has no status to wait for.
    (void)!c->kill();
    const auto ended = c->wait_exit();
    return finish(*c, outcome(ended));
}

int in_namespaces_of_self() {
    const auto self = pidfd::from_self();
    spawn_options options;
    options.enter_process = self->fd();
    options.enter_namespaces = namespace_flags::uts;
    return born_with(options);
}

int in_new_namespaces() {
    spawn_options options;
    options.new_namespaces = namespace_flags::uts | namespace_flags::pid;
    return born_with(options);
}

int in_cgroup() {
    const unique_fd cgroup(open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    spawn_options options;
    options.cgroup = cgroup.get();
    return born_with(options);
}

/// Makes a cgroup, and returns the result of `use` with it and a child in it.
template <class Use>
int in_new_cgroup(Use use) {
    const auto root = cgroup::open("/sys/fs/cgroup");
    if (!root)
        return error_of(root.error());
    const auto made = root->create("report");
    if (!made)
        return error_of(made.error());
    const int result = with_child([&](child& c) {
        const unique_fd procs(openat(made->fd(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
        char pid[16];
        const int size = std::snprintf(pid, sizeof pid, "%d", c.get_pid().value_or(-1));
        return write(procs.get(), pid, static_cast<std::size_t>(size)) == size ? use(*made, c)
                                                                               : wrong;
    });
    const auto removed = root->remove("report");
    return removed ? result : error_of(removed.error());
}

int stops_group() {
    spawn_options options;
    options.process_group = 0;
    auto c = start(options);
    if (!c)
        return error_of(c.error());
    constexpr stop_step steps[] = {
        {SIGTERM, std::chrono::seconds(20), signal_scope::process_group}};
    const auto stopped = c->stop(steps);
    return finish(*c, outcome(stopped, stopped && stopped->status.signal() == SIGTERM));
}

int opens_members(const cgroup& job) {
    pidfd found[2];
    const auto members = job.members(found);
    return outcome(members, members && members->count == 1 && members->complete);
}

int freezes(const cgroup& job) {
    int result = outcome(job.freeze());
    if (result == works)
        result = outcome(job.wait_frozen_for(std::chrono::seconds(20)));
    return result == works ? outcome(job.thaw()) : result;
}

int kills(const cgroup& job) {
    const int result = outcome(job.kill());
    return result == works ? outcome(job.wait_empty_for(std::chrono::seconds(20))) : result;
}

int reaping_itself(bool killed_with_its_pidfd) {
    spawn_options options;
    options.autoreap = true;
    options.autokill = killed_with_its_pidfd;
    options.no_new_privs = true;
    return born_with(options);
}

int with_program() {
    const unique_fd file(open(program, O_PATH | O_CLOEXEC));
    spawn_options options;
    options.program = file.get();
    const char* const argv[] = {"sleeper", "sleep", nullptr};
    auto c = spawn(nullptr, argv, options);
    if (!c)
        return error_of(c.error());
    (void)!c->kill();
    return finish(*c, outcome(c->wait_exit()));
}

int with_attributes() {
    spawn_options options;
    options.umask = 077;
    options.root = "/.";
    options.scheduling_policy = SCHED_BATCH;
    options.io_priority = best_effort_io(7);
    options.oom_score_adj = 1000;
    return born_with(options);
}

int with_function() {
    spawn_options options;
    options.before_exec = [](void*) noexcept { return 0; };
    return born_with(options);
}

int dying_with_parent() {
    spawn_options options;
    options.die_with_parent = true;
    return born_with(options);
}

int exchanges_bytes() {
    const char* const argv[] = {program, "copy", nullptr};
    auto c = spawn_with_streams(
        program, argv, {},
        {stream_choice::new_pipe(), stream_choice::new_pipe(), stream_choice::null_device()});
    if (!c)
        return error_of(c.error());
    char output[8];
    stream_exchange e;
    e.input = "bytes";
    e.output = sink(output);
    const auto end = communicate_for(c->process, c->ends, e, std::chrono::hours(1));
    return finish(c->process,
                  outcome(end, end == exchange_end::complete && e.output.text() == "bytes"));
}

constexpr thing things[] = {
    {"wait_exit",
     [] {
         return with_zombie(
             [](child& c) { return outcome(c.wait_exit_for(std::chrono::hours(1))); });
     }},
    {"wait_any, wait_all", ends_one_of_two},
    {"wait",
     [] {
         return with_zombie([](child& c) {
             const auto status = pidfd_view(c).try_wait();
             return outcome(status, killed(status));
         });
     }},
    {"wait_change",
     [] {
         return with_child([](child& c) {
             (void)!c.send_signal(SIGSTOP);
             const auto change = pidfd_view(c).wait_change(wait_flags::stopped);
             return outcome(change, change && change->stopped_by() == SIGSTOP);
         });
     }},
    {"get_exit_status of a child",
     [] {
         return with_zombie([](child& c) {
             const auto status = c.get_exit_status();
             return outcome(status, killed(status));
         });
     }},
    {"get_exit_status of a reaped process",
     [] {
         return with_reaped([](child& c) {
             const auto status = c.get_exit_status();
             return outcome(status, killed(status));
         });
     }},
    {"get_coredump", [] { return with_child([](child& c) { return outcome(c.get_coredump()); }); }},
    {"child::wait of one reaped elsewhere",
     [] {
         return with_reaped([](child& c) {
             const auto status = c.try_wait();
             return outcome(status, killed(status));
         });
     }},
    {"child::stop",
     [] {
         return with_child([](child& c) {
             const auto stopped = c.stop();
             return outcome(stopped, stopped && stopped->status.signal() == SIGTERM);
         });
     }},
    {"child::wait with usage",
     [] {
         return with_zombie([](child& c) {
             const auto ended = c.wait(with_usage);
             return outcome(ended, ended && ended->usage.peak_resident != 0);
         });
     }},
    {"processes",
     [] {
         pidfd first[1];
         const auto listed = processes(first);
         return outcome(listed, listed && listed->count == 1 && !listed->complete);
     }},
    {"children",
     [] {
         return with_child([](const child&) {
             const auto self = pidfd::from_self();
             pidfd found[2];
             const auto listed = children(*self, found);
             return outcome(listed, listed && listed->count == 1 && listed->complete);
         });
     }},
    {"kill_tree",
     [] {
         return with_child([](const child& c) {
             pidfd none[1];
             const auto killed = kill_tree(c, none);
             return outcome(killed, killed && killed->killed == 1);
         });
     }},
    {"kill_descendants",
     [] {
         return with_child([](const child&) {
             if (const auto adopts = become_subreaper(); !adopts)
                 return outcome(adopts);
             const auto reaped = kill_descendants(std::chrono::hours(1));
             return outcome(reaped, reaped && *reaped == 1);
         });
     }},
    {"become_subreaper, reap_orphans",
     [] {
         if (const auto adopts = become_subreaper(); !adopts)
             return outcome(adopts);
         return with_zombie([](const child& c) {
             const pidfd_view kept[] = {pidfd_view(c)};
             const auto reaped = reap_orphans(kept);
             return outcome(reaped, reaped && *reaped == 0);
         });
     }},
    {"child::stop of the process group", stops_group},
    {"child::stop with a cgroup",
     [] {
         return in_new_cgroup([](const cgroup& job, child& c) {
             const auto stopped = c.stop(job, default_stop);
             return outcome(stopped, stopped && stopped->status.signal() == SIGTERM);
         });
     }},
    {"cgroup::create, open_events, remove",
     [] {
         return in_new_cgroup([](const cgroup& job, child&) { return outcome(job.open_events()); });
     }},
    {"cgroup::members",
     [] { return in_new_cgroup([](const cgroup& job, child&) { return opens_members(job); }); }},
    {"cgroup::freeze, wait_frozen",
     [] { return in_new_cgroup([](const cgroup& job, child&) { return freezes(job); }); }},
    {"cgroup::kill, wait_empty",
     [] { return in_new_cgroup([](const cgroup& job, child&) { return kills(job); }); }},
    {"send_signal with a scope",
     [] {
         return with_child(
             [](child& c) { return outcome(c.send_signal(0, signal_scope::thread_group)); });
     }},
    {"queue_signal",
     [] { return with_child([](child& c) { return outcome(c.queue_signal(SIGURG, sigval{})); }); }},
    {"resend_signal",
     [] {
         return with_child([](child& c) {
             siginfo_t info{};
             info.si_signo = SIGURG;
             info.si_code = SI_QUEUE;
             return outcome(c.resend_signal(info));
         });
     }},
    {"spawn", [] { return born_with({}); }},
    {"spawn_with_streams, communicate", exchanges_bytes},
    {"spawn with enter_namespaces", in_namespaces_of_self},
    {"spawn with new_namespaces", in_new_namespaces},
    {"spawn with program", with_program},
    {"spawn with umask, root, scheduling_policy, io_priority, oom_score_adj", with_attributes},
    {"spawn with before_exec", with_function},
    {"spawn with die_with_parent", dying_with_parent},
    {"spawn with cgroup", in_cgroup},
    {"spawn with autoreap", [] { return reaping_itself(false); }},
    {"spawn with autokill", [] { return reaping_itself(true); }},
};

} // namespace

void report_lifecycle(const char* path) {
    program = path;
    report_things("lifecycle", things);
}
