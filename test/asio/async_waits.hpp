// SPDX-License-Identifier: MIT
// A child to wait for, and a handler that stores its arguments.
#ifndef PIDFD_UTIL_TEST_ASYNC_WAITS_HPP
#define PIDFD_UTIL_TEST_ASYNC_WAITS_HPP

#include "net.hpp"
#include "support/processes.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <optional>
#include <utility>

namespace support {

/// A child that exits with code 3 once `go` is called.
class worker {
public:
    worker() : worker(test_child::that([] { return 3; })) {}
    explicit worker(test_child c) : owner(std::move(c)), process(*owner.fd().duplicate()) {
        owner.disown();
    }
    ~worker() {
        if (!process.status() && process) {
            (void)process.kill();
            (void)process.wait();
        }
    }
    void go() { owner.go(); }

    test_child owner;
    pidfd_util::child process;
};

/// The arguments of a handler.
struct heard {
    int calls = 0;
    net_error error;
    std::optional<pidfd_util::exit_status> status;

    auto handler() {
        return [this](net_error e, pidfd_util::exit_status s) {
            ++calls;
            error = e;
            status = s;
        };
    }
    auto exit_handler() {
        return [this](net_error e) {
            ++calls;
            error = e;
        };
    }
    bool aborted() const { return calls == 1 && error == net::error::operation_aborted; }
    bool exited_with(int code) const { return calls == 1 && !error && status->code() == code; }
};

inline int errno_of(const std::error_code& error) {
    return error.value();
}

} // namespace support

#endif
