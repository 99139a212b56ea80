// SPDX-License-Identifier: MIT
// peer_pidfd and unverified_peer_pidfd. For their errors in a sandbox, see get_peer.cpp.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/lifecycle.hpp"
#include "support/unix_sockets.hpp"

#include <pidfd_util/message.hpp>
#include <pidfd_util/peer.hpp>

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// The pid, or the negated errno, of peer_pidfd, if it is `answer` since Linux 6.5.
pid_t since_6_5(pid_t answer) {
    return has(feature::peer_pidfd) ? answer : -EOPNOTSUPP;
}

pid_t peer_of(const unique_fd& socket) {
    return pid_of(peer_pidfd(socket.get()));
}

pid_t unverified_peer_of(const unique_fd& socket) {
    return pid_of(unverified_peer_pidfd(socket.get()));
}

void check_peer(const unique_fd& socket, pid_t pid) {
    CHECK(peer_of(socket) == since_6_5(pid));
    CHECK(unverified_peer_of(socket) == pid);
}

/// Where peer_pidfd opens a reaped peer, it is this process. Returns whether that is so.
bool is_gone(const unique_fd& socket, const test_child& process) {
    const auto peer = peer_pidfd(socket.get());
    if (!has(feature::coredump_info)) // Linux 6.16, too
        return error_of(peer) == (has(feature::peer_pidfd) ? ESRCH : EOPNOTSUPP);
    return is_of(peer, process) && peer->get_pid().error().value() == ESRCH &&
           !peer->is_alive().value_or(true);
}

struct errors {
    int verified;
    int unverified;
};

errors errors_of(int socket) {
    return {error_of(peer_pidfd(socket)), error_of(unverified_peer_pidfd(socket))};
}

} // namespace

TEST_CASE("the peer of an accepted socket is the process that connected") {
    const temporary_directory directory;
    int made = 0;
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
        for (const std::string& path :
             {std::string(), directory.path() + "/" + std::to_string(++made)}) {
            CAPTURE(type, path);
            const unique_fd listener = listening_socket(type, path);
            REQUIRE(listener);
            const test_child client = client_of(listener);
            const unique_fd socket = accept_from(listener);
            REQUIRE(socket);
            check_peer(socket, client.pid());
            unlink(path.c_str());
        }
    }
}

TEST_CASE("the peer of a connected socket is the process that last called listen, and not the one "
          "that accepts") {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
        const unique_fd listener = listening_socket(type);
        const unique_fd before = connect_to(listener);
        const test_child other = test_child::ready([&] { return listen(listener.get(), 8) == 0; });
        const unique_fd after = connect_to(listener);
        const unique_fd first = accept_from(listener);
        const unique_fd second = accept_from(listener);
        REQUIRE(second);
        check_peer(before, getpid());
        check_peer(after, other.pid());
        check_peer(second, getpid());
    }
}

TEST_CASE("the peer of a socket of socketpair is the process that made the pair") {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
        CAPTURE(type);
        const socket_ends ends = socket_pair(type);
        check_peer(ends.a, getpid());
        check_peer(ends.b, getpid());
        const pid_t maker = getpid();
        const auto in_child = isolated({}, [&] { return peer_of(ends.a); });
        REQUIRE(in_child);
        CHECK(*in_child == since_6_5(maker));
    }
}

TEST_CASE("the peer is a process, also if a thread other than its first one has connected") {
    const unique_fd listener = listening_socket();
    unique_fd client;
    std::thread([&] { client = connect_to(listener); }).join();
    check_peer(accept_from(listener), getpid());
}

TEST_CASE("the handle of a peer has close-on-exec set, and may be fd 0") {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    struct facts {
        bool cloexec;
        int fd;
    };
    const auto got = isolated({}, [&] {
        const bool cloexec = has_cloexec(peer_pidfd(ends.a.get()).value_or(pidfd()).fd()) &&
                             has_cloexec(unverified_peer_pidfd(ends.a.get())->fd());
        close(STDIN_FILENO);
        const auto peer = peer_pidfd(ends.a.get());
        return facts{cloexec, peer ? peer->fd() : -1};
    });
    REQUIRE(got);
    CHECK(got->cloexec == has(feature::peer_pidfd));
    CHECK(got->fd == (has(feature::peer_pidfd) ? 0 : -1));
}

TEST_CASE("a socket that has no peer is reported as not connected") {
    std::vector<std::pair<const char*, unique_fd>> sockets;
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
        sockets.emplace_back("unconnected", unix_socket(type));
        sockets.emplace_back("bound", bound_socket(type));
    }
    const unique_fd receiver = bound_socket(SOCK_DGRAM);
    sockets.emplace_back("a connected datagram socket", connect_to(receiver));
    for (const auto& [name, socket] : sockets) {
        CAPTURE(name);
        const errors got = errors_of(socket.get());
        CHECK(got.verified == -since_6_5(-ENOTCONN));
        CHECK(got.unverified == ENOTCONN);
    }
    sockets.clear();
    sockets.emplace_back("INET", socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockets.emplace_back("INET datagrams", socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockets.emplace_back("netlink", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
    for (const auto& [name, socket] : sockets) {
        CAPTURE(name);
        if (!socket) // such as INET, in some sandboxes
            continue;
        const errors got = errors_of(socket.get());
        CHECK(got.verified == ENOTCONN);
        CHECK(got.unverified == ENOTCONN);
    }
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
        const unique_fd listener = listening_socket(type);
        REQUIRE(listener);
        const errors got = errors_of(listener.get()); // the kernel itself names the caller
        CHECK(got.verified == ENOTCONN);
        CHECK(got.unverified == ENOTCONN);
    }
}

TEST_CASE("a file descriptor that is not a socket is refused") {
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        if (s.name == "a socket")
            continue;
        const errors got = errors_of(s.fd);
        const int error = s.name.find("the place") == 0 ? EBADF : ENOTSOCK; // O_PATH
        CHECK(got.verified == error);
        CHECK(got.unverified == error);
    }
    for (const int closed : {-1, 9999, std::numeric_limits<int>::min()}) {
        CHECK(errors_of(closed).verified == EBADF);
        CHECK(errors_of(closed).unverified == EBADF);
    }
}

TEST_CASE("a peer that has ended is opened until it is reaped; later kernels still open it then") {
    const unique_fd listener = listening_socket();
    test_child client = test_child::that([&] { return connect_to(listener) ? 0 : 1; });
    test_child late = test_child::that([&] { return connect_to(listener) ? 0 : 1; });
    client.go();
    client.wait_for_end();
    const unique_fd socket = accept_from(listener);
    check_peer(socket, client.pid());
    client.reap();
    CHECK(is_gone(socket, client));
    CHECK(unverified_peer_of(socket) == -ESRCH);

    late.go();
    late.wait_for_end();
    late.reap();
    const unique_fd accepted_late = accept_from(listener);
    CHECK(is_gone(accepted_late, late));
    CHECK(unverified_peer_of(accepted_late) == -ESRCH);
}

TEST_CASE("a socket that was inherited or passed on keeps its first peer, dead or alive") {
    const unique_fd listener = listening_socket();
    const socket_ends channel = socket_pair(SOCK_STREAM);
    // The peer has a child that inherits the socket until the test ends, and passes another one on.
    test_child client = test_child::that([&] {
        const unique_fd inherited = connect_to(listener);
        const unique_fd passed = connect_to(listener);
        const int fds[] = {passed.get()};
        if (!send_message(channel.b.get(), "x", 1, fds))
            return 1;
        if (fork() == 0) {
            close(channel.a.get());
            char byte = 0;
            (void)!read(channel.b.get(), &byte, 1);
        }
        return 0;
    });
    client.go();
    client.wait_for_end();
    const unique_fd first = accept_from(listener);
    const unique_fd second = accept_from(listener);
    unique_fd passed[1];
    char byte = 0;
    REQUIRE(receive_message(channel.a.get(), &byte, 1, passed));
    REQUIRE(passed[0]);
    check_peer(first, client.pid());
    check_peer(second, client.pid());
    check_peer(passed[0], getpid());
    client.reap();
    CHECK(is_gone(first, client));
    CHECK(is_gone(second, client));

    // The other end is passed on, too: to another process, which asks about the same peer.
    const test_child other = client_of(listener);
    const unique_fd accepted = accept_from(listener);
    const auto elsewhere = isolated({}, [&] { return peer_of(accepted); });
    REQUIRE(elsewhere);
    CHECK(*elsewhere == since_6_5(other.pid()));
}

TEST_CASE("the peer stays the same process when it executes a program or becomes another user") {
    const unique_fd listener = listening_socket();
    test_child changed = test_child::ready([&] {
        return connect_to(listener).release() >= 0 &&
               (geteuid() != 0 || setresuid(65534, 65534, 65534) == 0);
    });
    REQUIRE(changed.prepared());
    const unique_fd socket = accept_from(listener);
    check_peer(socket, changed.pid());

    int executed[2]; // its end comes with the exec
    REQUIRE(pipe2(executed, O_CLOEXEC) == 0);
    test_child client = test_child::that([&] {
        const unique_fd connected = connect_to(listener);
        fcntl(connected.get(), F_SETFD, 0);
        const char* const argv[] = {"spawnee", "sleep", nullptr};
        execv(spawnee(), const_cast<char* const*>(argv));
        return 1;
    });
    client.go();
    close(executed[1]);
    char byte = 0;
    CHECK(read(executed[0], &byte, 1) == 0);
    close(executed[0]);
    const unique_fd accepted = accept_from(listener);
    check_peer(accepted, client.pid());
    CHECK(state_of(client.pid()) != 'Z');
}

TEST_CASE("a caller without rights over the peer opens it") {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    surroundings stranger;
    stranger.uid = 65534;
    const pid_t self = getpid();
    const auto got = isolated(stranger, [&] { return peer_of(ends.a); });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got == since_6_5(self));
}

TEST_CASE("a peer outside of the caller's pid namespace is opened, but has no number there") {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    struct facts {
        pid_t pid;
        bool alive;
        pid_t unverified;
    };
    const auto got = isolated(in_pid_namespace("fresh"), [&] {
        const auto peer = peer_pidfd(ends.a.get());
        return facts{pid_of(peer), peer && peer->is_alive().value_or(false),
                     unverified_peer_of(ends.a)};
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->pid == since_6_5(-EREMOTE));
    CHECK(got->alive == has(feature::peer_pidfd));
    CHECK(got->unverified == -EREMOTE);
}

TEST_CASE("a peer in a child pid namespace is opened, and has a number here") {
    const unique_fd listener = listening_socket();
    const int flags = CLONE_NEWPID | (geteuid() != 0 ? CLONE_NEWUSER : 0);
    const test_child parent = test_child::ready([&] {
        if (unshare(flags) != 0)
            return false;
        const pid_t inner = fork();
        if (inner == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            const unique_fd connected = connect_to(listener);
            for (;;)
                pause();
        }
        return inner > 0;
    });
    if (!parent.prepared())
        SKIP_TEST("no pid namespace can be made here");
    const unique_fd socket = accept_from(listener);
    const auto peer = unverified_peer_pidfd(socket.get());
    REQUIRE(peer);
    CHECK(peer->get_ppid().value_or(0) == parent.pid());
    CHECK(peer_of(socket) == since_6_5(peer->get_pid().value_or(0)));
}

TEST_CASE("when a peer's pid has a new owner, peer_pidfd never opens that one, and "
          "unverified_peer_pidfd does") {
    struct facts {
        bool reused;
        bool gone;
        bool unverified_is_heir;
        bool names_old; // the unverified handle
    };
    const auto got = isolated(in_pid_namespace("fresh"), [] {
        facts f{};
        const unique_fd listener = listening_socket();
        test_child old = client_of(listener);
        const unique_fd socket = accept_from(listener);
        old.reap();
        const pid_t heir = fork_sleeper_with_pid(old.pid());
        f.reused = heir == old.pid();
        f.gone = is_gone(socket, old);
        const auto unverified = unverified_peer_pidfd(socket.get());
        f.unverified_is_heir = pid_of(unverified) == heir && unverified->is_alive().value_or(false);
        f.names_old = is_of(unverified, old);
        kill_made(heir);
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->reused)
        SKIP_TEST(no_chosen_pid);
    CHECK(got->gone);
    CHECK(got->unverified_is_heir);
    CHECK_FALSE(got->names_old);
}
