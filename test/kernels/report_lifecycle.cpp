// SPDX-License-Identifier: MIT
#include "report_lifecycle.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <sys/wait.h>

using namespace pidfd_util;

namespace {

/// What came of it, if nothing but an error can have gone wrong.
constexpr int works = 0;
constexpr int wrong = -1;

const char* program;

/// A child that lives until it is killed.
expected<child> start(const spawn_options& options = {}) {
    const char* const argv[] = {program, "sleep", nullptr};
    return spawn(program, argv, options);
}

int error_of(const std::error_code& error) {
    return error.value();
}

template <class T>
int outcome(const expected<T>& result) {
    return result ? works : error_of(result.error());
}

template <class T>
int outcome(const expected<T>& result, bool as_it_should_be) {
    return result && !as_it_should_be ? wrong : outcome(result);
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

/// Starts a child and lets `use` say what came of it.
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

/// The same with one that is reaped, behind the back of its owner.
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

int reaping_itself(bool killed_with_its_pidfd) {
    spawn_options options;
    options.autoreap = true;
    options.autokill = killed_with_its_pidfd;
    options.no_new_privs = true;
    return born_with(options);
}

constexpr struct {
    const char* name;
    int (*run)();
} things[] = {
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
    {"send_signal with a scope",
     [] {
         return with_child(
             [](child& c) { return outcome(c.send_signal(0, signal_scope::thread_group)); });
     }},
    {"queue_signal",
     [] { return with_child([](child& c) { return outcome(c.queue_signal(SIGURG, sigval{})); }); }},
    {"spawn", [] { return born_with({}); }},
    {"spawn with enter_namespaces", in_namespaces_of_self},
    {"spawn with new_namespaces", in_new_namespaces},
    {"spawn with cgroup", in_cgroup},
    {"spawn with autoreap", [] { return reaping_itself(false); }},
    {"spawn with autokill", [] { return reaping_itself(true); }},
};

} // namespace

void report_lifecycle(const char* path) {
    program = path;
    for (const auto& thing : things) {
        const int result = thing.run();
        if (result > 0)
            std::printf("lifecycle %s %d\n", thing.name, result);
        else
            std::printf("lifecycle %s %s\n", thing.name, result == works ? "works" : "wrong");
    }
}
