// SPDX-License-Identifier: MIT
#include "report_identity.hpp"

#include "report_outcome.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace pidfd_util;

namespace {

/// Returns the result of `use` with a pidfd of the calling process.
template <class Use>
int with_self(Use use) {
    const auto self = pidfd::from_self();
    return self ? use(*self) : outcome(self);
}

/// Whether it is a handle of the calling process.
bool is_self(const expected<pidfd>& process) {
    return process && process->get_pid() == getpid();
}

/// Returns the result of `use` with the two ends of a socket pair, which the process has made.
template <class Use>
int with_sockets(int type, Use use) {
    int ends[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) != 0)
        return errno;
    const unique_fd first(ends[0]);
    const unique_fd second(ends[1]);
    return use(first.get(), second.get());
}

int opens_by_inode() {
    return with_self([](const pidfd& self) {
        const auto id = self.get_id();
        if (!id)
            return outcome(id);
        const auto again = pidfd::from_inode(*id, getpid());
        return outcome(again, is_self(again));
    });
}

int opens_by_stamp() {
    return with_self([](const pidfd& self) {
        const auto stamp = self.get_stamp();
        if (!stamp)
            return outcome(stamp);
        const auto again = pidfd::from_stamp(*stamp);
        return outcome(again, is_self(again));
    });
}

int adopts_what_was_announced() {
    return with_self([](const pidfd& self) {
        const int number = fcntl(self.fd(), F_DUPFD_CLOEXEC, 0);
        if (number < 0)
            return errno;
        const auto text = announce(self, number);
        const auto adopted =
            text ? adopt_announced(std::string_view(*text)) : unexpected(text.error());
        if (!adopted)
            close(number);
        return outcome(adopted, is_self(adopted));
    });
}

int gets_message() {
    return with_sockets(SOCK_DGRAM, [](int from, int to) {
        if (const auto wanted = request_senders(to); !wanted)
            return outcome(wanted);
        if (const auto sent = send_message(from, "x", 1); !sent)
            return outcome(sent);
        char byte = 0;
        const auto message = receive_message(to, &byte, 1);
        if (!message)
            return outcome(message);
        const bool from_self = message->creds && message->creds->pid == getpid();
        return outcome(message->sender, byte == 'x' && from_self && is_self(message->sender));
    });
}

int sends_message() {
    return with_sockets(SOCK_DGRAM, [](int from, int to) {
        const int files[] = {from};
        const auto sent = send_message(from, "x", 1, files);
        char byte = 0;
        unique_fd got[1];
        const auto message = receive_message(to, &byte, 1, got);
        if (!sent || !message)
            return sent ? outcome(message) : outcome(sent);
        return outcome(message, message->file_count == 1 && got[0].get() >= 0);
    });
}

constexpr thing things[] = {
    {"get_boot_id", [] { return outcome(get_boot_id()); }},
    {"from_inode with a hint", opens_by_inode},
    {"from_stamp", opens_by_stamp},
    {"open_verified",
     [] {
         const auto self =
             pidfd::open_verified(getpid(), [](pidfd_view p) { return p.get_pid() == getpid(); });
         return outcome(self, is_self(self));
     }},
    {"open_verified_thread",
     [] {
         return outcome(pidfd::open_verified_thread(getpid(), [](pidfd_view) { return true; }));
     }},
    {"same_process",
     [] {
         return with_self([](const pidfd& self) {
             const auto same = same_process(self, self);
             return outcome(same, same && *same);
         });
     }},
    {"is_thread",
     [] {
         return with_self([](const pidfd& self) {
             const auto thread = self.is_thread();
             return outcome(thread, thread && !*thread);
         });
     }},
    {"announce, adopt_announced", adopts_what_was_announced},
    {"keep_on_exec",
     [] { return with_self([](const pidfd& self) { return outcome(self.keep_on_exec()); }); }},
    {"peer_pidfd",
     [] {
         return with_sockets(SOCK_STREAM, [](int socket, int) {
             const auto process = peer_pidfd(socket);
             return outcome(process, is_self(process));
         });
     }},
    {"get_peer",
     [] {
         return with_sockets(SOCK_STREAM, [](int socket, int) {
             const auto other = get_peer(socket);
             return outcome(other, other && other->creds.pid == getpid());
         });
     }},
    {"unverified_peer_pidfd",
     [] {
         return with_sockets(SOCK_STREAM, [](int socket, int) {
             const auto process = unverified_peer_pidfd(socket);
             return outcome(process, is_self(process));
         });
     }},
    {"send_message, receive_message with files", sends_message},
    {"request_senders, the sender of a message", gets_message},
    {"get_command_line",
     [] {
         return with_self([](const pidfd& self) {
             char buffer[4096];
             const auto list = self.get_command_line(buffer);
             return outcome(list, list && list->complete());
         });
     }},
    {"get_environment",
     [] {
         return with_self([](const pidfd& self) {
             char buffer[65536];
             const auto list = self.get_environment(buffer);
             return outcome(list, list && list->complete());
         });
     }},
    {"set_oom_score_adj",
     [] {
         return with_self([](const pidfd& self) {
             const auto set = self.set_oom_score_adj(1);
             return outcome(set, self.get_oom_score_adj() == 1);
         });
     }},
};

} // namespace

void report_identity() {
    report_things("identity", things);
}
