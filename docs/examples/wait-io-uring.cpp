// SPDX-License-Identifier: MIT
// Waits for children with io_uring(7): it polls each pidfd once, and then reaps the child without
// waiting. This works on every kernel that has io_uring.
//
// Linux 6.7 has a request for waitid(2) itself. It is not used here: for a pidfd in non-blocking
// mode, some kernels (6.16, 6.17, 6.19) report success with an old siginfo_t, so that its si_signo
// has to be compared with SIGCHLD. And the status would not go to the owner of the child.
#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <liburing.h>
#include <poll.h>
#include <vector>

using pidfd_util::child;

namespace {

constexpr int skipped = 77; // Meson's exit code for a test that cannot run here

int fail(const char* what, int error) {
    std::fprintf(stderr, "%s: %s\n", what, std::strerror(error));
    return error == ENOSYS || error == EPERM || error == EACCES ? skipped : 1;
}

/// Asks for one completion when the process has ended.
void watch(io_uring& ring, child& process) {
    io_uring_sqe* request = io_uring_get_sqe(&ring);
    if (request == nullptr) { // the queue is full: submit what is in it
        io_uring_submit(&ring);
        request = io_uring_get_sqe(&ring);
    }
    io_uring_prep_poll_add(request, process.fd(), POLLIN);
    io_uring_sqe_set_data(request, &process);
}

} // namespace

int main() {
    io_uring ring;
    if (const int error = io_uring_queue_init(8, &ring, 0); error != 0)
        return fail("io_uring is missing or forbidden", -error);
    const char* const command[] = {"/bin/sh", "-c", "exit 3", nullptr};
    std::vector<child> children;
    for (int i = 0; i < 20; ++i) {
        auto c = pidfd_util::spawn(command[0], command);
        if (!c)
            return fail("cannot start a child", c.error().value());
        children.push_back(std::move(*c));
    }
    for (child& c : children) // their addresses do not change any more
        watch(ring, c);
    io_uring_submit(&ring);

    for (std::size_t left = children.size(); left > 0;) {
        io_uring_cqe* completion = nullptr;
        if (const int error = io_uring_wait_cqe(&ring, &completion); error != 0) {
            if (error == -EINTR)
                continue;
            return fail("cannot wait", -error);
        }
        child& process = *static_cast<child*>(io_uring_cqe_get_data(completion));
        io_uring_cqe_seen(&ring, completion);
        const auto status = process.try_wait();
        if (!status)
            return fail("cannot reap a child", status.error().value());
        if (!*status) { // a debugger may have to wait for it first
            watch(ring, process);
            io_uring_submit(&ring);
            continue;
        }
        if ((*status)->code() != 3)
            return fail("a child did not end with 3", EINVAL);
        --left;
    }
    io_uring_queue_exit(&ring);
    std::printf("%zu children ended with 3\n", children.size());
    return 0;
}
