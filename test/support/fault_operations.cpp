// SPDX-License-Identifier: MIT
#include "fault_operations.hpp"

#include "fds.hpp"
#include "timed_out.hpp"

#include <pidfd_util/spawn.hpp>
#include <pidfd_util/wait_any.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;

namespace support {

namespace {

constexpr int exit_code = 7;

template <class T>
bool take(const expected<T>& result, told& t) {
    t.error = result ? 0 : result.error().value();
    return bool(result);
}

template <class Owner>
void keep(expected<Owner> result, scene& s, told& t) {
    if (take(result, t))
        s.made = unique_fd(result->release());
}

void add(told& t, const credentials& c) {
    for (const std::uint64_t id :
         {c.ruid, c.euid, c.suid, c.fsuid, c.rgid, c.egid, c.sgid, c.fsgid})
        t.add(id);
}

template <class T>
void add(told& t, const std::optional<T>& value) {
    if (value)
        t.add(static_cast<std::uint64_t>(*value));
    else
        t.add_nothing();
}

void add_status(told& t, const std::optional<exit_status>& status) {
    t.add(status ? 1 : 0);
    t.add(status ? static_cast<std::uint64_t>(status->wait_status()) : 0);
}

void add_change(told& t, const std::optional<state_change>& change) {
    add_status(t, change ? change->ended() : std::nullopt);
}

template <namespace_type Type>
void get_namespace(scene& s, told& t) {
    keep(s.stranger.get_namespace(Type, &t.path), s, t);
}

std::uint64_t own_uts() {
    struct stat st {};
    return stat("/proc/thread-self/ns/uts", &st) == 0 ? st.st_ino : 0;
}

/// Where it failed nothing has changed: the namespace that the asking process was in says so.
void look_at_namespace(scene&, told& t) {
    t.add(own_uts());
}

template <std::size_t Count>
void wait_any_of(scene& s, told& t) {
    pidfd_view all[Count];
    for (pidfd_view& p : all)
        p = s.stranger;
    all[Count - 1] = pidfd_view(s.child);
    const auto which = wait_any(all);
    if (take(which, t))
        t.add(*which);
}

void start(const spawn_options& options, scene& s, told& t) {
    const char* const arguments[] = {"sh", "-c", "exit 5", nullptr};
    auto started = spawn("/bin/sh", arguments, options);
    if (take(started, t))
        s.spawned = std::move(*started);
}

void look_at_spawned(scene& s, told& t) {
    if (s.spawned) {
        const auto status = s.spawned.wait();
        add_status(t, status ? std::optional(*status) : std::nullopt);
        s.spawned = {};
    }
    // No zombie is left.
    t.add(waitpid(-1, nullptr, WNOHANG | __WALL) < 0 && errno == ECHILD ? 1 : 0);
    // The mask of blocked signals is as before.
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, nullptr, &blocked);
    std::uint64_t bits = 0;
    for (int signal = 1; signal <= 64; ++signal)
        if (sigismember(&blocked, signal) == 1)
            bits |= std::uint64_t{1} << (signal - 1);
    t.add(bits);
}

} // namespace

const fault_operation fault_operations[] = {
    {"get_pid",
     [](scene& s, told& t) {
         if (const auto pid = s.stranger.get_pid(&t.path); take(pid, t))
             t.add(static_cast<std::uint64_t>(*pid));
     }},
    {"get_ppid",
     [](scene& s, told& t) {
         if (const auto pid = s.stranger.get_ppid(&t.path); take(pid, t))
             t.add(static_cast<std::uint64_t>(*pid));
     }},
    {"get_id",
     [](scene& s, told& t) {
         if (const auto id = s.stranger.get_id(&t.path); take(id, t))
             t.add(*id);
     }},
    {"get_creds",
     [](scene& s, told& t) {
         if (const auto creds = s.stranger.get_creds(&t.path); take(creds, t))
             add(t, *creds);
     }},
    {"get_cgroupid",
     [](scene& s, told& t) {
         if (const auto id = s.stranger.get_cgroupid(&t.path); take(id, t))
             t.add(*id);
     }},
    {"get_info",
     [](scene& s, told& t) {
         const auto info = s.stranger.get_info(&t.path);
         if (!take(info, t))
             return;
         t.add(static_cast<std::uint64_t>(info->pid));
         t.add(static_cast<std::uint64_t>(info->tgid));
         add(t, info->ppid);
         add(t, info->cgroupid);
         if (info->creds)
             add(t, *info->creds);
     }},
    {"get_namespace uts", get_namespace<namespace_type::uts>, child_kind::none, nullptr, true},
    {"get_namespace user", get_namespace<namespace_type::user>, child_kind::none, nullptr, true},
    {"get_namespace time_for_children", get_namespace<namespace_type::time_for_children>,
     child_kind::none, nullptr, true},
    {"open_proc", [](scene& s, told& t) { keep(s.stranger.open_proc(), s, t); }},
    {"access_proc",
     [](scene& s, told& t) {
         if (const auto dir = s.stranger.access_proc([](int d) { return d; }); take(dir, t))
             t.add(*dir >= 0 ? 1 : 0);
     }},
    {"send_signal", [](scene& s, told& t) { take(s.stranger.send_signal(0), t); }},
    {"send_signal to the thread group",
     [](scene& s, told& t) { take(s.stranger.send_signal(0, signal_scope::thread_group), t); }},
    {"queue_signal", [](scene& s, told& t) { take(s.stranger.queue_signal(0, sigval{}), t); }},
    {"set_namespace",
     [](scene& s, told& t) { take(s.stranger.set_namespace(namespace_flags::uts), t); },
     child_kind::none, look_at_namespace},
    {"set_namespace of several",
     [](scene& s, told& t) {
         take(s.stranger.set_namespace(namespace_flags::uts | namespace_flags::ipc), t);
     },
     child_kind::none, look_at_namespace},
    {"get_remote_fd", [](scene& s, told& t) { keep(s.stranger.get_remote_fd(0), s, t); }},
    {"is_alive",
     [](scene& s, told& t) {
         if (const auto alive = s.stranger.is_alive(); take(alive, t))
             t.add(*alive ? 1 : 0);
     }},
    {"is_alive of a zombie",
     [](scene& s, told& t) {
         if (const auto alive = s.child.is_alive(); take(alive, t))
             t.add(*alive ? 1 : 0);
     },
     child_kind::zombie},
    {"try_wait",
     [](scene& s, told& t) {
         if (const auto status = pidfd_view(s.child).try_wait(); take(status, t))
             add_status(t, *status);
     },
     child_kind::running},
    {"try_wait for a zombie",
     [](scene& s, told& t) {
         if (const auto status = pidfd_view(s.child).try_wait(); take(status, t))
             add_status(t, *status);
     },
     child_kind::zombie},
    {"wait",
     [](scene& s, told& t) {
         if (const auto status = pidfd_view(s.child).wait(); take(status, t))
             add_status(t, *status);
     },
     child_kind::zombie},
    {"wait_for",
     [](scene& s, told& t) {
         const auto status = pidfd_view(s.child).wait_for(std::chrono::hours(1));
         if (take(status, t))
             add_status(t, *status);
     },
     child_kind::zombie},
    {"wait of a child's owner",
     [](scene& s, told& t) {
         if (const auto status = s.child.wait(); take(status, t))
             add_status(t, *status);
     },
     child_kind::zombie},
    {"wait of a lost child's owner",
     [](scene& s, told& t) {
         if (const auto status = s.child.wait(); take(status, t))
             add_status(t, *status);
     },
     child_kind::lost, nullptr, false, true},
    {"wait_exit", [](scene& s, told& t) { take(s.child.wait_exit(), t); }, child_kind::zombie},
    {"wait_exit_for",
     [](scene& s, told& t) {
         const auto ended = s.stranger.wait_exit_for(std::chrono::milliseconds(1));
         if (timed_out(ended))
             t.add(0);
         else if (take(ended, t))
             t.add(1);
     }},
    {"wait_change",
     [](scene& s, told& t) {
         const auto change =
             pidfd_view(s.child).wait_change(wait_flags::exited | wait_flags::stopped);
         if (take(change, t))
             add_change(t, *change);
     },
     child_kind::zombie},
    {"try_wait_change",
     [](scene& s, told& t) {
         const auto change =
             pidfd_view(s.child).try_wait_change(wait_flags::exited | wait_flags::keep);
         if (take(change, t))
             add_change(t, *change);
     },
     child_kind::zombie},
    {"get_exit_status of a stranger",
     [](scene& s, told& t) {
         if (const auto status = s.stranger.get_exit_status(); take(status, t))
             add_status(t, *status);
     },
     child_kind::none, nullptr, false, true},
    {"get_exit_status of a zombie",
     [](scene& s, told& t) {
         if (const auto status = s.child.get_exit_status(); take(status, t))
             add_status(t, *status);
     },
     child_kind::zombie, nullptr, false, true},
    {"get_exit_status of a reaped process",
     [](scene& s, told& t) {
         if (const auto status = s.child.get_exit_status(); take(status, t))
             add_status(t, *status);
     },
     child_kind::lost, nullptr, false, true},
    {"get_coredump",
     [](scene& s, told& t) {
         const auto dump = s.stranger.get_coredump();
         if (!take(dump, t))
             return;
         t.add(*dump ? 1 : 0);
         t.add(*dump && (*dump)->dumped ? 1 : 0);
     },
     child_kind::none, nullptr, false, true},
    {"wait_any", wait_any_of<2>, child_kind::zombie},
    {"wait_any of many", wait_any_of<65>, child_kind::zombie},
    {"wait_all", [](scene& s, told& t) { take(wait_all({pidfd_view(s.child)}), t); },
     child_kind::zombie},
    {"stop by a child's owner",
     [](scene& s, told& t) {
         if (const auto stopped = s.child.stop(); take(stopped, t))
             add_status(t, stopped->status);
     },
     child_kind::zombie},
    {"duplicate", [](scene& s, told& t) { keep(s.stranger.duplicate(), s, t); }},
    {"adopt",
     [](scene& s, told& t) {
         unique_fd fd(s.stranger.fd());
         auto adopted = pidfd::adopt(std::move(fd));
         if (take(adopted, t))
             t.add(static_cast<std::uint64_t>(adopted->release()));
         else
             t.error = fd.release() == s.stranger.fd() ? t.error : -1;
     }},
    {"from_self", [](scene& s, told& t) { keep(pidfd::from_self(), s, t); }, child_kind::none,
     [](scene& s, told& t) {
         if (s.made)
             t.add(pidfd_view(s.made.get()).get_pid() == getpid() ? 1 : 0);
     }},
    {"from_pid", [](scene& s, told& t) { keep(pidfd::from_pid(s.stranger_pid), s, t); }},
    {"spawn", [](scene& s, told& t) { start({}, s, t); }, child_kind::none, look_at_spawned},
    {"spawn of what cannot be run",
     [](scene& s, told& t) {
         const char* const arguments[] = {"none", nullptr};
         auto started = spawn("/dev/null/none", arguments);
         t.add(started || started.error().value() != ENOTDIR ? 0 : 1);
         if (started)
             s.spawned = std::move(*started);
         else if (started.error().value() != ENOTDIR)
             take(started, t);
     },
     child_kind::none, look_at_spawned},
};
const std::size_t fault_operation_count = sizeof fault_operations / sizeof *fault_operations;

bool agrees(const told& answer, const told& right) {
    if (answer.error != 0 || right.error != 0)
        return answer.error == right.error;
    for (std::size_t i = 0; i < answer.count; ++i)
        if (answer.fields[i].told &&
            (!right.fields[i].told || answer.fields[i].value != right.fields[i].value))
            return false;
    return true;
}

bool says_nothing(const told& answer) {
    return answer.error == 0 && answer.count > 0 && answer.fields[0].value == 0;
}

std::string to_string(const told& answer) {
    std::string text = "error " + std::to_string(answer.error) + ", path " +
                       pidfd_util::to_string(answer.path) + ", told:";
    for (std::size_t i = 0; i < answer.count; ++i)
        text += answer.fields[i].told ? " " + std::to_string(answer.fields[i].value) : " -";
    return text;
}

void scene::prepare(child_kind kind) {
    if (kind == child_kind::none || child)
        return;
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); // its parent may not be able to end it
        while (kind == child_kind::running)
            pause();
        _exit(exit_code);
    }
    child = pidfd_util::child(std::move(*pidfd::from_pid(pid)));
    if (kind == child_kind::running)
        return;
    siginfo_t info;
    const int keep = kind == child_kind::zombie ? WNOWAIT : 0;
    waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | keep);
}

void scene::clear() {
    if (child) {
        (void)child.kill();
        (void)pidfd_view(child).try_wait();
    }
    child = {};
}

void look_at(const fault_operation& operation, scene& s, told& answer) {
    if (operation.look != nullptr)
        operation.look(s, answer);
    else if (s.made)
        answer.add(inode_of(s.made.get()));
    s.made.reset();
}

told perform(const fault_operation& operation, scene& s) {
    told answer;
    operation.ask(s, answer);
    look_at(operation, s, answer);
    return answer;
}

} // namespace support
