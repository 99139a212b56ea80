// SPDX-License-Identifier: MIT
// The example tool pidfd-run on a terminal: the keys that send signals, a shell with job control, and
// input.
#include "support/catch.hpp"
#include "support/pseudo_terminal.hpp"
#include "tools/run_tool.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace run_tool;

namespace {

constexpr char setsid_program[] = "/usr/bin/setsid";
constexpr char bash_program[] = "/bin/bash";
constexpr char timeout_program[] = "/usr/bin/timeout";

/// A command that reports that it runs, and then reads a line.
const std::string reader = "sh -c 'echo ready; read line; echo got $line'";

/// A terminal that the tool's session controls.
class controlling_terminal : public support::pseudo_terminal {
public:
    explicit operator bool() const {
        return pseudo_terminal::operator bool() && access(setsid_program, X_OK) == 0;
    }
    int input() const { return slave(); }
    void type(const std::string& text) const {
        REQUIRE(write(master(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }
    void press_interrupt() const { type("\003"); }
    void press_suspend() const { type("\032"); }

    /// The command that setsid(1) runs, so that the tool runs this in a session on the terminal.
    static std::vector<std::string> with_control(std::vector<std::string> command) {
        command.insert(command.begin(), {"-c", PIDFD_RUN});
        return command;
    }
};

/// An interactive shell in a session on the terminal.
class shell : public tool {
public:
    explicit shell(const controlling_terminal& terminal)
        : tool({"-c", bash_program, "--norc", "--noprofile", "--noediting", "-i"}, {},
               setsid_program, terminal.input()),
          terminal_(terminal) {}

    /// Reads what the shell's commands print, up to this line.
    void wait_for(const std::string& line) {
        while (wait_for_line() != line) {
        }
    }
    /// Suspends the job, and waits until the shell has the terminal again: before, a key that sends a
    /// signal can discard what is typed after it.
    void suspend_job() const {
        terminal_.press_suspend();
        const auto pid = process().get_pid();
        REQUIRE(pid);
        while (tcgetpgrp(terminal_.master()) != *pid)
            usleep(10'000);
    }

private:
    const controlling_terminal& terminal_;
};

bool can_run_shell(const controlling_terminal& terminal) {
    return terminal && access(bash_program, X_OK) == 0;
}

} // namespace

TEST_CASE("pidfd-run does not forward a terminal signal that the command gets itself") {
    const controlling_terminal terminal;
    if (!terminal)
        SKIP_TEST("no pseudo-terminals, or no setsid(1), here");
    // A command may treat a second SIGINT differently.
    tool t(terminal.with_control({"sh", "-c",
                                  "trap 'echo int' INT; trap 'exit 7' USR1; echo ready; "
                                  "while :; do sleep 0.01; done"}),
           {}, setsid_program, terminal.input());
    t.wait_for_line();
    // The command must handle the terminal's signal before it can get another one.
    REQUIRE(t.process().send_signal(SIGSTOP));
    REQUIRE(t.process().wait_change(wait_flags::stopped));
    terminal.press_interrupt();
    t.wait_for_line();
    REQUIRE(t.process().send_signal(SIGUSR1));
    REQUIRE(t.process().send_signal(SIGCONT));
    const auto once = t.finish();
    CHECK(once.code == 7);
    CHECK(once.out == "ready\nint\n");
}

TEST_CASE("pidfd-run forwards a terminal signal to a command that has left the foreground process "
          "group") {
    const controlling_terminal terminal;
    if (!terminal)
        SKIP_TEST("no pseudo-terminals, or no setsid(1), here");
    tool away(terminal.with_control({setsid_program, "sh", "-c",
                                     "trap 'exit 7' INT; echo ready; "
                                     "while :; do sleep 0.01; done"}),
              {}, setsid_program, terminal.input());
    away.wait_for_line();
    terminal.press_interrupt();
    CHECK(away.finish().code == 7);
}

TEST_CASE("a key that interrupts the command of pidfd-run ends the loop of a script") {
    const controlling_terminal terminal;
    if (!can_run_shell(terminal))
        SKIP_TEST("no pseudo-terminals, no setsid(1), or no bash, here");
    // bash goes on with its script unless the command has died of SIGINT.
    tool t({"-c", bash_program, "-c",
            "for i in 1 2 3; do " PIDFD_RUN
            " --timeout 1h sh -c 'echo ready; exec sleep 1000'; done; "
            "echo end"},
           {}, setsid_program, terminal.input());
    t.wait_for_line();
    terminal.press_interrupt();
    const auto r = t.finish();
    CHECK(r.out == "ready\n");
    CHECK(r.signal == SIGINT);
}

TEST_CASE(
    "a key that suspends pidfd-run gives the terminal back to the shell, and fg continues it") {
    const controlling_terminal terminal;
    if (!can_run_shell(terminal))
        SKIP_TEST("no pseudo-terminals, no setsid(1), or no bash, here");
    shell s(terminal);
    terminal.type(PIDFD_RUN " --timeout 1h " + reader + "\n");
    s.wait_for("ready");
    s.suspend_job();
    terminal.type("echo back\n");
    s.wait_for("back");
    terminal.type("fg\n");
    terminal.type("hello\n");
    s.wait_for("got hello");
    terminal.type("exit 9\n");
    CHECK(s.finish().code == 9);
}

TEST_CASE("pidfd-run in the background stops when its command reads from the terminal") {
    const controlling_terminal terminal;
    if (!can_run_shell(terminal))
        SKIP_TEST("no pseudo-terminals, no setsid(1), or no bash, here");
    shell s(terminal);
    terminal.type(PIDFD_RUN " --timeout 1h " + reader + " &\n");
    terminal.type("while [ -z \"$(jobs -s)\" ]; do sleep 0.01; done; echo stopped\n");
    s.wait_for("stopped");
    terminal.type("fg\n");
    terminal.type("hello\n");
    s.wait_for("got hello");
    terminal.type("exit 9\n");
    CHECK(s.finish().code == 9);
}

TEST_CASE("the limit of pidfd-run has passed when a suspended job is continued") {
    const controlling_terminal terminal;
    if (!can_run_shell(terminal))
        SKIP_TEST("no pseudo-terminals, no setsid(1), or no bash, here");
    shell s(terminal);
    terminal.type(PIDFD_RUN " --timeout 1 sh -c 'echo ready; exec sleep 1000'\n");
    s.wait_for("ready");
    s.suspend_job();
    terminal.type("sleep 1; fg; echo code $?\n");
    s.wait_for("code 124");
    terminal.type("exit 9\n");
    CHECK(s.finish().code == 9);
}

TEST_CASE(
    "the command of pidfd-run reads from the terminal in a script, unlike that of timeout(1)") {
    const controlling_terminal terminal;
    if (!terminal)
        SKIP_TEST("no pseudo-terminals, or no setsid(1), here");
    tool t(terminal.with_control({"--timeout=1h", "sh", "-c", "read line; echo got $line"}), {},
           setsid_program, terminal.input());
    terminal.type("hello\n");
    CHECK(t.finish().out == "got hello\n");
    if (access(timeout_program, X_OK) != 0)
        SKIP_TEST("no timeout(1) here");
    const controlling_terminal other;
    tool beside({"-c", "sh", "-c", std::string(timeout_program) + " 0.2 cat"}, {}, setsid_program,
                other.input());
    const auto r = beside.finish();
    CHECK(r.code == 124);
    CHECK(r.out.empty());
}
