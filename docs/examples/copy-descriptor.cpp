// SPDX-License-Identifier: MIT
// Copies a file descriptor of another process, and writes through it.
#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;

int main() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return 1;
    const unique_fd reading(ends[0]);
    unique_fd writing(ends[1]);

    const char* const command[] = {"/bin/sleep", "60", nullptr};
    const fd_mapping fds[] = {{writing.get(), 7}};
    spawn_options options;
    options.fds = fds;
    auto process = spawn(command[0], command, options);
    if (!process)
        return 1;
    writing.reset(); // only the child has it now

    const auto copy = process->get_remote_fd(7);
    if (!copy) {
        std::fprintf(stderr, "cannot copy it: %s\n", copy.error().message().c_str());
        (void)process->stop();
        return 1;
    }
    char text[16] = "";
    if (write(copy->get(), "through 7", 9) == 9 && read(reading.get(), text, 15) == 9)
        std::puts(text);
    const auto other = process->get_remote_fd(8);
    std::puts(other ? "8 is open" : other.error().message().c_str());
    (void)process->stop();
    return 0;
}

// Output of "copy-descriptor", from Linux 5.6 on:
//     through 7
//     Bad file descriptor
