// SPDX-License-Identifier: MIT
#define PIDFD_UTIL_USE_BOOST_ASIO
#include "asio_both.hpp"
#include "net.hpp"

int wait_with_boost_asio(pidfd_util::child& process) {
    net::io_context io;
    int code = -1;
    async_wait(io, process, [&](net_error error, pidfd_util::exit_status status) {
        code = error ? -1 : status.code().value_or(-1);
    });
    io.run();
    return code;
}
