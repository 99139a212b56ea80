// SPDX-License-Identifier: MIT
// Starts a program in a UTS namespace of its own, which has another host name, and enters the namespace.
#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <cstdio>
#include <unistd.h>

using namespace pidfd_util;

namespace {

int set_name(void*) noexcept {
    return sethostname("inside", 6) == 0 ? 0 : errno;
}

} // namespace

int main() {
    const char* const command[] = {"/bin/sleep", "60", nullptr};
    spawn_options options;
    options.new_namespaces = namespace_flags::uts;
    options.before_exec = set_name; // in the child
    auto process = spawn(command[0], command, options);
    if (!process) {
        std::fprintf(stderr, "cannot start it: %s\n", process.error().message().c_str());
        return 1;
    }
    // The pid may have been reused, but the pidfd cannot lead to another container.
    const auto entered = process->set_namespace(namespace_flags::uts);
    char name[65] = "";
    if (entered && gethostname(name, sizeof name) == 0)
        std::printf("the host is called %s\n", name);
    (void)process->stop();
    return entered ? 0 : 1;
}

// Output of "enter-namespace", as root:
//     the host is called inside
