// SPDX-License-Identifier: MIT
// Helpers for the rows of the table of operations. They turn results into plain data, and perform
// the calls and inspections that several rows share.
#ifndef PIDFD_UTIL_TEST_OPERATION_CALLS_HPP
#define PIDFD_UTIL_TEST_OPERATION_CALLS_HPP

#include "operations.hpp"
#include "timed_out.hpp"

#include <pidfd_util/spawn.hpp>
#include <pidfd_util/wait_any.hpp>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace support::calls {

using namespace pidfd_util;

// Conversions of results to plain data: 0 or the errno, and the fields of an answer.

template <class T>
bool take(const expected<T>& result, plain_answer& a) {
    a.error = result ? 0 : result.error().value();
    return bool(result);
}

template <class T>
void add(plain_answer& a, const expected<T>& result) {
    if (take(result, a))
        a.add(static_cast<std::uint64_t>(*result));
}

template <class Owner>
void keep(expected<Owner> result, scene& s, plain_answer& a) {
    if (take(result, a))
        s.made = unique_fd(result->release());
}

inline void add(plain_answer& a, const credentials& c) {
    for (const std::uint64_t id :
         {c.ruid, c.euid, c.suid, c.fsuid, c.rgid, c.egid, c.sgid, c.fsgid})
        a.add(id);
}

template <class T>
void add(plain_answer& a, const std::optional<T>& value) {
    if (value)
        a.add(static_cast<std::uint64_t>(*value));
    else
        a.add_unknown();
}

inline void add_status(plain_answer& a, const std::optional<exit_status>& status) {
    a.add(status ? 1 : 0);
    a.add(status ? static_cast<std::uint64_t>(status->wait_status()) : 0);
}

inline void take_status(const expected<std::optional<exit_status>>& status, plain_answer& a) {
    if (take(status, a))
        add_status(a, *status);
}

inline void take_status(const expected<exit_status>& status, plain_answer& a) {
    if (take(status, a))
        add_status(a, *status);
}

inline void take_change(const expected<std::optional<state_change>>& change, plain_answer& a) {
    if (take(change, a))
        add_status(a, *change ? (*change)->ended() : std::nullopt);
}

inline void take_end_in_time(const expected<void>& ended, plain_answer& a) {
    if (timed_out(ended))
        a.add(0);
    else if (take(ended, a))
        a.add(1);
}

/// Closes what a bare system call has opened.
inline bool close_one(long fd) {
    return fd >= 0 && close(static_cast<int>(fd)) == 0;
}

// Calls that several rows share, and inspections of their results.

template <namespace_type Type>
void get_namespace(scene& s, plain_answer& a) {
    keep(s.process.get_namespace(Type, &a.path), s, a);
}

inline std::uint64_t own_namespace(const char* link) {
    struct stat st {};
    return stat(link, &st) == 0 ? st.st_ino : 0;
}

/// Adds the pid that the directory of /proc shows, because the kernel may give the directory
/// another inode number.
inline void look_at_proc_dir(scene& s, plain_answer& a) {
    char text[32] = {};
    const unique_fd file(s.made ? openat(s.made.get(), "stat", O_RDONLY | O_CLOEXEC) : -1);
    if (file && read(file.get(), text, sizeof text - 1) > 0)
        a.add(std::strtoull(text, nullptr, 10));
    else
        a.add_unknown();
}

inline void look_at_uts(scene&, plain_answer& a) {
    a.add(own_namespace("/proc/thread-self/ns/uts"));
}
inline void look_at_ipc(scene&, plain_answer& a) {
    a.add(own_namespace("/proc/thread-self/ns/ipc"));
}
inline void look_at_both(scene& s, plain_answer& a) {
    look_at_uts(s, a);
    look_at_ipc(s, a);
}

template <std::size_t Count>
void wait_any_of(scene& s, plain_answer& a) {
    pidfd_view all[Count];
    for (pidfd_view& p : all)
        p = s.stranger;
    all[Count - 1] = s.process;
    add(a, wait_any(all));
}

inline void start(const spawn_options& options, scene& s, plain_answer& a) {
    const char* const arguments[] = {"sh", "-c", "exit 5", nullptr};
    auto started = spawn("/bin/sh", arguments, options);
    if (take(started, a))
        s.spawned = std::move(*started);
}

/// With so many mappings and arguments that the library maps memory for them.
inline void start_with_lists(scene& s, plain_answer& a) {
    fd_mapping map[20];
    int to = 10;
    for (fd_mapping& m : map)
        m = {0, to++};
    spawn_options options;
    options.fds = map;
    options.run_scripts_by_shell = true;
    const char* arguments[20] = {"sh", "-c", "exit 5"};
    for (int i = 3; i < 19; ++i)
        arguments[i] = "x";
    auto started = spawn("/bin/sh", arguments, options);
    if (take(started, a))
        s.spawned = std::move(*started);
}

inline void look_at_spawned(scene& s, plain_answer& a) {
    if (s.spawned) {
        const auto status = s.spawned.wait();
        add_status(a, status ? std::optional(*status) : std::nullopt);
        s.spawned = {};
    }
    // No zombie is left.
    a.add(waitpid(-1, nullptr, WNOHANG | __WALL) < 0 && errno == ECHILD ? 1 : 0);
    // The mask of blocked signals is as before.
    sigset_t blocked;
    sigprocmask(SIG_BLOCK, nullptr, &blocked);
    std::uint64_t bits = 0;
    for (int signal = 1; signal <= 64; ++signal)
        if (sigismember(&blocked, signal) == 1)
            bits |= std::uint64_t{1} << (signal - 1);
    a.add(bits);
}

inline void look_for_caller(scene& s, plain_answer& a) {
    if (s.made)
        a.add(pidfd_view(s.made.get()).get_pid() == getpid() ? 1 : 0);
}

} // namespace support::calls

#endif
