// SPDX-License-Identifier: MIT
// A tiny shell with job control on a pseudo-terminal, made of spawn and waits: jobs in the
// foreground and in the background, Ctrl-C, Ctrl-Z, fg.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/pseudo_terminal.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <string>
#include <termios.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// How a job is now.
enum class state { failed, stopped, exited, killed };

struct report {
    state how;
    int number; // the signal, or the exit code
};

/// The leader of a session on a terminal.
class shell {
public:
    explicit shell(const pseudo_terminal& terminal) : terminal_(terminal) {
        std::signal(SIGTTOU, SIG_IGN); // or taking the terminal back would stop the shell
    }

    /// Starts a job, and returns its owner.
    expected<pidfd_util::child> start(std::initializer_list<const char*> commands,
                                      bool foreground) const {
        return start(commands, foreground, {});
    }
    /// The same, with more options.
    expected<pidfd_util::child> start(std::initializer_list<const char*> commands, bool foreground,
                                      spawn_options o) const {
        const int tty = terminal_.slave();
        const fd_mapping map[] = {{tty, 0}, {tty, 1}};
        o.process_group = 0;
        o.default_signals = {SIGTTOU, SIGTTIN, SIGTSTP};
        o.fds = map;
        if (foreground)
            o.terminal = tty;
        return spawn(spawnee(), arguments(commands), o);
    }

    /// Waits until the foreground job has ended or stopped, and takes the terminal back.
    report wait(pidfd_util::child& job) const {
        // The status must stay for the owner.
        const auto change = pidfd_view(job).wait_change(wait_flags::exited | wait_flags::stopped |
                                                        wait_flags::keep);
        (void)!tcsetpgrp(terminal_.slave(), getpgrp());
        if (!change)
            return {state::failed, change.error().value()};
        if (const auto signal = change->stopped_by(); signal)
            return {state::stopped, *signal};
        const auto status = job.wait();
        if (status && status->signal())
            return {state::killed, *status->signal()};
        return {state::exited, status && status->code() ? *status->code() : -1};
    }

    /// Continues a stopped job in the foreground.
    void to_foreground(const pidfd_util::child& job) const {
        (void)!tcsetpgrp(terminal_.slave(), *job.get_pid());
        (void)job.send_signal(SIGCONT);
    }

    void press(const char* keys) const {
        (void)!write(terminal_.master(), keys, std::strlen(keys));
    }

    /// Reads what was written to the terminal, until it contains the text.
    bool wait_for_output(const char* text) {
        char buffer[256];
        while (output_.find(text) == std::string::npos) {
            const ssize_t size = read(terminal_.master(), buffer, sizeof buffer);
            if (size <= 0)
                return false;
            output_.append(buffer, static_cast<std::size_t>(size));
        }
        output_.erase(0, output_.find(text) + std::strlen(text));
        return true;
    }
    int master() const { return terminal_.master(); }
    bool has_terminal() const { return tcgetpgrp(terminal_.slave()) == getpgrp(); }

private:
    const pseudo_terminal& terminal_;
    std::string output_;
};

template <class F>
void in_shell(F f) {
    struct result {
        bool ready;
        bool right;
    };
    const auto got = isolated({}, [&] {
        const pseudo_terminal terminal;
        return in_session_on(terminal, [&] {
            shell s(terminal);
            return result{true, f(s)};
        });
    });
    REQUIRE(got);
    if (!got->ready)
        SKIP_TEST("no pseudo-terminals here");
    CHECK(got->right);
}

/// A key that is pressed while a job starts.
struct key {
    int terminal;
    char code;
    int signal;
};

/// What a child does just before it runs the program: presses the key, and waits until the terminal
/// has sent the signal, which is blocked.
int press_key(void* argument) noexcept {
    const key& k = *static_cast<const key*>(argument);
    if (write(k.terminal, &k.code, 1) != 1)
        return errno;
    for (int i = 0; i < 5000; ++i) {
        sigset_t pending{};
        if (sigpending(&pending) == 0 && sigismember(&pending, k.signal) == 1)
            return 0;
        const timespec moment{0, 1'000'000};
        nanosleep(&moment, nullptr);
    }
    return ETIMEDOUT;
}

/// What a child does just before it runs the program: signals its group.
int signal_group(void* signal) noexcept {
    return kill(0, *static_cast<const int*>(signal)) == 0 ? 0 : errno;
}

bool is(const report& r, state how, int number) {
    return r.how == how && r.number == number;
}

} // namespace

TEST_CASE("a foreground job reads from the terminal at once, and its end gives the terminal back") {
    in_shell([](shell& s) {
        for (int i = 0; i < 40;
             ++i) { // every one of them would be stopped by SIGTTIN if it were late
            s.press("\n");
            auto job = s.start({"read", "exit", "7"}, true);
            if (!job || !is(s.wait(*job), state::exited, 7) || !s.has_terminal())
                return false;
        }
        return true;
    });
}

TEST_CASE("a background job that reads is stopped by SIGTTIN, and fg lets it read") {
    in_shell([](shell& s) {
        auto job = s.start({"read", "exit", "5"}, false);
        if (!job || !is(s.wait(*job), state::stopped, SIGTTIN) || !s.has_terminal())
            return false;
        s.press("\n");
        s.to_foreground(*job);
        return is(s.wait(*job), state::exited, 5) && s.has_terminal();
    });
}

TEST_CASE("Ctrl-C ends the foreground job, and neither the shell nor a background job") {
    in_shell([](shell& s) {
        auto other = s.start({"sleep"}, false);
        auto job = s.start({"ready", "sleep"}, true);
        if (!other || !job || !s.wait_for_output("ready"))
            return false;
        s.press("\003");
        const bool right = is(s.wait(*job), state::killed, SIGINT) && s.has_terminal();
        const auto alive = other->is_alive();
        (void)other->kill();
        (void)other->wait();
        return right && alive && *alive;
    });
}

TEST_CASE("Ctrl-Z stops the foreground job, and fg continues it in the foreground") {
    in_shell([](shell& s) {
        auto job = s.start({"ready", "sleep"}, true);
        if (!job || !s.wait_for_output("ready"))
            return false;
        for (int i = 0; i < 3; ++i) {
            if (i != 0)
                s.to_foreground(*job);
            s.press("\032"); // only now: it is for the group that has the terminal
            if (!is(s.wait(*job), state::stopped, SIGTSTP) || !s.has_terminal())
                return false;
        }
        (void)job->kill();
        const auto status = job->wait();
        return status && status->signal() == SIGKILL;
    });
}

TEST_CASE("Ctrl-Z while a foreground job starts does not stop the start, and works afterwards") {
    for (const bool copied : {false, true}) {
        in_shell([copied](shell& s) {
            key z{s.master(), '\032', SIGTSTP};
            spawn_options o;
            o.before_exec = press_key;
            o.before_exec_argument = &z;
            o.copy_memory = copied;
            auto job = s.start({"ready", "sleep"}, true, o);
            if (!job || !s.wait_for_output("ready"))
                return false;
            s.press("\032");
            const bool stops = is(s.wait(*job), state::stopped, SIGTSTP) && s.has_terminal();
            (void)job->kill();
            const auto status = job->wait();
            return stops && status && status->signal() == SIGKILL;
        });
    }
}

TEST_CASE("a stop signal to the group of a job, while it starts, does not stop the start") {
    for (const int stop : {SIGTSTP, SIGTTIN, SIGTTOU}) {
        CAPTURE(stop);
        in_shell([stop](shell& s) {
            int signal = stop;
            spawn_options o;
            o.before_exec = signal_group;
            o.before_exec_argument = &signal;
            auto job = s.start({"facts", "exit", "7"}, true, o);
            if (!job || !s.wait_for_output("handled 0\r\n"))
                return false;
            return is(s.wait(*job), state::exited, 7) && s.has_terminal();
        });
    }
}

TEST_CASE("Ctrl-C while a foreground job starts ends the start, and the shell has the terminal") {
    in_shell([](shell& s) {
        key c{s.master(), '\003', SIGINT};
        spawn_options o;
        o.before_exec = press_key;
        o.before_exec_argument = &c;
        const auto job = s.start({"sleep"}, true, o);
        return !job && job.error().value() == ECANCELED && s.has_terminal();
    });
}
