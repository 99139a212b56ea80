// SPDX-License-Identifier: MIT
// Waits for many children with one epoll instance, and prints the cost of each exit.
//
//     wait-epoll [NUMBER OF CHILDREN]
#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

using pidfd_util::child;
using pidfd_util::unique_fd;

namespace {

int fail(const char* what, const char* why) {
    std::fprintf(stderr, "wait-epoll: %s: %s\n", what, why);
    return EXIT_FAILURE;
}

double seconds(clockid_t clock) {
    timespec t{};
    clock_gettime(clock, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

/// Raises the soft limit on open files: each child needs a pidfd.
void raise_limit_of_fds() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

} // namespace

int main(int argc, char** argv) {
    const unsigned long count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 200;
    if (count == 0)
        return fail(argv[1], "how many children?");
    raise_limit_of_fds();

    // Every child reads from this pipe. All children exit once its write end is closed.
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return fail("pipe", std::strerror(errno));
    const unique_fd gate(ends[0]);
    unique_fd opener(ends[1]);
    const unique_fd epoll(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll)
        return fail("epoll", std::strerror(errno));

    const double born = seconds(CLOCK_MONOTONIC);
    const char* const command[] = {"/bin/sh", "-c", "read x; exit 3", nullptr};
    const pidfd_util::fd_mapping input[] = {{gate.get(), STDIN_FILENO}};
    pidfd_util::spawn_options options;
    options.fds = input;
    std::vector<child> children;
    children.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        auto process = pidfd_util::spawn(command[0], command, options);
        if (!process)
            return fail("cannot start a child", process.error().message().c_str());
        // Edge-triggered, so that the loop does not spin: the pidfd may be readable before try_wait()
        // gets a status, because a debugger must wait for the child first. epoll then reports the
        // child again.
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;
        event.data.u64 = i;
        if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, process->fd(), &event) != 0)
            return fail("epoll_ctl", std::strerror(errno));
        children.push_back(std::move(*process));
    }

    const double start = seconds(CLOCK_MONOTONIC);
    const double cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
    opener.reset();
    for (std::size_t left = count; left > 0;) {
        epoll_event events[64];
        const int ready = epoll_wait(epoll.get(), events, 64, -1);
        if (ready < 0 && errno != EINTR)
            return fail("epoll_wait", std::strerror(errno));
        for (int i = 0; i < ready; ++i) {
            child& process = children[static_cast<std::size_t>(events[i].data.u64)];
            const auto status = process.try_wait();
            if (!status)
                return fail("cannot wait", status.error().message().c_str());
            if (!*status)
                continue;
            if ((*status)->code() != 3)
                return fail("a child", "did not end with exit code 3");
            // Closing the pidfd is not enough. epoll reports the process until the last copy of the
            // pidfd is closed, and a child that another thread is just starting holds a copy.
            if (epoll_ctl(epoll.get(), EPOLL_CTL_DEL, process.fd(), nullptr) != 0)
                return fail("epoll_ctl", std::strerror(errno));
            process.release().reset();
            --left;
        }
    }
    const double end = seconds(CLOCK_MONOTONIC);
    const auto each = [&](double time) { return time / static_cast<double>(count) * 1e6; };
    std::printf("%lu children exited with code 3\n"
                "started in  %8.1f us each\n"
                "all gone in %8.1f us each, of which the loop took %.1f us of processor time\n",
                count, each(start - born), each(end - start),
                each(seconds(CLOCK_THREAD_CPUTIME_ID) - cpu));
    return EXIT_SUCCESS;
}
