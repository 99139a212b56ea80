// SPDX-License-Identifier: MIT
// Signals to the whole process group during a spawn, which the caller handles and which would end
// its child. Before Linux 5.16 a core dump ends every process that shares the memory.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/newborn.hpp"
#include "support/tracer.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

// Most of them dump core.
constexpr int deadly[] = {SIGQUIT, SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE,  SIGSEGV, SIGXCPU,
                          SIGXFSZ, SIGSYS, SIGTERM, SIGINT,  SIGHUP, SIGALRM, SIGUSR1, SIGPIPE};

std::atomic<int> handled{0};

void handle(int signal) {
    struct sigaction action {};
    action.sa_handler = [](int) { ++handled; };
    action.sa_flags = SA_RESTART;
    sigaction(signal, &action, nullptr);
}

/// Exit codes of the caller, beside an errno of spawn.
constexpr int not_handled = 200;

struct met {
    bool traced;
    int code; // of the caller; -1: a signal ended it
};

/// A caller that leads its own group and handles the signal. The group gets the signal after the
/// child was made, before the child has done anything.
met spawn_meets(int signal, const spawn_options& options) {
    const char* const program = spawnee(); // here: the first call may make a child
    test_child caller = test_child::that([&] {
        restore_signals();
        const rlimit none{0, 0};
        setrlimit(RLIMIT_CORE, &none);
        setpgid(0, 0);
        handle(signal);
        const auto c = spawn(program, arguments({}), options);
        if (handled != 1)
            return not_handled;
        return c ? 0 : c.error().value();
    });
    met got{};
    {
        const pid_t child = child_at_birth(caller);
        if (child < 0)
            return got;
        tracee t(child);
        got.traced = t.traced();
        kill(-caller.pid(), signal);
        while (t.next_call()) {
        }
    }
    got.code = exit_code_of(caller);
    return got;
}

} // namespace

TEST_CASE("a signal that ends the child before it runs the program makes spawn fail with "
          "ECANCELED, and a caller that handles it lives on") {
    for (const int signal : deadly) {
        CAPTURE(signal);
        const met got = spawn_meets(signal, {});
        if (!got.traced)
            SKIP_TEST("nothing can be traced here");
        CHECK(got.code == ECANCELED);
    }
}

TEST_CASE("a signal that ends a child with a copy of the memory before the program also makes "
          "spawn fail with ECANCELED") {
    spawn_options o;
    o.new_namespaces = namespace_flags::user;
    auto first = spawn(spawnee(), arguments({}), o);
    if (!first)
        SKIP_TEST("this user may not make user namespaces");
    CHECK(first->wait().has_value());
    for (const int signal : deadly) {
        CAPTURE(signal);
        const met got = spawn_meets(signal, o);
        if (!got.traced)
            SKIP_TEST("nothing can be traced here");
        CHECK(got.code == ECANCELED);
    }
}

TEST_CASE("a signal that the child ignores or blocks does not keep it from running the program") {
    sigset_t quit;
    sigemptyset(&quit);
    sigaddset(&quit, SIGQUIT);
    spawn_options ignoring;
    ignoring.ignored_signals = &quit;
    spawn_options blocking;
    blocking.signal_mask = &quit;
    for (const spawn_options& o : {ignoring, blocking}) {
        const met got = spawn_meets(SIGQUIT, o);
        if (!got.traced)
            SKIP_TEST("nothing can be traced here");
        CHECK(got.code == 0);
    }
}

TEST_CASE("a caller that handles SIGQUIT survives it at any moment of a spawn") {
    struct facts {
        int others; // results that are neither a child nor ECANCELED
        int ended;  // children that the signal ended, before or after they ran the program
    };
    const auto got = isolated({}, [] {
        facts f{};
        const rlimit none{0, 0};
        setrlimit(RLIMIT_CORE, &none);
        handle(SIGQUIT);
        std::atomic<bool> stop{false};
        std::thread sender([&] {
            while (!stop) {
                ::kill(0, SIGQUIT);
                usleep(50);
            }
        });
        for (int i = 0; i < 300; ++i) {
            auto c = spawn(spawnee(), arguments({"sleep"}));
            if (!c && c.error().value() != ECANCELED)
                ++f.others;
            else if (!c || c->wait()->signal() == SIGQUIT)
                ++f.ended;
        }
        stop = true;
        sender.join();
        return f;
    });
    REQUIRE(got);
    CHECK(got->others == 0);
    CHECK(got->ended == 300);
}
