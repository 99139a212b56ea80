// SPDX-License-Identifier: MIT
// Prints the names of the children of a process.
#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>

using namespace pidfd_util;

int main() {
    const char* const command[] = {"/bin/sleep", "60", nullptr};
    child started[2];
    for (child& c : started)
        if (auto process = spawn(command[0], command))
            c = std::move(*process);

    const auto self = pidfd::from_self(); // or any other process
    pidfd found[16];
    const auto listed = self ? children(*self, found) : unexpected(self.error());
    if (!listed) {
        std::fprintf(stderr, "cannot list them: %s\n", listed.error().message().c_str());
        return 1;
    }
    for (std::size_t i = 0; i < listed->count; ++i) {
        char buffer[64];
        if (const auto name = found[i].get_comm(buffer)) // an error: it has ended
            std::printf("%.*s\n", static_cast<int>(name->size()), name->data());
    }
    if (!listed->complete)
        std::puts("and more");
    for (child& c : started)
        (void)c.stop();
    return 0;
}

// Output of "list-children":
//     sleep
//     sleep
