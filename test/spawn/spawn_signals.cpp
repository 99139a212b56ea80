// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/sanitizers.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr std::uint64_t bit(int signal) {
    return std::uint64_t{1} << (signal - 1);
}

sigset_t set_of(std::initializer_list<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : signals)
        sigaddset(&set, signal);
    return set;
}

struct facts {
    int error;
    std::uint64_t blocked;
    std::uint64_t ignored;
    std::uint64_t handled;
};

facts facts_of(const spawn_options& o) {
    const run_result r = run({"facts"}, o);
    if (r.error != 0)
        return {r.error, 0, 0, 0};
    const auto hex = [&](const char* name) { return std::strtoull(r[name].c_str(), nullptr, 16); };
    return {0, hex("blocked"), hex("ignored"), hex("handled")};
}

/// The ways in which spawn gets rid of the caller's handlers: clone3 does so, if it is there and
/// allowed; otherwise the child does so itself, signal by signal.
std::vector<profile> ways() {
    return {native(),
            {"no clone3", {{SYS_clone3, ENOSYS}}},
            {"clone3 is forbidden", {{SYS_clone3, EPERM}}},
            {"clone3 does not know the flag", {{SYS_clone3, EINVAL}}}};
}

facts facts_on(const profile& way, const spawn_options& o) {
    const auto got = isolated(on(way), [&] { return facts_of(o); });
    REQUIRE(got);
    REQUIRE(got->error == 0);
    return *got;
}

/// Changes the action of a signal until the end of the scope.
class action_of {
public:
    action_of(int signal, void (*handler)(int)) : signal_(signal) {
        struct sigaction action {};
        action.sa_handler = handler;
        sigaction(signal, &action, &old_);
    }
    ~action_of() { sigaction(signal_, &old_, nullptr); }
    action_of(const action_of&) = delete;
    action_of& operator=(const action_of&) = delete;

private:
    int signal_;
    struct sigaction old_ {};
};

class blocking {
public:
    explicit blocking(const sigset_t& set) { pthread_sigmask(SIG_BLOCK, &set, &old_); }
    ~blocking() { pthread_sigmask(SIG_SETMASK, &old_, nullptr); }
    blocking(const blocking&) = delete;
    blocking& operator=(const blocking&) = delete;

private:
    sigset_t old_{};
};

std::atomic<long> handled_here{0};
std::atomic<long> handled_elsewhere{0};
pid_t owner_pid = 0;

void count_signal(int) {
    if (syscall(SYS_getpid) == owner_pid)
        ++handled_here;
    else
        ++handled_elsewhere;
}

} // namespace

TEST_CASE("handled signals get the default action in the child, and ignored ones stay ignored") {
    const action_of handler(SIGUSR1, count_signal);
    const action_of realtime(SIGRTMIN + 3, count_signal);
    const action_of ignored(SIGUSR2, SIG_IGN);
    const action_of hangup(SIGHUP, SIG_DFL);
    for (const profile& way : ways()) {
        CAPTURE(way.name);
        const facts f = facts_on(way, {});
        CHECK(f.handled == 0);
        CHECK((f.ignored & bit(SIGUSR1)) == 0);
        CHECK((f.ignored & bit(SIGUSR2)) != 0);
        CHECK((f.ignored & bit(SIGHUP)) == 0);
    }
    // In the caller, every action is unchanged.
    struct sigaction action {};
    sigaction(SIGUSR1, nullptr, &action);
    CHECK(action.sa_handler == count_signal);
}

TEST_CASE("the options set signals to the default action, or ignore them") {
    const action_of ignored(SIGUSR2, SIG_IGN);
    const action_of pipe(SIGPIPE, SIG_IGN);
    const sigset_t defaults = set_of({SIGUSR2, SIGKILL});
    const sigset_t ignore = set_of({SIGTERM, SIGHUP, SIGRTMAX, SIGSTOP});
    spawn_options o;
    o.default_signals = &defaults;
    o.ignored_signals = &ignore;
    for (const profile& way : ways()) {
        CAPTURE(way.name);
        const facts f = facts_on(way, o);
        CHECK((f.ignored & bit(SIGUSR2)) == 0);
        for (const int signal : {SIGPIPE, SIGTERM, SIGHUP, SIGRTMAX})
            CHECK((f.ignored & bit(signal)) != 0);
        CHECK((f.ignored & (bit(SIGKILL) | bit(SIGSTOP))) == 0);
    }
}

TEST_CASE("the options can set every signal to the default action") {
    const action_of pipe(SIGPIPE, SIG_IGN);
    const action_of child(SIGUSR1, SIG_IGN);
    sigset_t all;
    sigfillset(&all);
    spawn_options o;
    o.default_signals = &all;
    for (const profile& way : ways()) {
        CAPTURE(way.name);
        CHECK(facts_on(way, o).ignored == 0);
    }
}

TEST_CASE("the child blocks the signals that the calling thread blocks, or only the given ones") {
    const blocking some(set_of({SIGUSR1, SIGRTMIN + 5}));
    CHECK(facts_of({}).blocked == (bit(SIGUSR1) | bit(SIGRTMIN + 5)));
    const sigset_t other = set_of({SIGTERM, SIGINT, SIGRTMAX});
    spawn_options o;
    o.signal_mask = &other;
    CHECK(facts_of(o).blocked == (bit(SIGTERM) | bit(SIGINT) | bit(SIGRTMAX)));
    const sigset_t none = set_of({});
    o.signal_mask = &none;
    CHECK(facts_of(o).blocked == 0);
}

TEST_CASE("the caller's mask is as it was after spawn, whether it succeeds or fails") {
    const blocking some(set_of({SIGUSR1, SIGRTMIN + 5}));
    std::uint64_t before = 0;
    std::uint64_t after = 0;
    const auto look = [](std::uint64_t& mask) {
        syscall(SYS_rt_sigprocmask, SIG_BLOCK, nullptr, &mask, sizeof mask);
    };
    look(before);
    run({});
    look(after);
    CHECK(after == before);
    CHECK_FALSE(spawn("/nonexistent", arguments({})));
    look(after);
    CHECK(after == before);
}

TEST_CASE("a signal that arrives during spawn is handled by the caller, and never in the child") {
    owner_pid = getpid();
    handled_here = 0;
    handled_elsewhere = 0;
    // Signals the whole group repeatedly, while children are between clone and exec. The isolated
    // process has a group of its own.
    const auto got = isolated({}, [] {
        struct {
            int errors;
            long here;
            long elsewhere;
        } f{};
        setpgid(0, 0);
        owner_pid = getpid();
        struct sigaction action {};
        action.sa_handler = count_signal;
        action.sa_flags = SA_RESTART;
        sigaction(SIGCONT, &action, nullptr); // harmless without a handler
        std::atomic<bool> stop{false};
        std::thread sender([&] {
            while (!stop) {
                ::kill(0, SIGCONT);
                usleep(20);
            }
        });
        for (int i = 0; i < 150; ++i) {
            auto c = spawn(spawnee(), arguments({"exit", "5"}));
            if (!c || c->wait()->code() != 5)
                ++f.errors;
        }
        stop = true;
        sender.join();
        f.here = handled_here;
        f.elsewhere = handled_elsewhere;
        return f;
    });
    REQUIRE(got);
    CHECK(got->errors == 0);
    CHECK(got->here > 0);
    // TSan runs handlers late, and so runs some of the caller's in the child, which shares the
    // memory.
    if (!thread_sanitizer)
        CHECK(got->elsewhere == 0);
}

TEST_CASE("a signal that is pending for the caller is not pending for the child") {
    const blocking some(set_of({SIGUSR1}));
    REQUIRE(raise(SIGUSR1) == 0);
    const sigset_t none = set_of({});
    spawn_options o;
    o.signal_mask = &none;
    const run_result r = run({"exit", "6"}, o);
    const sigset_t usr1 = set_of({SIGUSR1});
    const timespec now{};
    CHECK(sigtimedwait(&usr1, nullptr, &now) == SIGUSR1); // still the caller's
    REQUIRE(r.status);
    CHECK(r.status->code() == 6);
}

TEST_CASE("spawn works where SIGCHLD is ignored: the child runs, and its status is known if the "
          "kernel keeps it") {
    struct outcome {
        bool spawned;
        int code;
        bool ignored_in_child;
    };
    const auto got = isolated({}, [] {
        std::signal(SIGCHLD, SIG_IGN);
        outcome f{};
        auto c = spawn(spawnee(), arguments({"exit", "7"}));
        f.spawned = static_cast<bool>(c);
        const auto status = c->wait();
        f.code = status ? status->code().value_or(-1) : -status.error().value();
        return f;
    });
    REQUIRE(got);
    CHECK(got->spawned);
    CHECK((got->code == 7 || got->code == -ECHILD));
    const action_of ignored(SIGCHLD, SIG_IGN);
    const sigset_t child = set_of({SIGCHLD});
    spawn_options o;
    o.default_signals = &child;
    CHECK((facts_of({}).ignored & bit(SIGCHLD)) != 0);
    CHECK((facts_of(o).ignored & bit(SIGCHLD)) == 0);
}
