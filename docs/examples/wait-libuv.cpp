// SPDX-License-Identifier: MIT
// Waits for a child in a libuv loop. uv_spawn uses SIGCHLD and reaps only its own children. This
// program shows how to wait for any child that has a pidfd.
#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>
#include <cstdlib>
#include <uv.h>

namespace {

struct waiting {
    pidfd_util::child process;
    uv_poll_t ready;
    uv_timer_t again;
    int result = EXIT_FAILURE;
};

void on_ready(uv_poll_t* handle, int error, int events);

void on_again(uv_timer_t* timer) {
    auto* w = static_cast<waiting*>(timer->data);
    uv_poll_start(&w->ready, UV_READABLE, on_ready);
}

void on_ready(uv_poll_t* handle, int, int) {
    auto* w = static_cast<waiting*>(handle->data);
    const auto status = w->process.try_wait();
    if (status && !*status) {
        // Readable is only a hint: a debugger may have to wait for the child first. The pidfd stays
        // readable meanwhile, so stop polling and try again later. Otherwise the loop would spin.
        uv_poll_stop(&w->ready);
        uv_timer_start(&w->again, on_again, 10, 0);
        return;
    }
    if (!status) {
        std::fprintf(stderr, "wait-libuv: %s\n", status.error().message().c_str());
    } else {
        std::printf("exit code %d\n", (*status)->code().value_or(-1));
        w->result = (*status)->code() == 3 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    uv_close(reinterpret_cast<uv_handle_t*>(&w->ready), nullptr);
    uv_close(reinterpret_cast<uv_handle_t*>(&w->again), nullptr);
}

} // namespace

int main() {
    const char* const command[] = {"/bin/sh", "-c", "exit 3", nullptr};
    auto process = pidfd_util::spawn(command[0], command);
    if (!process) {
        std::fprintf(stderr, "wait-libuv: %s\n", process.error().message().c_str());
        return EXIT_FAILURE;
    }
    waiting w{std::move(*process), {}, {}};
    uv_loop_t* loop = uv_default_loop();
    w.ready.data = &w;
    w.again.data = &w;
    // libuv sets the pidfd, and with it all of its duplicates, to non-blocking mode. This does not
    // affect the library's waits. If other programs share the pidfd, add it to an epoll instance and
    // let libuv poll that instead.
    int error = uv_poll_init(loop, &w.ready, w.process.fd());
    if (error == 0)
        error = uv_timer_init(loop, &w.again);
    if (error == 0)
        error = uv_poll_start(&w.ready, UV_READABLE, on_ready);
    if (error != 0) {
        std::fprintf(stderr, "wait-libuv: %s\n", uv_strerror(error));
        return EXIT_FAILURE;
    }
    uv_run(loop, UV_RUN_DEFAULT);
    uv_loop_close(loop);
    return w.result;
}
