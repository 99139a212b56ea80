// SPDX-License-Identifier: MIT
// Waits for a child in a libuv loop. uv_spawn has its own way, by SIGCHLD, which waits for children
// of its own only; this one is for any child that has a pidfd.
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
        // Readiness is a hint: a debugger may have to wait for the child first. As the pidfd stays
        // readable, the loop would spin: it looks again a little later.
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
    // Puts the pidfd, and with it all of its duplicates, into non-blocking mode. The library's
    // waits do not mind; who shares the pidfd with others hands in an epoll instance that has it.
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
