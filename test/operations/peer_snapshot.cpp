// SPDX-License-Identifier: MIT
// Another process shares a socket, and changes it between any two system calls of peer_pidfd,
// unverified_peer_pidfd and get_peer. An answer must be about one process at another end.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/tracer.hpp"
#include "support/unix_sockets.hpp"

#include <pidfd_util/peer.hpp>

#include <cerrno>
#include <functional>
#include <sys/mman.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

enum class asked { peer_pidfd, get_peer, unverified_peer_pidfd };

struct answer_about_peer {
    int error;
    pid_t pid;      // of the pidfd
    pid_t recorded; // with get_peer: that of the ids
    bool same_fds;
};

answer_about_peer ask(asked question, int socket) {
    answer_about_peer a{};
    const int before = open_fds();
    if (question == asked::get_peer) {
        gid_t groups[64];
        char label[64];
        make(mark::begin);
        const auto peer = get_peer(socket, groups, label);
        make(mark::end);
        a.error = error_of(peer);
        if (peer) {
            a.pid = peer->process.get_pid().value_or(-1);
            a.recorded = peer->creds.pid;
        }
    } else {
        make(mark::begin);
        const auto opened =
            question == asked::peer_pidfd ? peer_pidfd(socket) : unverified_peer_pidfd(socket);
        make(mark::end);
        a.error = error_of(opened);
        a.pid = pid_of(opened);
        a.recorded = a.pid;
    }
    a.same_fds = open_fds() == before;
    return a;
}

struct attacked {
    bool traced;
    bool done; // the answer came only after the change
    answer_about_peer answer;
};

/// Asks in a child, and calls `change` when the child is about to make the system call with this
/// index.
attacked attack(asked question, int socket, std::size_t at, const std::function<void()>& change) {
    auto* const shared = static_cast<answer_about_peer*>(mmap(nullptr, sizeof(answer_about_peer),
                                                              PROT_READ | PROT_WRITE,
                                                              MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    const pid_t child = fork();
    if (child == 0) {
        if (!be_traced())
            _exit(1);
        *shared = ask(question, socket);
        _exit(0);
    }
    attacked result{};
    {
        tracee asking(child);
        result.traced = asking.traced();
        bool began = false;
        std::size_t index = 0;
        while (const auto call = asking.next_call()) {
            began = began && !is(*call, mark::end);
            if (began && index++ == at) {
                change();
                result.done = true;
            }
            began = began || is(*call, mark::begin);
        }
    }
    result.answer = *shared;
    munmap(shared, sizeof *shared);
    return result;
}

constexpr asked all_questions[] = {asked::peer_pidfd, asked::get_peer,
                                   asked::unverified_peer_pidfd};
constexpr std::size_t most_calls = 100;

} // namespace

TEST_CASE("a socket that begins to listen between two system calls has no peer") {
    for (const asked question : all_questions) {
        for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
            std::size_t rounds = 0;
            for (std::size_t at = 0; at < most_calls; ++at) {
                const unique_fd socket = bound_socket(type);
                REQUIRE(socket);
                const attacked got =
                    attack(question, socket.get(), at, [&] { listen(socket.get(), 1); });
                if (!got.traced)
                    SKIP_TEST("nothing can be traced here");
                if (!got.done)
                    break;
                ++rounds;
                CAPTURE(static_cast<int>(question), type, at);
                const bool too_old =
                    question != asked::unverified_peer_pidfd && !has(feature::peer_pidfd);
                CHECK(
                    (got.answer.error == ENOTCONN || (too_old && got.answer.error == EOPNOTSUPP)));
                CHECK(got.answer.same_fds);
            }
            CHECK(rounds > 2);
        }
    }
}

TEST_CASE("a socket that is connected between two system calls has that peer, or none yet") {
    const unique_fd listener = listening_socket();
    const test_child other =
        test_child::ready([&] { return listen(listener.get(), 1000) == 0; }); // the peer
    REQUIRE(other.prepared());
    sockaddr_un name{};
    socklen_t size = sizeof name;
    auto* const address = reinterpret_cast<sockaddr*>(&name);
    REQUIRE(getsockname(listener.get(), address, &size) == 0);
    for (const asked question : all_questions) {
        std::size_t rounds = 0;
        for (std::size_t at = 0; at < most_calls; ++at) {
            const unique_fd socket = unix_socket(SOCK_STREAM);
            const attacked got = attack(question, socket.get(), at, [&] {
                REQUIRE(connect(socket.get(), address, size) == 0);
            });
            if (!got.traced)
                SKIP_TEST("nothing can be traced here");
            if (!got.done)
                break;
            ++rounds;
            CAPTURE(static_cast<int>(question), at);
            CHECK(got.answer.same_fds);
            if (got.answer.error == 0) {
                CHECK(got.answer.pid == other.pid());
                CHECK(got.answer.recorded == other.pid());
            } else {
                const bool too_old =
                    question != asked::unverified_peer_pidfd && !has(feature::peer_pidfd);
                CHECK(got.answer.error == (too_old ? EOPNOTSUPP : ENOTCONN));
            }
        }
        CHECK(rounds > 2);
    }
}

TEST_CASE("a socket of another family has no peer, even if the kernel names a process for it") {
    // The kernel names the process that made a Bluetooth socket.
    constexpr int bluetooth = 31; // AF_BLUETOOTH
    constexpr int l2cap = 0;      // BTPROTO_L2CAP
    const unique_fd made(socket(bluetooth, SOCK_SEQPACKET | SOCK_CLOEXEC, l2cap));
    if (!made)
        SKIP_TEST("this kernel has no Bluetooth");
    for (const asked question : all_questions)
        CHECK(ask(question, made.get()).error == ENOTCONN);
}
