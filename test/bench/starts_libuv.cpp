// SPDX-License-Identifier: MIT
// Starts programs by libuv. All starts use one loop, as in a program that has an event loop anyway.
#include "starts.hpp"

#include <cstdint>
#include <uv.h>

namespace bench {

namespace {

/// The starts that one run of the loop makes.
struct batch {
    uv_loop_t* loop;
    int left;
    std::string failure;
};

uv_loop_t* the_loop() {
    static uv_loop_t loop;
    static const int error = uv_loop_init(&loop);
    return error == 0 ? &loop : nullptr;
}

void start_next(uv_process_t& process, batch& in);

void on_closed(uv_handle_t* handle) {
    batch& in = *static_cast<batch*>(handle->data);
    if (in.left > 0 && in.failure.empty())
        start_next(*reinterpret_cast<uv_process_t*>(handle), in);
}

void on_exit(uv_process_t* process, std::int64_t code, int signal) {
    batch& in = *static_cast<batch*>(process->data);
    if (code != 0 || signal != 0)
        in.failure = "the program failed";
    uv_close(reinterpret_cast<uv_handle_t*>(process), on_closed);
}

void start_next(uv_process_t& process, batch& in) {
    uv_process_options_t options{};
    options.file = program;
    options.args = arguments;
    options.exit_cb = on_exit;
    process.data = &in;
    --in.left;
    if (const int error = uv_spawn(in.loop, &process, &options); error != 0) {
        in.failure = uv_strerror(error);
        uv_close(reinterpret_cast<uv_handle_t*>(&process), on_closed);
    }
}

std::string run(int count, int in_flight) {
    batch in{the_loop(), count, {}};
    if (in.loop == nullptr)
        return "uv_loop_init failed";
    uv_process_t processes[most_in_flight];
    for (int i = 0; i < in_flight && in.left > 0; ++i)
        start_next(processes[i], in);
    uv_run(in.loop, UV_RUN_DEFAULT);
    return in.failure;
}

std::string one() {
    return run(1, 1);
}

std::string many(int count) {
    return run(count, most_in_flight);
}

} // namespace

void add_libuv(all_ways& to) {
    // libuv 1.44 uses fork.
    to.one.push_back({"libuv uv_spawn", leftover::shared_pages, time_one<one>});
    to.many.push_back({"libuv uv_spawn", leftover::shared_pages, time_many<many>});
}

std::string libuv_version() {
    return uv_version_string();
}

} // namespace bench
