// SPDX-License-Identifier: MIT
// Tests a success, a failure and a child, through the headers and the library.
#include <pidfd_util/pidfd_util.hpp>

#include <unistd.h>

int main() {
    const auto self = pidfd_util::pidfd::from_self();
    if (!self || self->get_pid() != getpid())
        return 1;
    const auto none = pidfd_util::pidfd_view(-1).get_pid();
    if (none || none.error() != std::errc::bad_file_descriptor)
        return 2;
    const char* const command[] = {"sh", "-c", "exit 7", nullptr};
    auto child = pidfd_util::spawn("/bin/sh", command);
    if (!child)
        return 3;
    const auto end = child->wait();
    return end && end->code() == 7 ? 0 : 4;
}
