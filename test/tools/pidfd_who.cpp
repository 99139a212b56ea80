// SPDX-License-Identifier: MIT
// The example server pidfd-who with clients that behave well, its file and its arguments.
#include "support/catch.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/seccomp.hpp"
#include "tools/who.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <string>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;
using who::ask;
using who::server;

namespace {

std::string content(const std::string& path) {
    return read_file_at(AT_FDCWD, path.c_str());
}

std::string text_of(const process_id& id) {
    return std::string(to_text(id));
}

std::string own_executable() {
    char path[PATH_MAX];
    const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
    return {path, size > 0 ? static_cast<std::size_t>(size) : 0};
}

run_tool::result run_who(const std::vector<std::string>& arguments, const spawn_options& how = {}) {
    return run_tool::running_tool(PIDFD_WHO, arguments, how).finish();
}

} // namespace

TEST_CASE("pidfd-who welcomes its own user, and prints who called on one line") {
    if (!who::peers_are_shown())
        SKIP_TEST(who::no_peers);
    const temporary_directory directory;
    server s(directory);
    const unique_fd client = s.connect();
    CHECK(ask(client) == "welcome");
    std::string line;
    CHECK(s.printed(&line) == "welcome");
    const auto self = pidfd::from_self();
    REQUIRE(self);
    const auto id = self->get_process_id();
    const std::string user = "user " + std::to_string(geteuid());
    CHECK(line.rfind("process " + (id ? text_of(*id) : "-") + ", " + user, 0) == 0);
    CHECK(line.find(", executable " + own_executable() + ", cgroup ") != std::string::npos);
    if (const auto cgroup = self->get_cgroupid())
        CHECK(line.find(", cgroup " + std::to_string(*cgroup) + ": ") != std::string::npos);
    if (!id)
        SKIP_TEST(who::no_ids);
    CHECK(ask(client) == "welcome back");
    CHECK(ask(s.connect()) == "welcome back");
}

TEST_CASE("pidfd-who recognises a caller after its own restart, also if it was killed") {
    if (!who::peers_are_shown())
        SKIP_TEST(who::no_peers);
    if (!who::ids_are_known())
        SKIP_TEST(who::no_ids);
    const temporary_directory directory;
    const std::string file = directory.path() + "/known";
    for (const int signal : {SIGTERM, SIGKILL}) {
        std::remove(file.c_str());
        server first(directory, {"--known", file});
        CHECK(ask(first.connect()) == "welcome");
        CHECK(first.stop(signal).code == (signal == SIGTERM ? 0 : -1));
        server second(directory, {"--known", file});
        CHECK(ask(second.connect()) == "welcome back");
        test_child stranger = test_child::that(
            [&] { return ask(who::connect_to(second.path())) == "welcome" ? 0 : 1; });
        stranger.go();
        const auto ended = stranger.fd().wait();
        CHECK((ended && ended->code() == 0));
        stranger.disown();
    }
}

TEST_CASE("pidfd-who forgets the ids of other boots and of processes that have ended") {
    const auto self = pidfd::from_self();
    REQUIRE(self);
    const auto own = self->get_process_id();
    if (!own)
        SKIP_TEST(who::no_ids);
    test_child c = test_child::running();
    const auto other = c.fd().get_process_id();
    REQUIRE(other);
    c.reap();
    process_id foreign = *own;
    foreign.boot.bytes[0] ^= 1;
    const temporary_directory directory;
    const std::string file = directory.file(
        "known", text_of(foreign) + "\n" + text_of(*other) + "\n" + text_of(*own) + "\n", 0600);
    server s(directory, {"--known", file});
    const std::string kept = content(file);
    CHECK(kept.find(text_of(*own) + "\n") != std::string::npos);
    CHECK(kept.find(text_of(foreign)) == std::string::npos);
    if (pidfd::from_id(*own)) // otherwise no id can be checked
        CHECK(kept == text_of(*own) + "\n");
    if (!who::peers_are_shown())
        SKIP_TEST(who::no_peers);
    CHECK(ask(s.connect()) == "welcome back");
}

TEST_CASE("pidfd-who does not replace a file that is not its own") {
    const temporary_directory directory;
    const std::string id = "4711@0123456789abcdef0123456789abcdef";
    const std::string garbage[] = {
        "\n",
        "hello\n",
        id,
        id + "\n\n",
        id + " \n",
        id + "\r\n",
        "-" + id + "\n",
        id + "\n" + id.substr(0, 20),
        std::string("\0\n", 2),
        std::string(1 << 20, 'x'),
        std::string(4096, '\0'),
        "4711\n",
        "\xff\xfe\n",
    };
    for (const std::string& text : garbage) {
        CAPTURE(text.substr(0, 80));
        const std::string file = directory.file("known", text, 0600);
        const auto r = run_who({"--known", file, directory.path() + "/socket"});
        CHECK(r.code == 1);
        CHECK(r.err.find('\n') == r.err.size() - 1);
        CHECK(content(file) == text);
    }
    const std::string fifo = directory.path() + "/fifo";
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    for (const std::string& odd :
         {fifo, directory.path(), std::string("/dev/zero"), std::string("/no/such/directory/x")}) {
        CAPTURE(odd);
        CHECK(run_who({"--known", odd, directory.path() + "/socket"}).code == 1);
    }
    struct stat status {};
    CHECK((stat(fifo.c_str(), &status) == 0 && S_ISFIFO(status.st_mode)));
}

TEST_CASE("pidfd-who leaves no other file beside the one that it writes") {
    if (!who::peers_are_shown())
        SKIP_TEST(who::no_peers);
    const temporary_directory directory;
    const std::string below = directory.directory("state");
    server s(directory, {"--known", below + "/known"});
    CHECK(ask(s.connect()) == "welcome");
    CHECK(s.stop().code == 0);
    CHECK(std::remove((below + "/known").c_str()) == 0);
    CHECK(rmdir(below.c_str()) == 0); // it is empty
}

TEST_CASE("pidfd-who goes on if the file cannot be written any more, and leaves nothing behind") {
    if (!who::peers_are_shown())
        SKIP_TEST(who::no_peers);
    if (!who::ids_are_known())
        SKIP_TEST(who::no_ids);
    const temporary_directory directory;
    const std::string below = directory.directory("state");
    const std::string file = below + "/known";
    server s(directory, {"--known", file});
    REQUIRE(std::remove(file.c_str()) == 0);
    REQUIRE(mkdir(file.c_str(), 0700) == 0);
    CHECK(ask(s.connect()) == "welcome");
    CHECK(ask(s.connect()) == "welcome back");
    const auto r = s.stop();
    CHECK(r.code == 0);
    CHECK(r.says("cannot write the file of known callers: Is a directory\n"));
    CHECK(rmdir(file.c_str()) == 0);
    CHECK(rmdir(below.c_str()) == 0); // it is empty
}

TEST_CASE("pidfd-who ends with 0 on SIGTERM and SIGINT, also while clients are connected") {
    const temporary_directory directory;
    for (const int signal : {SIGTERM, SIGINT}) {
        server s(directory);
        const unique_fd client = s.connect();
        const auto r = s.stop(signal);
        CHECK(r.code == 0);
        CHECK(who::hear(client).empty());
    }
}

TEST_CASE("pidfd-who replaces a socket that an earlier server left, and no other file") {
    const temporary_directory directory;
    {
        server first(directory);
        CHECK(first.stop(SIGKILL).code == -1);
    }
    CHECK(server(directory).stop().code == 0);
    const std::string file = directory.file("precious", "data", 0600);
    CHECK(run_who({file}).code == 1);
    CHECK(content(file) == "data");
    CHECK(run_who({directory.path()}).code == 1);
}

TEST_CASE(
    "pidfd-who refuses every caller, with the reason, where sockets do not show their peers") {
    constexpr int passes_pidfd = 76; // SO_PASSPIDFD
    constexpr int peer_pidfd = 77;   // SO_PEERPIDFD
    const std::vector<rule> older = {
        {SYS_setsockopt, ENOPROTOOPT, 2, ~0U, passes_pidfd},
        {SYS_getsockopt, ENOPROTOOPT, 2, ~0U, passes_pidfd},
        {SYS_getsockopt, ENOPROTOOPT, 2, ~0U, peer_pidfd},
    };
    const temporary_directory directory;
    std::optional<server> s;
    // The filter holds for the thread, and for the server that it starts.
    std::thread([&] {
        if (install(older))
            s.emplace(directory);
    }).join();
    if (!s)
        SKIP_TEST("the kernel refuses seccomp filters");
    const std::string answer =
        "refused: the kernel does not show which process calls: Linux 6.5 is needed";
    for (int i = 0; i < 2; ++i) {
        CHECK(ask(s->connect()) == answer);
        CHECK(s->wait_for_line() == "process -, user -, executable -, cgroup -: " + answer);
    }
    const auto r = s->stop();
    CHECK(r.code == 0);
    CHECK(r.says("every caller will be refused: "));
}

TEST_CASE("pidfd-who refuses wrong arguments with 2 and one line") {
    const std::vector<std::string> wrong[] = {
        {},
        {""},
        {"a", "b"},
        {"--nonsense", "a"},
        {"-x", "a"},
        {"--known"},
        {"--allow-user", "a"},
        {"--allow-user=", "a"},
        {"--allow-user=root", "a"},
        {"--allow-user=-1", "a"},
        {"--allow-user= 1", "a"},
        {"--allow-user=4294967295", "a"},
        {"--allow-user=4294967296", "a"},
        {"--allow-user=\x1b[31m", "a"},
        {std::string(108, 'a')},
    };
    for (const auto& arguments : wrong) {
        CAPTURE(arguments);
        const auto r = run_who(arguments);
        CHECK(r.code == 2);
        CHECK(r.out.empty());
        CHECK(r.err.rfind("pidfd-who: ", 0) == 0);
        CHECK(r.err.find('\n') == r.err.size() - 1);
        CHECK(r.err.find('\x1b') == std::string::npos);
    }
}

TEST_CASE("pidfd-who does not welcome all users that have no id in its user namespace") {
    surroundings s;
    s.user_namespace = true;
    const auto r = support::run(s, PIDFD_WHO, {"--allow-user=65534", "/no/such/directory/socket"});
    if (!r.missing.empty())
        SKIP_TEST(r.missing);
    CHECK(r.status == 2);
    CHECK(r.err == "pidfd-who: user 65534 stands for all users that have no id here\n");
}

TEST_CASE("pidfd-who prints help, and reports when its output cannot be written") {
    const auto help = run_who({"--help"});
    CHECK(help.code == 0);
    CHECK(help.out.rfind("Usage: pidfd-who ", 0) == 0);
    const temporary_directory directory;
    const unique_fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
    const fd_mapping fds[] = {{full.get(), STDOUT_FILENO}};
    spawn_options how;
    how.fds = fds;
    CHECK(run_who({"--help"}, how).code == 1);
    CHECK(run_who({directory.path() + "/socket"}, how).code == 1);
}
