// SPDX-License-Identifier: MIT
// The example tool pidfd-kill: what it sends, and to whom.
#include "support/catch.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/sleeping_thread.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

std::string name_of(const test_child& c) {
    return std::to_string(c.pid());
}

finished send(const std::vector<std::string>& arguments, const surroundings& s = {}) {
    return support::run(s, PIDFD_KILL, arguments);
}

bool is_alive(const test_child& c) {
    return c.fd().is_alive() == true;
}

/// The signal that ended the process; empty if none has after 20 seconds.
std::optional<int> killer_of(test_child& c) {
    if (!c.fd().wait_exit_for(std::chrono::seconds(20)))
        return std::nullopt;
    const auto status = c.fd().wait();
    c.disown();
    return status ? status->signal() : std::nullopt;
}

sigset_t usr1() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    return set;
}

/// Waits for SIGUSR1, and exits with the value that came with it, or with 200.
test_child receiver() {
    const sigset_t set = usr1();
    sigset_t old;
    sigprocmask(SIG_BLOCK, &set, &old);
    test_child c = test_child::that([set] {
        siginfo_t info{};
        while (sigwaitinfo(&set, &info) < 0 && errno == EINTR) {
        }
        return info.si_code == SI_QUEUE ? info.si_value.sival_int : 200;
    });
    sigprocmask(SIG_SETMASK, &old, nullptr);
    c.go();
    return c;
}

std::optional<int> code_of(test_child& c) {
    if (!c.fd().wait_exit_for(std::chrono::seconds(20)))
        return std::nullopt;
    const auto status = c.fd().wait();
    c.disown();
    return status ? status->code() : std::nullopt;
}

bool lacks_scopes() {
    return availability_of(feature::signal_scope) != availability::available;
}

} // namespace

TEST_CASE("pidfd-kill sends SIGTERM, or the signal that it is given in any form") {
    const struct {
        std::vector<std::string> arguments;
        int signal;
    } forms[] = {
        {{}, SIGTERM},
        {{"-s", "HUP"}, SIGHUP},
        {{"--signal=sighup"}, SIGHUP},
        {{"-sKILL"}, SIGKILL},
        {{"-s", "9"}, SIGKILL},
        {{"-9"}, SIGKILL},
        {{"-KILL"}, SIGKILL},
        {{"-SIGKILL"}, SIGKILL},
        {{"-usr1"}, SIGUSR1},
        {{"-RTMIN+3"}, SIGRTMIN + 3},
        {{"-TERM", "-KILL"}, SIGKILL},
    };
    for (const auto& form : forms) {
        CAPTURE(form.arguments);
        test_child before = test_child::running();
        test_child after = test_child::running();
        std::vector<std::string> arguments = {name_of(after)};
        arguments.insert(arguments.end(), form.arguments.begin(), form.arguments.end());
        arguments.push_back(name_of(before));
        const auto got = send(arguments);
        CHECK(got.status == 0);
        CHECK(got.out.empty());
        CHECK(got.err.empty());
        CHECK(killer_of(before) == form.signal);
        CHECK(killer_of(after) == form.signal);
    }
}

TEST_CASE("pidfd-kill -0 checks whether a signal could be sent, and sends none") {
    const test_child c = test_child::running();
    for (const char* form : {"-0", "-s0", "--signal=0"}) {
        const auto got = send({form, "-v", name_of(c)});
        CHECK(got.status == 0);
        CHECK(got.out == name_of(c) + ": a signal could be sent\n");
    }
    CHECK(is_alive(c));
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    surroundings s;
    s.uid = 65534;
    const auto got = send({"-0", name_of(c)}, s);
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == 1);
    CHECK(got.err == "pidfd-kill: " + name_of(c) + ": cannot signal it: Operation not permitted\n");
}

TEST_CASE("pidfd-kill --verbose prints each signal that was sent") {
    test_child c = test_child::running();
    CHECK(send({"-v", "-RTMIN+3", name_of(c)}).out == name_of(c) + ": sent SIGRTMIN+3\n");
    CHECK(killer_of(c) == SIGRTMIN + 3);
}

TEST_CASE("pidfd-kill --queue sends a value with the signal") {
    for (const int value : {0, 77}) {
        test_child c = receiver();
        CHECK(send({"-USR1", "-q", std::to_string(value), name_of(c)}).status == 0);
        CHECK(code_of(c) == value);
    }
    test_child c = receiver();
    CHECK(send({"-USR1", name_of(c)}).status == 0);
    CHECK(code_of(c) == 200);
    // A negative value is not taken for a signal.
    const test_child other = test_child::running();
    CHECK(send({"-CONT", "--queue", "-9", name_of(other)}).status == 0);
    CHECK(is_alive(other));
}

TEST_CASE("pidfd-kill --scope signals the process, its first thread, or its group") {
    for (const char* scope : {"process", "thread", "group"}) {
        CAPTURE(scope);
        if (scope != std::string("process") && lacks_scopes())
            SKIP_TEST("no scopes of signals (before Linux 6.9)");
        test_child leader = test_child::ready([] { return setpgid(0, 0) == 0; });
        REQUIRE(leader.prepared());
        const pid_t group = leader.pid();
        test_child member = test_child::ready([=] { return setpgid(0, group) == 0; });
        REQUIRE(member.prepared());
        CHECK(send({"-USR1", "--scope", scope, name_of(leader)}).status == 0);
        CHECK(killer_of(leader) == SIGUSR1);
        if (scope == std::string("group"))
            CHECK(killer_of(member) == SIGUSR1);
        else
            CHECK(is_alive(member));
    }
}

TEST_CASE("pidfd-kill --scope group reports a process that leads no group") {
    if (lacks_scopes())
        SKIP_TEST("no scopes of signals (before Linux 6.9)");
    const test_child c = test_child::running();
    const auto got = send({"--scope", "group", name_of(c)});
    CHECK(got.status == 1);
    CHECK(got.err == "pidfd-kill: " + name_of(c) + ": it leads no process group\n");
    CHECK(is_alive(c));
}

TEST_CASE("pidfd-kill takes the names of a process that pidfd-inspect prints") {
    test_child c = test_child::running();
    const auto id = c.fd().get_process_id();
    std::vector<std::string> names;
    if (id && pidfd::from_id(*id)) {
        names.emplace_back(std::string(to_text(*id)));
        names.emplace_back(std::string(to_util_linux_text({c.pid(), *id})));
    }
    if (const auto stamp = c.fd().get_stamp())
        names.emplace_back(std::string(to_text(*stamp)));
    if (names.empty())
        SKIP_TEST("the process has no name but its pid");
    for (const std::string& name : names)
        CHECK(send({"-v", "-0", name}).out == name + ": a signal could be sent\n");
    c.reap();
    for (const std::string& name : names) {
        const auto got = send({name});
        CHECK(got.status == 1);
        CHECK(got.err == "pidfd-kill: " + name + ": no such process\n");
    }
}

TEST_CASE("pidfd-kill exits with 64 if it has signalled only some of the processes") {
    test_child c = test_child::running();
    const std::string gone = name_of(test_child::reaped());
    const auto got = send({gone, name_of(c), gone});
    CHECK(got.status == 64);
    const std::string line = "pidfd-kill: " + gone + ": no such process\n";
    CHECK(got.err == line + line);
    CHECK(killer_of(c) == SIGTERM);
    CHECK(send({gone, gone}).status == 1);
}

TEST_CASE("pidfd-kill reports what it cannot signal") {
    const test_child zombie = test_child::zombie();
    const auto ended = send({name_of(zombie)});
    CHECK(ended.status == 1);
    CHECK(ended.err == "pidfd-kill: " + name_of(zombie) +
                           ": not signalled: it has ended, and its parent has not reaped it yet\n");
    const sleeping_thread thread;
    const std::string tid = std::to_string(thread.tid());
    const auto of_thread = send({tid});
    CHECK(of_thread.status == 1);
    CHECK(of_thread.err == "pidfd-kill: " + tid + ": this is a thread of another process\n");
}

TEST_CASE("pidfd-kill signals nothing if one of its arguments is neither a pid nor an id") {
    const test_child c = test_child::running();
    for (const char* garbage : {"0", "-1", "-", "abc", "", "1:", "+1", "99999999999"}) {
        CAPTURE(garbage);
        const auto got = send({"--", name_of(c), garbage});
        CHECK(got.status == 2);
        CHECK(got.err.find(": neither a pid nor an id\n") != std::string::npos);
    }
    CHECK(is_alive(c));
}

TEST_CASE("pidfd-kill sends nothing where a sandbox refuses signals through pidfds") {
    const test_child c = test_child::running();
    surroundings s;
    for (const int error : {EPERM, ENOSYS}) {
        s.kernel = {"no signals", {{SYS_pidfd_send_signal, error}}};
        const auto got = send({"-KILL", name_of(c)}, s);
        if (!got.missing.empty())
            SKIP_TEST(got.missing);
        CHECK(got.status == 1);
        CHECK(got.err.find(": cannot signal it: ") != std::string::npos);
        CHECK(is_alive(c));
    }
}
