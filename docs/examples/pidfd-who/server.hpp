// SPDX-License-Identifier: MIT
// Serves all clients in one thread.
#ifndef PIDFD_WHO_SERVER_HPP
#define PIDFD_WHO_SERVER_HPP

#include "callers.hpp"
#include "known.hpp"

#include <cstddef>
#include <list>
#include <string>
#include <vector>

/// Prints a line on standard error, and returns the exit status.
int complain(int status, const std::string& text);

/// Prints a line on standard output. Returns whether it could be written.
bool print_line(const std::string& text);

class server {
public:
    /// `listener` and `signals` are file descriptors that stay open. `listener` does not block, and
    /// has requested senders.
    server(int listener, int signals, std::vector<uid_t> allowed, known_callers known);

    /// Serves until `signals` is readable, and returns true; returns false after an error.
    bool run();

private:
    struct client {
        pidfd_util::unique_fd socket;
        connected peer;
        std::string request; // what has arrived of it
    };

    void take_in();
    void make_space();
    bool serve(client& c);
    bool answer(client& c, refusal reason);
    std::string greet(const caller& found);

    int listener_;
    int signals_;
    std::vector<uid_t> allowed_;
    known_callers known_;
    std::size_t most_clients_;
    std::list<client> clients_; // in the order in which they connected
    int output_error_ = 0;
};

#endif
