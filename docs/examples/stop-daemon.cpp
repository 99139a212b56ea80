// SPDX-License-Identifier: MIT
// Stops a daemon by its pid file, which holds the stamp of the process: if the pid has a new owner,
// nothing is signalled. From Linux 6.9 on, use a process_id: see remember-process.cpp.
#include <pidfd_util/pidfd_util.hpp>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <string>

using namespace pidfd_util;

namespace {

expected<void> stop_daemon(std::string_view text) {
    const auto stamp = parse_process_stamp(text);
    if (!stamp)
        return unexpected(std::make_error_code(std::errc::invalid_argument));
    const auto daemon = pidfd::from_stamp(*stamp);
    if (!daemon)
        return unexpected(daemon.error());
    if (const auto sent = daemon->send_signal(SIGTERM); !sent)
        return sent;
    return daemon->wait_exit_for(std::chrono::seconds(10));
}

} // namespace

int main() {
    const char* const command[] = {"/bin/sleep", "60", nullptr};
    auto daemon = spawn(command[0], command);
    const auto stamp = daemon ? daemon->get_stamp() : unexpected(daemon.error());
    if (!stamp)
        return 1;
    const std::string text(to_text(*stamp)); // what the daemon writes into its pid file
    for (int i = 0; i < 2; ++i) {
        const auto stopped = stop_daemon(text);
        std::puts(stopped ? "it has stopped" : stopped.error().message().c_str());
        (void)daemon->wait(); // its parent reaps it
    }
    return 0;
}

// Output of "stop-daemon":
//     it has stopped
//     no such process: it has ended
