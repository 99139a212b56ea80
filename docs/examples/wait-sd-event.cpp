// SPDX-License-Identifier: MIT
// Waits for a child in an sd-event loop. sd_event_add_child_pidfd takes a pidfd too, but reaps the
// child itself. In this program, the `child` object keeps the status.
#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

namespace {

int on_time(sd_event_source* timer, std::uint64_t, void* data);

int on_ready(sd_event_source* source, int, std::uint32_t, void* data) {
    auto& process = *static_cast<pidfd_util::child*>(data);
    sd_event* const loop = sd_event_source_get_event(source);
    const auto status = process.try_wait();
    if (!status)
        return -status.error().value();
    if (*status) {
        std::printf("exit code %d\n", (*status)->code().value_or(-1));
        return sd_event_exit(loop, (*status)->code() == 3 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    // Readable is only a hint: a debugger may have to wait for the child first. The pidfd stays
    // readable meanwhile. The source is one-shot, so that the loop does not spin: a timer enables it
    // again.
    return sd_event_add_time_relative(loop, nullptr, CLOCK_MONOTONIC, 10000, 0, on_time, source);
}

int on_time(sd_event_source*, std::uint64_t, void* data) {
    return sd_event_source_set_enabled(static_cast<sd_event_source*>(data), SD_EVENT_ONESHOT);
}

int fail(const char* why) {
    std::fprintf(stderr, "wait-sd-event: %s\n", why);
    return EXIT_FAILURE;
}

} // namespace

int main() {
    const char* const command[] = {"/bin/sh", "-c", "exit 3", nullptr};
    auto process = pidfd_util::spawn(command[0], command);
    if (!process)
        return fail(process.error().message().c_str());
    sd_event* loop = nullptr;
    sd_event_source* source = nullptr;
    int result = sd_event_new(&loop);
    if (result >= 0)
        result = sd_event_add_io(loop, &source, process->fd(), EPOLLIN, on_ready, &*process);
    if (result >= 0)
        result = sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    if (result >= 0)
        result = sd_event_loop(loop);
    sd_event_source_unref(source);
    sd_event_unref(loop);
    return result < 0 ? fail(std::strerror(-result)) : result;
}
