// SPDX-License-Identifier: MIT
// The rows of the table of operations that are about no pidfd: they open one, or use a socket. Part of
// operation_table.cpp.
#ifndef PIDFD_UTIL_TEST_OPENING_ROWS_HPP
#define PIDFD_UTIL_TEST_OPENING_ROWS_HPP

#include "kernel/uapi.hpp"
#include "operation_calls.hpp"
#include "operations.hpp"

#include <pidfd_util/inheritance.hpp>
#include <pidfd_util/message.hpp>
#include <pidfd_util/peer.hpp>

#include <cerrno>
#include <string_view>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace support {

namespace {

using namespace pidfd_util;
using namespace calls;
using answer = plain_answer;

/// The sockets for the operations on sockets. One of them always has a message to look at.
struct sockets {
    int pair[2] = {-1, -1};
    int inbox[2] = {-1, -1};

    sockets() {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 ||
            socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, inbox) != 0)
            return;
        (void)request_senders(inbox[0]);
        (void)send_message(inbox[1], "?", 1, array_view<int>(&pair[0], 1));
    }
};
// Made before a test limits or counts file descriptors, and before it installs a filter.
const sockets made_at_start;

constexpr operation_row opening_rows[] = {
    operation_row(role::opens, "from_self",
                  [](scene& s, answer& a) { keep(pidfd::from_self(), s, a); })
        .looked_at(look_for_caller)
        .making_fd()
        // The library never caches the pid, because a program can fork.
        .promising("getpid pidfd_open", "getpid pidfd_open"),
    operation_row(role::opens, "from_pid",
                  [](scene& s, answer& a) { keep(pidfd::from_pid(s.stranger_pid), s, a); })
        .making_fd()
        .promising("pidfd_open", nullptr)
        .beside("pidfd_open, close",
                [](int, pid_t pid) { return close_one(syscall(SYS_pidfd_open, pid, 0)); }),
    operation_row(role::opens, "from_tid",
                  [](scene& s, answer& a) { keep(pidfd::from_tid(s.stranger_pid), s, a); })
        .making_fd()
        .since(feature::thread)
        .promising("pidfd_open", nullptr),
    operation_row(role::opens, "from_parent",
                  [](scene& s, answer& a) { keep(pidfd::from_parent(), s, a); })
        .making_fd()
        .promising("getppid pidfd_open getppid", "getppid pidfd_open getppid"),
    operation_row(role::opens, "from_id",
                  [](scene& s, answer& a) {
                      const auto id = s.stranger.get_process_id();
                      if (take(id, a))
                          keep(pidfd::from_id(*id, s.stranger_pid), s, a);
                  })
        .making_fd()
        .since(feature::pidfs),
    operation_row(role::opens, "from_inode",
                  [](scene& s, answer& a) {
                      const auto id = s.stranger.get_id();
                      if (take(id, a))
                          keep(pidfd::from_inode(*id), s, a);
                  })
        .making_fd()
        .since(feature::file_handle),
    operation_row(role::opens, "from_stamp",
                  [](scene& s, answer& a) {
                      const auto stamp = s.stranger.get_stamp();
                      if (take(stamp, a))
                          keep(pidfd::from_stamp(*stamp), s, a);
                  })
        .making_fd(),
    operation_row(role::opens, "adopt",
                  [](scene& s, answer& a) {
                      unique_fd lent(s.stranger.fd());
                      auto adopted = pidfd::adopt(std::move(lent));
                      take(adopted, a);
                      (void)lent.release(); // NOLINT(bugprone-use-after-move): kept on failure
                      if (adopted)
                          (void)adopted->release();
                  })
        .promising("waitid fstatfs fcntl ioctl fcntl", nullptr),
    operation_row(role::opens, "adopt_announced",
                  [](scene& s, answer& a) {
                      const auto text = announce(s.stranger, s.stranger.fd());
                      if (!take(text, a))
                          return;
                      // Without an inode number it is refused where others have one.
                      if (std::string_view(*text).find("inode") == std::string_view::npos) {
                          a.error = EOPNOTSUPP;
                          return;
                      }
                      auto adopted = adopt_announced(*text);
                      take(adopted, a);
                      if (adopted)
                          (void)adopted->release();
                  }),
    operation_row(role::opens, "same_process",
                  [](scene& s, answer& a) { add(a, same_process(s.stranger, s.stranger)); }),
    operation_row(role::opens, "peer_pidfd",
                  [](scene& s, answer& a) { keep(peer_pidfd(made_at_start.pair[0]), s, a); })
        .making_fd()
        .since(feature::peer_pidfd)
        .promising("getsockopt getsockopt getsockopt", nullptr)
        .beside("getsockopt SO_PEERPIDFD, close",
                [](int, pid_t) {
                    int fd = -1;
                    socklen_t size = sizeof fd;
                    return getsockopt(made_at_start.pair[0], SOL_SOCKET, uapi::so_peer_pidfd, &fd,
                                      &size) == 0 &&
                           close_one(fd);
                }),
    operation_row(
        role::opens, "unverified_peer_pidfd",
        [](scene& s, answer& a) { keep(unverified_peer_pidfd(made_at_start.pair[0]), s, a); })
        .making_fd()
        .promising("getsockopt getsockopt getsockopt pidfd_open", nullptr),
    operation_row(role::opens, "get_peer",
                  [](scene& s, answer& a) {
                      gid_t groups[64];
                      auto peer = get_peer(made_at_start.pair[0], groups);
                      if (take(peer, a))
                          s.made = unique_fd(peer->process.release());
                  })
        .making_fd()
        .since(feature::peer_pidfd)
        .promising("getsockopt getsockopt getsockopt getsockopt getsockopt", nullptr),
    operation_row(role::opens, "request_senders",
                  [](scene&, answer& a) {
                      if (take(request_senders(made_at_start.pair[0], false), a))
                          take(request_senders(made_at_start.pair[0]), a);
                  })
        .changing_shared()
        .since(feature::peer_pidfd),
    // Without data, the stream keeps nothing. The second call, on fd -1, fails if it was the kernel that
    // sent no bytes.
    operation_row(role::opens, "send_message",
                  [](scene& s, answer& a) {
                      const int passed[] = {s.stranger.fd()};
                      add(a, send_message(made_at_start.pair[1], "", 0, passed, MSG_DONTWAIT));
                  })
        .promising("sendmsg sendmsg", "sendmsg sendmsg"),
    operation_row(role::opens, "receive_message",
                  [](scene& s, answer& a) {
                      char byte = 0;
                      unique_fd files[1];
                      auto message = receive_message(made_at_start.inbox[0], &byte, 1, files,
                                                     MSG_DONTWAIT | MSG_PEEK);
                      if (take(message, a))
                          s.made = std::move(files[0]);
                  }),
    operation_row(role::opens, "from_pid of none",
                  [](scene& s, answer& a) { keep(pidfd::from_pid(0x7fffffff), s, a); })
        .failing(),
    operation_row(role::opens, "from_pid of no pid",
                  [](scene& s, answer& a) { keep(pidfd::from_pid(-1), s, a); })
        .failing(),
};

} // namespace

} // namespace support

#endif
