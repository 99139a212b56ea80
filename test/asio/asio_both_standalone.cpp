// SPDX-License-Identifier: MIT
#define PIDFD_UTIL_USE_STANDALONE_ASIO
#include "asio_both.hpp"
#include "net.hpp"

#include <pidfd_util/spawn.hpp>

#include <cstdio>
#include <cstdlib>

int wait_with_standalone_asio(pidfd_util::child& process) {
    net::io_context io;
    int code = -1;
    async_wait(io, process, [&](net_error error, pidfd_util::exit_status status) {
        code = error ? -1 : status.code().value_or(-1);
    });
    io.run();
    return code;
}

int main() {
    const char* const command[] = {"/bin/sh", "-c", "exit 3", nullptr};
    for (const auto wait : {wait_with_standalone_asio, wait_with_boost_asio}) {
        auto process = pidfd_util::spawn(command[0], command);
        if (!process || wait(*process) != 3) {
            std::fputs("a wait failed\n", stderr);
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
