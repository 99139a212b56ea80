// SPDX-License-Identifier: MIT
#include "server.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

using namespace pidfd_util;

namespace {

constexpr std::size_t longest_request = 64;

/// Leaves enough file descriptors to check a request while all clients are connected.
std::size_t find_most_clients() {
    constexpr rlim_t others = 16;
    constexpr rlim_t most = 64;
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < others + 2)
        return 1;
    return static_cast<std::size_t>(std::min(most, (limit.rlim_cur - others) / 2));
}

} // namespace

int complain(int status, const std::string& text) {
    std::fprintf(stderr, "pidfd-who: %s\n", text.c_str());
    return status;
}

bool print_line(const std::string& text) {
    return std::puts(text.c_str()) >= 0 && std::fflush(stdout) == 0;
}

server::server(int listener, int signals, std::vector<uid_t> allowed, known_callers known)
    : listener_(listener), signals_(signals), allowed_(std::move(allowed)),
      known_(std::move(known)), most_clients_(find_most_clients()) {}

bool server::run() {
    std::vector<pollfd> fds;
    for (;;) {
        fds = {{signals_, POLLIN, 0}, {listener_, POLLIN, 0}};
        for (const client& c : clients_)
            fds.push_back({c.socket.get(), POLLIN, 0});
        if (poll(fds.data(), fds.size(), -1) < 0) {
            if (errno == EINTR)
                continue;
            complain(1, std::string("cannot wait for clients: ") + std::strerror(errno));
            return false;
        }
        if (fds[0].revents != 0)
            return true;
        auto ready = fds.begin() + 2;
        for (auto c = clients_.begin(); c != clients_.end(); ++ready)
            c = ready->revents == 0 || serve(*c) ? std::next(c) : clients_.erase(c);
        if (fds[1].revents != 0)
            take_in();
        if (output_error_ != 0) {
            complain(1, std::string("cannot write the output: ") + std::strerror(output_error_));
            return false;
        }
    }
}

void server::take_in() {
    unique_fd socket(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    const bool full = errno == EMFILE || errno == ENFILE;
    if (!socket && !full)
        return;
    if (!socket || clients_.size() >= most_clients_)
        make_space();
    if (!socket)
        return;
    connected peer = get_peer(socket.get());
    clients_.push_back({std::move(socket), std::move(peer), {}});
}

/// Ends a connection: the first of those that would be refused anyway, or the oldest.
void server::make_space() {
    if (clients_.empty()) {
        (void)poll(nullptr, 0, 100); // other processes use up the file descriptors: do not spin
        return;
    }
    auto victim = std::find_if(clients_.begin(), clients_.end(),
                               [this](const client& c) { return !is_allowed(c.peer, allowed_); });
    if (victim == clients_.end())
        victim = clients_.begin();
    answer(*victim, "there are too many clients");
    clients_.erase(victim);
}

/// Receives what the client has sent, once. Returns whether the connection goes on.
bool server::serve(client& c) {
    char data[longest_request];
    // There is no storage for file descriptors: if the message carries any, they are closed.
    const auto message = receive_message(c.socket.get(), data, sizeof data);
    if (!message)
        return message.error() == std::errc::resource_unavailable_try_again;
    if (message->size == 0)
        return !c.request.empty() && answer(c, "the request is not complete");
    // Each part of a request is checked: parts of different senders never arrive as one.
    if (auto reason = check_sender(c.peer, message->sender))
        return answer(c, std::move(reason));
    c.request.append(data, message->size);
    for (std::size_t end = 0; (end = c.request.find('\n')) != std::string::npos;) {
        const bool hello = c.request.compare(0, end, "hello") == 0;
        c.request.erase(0, end + 1);
        if (!answer(c, hello ? std::nullopt : refusal("there is no such request")))
            return false;
    }
    return c.request.size() < longest_request || answer(c, "the request is too long");
}

/// Answers a request, which is refused for this reason if there is one. Returns whether the connection
/// goes on.
bool server::answer(client& c, refusal reason) {
    const caller found = look_at(c.peer);
    if (auto unauthorised = check_peer(c.peer, found, allowed_))
        reason = std::move(unauthorised);
    const std::string text = reason ? "refused: " + *reason : greet(found);
    if (!print_line(describe(c.peer, found) + ": " + text))
        output_error_ = errno;
    // A client that does not read its answers is dropped.
    const auto sent =
        send_message(c.socket.get(), (text + '\n').data(), text.size() + 1, {}, MSG_DONTWAIT);
    return !reason && sent && *sent == text.size() + 1;
}

std::string server::greet(const caller& found) {
    if (!found.id) // Linux 6.5 to 6.8: a caller cannot be recognised
        return "welcome";
    if (known_.contains(*found.id))
        return "welcome back";
    if (const auto kept = known_.add(*found.id); !kept)
        complain(1, "cannot write the file of known callers: " + kept.error().message());
    return "welcome";
}
