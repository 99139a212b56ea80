// SPDX-License-Identifier: MIT
// Waits for a child in a GLib main loop. g_child_watch_add takes a pid and reaps the child itself. In
// this program, the `child` object keeps the status.
#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>
#include <cstdlib>
#include <glib-unix.h>

namespace {

struct waiting {
    pidfd_util::child process;
    GMainLoop* loop;
    int result = EXIT_FAILURE;
};

/// Returns whether the child has ended or waiting for it has failed.
bool look(waiting& w) {
    const auto status = w.process.try_wait();
    if (status && !*status)
        return false;
    if (!status) {
        std::fprintf(stderr, "wait-glib: %s\n", status.error().message().c_str());
    } else {
        std::printf("exit code %d\n", (*status)->code().value_or(-1));
        w.result = (*status)->code() == 3 ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    g_main_loop_quit(w.loop);
    return true;
}

gboolean on_timeout(gpointer data) {
    return look(*static_cast<waiting*>(data)) ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

gboolean on_ready(gint, GIOCondition, gpointer data) {
    // Readable is only a hint: a debugger may have to wait for the child first. The pidfd stays
    // readable meanwhile, so remove the source and try again later. Otherwise the loop would spin.
    if (!look(*static_cast<waiting*>(data)))
        g_timeout_add(10, on_timeout, data);
    return G_SOURCE_REMOVE;
}

} // namespace

int main() {
    const char* const command[] = {"/bin/sh", "-c", "exit 3", nullptr};
    auto process = pidfd_util::spawn(command[0], command);
    if (!process) {
        std::fprintf(stderr, "wait-glib: %s\n", process.error().message().c_str());
        return EXIT_FAILURE;
    }
    waiting w{std::move(*process), g_main_loop_new(nullptr, FALSE)};
    g_unix_fd_add(w.process.fd(), G_IO_IN, on_ready, &w);
    g_main_loop_run(w.loop);
    g_main_loop_unref(w.loop);
    return w.result;
}
