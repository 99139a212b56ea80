// SPDX-License-Identifier: MIT
// The rows of the table of operations. See operations.hpp for what the properties mean.
#include "cgroup_rows.hpp"
#include "facts_rows.hpp"
#include "kernel/uapi.hpp"
#include "opening_rows.hpp"
#include "operation_calls.hpp"
#include "operations.hpp"
#include "stream_rows.hpp"
#include "tree_rows.hpp"

#include <pidfd_util/spawn.hpp>
#include <pidfd_util/wait_any.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <iterator>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;
using namespace std::chrono_literals;

namespace support {

namespace {

using namespace calls;
using answer = plain_answer;

// Bare system calls, for the benchmark.

template <std::uint64_t Mask>
bool bare_info(int fd, pid_t) {
    uapi::pidfd_info info{};
    info.mask = Mask;
    return ioctl(fd, uapi::get_info, &info) == 0;
}

constexpr std::int64_t nanoseconds_per_tick = 10'000'000;

/// Adds whether the start is the one that the test knows; 0 where it knows none.
void add_start(const scene& s, answer& a, std::int64_t start) {
    a.add(s.started == 0 ? 0 : start == s.started ? 1 : 2);
}

// Kinds of rows.

constexpr operation_row about(const char* name, operation_row::call_function call) {
    return {role::about_process, name, call};
}
constexpr operation_row query_row(const char* name, operation_row::call_function call) {
    return about(name, call).with_proc(proc_use::fallback);
}
constexpr operation_row wait_for_child(const char* name, operation_row::call_function call) {
    return about(name, call)
        .only_on(child_kind::zombie)
        .blocking_on(blocking::on_child)
        .if_reaped(once_reaped::no_child)
        .listed_as("wait");
}
constexpr operation_row wait_for_process(const char* name, operation_row::call_function call) {
    return wait_for_child(name, call)
        .blocking_on(blocking::on_process)
        .if_reaped(once_reaped::answers);
}
template <namespace_type Type>
constexpr operation_row namespace_row(const char* name) {
    return query_row(name, get_namespace<Type>).of_namespace().making_fd();
}

constexpr operation_row rows_of_processes[] = {
    query_row("get_pid", [](scene& s, answer& a) { add(a, s.process.get_pid(&a.path)); })
        .of_individual()
        .alike_for_heir()
        // Two signals show that this /proc belongs to the caller's pid namespace.
        .promising("ioctl", "<find> <near> close close")
        .beside("PIDFD_GET_INFO", bare_info<uapi::info_pid>),
    query_row("get_ppid", [](scene& s, answer& a) { add(a, s.process.get_ppid(&a.path)); })
        .of_parent()
        .promising("ioctl", "<find> <near> openat2 read pread close close close")
        .beside("PIDFD_GET_INFO", bare_info<uapi::info_pid>),
    about("get_id", [](scene& s, answer& a) { add(a, s.process.get_id(&a.path)); })
        .of_individual()
        .if_reaped(once_reaped::answers)
        .since(feature::pidfs)
        .promising("<id>", nullptr)
        .beside(uapi::sys_fstat != 0 ? "fstat" : "statx",
                [](int fd, pid_t) {
                    if (uapi::sys_fstat != 0) {
                        struct stat s {};
                        return syscall(uapi::sys_fstat, fd, &s) == 0;
                    }
                    uapi::statx s{};
                    return syscall(SYS_statx, fd, "", AT_EMPTY_PATH, uapi::statx_ino, &s) == 0;
                }),
    about("get_process_id",
          [](scene& s, answer& a) {
              if (const auto id = s.process.get_process_id(); take(id, a))
                  a.add(id->inode);
          })
        .of_individual()
        .if_reaped(once_reaped::answers)
        .since(feature::pidfs)
        .with_proc(proc_use::always)
        .promising("<id> openat fstatfs openat2 read close close", nullptr),
    about("get_stamp",
          [](scene& s, answer& a) {
              if (const auto stamp = s.process.get_stamp(); take(stamp, a)) {
                  a.add(static_cast<std::uint64_t>(stamp->pid));
                  a.add(stamp->pid_namespace);
                  add_start(s, a, static_cast<std::int64_t>(stamp->start) * nanoseconds_per_tick);
              }
          })
        .with_proc(proc_use::always)
        .of_individual()
        .of_start(),
    about("get_start_time",
          [](scene& s, answer& a) {
              if (const auto start = s.process.get_start_time(); take(start, a))
                  add_start(s, a, start->since_boot.count());
          })
        .with_proc(proc_use::always)
        .of_start()
        .promising("<find> openat2 read close pread <clock>close close",
                   "<find> openat2 read close pread <clock>close close"),
    about("is_thread", [](scene& s, answer& a) { add(a, s.process.is_thread()); })
        .if_reaped(once_reaped::answers)
        .promising("waitid fcntl", "waitid fcntl"),
    about("keep_on_exec", [](scene& s, answer& a) { take(s.process.keep_on_exec(), a); })
        .looked_at([](scene& s, answer&) { fcntl(s.process.fd(), F_SETFD, FD_CLOEXEC); })
        .changing_shared()
        .if_reaped(once_reaped::answers),
    query_row("get_creds",
              [](scene& s, answer& a) {
                  if (const auto creds = s.process.get_creds(&a.path); take(creds, a))
                      add(a, *creds);
              })
        .promising("ioctl", "<find> <near> openat2 read pread close close close")
        .beside("PIDFD_GET_INFO", bare_info<uapi::info_creds>),
    query_row("get_cgroupid", [](scene& s, answer& a) { add(a, s.process.get_cgroupid(&a.path)); })
        .finding_cgroup()
        .promising("ioctl", "<find> <near> <cgroup> close close")
        .beside("PIDFD_GET_INFO", bare_info<uapi::info_cgroupid>),
    query_row("get_info",
              [](scene& s, answer& a) {
                  const auto info = s.process.get_info(&a.path);
                  if (!take(info, a))
                      return;
                  a.add(static_cast<std::uint64_t>(info->pid));
                  a.add(static_cast<std::uint64_t>(info->tgid));
                  add(a, info->ppid);
                  add(a, info->cgroupid);
                  if (info->creds)
                      add(a, *info->creds);
              })
        .of_individual()
        .finding_cgroup()
        .promising("ioctl", "<find> <near> openat2 read pread close <cgroup> pread close close")
        .beside("PIDFD_GET_INFO",
                bare_info<uapi::info_pid | uapi::info_creds | uapi::info_cgroupid>),
    namespace_row<namespace_type::uts>("get_namespace uts")
        .promising("ioctl", "<find> <namespace> pread close close"),
    namespace_row<namespace_type::cgroup>("get_namespace cgroup"),
    namespace_row<namespace_type::ipc>("get_namespace ipc"),
    namespace_row<namespace_type::mnt>("get_namespace mnt")
        .beside("PIDFD_GET_MNT_NAMESPACE, close",
                [](int fd, pid_t) { return close_one(ioctl(fd, uapi::get_namespace(3), 0)); }),
    namespace_row<namespace_type::net>("get_namespace net"),
    namespace_row<namespace_type::pid>("get_namespace pid").alike_for_heir(),
    namespace_row<namespace_type::pid_for_children>("get_namespace pid_for_children")
        .alike_for_heir(),
    namespace_row<namespace_type::time>("get_namespace time"),
    namespace_row<namespace_type::time_for_children>("get_namespace time_for_children"),
    // This namespace outlives its process; ns/mnt shows whether the process has ended.
    namespace_row<namespace_type::user>("get_namespace user")
        .promising("ioctl", "<find> <namespace> openat2 readlinkat close pread close close"),
    about("open_proc",
          [](scene& s, answer& a) {
              auto dir = s.process.open_proc();
              if (!take(dir, a))
                  return;
              if (s.in_proc == nullptr)
                  s.made = std::move(*dir);
              else if (const std::uint64_t read = s.in_proc(dir->get()); read != 0)
                  a.add(read);
          })
        .looked_at(look_at_proc_dir)
        .with_proc(proc_use::always)
        .making_fd()
        .of_individual()
        // The directory, the pid again, and two of the three file descriptors closed.
        .promising("<find> openat2 pread close close", "<find> openat2 pread close close")
        .beside("open of /proc/PID, close: not safe",
                [](int, pid_t pid) {
                    char path[32];
                    std::snprintf(path, sizeof path, "/proc/%d", pid);
                    return close_one(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
                }),
    about("access_proc",
          [](scene& s, answer& a) {
              add(a, s.process.access_proc([&s](int dir) -> std::uint64_t {
                  return s.in_proc != nullptr ? s.in_proc(dir) : dir >= 0;
              }));
          })
        .with_proc(proc_use::always)
        .promising("<find> openat2 pread close close ppoll close",
                   "<find> openat2 pread close close ppoll close"),
    about("send_signal", [](scene& s, answer& a) { take(s.process.send_signal(0), a); })
        .alike_for_heir()
        .promising("pidfd_send_signal", "pidfd_send_signal")
        .beside(
            "pidfd_send_signal",
            [](int fd, pid_t) { return syscall(SYS_pidfd_send_signal, fd, 0, nullptr, 0) == 0; }),
    about(
        "send_signal to the thread group",
        [](scene& s, answer& a) { take(s.process.send_signal(0, signal_scope::thread_group), a); })
        .alike_for_heir()
        .since(feature::signal_scope)
        .documented_as("pidfd::send_signal(signal, scope)"),
    about("send_signal of no signal",
          [](scene& s, answer& a) { take(s.process.send_signal(-1), a); })
        .failing(),
    about("queue_signal", [](scene& s, answer& a) { take(s.process.queue_signal(0, sigval{}), a); })
        .alike_for_heir(),
    about("resend_signal",
          [](scene& s, answer& a) {
              siginfo_t info{};
              info.si_code = SI_QUEUE;
              take(s.process.resend_signal(info), a);
          })
        .alike_for_heir()
        .promising("pidfd_send_signal", "pidfd_send_signal"),
    about("kill", [](scene& s, answer& a) { take(s.process.kill(), a); })
        .only_on(child_kind::running, child_kind::zombie)
        .killing()
        .documented_as("pidfd::send_signal"),
    about("set_namespace uts",
          [](scene& s, answer& a) { take(s.process.set_namespace(namespace_flags::uts), a); })
        .looked_at(look_at_uts)
        .entering()
        // The second setns, on fd -1, fails if it was the kernel that answered the first.
        .promising("waitid setns setns", "waitid setns setns"),
    about("set_namespace ipc",
          [](scene& s, answer& a) { take(s.process.set_namespace(namespace_flags::ipc), a); })
        .looked_at(look_at_ipc)
        .entering(),
    about("set_namespace of several",
          [](scene& s, answer& a) {
              take(s.process.set_namespace(namespace_flags::uts | namespace_flags::ipc), a);
          })
        .looked_at(look_at_both)
        .since(feature::setns) // before, /proc serves one namespace per call
        .entering(),
    about("get_remote_fd", [](scene& s, answer& a) { keep(s.process.get_remote_fd(0), s, a); })
        .making_fd()
        .alike_for_heir()
        .since(feature::pidfd_getfd)
        .promising("pidfd_getfd", "pidfd_getfd")
        .beside("pidfd_getfd, close",
                [](int fd, pid_t) { return close_one(syscall(SYS_pidfd_getfd, fd, 0, 0)); }),
    about("get_remote_fd of none",
          [](scene& s, answer& a) { keep(s.process.get_remote_fd(-1), s, a); })
        .since(feature::pidfd_getfd)
        .failing(),
    // poll accepts every file descriptor. Only waitid refuses one that is not a pidfd.
    about("is_alive", [](scene& s, answer& a) { add(a, s.process.is_alive()); })
        .and_on(child_kind::zombie)
        .if_reaped(once_reaped::answers)
        .promising("waitid ppoll", "waitid ppoll")
        .beside("poll",
                [](int fd, pid_t) {
                    pollfd p{fd, POLLIN, 0};
                    return poll(&p, 1, 0) == 0;
                }),
    about("try_wait", [](scene& s, answer& a) { take_status(s.process.try_wait(), a); })
        .only_on(child_kind::running, child_kind::zombie)
        .if_reaped(once_reaped::no_child)
        .listed_as("wait")
        .promising("waitid", "waitid"),
    wait_for_child("wait", [](scene& s, answer& a) { take_status(s.process.wait(), a); })
        .promising("waitid", "waitid"),
    wait_for_child("wait_for", [](scene& s, answer& a) { take_status(s.process.wait_for(1h), a); }),
    wait_for_child("wait_change",
                   [](scene& s, answer& a) {
                       const auto flags = wait_flags::exited | wait_flags::stopped;
                       if (const auto change = s.process.wait_change(flags); take(change, a))
                           add_status(a, change->ended());
                   }),
    about("try_wait_change",
          [](scene& s, answer& a) {
              const auto flags = wait_flags::exited | wait_flags::keep;
              take_change(s.process.try_wait_change(flags), a);
          })
        .only_on(child_kind::zombie)
        .if_reaped(once_reaped::no_child)
        .listed_as("wait"),
    wait_for_process("wait_exit", [](scene& s, answer& a) { take(s.process.wait_exit(), a); }),
    about("wait_exit_for",
          [](scene& s, answer& a) { take_end_in_time(s.process.wait_exit_for(1ms), a); })
        .if_reaped(once_reaped::answers)
        .listed_as("wait"),
    wait_for_process("wait_any", wait_any_of<2>),
    wait_for_process("wait_any of many", wait_any_of<65>),
    wait_for_process("wait_all", [](scene& s, answer& a) { take(wait_all({s.process}), a); }),
    about("get_exit_status",
          [](scene& s, answer& a) { take_status(s.process.get_exit_status(), a); })
        .and_on(child_kind::zombie, child_kind::lost)
        .if_kept(),
    about("get_coredump",
          [](scene& s, answer& a) {
              const auto dump = s.process.get_coredump();
              if (!take(dump, a))
                  return;
              a.add(*dump ? 1 : 0);
              a.add(*dump && (*dump)->dumped ? 1 : 0);
          })
        .since(feature::coredump_info)
        .if_kept(),
    about("duplicate", [](scene& s, answer& a) { keep(s.process.duplicate(), s, a); })
        .making_fd()
        .of_individual()
        .if_reaped(once_reaped::answers)
        .listed_as("adopt")
        .promising("waitid fcntl", "waitid fcntl"),
    about("adopt",
          [](scene& s, answer& a) {
              unique_fd fd(s.process.fd());
              auto adopted = pidfd::adopt(std::move(fd));
              if (take(adopted, a))
                  a.add(adopted->release() == s.process.fd() ? 1 : 0);
              else
                  a.error = fd.release() == s.process.fd() ? a.error : -1;
          })
        .if_reaped(once_reaped::answers),

    operation_row(role::about_child, "wait of a child's owner",
                  [](scene& s, answer& a) { take_status(s.child.wait(), a); })
        .only_on(child_kind::zombie)
        .blocking_on(blocking::on_child),
    operation_row(role::about_child, "wait with usage of a child's owner",
                  [](scene& s, answer& a) {
                      if (const auto ended = s.child.wait(with_usage); take(ended, a))
                          add_status(a, ended->status);
                  })
        .only_on(child_kind::zombie)
        .blocking_on(blocking::on_child)
        .documented_as("child::wait(with_usage_t)"),
    operation_row(role::about_child, "wait of a lost child's owner",
                  [](scene& s, answer& a) { take_status(s.child.wait(), a); })
        .only_on(child_kind::lost)
        .blocking_on(blocking::on_child)
        .if_kept(),
    operation_row(role::about_child, "stop by a child's owner",
                  [](scene& s, answer& a) {
                      if (const auto stopped = s.child.stop(); take(stopped, a))
                          add_status(a, stopped->status);
                  })
        .only_on(child_kind::zombie)
        .listed_as(""), // it makes only the calls of signals and waits

    operation_row(role::starts, "spawn", [](scene& s, answer& a) { start({}, s, a); })
        .looked_at(look_at_spawned),
    operation_row(role::starts, "spawn with many mappings and arguments", start_with_lists)
        .looked_at(look_at_spawned),
    operation_row(role::starts, "spawn of a program that cannot be run",
                  [](scene& s, answer& a) {
                      const char* const arguments[] = {"none", nullptr};
                      auto started = spawn("/dev/null/none", arguments);
                      const bool expected = !started && started.error().value() == ENOTDIR;
                      a.add(expected ? 1 : 0);
                      if (started)
                          s.spawned = std::move(*started);
                      else if (!expected)
                          take(started, a);
                  })
        .looked_at(look_at_spawned),
};

/// A part of the table.
struct part {
    template <std::size_t size>
    constexpr explicit part(const operation_row (&rows)[size]) : first(rows), count(size) {}
    const operation_row* first;
    std::size_t count;
};
constexpr part parts[] = {part(rows_of_processes), part(facts_rows), part(opening_rows),
                          part(stream_rows),       part(tree_rows),  part(cgroup_rows)};

constexpr std::size_t count_rows() {
    std::size_t count = 0;
    for (const part& p : parts)
        count += p.count;
    return count;
}
constexpr const operation_row& row_at(std::size_t index) {
    const part* p = parts;
    for (; index >= p->count; ++p)
        index -= p->count;
    return p->first[index];
}
template <std::size_t... I>
constexpr auto join(std::index_sequence<I...>) {
    return std::array{row_at(I)...};
}
constexpr auto rows = join(std::make_index_sequence<count_rows()>());
static_assert(rows.size() <= most_operations);

} // namespace

operation_range operation_table() {
    return {rows.data(), rows.data() + rows.size()};
}

} // namespace support
