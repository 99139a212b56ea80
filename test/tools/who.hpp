// SPDX-License-Identifier: MIT
// Runs the example server pidfd-who, and talks to it as its clients do.
#ifndef PIDFD_UTIL_TEST_WHO_HPP
#define PIDFD_UTIL_TEST_WHO_HPP

#include "running_tool.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/unix_sockets.hpp"

#include <csignal>
#include <fcntl.h>
#include <functional>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace who {

using pidfd_util::unique_fd;

inline unique_fd connect_to(const std::string& path) {
    unique_fd made = support::unix_socket(SOCK_STREAM);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(name.sun_path, sizeof name.sun_path - 1);
    if (connect(made.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
        return {};
    return made;
}

/// Sends all of the text, or returns false.
inline bool say(const unique_fd& socket, std::string_view text) {
    return send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(text.size());
}

/// The next line, without its end; the beginning of one if the connection ends before.
inline std::string hear(const unique_fd& socket) {
    std::string line;
    for (char c = 0; recv(socket.get(), &c, 1, 0) == 1 && c != '\n';)
        line += c;
    return line;
}

inline std::string ask(const unique_fd& socket, std::string_view request = "hello\n") {
    (void)say(socket, request);
    return hear(socket);
}

/// The server while it runs. It listens in its own directory, which all users can enter.
class server : public run_tool::running_tool {
public:
    explicit server(const support::temporary_directory& directory,
                    std::vector<std::string> options = {}, pidfd_util::spawn_options how = {})
        : running_tool(PIDFD_WHO, with_socket(std::move(options), directory.path() + "/socket"),
                       std::move(how)),
          path_(directory.path() + "/socket") {
        REQUIRE(wait_for_line() == "listening on " + path_);
    }

    const std::string& path() const { return path_; }
    unique_fd connect() const {
        unique_fd made = connect_to(path_);
        REQUIRE(made);
        return made;
    }
    /// The answer at the end of the next line of the output, and the line.
    std::string printed(std::string* whole = nullptr) {
        const std::string line = wait_for_line();
        if (whole != nullptr)
            *whole = line;
        const std::size_t end = line.rfind(": refused: ");
        return line.substr((end != std::string::npos ? end : line.rfind(": ")) + 2);
    }
    run_tool::result stop(int signal = SIGTERM) {
        REQUIRE(process().send_signal(signal));
        return finish();
    }
    /// Stops the server, so that it sees only later what happens until `resume`.
    void suspend() const {
        const auto pid = process().get_pid();
        REQUIRE(pid);
        REQUIRE(process().send_signal(SIGSTOP));
        siginfo_t stopped{};
        REQUIRE(waitid(P_PID, static_cast<id_t>(*pid), &stopped, WSTOPPED) == 0);
    }
    void resume() const { REQUIRE(process().send_signal(SIGCONT)); }

private:
    static std::vector<std::string> with_socket(std::vector<std::string> options,
                                                const std::string& path) {
        options.push_back(path);
        return options;
    }

    std::string path_;
};

/// Runs the function in a forked child, and returns its result when the child has ended.
inline std::string in_child(const std::function<std::string()>& f) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    const unique_fd in(ends[0]);
    unique_fd out(ends[1]);
    support::test_child c = support::test_child::that([&] {
        const std::string text = f();
        return write(out.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0
                                                                                               : 1;
    });
    out.reset();
    c.go();
    std::string text;
    for (char byte = 0; read(in.get(), &byte, 1) == 1;)
        text += byte;
    c.wait_for_end();
    return text;
}

/// Whether the server still serves; it prints one line.
inline bool serves(server& s) {
    const std::string answer = ask(s.connect());
    return (answer == "welcome" || answer == "welcome back") && s.printed() == answer;
}

/// Whether sockets show their peers: Linux 6.5.
inline bool peers_are_shown() {
    return pidfd_util::peer_pidfd(support::socket_pair(SOCK_STREAM).a.get()).has_value();
}
inline constexpr const char* no_peers = "sockets do not show their peers: Linux 6.5";

/// Whether a process can be recognised: Linux 6.9.
inline bool ids_are_known() {
    const auto self = pidfd_util::pidfd::from_self();
    return self && self->get_process_id().has_value();
}
inline constexpr const char* no_ids = "the kernel or /proc has no ids of processes";

inline constexpr char foreign_sender[] =
    "refused: another process than the caller sent the request";

} // namespace who

#define NEEDS_PEERS()                                                                              \
    if (!who::peers_are_shown())                                                                   \
    SKIP_TEST(who::no_peers)

#endif
