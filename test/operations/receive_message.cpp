// SPDX-License-Identifier: MIT
// What receive_message returns about data and senders. For files, see send_message.cpp.
#include "support/answers.hpp"
#include "support/interrupted_sleep.hpp"
#include "support/plain_message.hpp"

#include "kernel/uapi.hpp"

#include <cstring>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* too_old = "no SO_PASSPIDFD before Linux 6.5";

int error_of_request(const unique_fd& socket, bool wanted = true) {
    return error_of(request_senders(socket.get(), wanted));
}

bool knows_senders() {
    return has(feature::peer_pidfd);
}

/// A pair whose first end gets the senders.
socket_ends asking_pair(int type) {
    socket_ends ends = socket_pair(type);
    REQUIRE(error_of_request(ends.a) == 0);
    return ends;
}

/// A child that sends the text and sleeps.
test_child sender_of(const unique_fd& to, const char* text) {
    return test_child::ready([&] { return send_text(to, text); });
}

void check_sent_by(const plain_message& m, pid_t pid) {
    CHECK(m.error == 0);
    CHECK(m.sender == pid);
    CHECK(m.sender_cloexec);
    CHECK(m.has_creds);
    CHECK(m.creds.pid == pid);
    CHECK(m.creds.uid == geteuid());
    CHECK(m.creds.gid == getegid());
}

/// Sends a message as another process, as root may.
bool send_as(pid_t pid, const unique_fd& to, const char* text) {
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))] = {};
    iovec data{const_cast<char*>(text), std::strlen(text)};
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* const message = CMSG_FIRSTHDR(&header);
    message->cmsg_level = SOL_SOCKET;
    message->cmsg_type = SCM_CREDENTIALS;
    message->cmsg_len = CMSG_LEN(sizeof(ucred));
    const ucred claimed{pid, geteuid(), getegid()};
    std::memcpy(CMSG_DATA(message), &claimed, sizeof claimed);
    return sendmsg(to.get(), &header, 0) >= 0;
}

struct facts {
    plain_message message;
    bool same_fds; // before and after
};

facts receive_and_count(const unique_fd& socket) {
    const int before = open_fds();
    const plain_message m = receive_plain(socket);
    return {m, open_fds() == before};
}

} // namespace

TEST_CASE("each message of a datagram socket has its own sender") {
    const unique_fd receiver = bound_socket(SOCK_DGRAM);
    if (!knows_senders()) {
        CHECK(error_of_request(receiver) == EOPNOTSUPP);
        return;
    }
    REQUIRE(error_of_request(receiver) == 0);
    const test_child first = sender_of(connect_to(receiver), "1");
    const test_child second = sender_of(connect_to(receiver), "2");
    const unique_fd third = connect_to(receiver);
    REQUIRE(send_text(third, "3"));
    for (const pid_t pid : {first.pid(), second.pid(), getpid()}) {
        const facts got = receive_and_count(receiver);
        check_sent_by(got.message, pid);
        CHECK(got.same_fds);
    }
}

TEST_CASE("a message that was sent while no senders were requested has none") {
    if (!knows_senders())
        SKIP_TEST(too_old);
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
        CAPTURE(type);
        const socket_ends ends = socket_pair(type);
        REQUIRE(send_text(ends.b, "early"));
        CHECK(receive_plain(ends.a).has_creds == false);
        REQUIRE(send_text(ends.b, "early"));
        REQUIRE(error_of_request(ends.a) == 0);
        const plain_message early = receive_plain(ends.a);
        CHECK(early.text() == "early");
        CHECK(early.sender == -ENODATA);
        REQUIRE(send_text(ends.b, "now"));
        check_sent_by(receive_plain(ends.a), getpid());
        REQUIRE(error_of_request(ends.a, false) == 0);
        REQUIRE(send_text(ends.b, "later"));
        const facts later = receive_and_count(ends.a);
        CHECK(later.message.text() == "later");
        CHECK(later.message.sender == -ENODATA);
        CHECK_FALSE(later.message.has_creds);
        CHECK(later.same_fds);
    }
}

TEST_CASE("an accepted socket inherits the request for senders") {
    if (!knows_senders())
        SKIP_TEST(too_old);
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
        const unique_fd listener = listening_socket(type);
        REQUIRE(error_of_request(listener) == 0);
        const unique_fd client = connect_to(listener);
        const test_child sender = sender_of(client, "x"); // before accept
        check_sent_by(receive_plain(accept_from(listener)), sender.pid());
    }
}

TEST_CASE(
    "a sender that has ended is opened until it is reaped; later kernels still open it then") {
    if (!knows_senders())
        SKIP_TEST(too_old);
    const socket_ends ends = asking_pair(SOCK_DGRAM);
    test_child sender = test_child::that([&] { return send_text(ends.b, "x") ? 0 : 1; });
    sender.go();
    sender.wait_for_end();
    check_sent_by(receive_plain(ends.a, {}, MSG_PEEK), sender.pid());
    sender.reap();
    char byte = 0;
    const auto got = receive_message(ends.a.get(), &byte, 1);
    REQUIRE(got);
    CHECK(byte == 'x');
    REQUIRE(got->creds);
    CHECK(got->creds->pid == sender.pid());
    if (got->sender)
        CHECK((is_of(got->sender, sender) && !got->sender->is_alive().value_or(true)));
    else
        CHECK(error_of(got->sender) == ESRCH);
    if (has(feature::clone_autoreap)) // Linux 7.1: much later than the first that can
        CHECK(got->sender);
}

TEST_CASE("a sender outside of the receiver's pid namespace is opened, but has no number there") {
    if (!knows_senders())
        SKIP_TEST(too_old);
    const socket_ends ends = asking_pair(SOCK_DGRAM);
    REQUIRE(send_text(ends.b, "x"));
    const auto got = isolated(in_pid_namespace("fresh"), [&] { return receive_plain(ends.a); });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->error == 0);
    CHECK(got->sender == -EREMOTE);
    CHECK(got->has_creds);
    CHECK(got->creds.pid == 0);
}

TEST_CASE("a privileged sender can name another process, also as the sender") {
    if (!knows_senders())
        SKIP_TEST(too_old);
    const test_child other = test_child::running();
    const socket_ends ends = asking_pair(SOCK_DGRAM);
    surroundings stranger;
    stranger.uid = 65534;
    const auto refused = isolated(stranger, [&] { return send_as(other.pid(), ends.b, "x"); });
    if (refused)
        CHECK_FALSE(*refused);
    if (!send_as(other.pid(), ends.b, "x"))
        SKIP_TEST("no right to name another process");
    check_sent_by(receive_plain(ends.a), other.pid());
}

TEST_CASE("without a free file descriptor, a message comes without its sender") {
    if (!knows_senders())
        SKIP_TEST(too_old);
    const socket_ends ends = asking_pair(SOCK_STREAM);
    REQUIRE(send_text(ends.b, "text"));
    surroundings around;
    around.file_limit = 64;
    const auto got = isolated(around, [&] {
        fill_fds(0);
        return receive_and_count(ends.a);
    });
    REQUIRE(got);
    CHECK(got->message.error == 0);
    CHECK(got->message.text() == "text");
    CHECK_FALSE(got->message.has_sender);
    CHECK(got->message.sender == -EMFILE);
    CHECK(got->message.creds.pid == getpid());
    CHECK_FALSE(got->message.files_lost);
    CHECK(got->same_fds);
}

TEST_CASE("a message that is looked at several times has its sender each time, and nothing leaks") {
    if (!knows_senders())
        SKIP_TEST(too_old);
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
        const socket_ends ends = asking_pair(type);
        REQUIRE(send_text(ends.b, "x"));
        const int before = open_fds();
        for (int i = 0; i < 3; ++i)
            check_sent_by(receive_plain(ends.a, {}, MSG_PEEK), getpid());
        check_sent_by(receive_plain(ends.a), getpid());
        CHECK(open_fds() == before);
    }
}

TEST_CASE("one read of a stream joins messages of one sender, and never those of two") {
    if (!knows_senders())
        SKIP_TEST(too_old);
    const socket_ends ends = asking_pair(SOCK_STREAM);
    REQUIRE(send_text(ends.b, "a"));
    REQUIRE(send_text(ends.b, "b"));
    const test_child other = sender_of(ends.b, "c");
    REQUIRE(send_text(ends.b, "d"));
    const int before = open_fds();
    const plain_message first = receive_plain(ends.a);
    CHECK(first.text() == "ab");
    check_sent_by(first, getpid());
    const plain_message second = receive_plain(ends.a);
    CHECK(second.text() == "c");
    check_sent_by(second, other.pid());
    const plain_message third = receive_plain(ends.a);
    CHECK(third.text() == "d");
    check_sent_by(third, getpid());
    CHECK(open_fds() == before);
}

TEST_CASE("the end of a stream has no sender and no ids, which would be those of root") {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET}) {
        CAPTURE(type);
        for (const bool asked : {false, true}) {
            socket_ends ends = socket_pair(type);
            if (asked && error_of_request(ends.a) != 0)
                SKIP_TEST(too_old);
            const int one = 1;
            setsockopt(ends.a.get(), SOL_SOCKET, SO_PASSCRED, &one, sizeof one);
            ends.b.reset();
            const plain_message end = receive_plain(ends.a);
            CHECK(end.error == 0);
            CHECK(end.size == 0);
            CHECK_FALSE(end.has_creds);
            CHECK(end.sender == -ENODATA);
            CHECK_FALSE(end.truncated);
            CHECK_FALSE(end.files_lost);
        }
    }
}

TEST_CASE("an empty datagram has a sender") {
    if (!knows_senders())
        SKIP_TEST(too_old);
    const socket_ends ends = asking_pair(SOCK_DGRAM);
    REQUIRE(send_text(ends.b, ""));
    check_sent_by(receive_plain(ends.a), getpid());
}

TEST_CASE("data that does not fit is reported as lost, except on a stream, where it comes later") {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
        CAPTURE(type);
        const socket_ends ends = socket_pair(type);
        REQUIRE(send_text(ends.b, "abc"));
        const plain_message m = receive_plain(ends.a, {}, MSG_DONTWAIT, 2);
        CHECK(m.text() == "ab");
        CHECK(m.truncated == (type != SOCK_STREAM));
        CHECK(receive_plain(ends.a).error == (type == SOCK_STREAM ? 0 : EAGAIN));
    }
}

TEST_CASE("receive_message says why there is no message") {
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
        CAPTURE(type);
        socket_ends ends = socket_pair(type);
        CHECK(receive_plain(ends.a).error == EAGAIN);
        const int error = receive_plain(ends.a, {}, MSG_DONTWAIT | MSG_OOB).error;
        // Some kernels have urgent data on streams, and there is none.
        CHECK((error == EOPNOTSUPP || (type == SOCK_STREAM && error == EINVAL)));
    }
    socket_ends ends = socket_pair(SOCK_STREAM);
    REQUIRE(send_text(ends.a, "unread"));
    ends.b.reset();
    CHECK(receive_plain(ends.a).error == ECONNRESET);
    CHECK(receive_plain(unix_socket(SOCK_STREAM)).error == EINVAL);
    CHECK(receive_plain(unix_socket(SOCK_SEQPACKET)).error == ENOTCONN);
    CHECK(receive_plain(listening_socket()).error == EINVAL);
    CHECK(receive_plain(unique_fd()).error == EBADF);
    CHECK(receive_plain(unique_fd(open("/dev/null", O_RDONLY | O_CLOEXEC))).error == ENOTSOCK);
}

TEST_CASE("a message that cannot be stored leaves no file descriptor behind") {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
        CAPTURE(type);
        const socket_ends ends = socket_pair(type);
        (void)error_of_request(ends.a);
        const int files[] = {STDIN_FILENO};
        REQUIRE(send_text(ends.b, "x", files));
        const int before = open_fds();
        auto* const nowhere = reinterpret_cast<void*>(8);
        unique_fd place[1];
        CHECK(error_of(receive_message(ends.a.get(), nowhere, 1, place)) == EFAULT);
        CHECK_FALSE(place[0]);
        CHECK(open_fds() == before);
    }
}

TEST_CASE("receive_message waits for a message, although signals interrupt it") {
    const auto got = isolated({}, [] {
        const socket_ends ends = socket_pair(SOCK_STREAM);
        plain_message m{};
        const bool interrupted = interrupt_while([&] { m = receive_plain(ends.a, {}, 0); },
                                                 [&] { (void)send_text(ends.b, "x"); });
        return interrupted && m.error == 0 && m.text() == "x";
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE(
    "a sandbox that refuses to receive is reported, and its empty answer is no end of a stream") {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    REQUIRE(send_text(ends.b, "x"));
    const auto with = [&](int error) {
        const auto got = isolated(on({"refused", {{SYS_recvmsg, error}}}),
                                  [&] { return receive_plain(ends.a).error; });
        REQUIRE(got);
        return *got;
    };
    CHECK(with(EPERM) == ERFKILL);
    CHECK(with(EACCES) == ERFKILL);
    CHECK(with(ENOSYS) == ENOSYS);
    CHECK(with(0) == ENOSYS);
    CHECK(with(ENOENT) == EIO);
}
