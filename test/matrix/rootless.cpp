// SPDX-License-Identifier: MIT
// Runs where the root directory has this program alone: no /dev, no /proc, no shared libraries.
#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>
#include <cstring>
#include <unistd.h>

using namespace pidfd_util;

namespace {

int failures = 0;

void check(bool right, const char* what) {
    if (!right) {
        std::fprintf(stderr, "wrong: %s\n", what);
        ++failures;
    }
}

} // namespace

int main(int argc, char**) {
    if (argc == 2)
        return 7;
    check(access("/dev", F_OK) != 0 && access("/proc", F_OK) != 0, "the root is empty");
    const auto self = pidfd::from_self();
    if (!self)
        return std::fprintf(stderr, "from_self: %s\n", std::strerror(self.error().value())), 1;
    check(self->is_alive() == true, "is_alive");
    check(self->send_signal(0).has_value(), "signal 0");
    const auto dir = self->open_proc();
    check(!dir && dir.error() == pidfd_errc::unsupported, "open_proc without /proc");
    const auto pid = self->get_pid();
    check(pid ? *pid == getpid() : pid.error() == pidfd_errc::unsupported, "get_pid without /proc");
    const char* const again[] = {"rootless", "again", nullptr};
    spawn_step step{};
    auto c = spawn("/rootless", again, {}, &step);
    if (!c)
        return std::fprintf(stderr, "spawn: %s, %s\n", to_string(step),
                            std::strerror(c.error().value())),
               1;
    const auto status = c->wait();
    check(status && status->code() == 7, "the child's status");
    return failures == 0 ? 0 : 1;
}
