// SPDX-License-Identifier: MIT
// Starts programs by GLib. g_spawn_sync needs no main loop. g_spawn_async and GSubprocess are what
// programs with a main loop use.
#include "starts.hpp"

#include <gio/gio.h>

namespace bench {

namespace {

/// Returns the message and frees the error; returns an empty string if there is no error.
std::string take(GError* error) {
    std::string message;
    if (error != nullptr)
        message = error->message;
    g_clear_error(&error);
    return message;
}

/// If descriptors stay open, GLib uses posix_spawn, otherwise fork.
template <bool LeavesOpen>
std::string one_by_spawn_sync() {
    const auto flags = LeavesOpen ? G_SPAWN_LEAVE_DESCRIPTORS_OPEN : G_SPAWN_DEFAULT;
    gint status = 0;
    GError* error = nullptr;
    if (g_spawn_sync(nullptr, arguments, nullptr, flags, nullptr, nullptr, nullptr, nullptr,
                     &status, &error) != FALSE)
        g_spawn_check_wait_status(status, &error);
    return take(error);
}

std::string one_by_subprocess() {
    GError* error = nullptr;
    GSubprocess* const process = g_subprocess_newv(arguments, G_SUBPROCESS_FLAGS_NONE, &error);
    if (process != nullptr) {
        g_subprocess_wait_check(process, nullptr, &error);
        g_object_unref(process);
    }
    return take(error);
}

/// The starts that one run of the main loop makes.
struct batch {
    GMainLoop* loop;
    int left;
    int running = 0;
    std::string failure = {};
};

void start_next(batch& in);

void on_exit(GPid pid, gint status, gpointer data) {
    batch& in = *static_cast<batch*>(data);
    GError* error = nullptr;
    if (g_spawn_check_wait_status(status, &error) == FALSE)
        in.failure = take(error);
    g_spawn_close_pid(pid);
    --in.running;
    if (in.left > 0 && in.failure.empty())
        start_next(in);
    if (in.running == 0)
        g_main_loop_quit(in.loop);
}

void start_next(batch& in) {
    GPid pid = 0;
    GError* error = nullptr;
    --in.left;
    if (g_spawn_async(nullptr, arguments, nullptr, G_SPAWN_DO_NOT_REAP_CHILD, nullptr, nullptr,
                      &pid, &error) == FALSE) {
        in.failure = take(error);
        return;
    }
    ++in.running;
    g_child_watch_add(pid, on_exit, &in);
}

std::string run(int count, int in_flight) {
    batch in{g_main_loop_new(nullptr, FALSE), count};
    for (int i = 0; i < in_flight && in.left > 0 && in.failure.empty(); ++i)
        start_next(in);
    if (in.running > 0)
        g_main_loop_run(in.loop);
    g_main_loop_unref(in.loop);
    return in.failure;
}

std::string one_by_main_loop() {
    return run(1, 1);
}

std::string many(int count) {
    return run(count, most_in_flight);
}

} // namespace

void add_glib(all_ways& to) {
    to.one.push_back({"g_spawn_sync, LEAVE_DESCRIPTORS_OPEN", leftover::nothing,
                      time_one<one_by_spawn_sync<true>>});
    to.one.push_back({"g_spawn_sync", leftover::shared_pages, time_one<one_by_spawn_sync<false>>});
    to.one.push_back(
        {"g_spawn_async, g_child_watch_add", leftover::signal_handler, time_one<one_by_main_loop>});
    to.one.push_back({"GSubprocess", leftover::signal_handler, time_one<one_by_subprocess>});
    to.many.push_back(
        {"g_spawn_async, g_child_watch_add", leftover::signal_handler, time_many<many>});
}

std::string glib_version() {
    return std::to_string(glib_major_version) + '.' + std::to_string(glib_minor_version) + '.' +
           std::to_string(glib_micro_version);
}

} // namespace bench
