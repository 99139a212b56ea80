// SPDX-License-Identifier: MIT
// The signals that the example tool pidfd-run passes on, and the one that it dies of.
#include "support/catch.hpp"
#include "tools/run_tool.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <csignal>
#include <string>
#include <utility>

using namespace pidfd_util;
using namespace run_tool;

namespace {

spawn_options ignoring(const sigset_t& signals) {
    spawn_options options;
    options.ignored_signals = &signals;
    return options;
}

sigset_t only(int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    return set;
}

} // namespace

TEST_CASE("pidfd-run passes on every signal that can be caught") {
    const std::pair<int, const char*> passed[] = {
        {SIGHUP, "HUP"},       {SIGINT, "INT"},      {SIGQUIT, "QUIT"}, {SIGUSR1, "USR1"},
        {SIGUSR2, "USR2"},     {SIGALRM, "ALRM"},    {SIGTERM, "TERM"}, {SIGWINCH, "WINCH"},
        {SIGCONT, "CONT"},     {SIGPIPE, "PIPE"},    {SIGXCPU, "XCPU"}, {SIGXFSZ, "XFSZ"},
        {SIGVTALRM, "VTALRM"}, {SIGPROF, "PROF"},    {SIGPWR, "PWR"},   {SIGSYS, "SYS"},
        {SIGTRAP, "TRAP"},     {SIGABRT, "ABRT"},    {SIGSEGV, "SEGV"}, {SIGBUS, "BUS"},
        {SIGFPE, "FPE"},       {SIGILL, "ILL"},      {SIGURG, "URG"},   {SIGIO, "IO"},
        {SIGRTMIN, "34"},      {SIGRTMIN + 3, "37"}, {SIGRTMAX, "64"}};
    for (const auto& [signal, name] : passed) {
        CAPTURE(name);
        const std::string script =
            std::string("trap 'exit 7' ") + name + "; echo ready; while :; do sleep 0.01; done";
        tool t({"sh", "-c", script});
        t.wait_for_line();
        REQUIRE(t.process().send_signal(signal));
        CHECK(t.finish().code == 7);
    }
}

TEST_CASE("pidfd-run passes on the value of a queued signal") {
    const char script[] = "import signal\n"
                          "s = [signal.SIGRTMIN + 1]\n"
                          "signal.pthread_sigmask(signal.SIG_BLOCK, s)\n"
                          "print('ready', flush=True)\n"
                          "print(signal.sigwaitinfo(s).si_code)\n";
    tool t({"python3", "-c", script});
    t.wait_for_line();
    sigval value{};
    value.sival_int = 42;
    REQUIRE(t.process().queue_signal(SIGRTMIN + 1, value));
    CHECK(t.finish().out == "ready\n" + std::to_string(SI_QUEUE) + "\n");
}

TEST_CASE("pidfd-run does not pass on a signal that was ignored from the start") {
    const sigset_t usr1 = only(SIGUSR1);
    // The command handles the signal that its caller ignored. (A shell cannot do this.)
    const char script[] = "import signal, sys, time\n"
                          "signal.signal(signal.SIGUSR1, lambda *_: sys.exit(7))\n"
                          "signal.signal(signal.SIGUSR2, lambda *_: sys.exit(8))\n"
                          "print('ready', flush=True)\n"
                          "while True: time.sleep(1)\n";
    tool t({"python3", "-c", script}, ignoring(usr1));
    t.wait_for_line();
    REQUIRE(t.process().send_signal(SIGUSR1));
    REQUIRE(t.process().send_signal(SIGUSR2));
    CHECK(t.finish().code == 8);
}

TEST_CASE("pidfd-run passes a signal on to the descendants, and with --foreground to the command") {
    const char script[] = "trap 'echo command; wait' USR1;"
                          "sh -c 'trap \"echo descendant; exit 0\" USR1; echo ready;"
                          "       for i in 1 2 3 4 5 6 7 8 9 0; do sleep 0.1; done' & wait; exit 3";
    tool whole({"sh", "-c", script});
    whole.wait_for_line();
    REQUIRE(whole.process().send_signal(SIGUSR1));
    const auto both = whole.finish();
    CHECK(both.code == 3);
    CHECK(both.out.find("descendant\n") != std::string::npos);
    CHECK(both.out.find("command\n") != std::string::npos);
    tool single({"--foreground", "sh", "-c", script});
    single.wait_for_line();
    REQUIRE(single.process().send_signal(SIGUSR1));
    CHECK(single.finish().out == "ready\ncommand\n");
}

TEST_CASE("pidfd-run dies of the signal that killed the command") {
    for (const int signal : {SIGTERM, SIGINT, SIGKILL, SIGUSR1, SIGPIPE, SIGSEGV, SIGQUIT}) {
        CAPTURE(signal);
        const auto r = run({"sh", "-c", "kill -" + std::to_string(signal) + " $$"});
        CHECK(r.code == -1);
        CHECK(r.signal == signal);
    }
}

TEST_CASE("pidfd-run dies of a signal that it passed on and that killed the command") {
    tool t({"--report", "sh", "-c", "echo ready; exec sleep 1000"});
    t.wait_for_line();
    REQUIRE(t.process().send_signal(SIGTERM));
    const auto r = t.finish();
    CHECK(r.signal == SIGTERM);
    CHECK(r.says("status     killed by SIGTERM\n"));
    CHECK(r.says("timeout    no\n"));
}

TEST_CASE("pidfd-run stops when the command stops itself by a key's signal, and continues it") {
    // A group in a session whose other groups have members: an orphaned group cannot be stopped so.
    spawn_options options;
    options.process_group = 0;
    tool t({"sh", "-c", "echo ready; kill -TSTP $$; exit 5"}, options);
    t.wait_for_line();
    const auto stopped =
        t.process().wait_change(wait_flags::stopped | wait_flags::exited | wait_flags::keep);
    REQUIRE(stopped);
    if (stopped->ended())
        SKIP_TEST("the group is orphaned: the tests run without a shell");
    CHECK(stopped->stopped_by() == SIGTSTP);
    REQUIRE(t.process().send_signal(SIGCONT));
    CHECK(t.finish().code == 5);
}
