// SPDX-License-Identifier: MIT
// Gives a pidfd to a foreign event loop that takes over file descriptors, puts them into
// non-blocking mode and closes them. It gets a duplicate.
#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>
#include <fcntl.h>
#include <functional>
#include <poll.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

/// Owns its file descriptors, as some event loops of other languages and libraries do.
class foreign_reactor {
public:
    void add(int fd, std::function<void()> handler) {
        fcntl(fd, F_SETFL, O_NONBLOCK); // changes the open file, and so every duplicate of it
        entries_.push_back({fd, std::move(handler)});
    }
    void run() {
        while (!entries_.empty()) {
            pollfd set{entries_.back().fd, POLLIN, 0};
            if (poll(&set, 1, -1) < 0)
                continue;
            entries_.back().handler();
            close(entries_.back().fd);
            entries_.pop_back();
        }
    }

private:
    struct entry {
        int fd;
        std::function<void()> handler;
    };
    std::vector<entry> entries_;
};

} // namespace

int main() {
    const char* const command[] = {"/bin/sh", "-c", "read x; exit 3", nullptr};
    auto started = pidfd_util::spawn_with_streams(command[0], command, {},
                                                  {pidfd_util::stream_choice::new_pipe(), {}, {}});
    if (!started) {
        std::fprintf(stderr, "cannot start it: %s\n", started.error().message().c_str());
        return 1;
    }
    pidfd_util::child& process = started->process;
    foreign_reactor reactor;
    auto copy = process.duplicate();
    if (!copy)
        return 1;
    bool reported = false;
    reactor.add(copy->release(), [&reported] { reported = true; });

    // The child's own pidfd is in non-blocking mode now, too. A wait of the library does not depend
    // on the mode, and waits. A bare waitid(2) on it fails with EAGAIN (Linux 5.10), in this program
    // and in every process that has a duplicate.
    const bool shared = (fcntl(process.fd(), F_GETFL) & O_NONBLOCK) != 0;
    std::printf("the mode of the child's pidfd %s\n", shared ? "changed" : "did not change");

    started->ends.input.reset(); // the child reads the end of its input, and exits
    reactor.run();
    const auto status = process.wait(); // the owner still has the pidfd, and the status
    return reported && shared && status && status->code() == 3 ? 0 : 1;
}
