// SPDX-License-Identifier: MIT
// Keeps the name of a process as a text, as in a file, and opens the process again: after a restart of
// this program too, and never another process.
#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>
#include <string>

using namespace pidfd_util;

namespace {

void look_up(const std::string& text, pid_t hint) {
    const auto id = parse_process_id(text);
    if (!id)
        return;
    const auto process = pidfd::from_id(*id, hint); // the hint is for kernels before Linux 6.14
    if (process)
        std::puts("it runs");
    else if (process.error() == pidfd_errc::not_found)
        std::puts("it has ended");
    else if (process.error() == pidfd_errc::foreign_boot)
        std::puts("it was a process of another boot");
    else
        std::fprintf(stderr, "cannot tell: %s\n", process.error().message().c_str());
}

} // namespace

int main() {
    const char* const command[] = {"/bin/sleep", "60", nullptr};
    auto process = spawn(command[0], command);
    const auto id = process ? process->get_process_id() : unexpected(process.error());
    const auto pid = process ? process->get_pid() : unexpected(process.error());
    if (!id || !pid)
        return 1;
    const std::string text(to_text(*id)); // such as 4711@0123456789abcdef0123456789abcdef
    look_up(text, *pid);
    (void)process->stop();
    look_up(text, *pid);
    return 0;
}

// Output of "remember-process", from Linux 6.9 on:
//     it runs
//     it has ended
