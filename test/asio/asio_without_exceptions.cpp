// SPDX-License-Identifier: MIT
// An asynchronous wait in a program that has neither exceptions nor RTTI. Boost.Asio detects this
// by itself. Standalone Asio does not.
#define ASIO_NO_EXCEPTIONS
#define ASIO_NO_TYPEID
#include "net.hpp"

#include <pidfd_util/spawn.hpp>

#include <cstdio>
#include <cstdlib>

// Such a program must define what Asio and Boost do instead of throwing.
#if PIDFD_UTIL_ASIO_IS_BOOST
#include <boost/assert/source_location.hpp>
#include <exception>
namespace boost {
BOOST_NORETURN void throw_exception(const std::exception&) {
    std::abort();
}
BOOST_NORETURN void throw_exception(const std::exception&, const boost::source_location&) {
    std::abort();
}
} // namespace boost
#else
namespace asio::detail {
template <class Exception>
void throw_exception(const Exception&) {
    std::abort();
}
} // namespace asio::detail
#endif

int main() {
    const char* const command[] = {"/bin/sh", "-c", "exit 3", nullptr};
    auto process = pidfd_util::spawn(command[0], command);
    if (!process) {
        std::fprintf(stderr, "%s\n", process.error().message().c_str());
        return EXIT_FAILURE;
    }
    net::io_context io;
    int code = -1;
    async_wait(io, *process, [&](net_error error, pidfd_util::exit_status status) {
        code = error ? -1 : status.code().value_or(-1);
    });
    io.run();
    return code == 3 ? EXIT_SUCCESS : EXIT_FAILURE;
}
