// SPDX-License-Identifier: MIT
// pidfd-who: a server that decides by pidfd which process calls, and recognises it when it calls
// again.
#include "../tool-parts/standard_fds.hpp"
#include "../tool-parts/text.hpp"
#include "arguments.hpp"
#include "server.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

using namespace pidfd_util;

namespace {

enum status { ended = 0, failed = 1, bad_usage = 2 };

constexpr char help[] = R"(Usage: pidfd-who [--allow-user UID]... [--known FILE] SOCKET
       pidfd-who --help

Listens on the UNIX stream socket SOCKET. A client sends lines with "hello". The
answer is "welcome", "welcome back" if the process was welcomed before, or
"refused: REASON", which also ends the connection. Prints each answer, with the
id, user, executable and cgroup of the caller.

A caller must be the process that connected, be alive, and run with no other user
and group ids than those that it connected with. All of this is found out through
pidfds, so that a reused pid has no effect. Before Linux 6.5, every caller is
refused.

  --allow-user UID  welcome this user; default: the user that runs pidfd-who
  --known FILE      remember callers in FILE, also when pidfd-who is restarted
                    (Linux 6.9). The file is replaced if there is a new caller.
  --help            show this text

Every user may connect. A socket that is at SOCKET already is replaced. SIGTERM or
SIGINT ends pidfd-who.

Exit status:
  0  SIGTERM or SIGINT
  1  an error of the system
  2  a bad argument)";

status fail(const std::string& what) {
    return static_cast<status>(complain(failed, what + ": " + std::strerror(errno)));
}

/// Binds the socket, replacing what an earlier server left. Every user may connect: the pidfd decides.
bool bind_to(int socket, const sockaddr_un& address) {
    struct stat present {};
    if (lstat(address.sun_path, &present) == 0 && S_ISSOCK(present.st_mode))
        unlink(address.sun_path);
    const mode_t mask = umask(0);
    const int result = bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    umask(mask);
    return result == 0;
}

status serve(const arguments& args) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string_view path = args.socket;
    if (path.size() >= sizeof address.sun_path)
        return static_cast<status>(complain(bad_usage, "the path of the socket is too long"));
    path.copy(address.sun_path, path.size());

    known_callers known;
    if (args.known != nullptr)
        if (const std::string reason = known.load(args.known); !reason.empty())
            return static_cast<status>(complain(failed, reason));

    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    sigprocmask(SIG_BLOCK, &ending, nullptr);
    const unique_fd signals(signalfd(-1, &ending, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals)
        return fail("cannot receive signals");

    const unique_fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!listener)
        return fail("cannot make a socket");
    // Before listen(2): accepted sockets inherit the request, so that no message comes without it.
    if (const auto requested = request_senders(listener.get()); !requested) {
        const std::string reason = requested.error().message();
        if (requested.error() != pidfd_errc::unsupported)
            return static_cast<status>(complain(failed, "cannot ask for senders: " + reason));
        complain(failed, "every caller will be refused: " + reason);
    }
    if (!bind_to(listener.get(), address) || listen(listener.get(), SOMAXCONN) != 0)
        return fail("cannot listen on " + shell_word(path));
    if (!print_line("listening on " + shell_word(path)))
        return fail("cannot write the output");
    server s(listener.get(), signals.get(), args.allowed, std::move(known));
    return s.run() ? ended : failed;
}

} // namespace

int main(int argc, char** argv) {
    fill_standard_fds();
    std::string mistake;
    const auto args = parse_arguments(argc, argv, mistake);
    if (!args)
        return complain(bad_usage, mistake);
    if (args->help)
        return print_line(help) ? ended : fail("cannot write the output");
    return serve(*args);
}
