// SPDX-License-Identifier: MIT
// send_message, and the files that messages carry, at both ends.
#include "support/answers.hpp"
#include "support/interrupted_sleep.hpp"
#include "support/plain_message.hpp"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr int all_types[] = {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM};

/// Opens a file whose inode number the tests recognise.
unique_fd some_file() {
    return unique_fd(open("/proc/self/status", O_RDONLY | O_CLOEXEC));
}

bool all_empty(const std::vector<unique_fd>& files) {
    return std::none_of(files.begin(), files.end(), [](const unique_fd& f) { return bool(f); });
}

int error_of_send(const unique_fd& socket, array_view<int> files = {}, int flags = MSG_DONTWAIT) {
    return error_of(send_message(socket.get(), "x", 1, files, flags));
}

/// Sends until the socket is full. Returns the errno, and the number of bytes that were sent.
int fill(const unique_fd& socket, std::size_t& total) {
    static const char data[4096] = {};
    for (;;) {
        const auto sent = send_message(socket.get(), data, sizeof data, {}, MSG_DONTWAIT);
        if (!sent)
            return error_of(sent);
        total += *sent;
    }
}

} // namespace

TEST_CASE("a message carries data and files, which have close-on-exec set where they arrive") {
    for (const int type : all_types) {
        CAPTURE(type);
        const socket_ends ends = socket_pair(type);
        const unique_fd file = some_file();
        const int files[] = {file.get(), STDIN_FILENO};
        const auto sent = send_message(ends.b.get(), "text", 4, files);
        REQUIRE(sent);
        CHECK(*sent == 4);
        std::vector<unique_fd> place(3);
        const plain_message m = receive_plain(ends.a, place);
        CHECK(m.error == 0);
        CHECK(m.text() == "text");
        CHECK(m.file_count == 2);
        CHECK_FALSE(m.files_lost);
        CHECK(same_description(place[0].get(), file.get()));
        CHECK(inode_of(place[1].get()) == inode_of(STDIN_FILENO));
        CHECK(has_cloexec(place[0].get()));
        CHECK(has_cloexec(place[1].get()));
        CHECK_FALSE(place[2]);
        CHECK(m.sender == -ENODATA);
        CHECK_FALSE(m.has_creds);
    }
}

TEST_CASE("a pidfd that another process has sent is taken over by adopt") {
    const test_child subject = test_child::running();
    const socket_ends ends = socket_pair(SOCK_SEQPACKET);
    const test_child sender = test_child::ready([&] {
        const int files[] = {subject.fd().fd()};
        return send_text(ends.b, "x", files);
    });
    REQUIRE(sender.prepared());
    unique_fd place[1];
    CHECK(receive_plain(ends.a, place).file_count == 1);
    auto adopted = pidfd::adopt(std::move(place[0]));
    REQUIRE(adopted);
    CHECK(adopted->get_pid() == subject.pid());
    CHECK(is_of(adopted, subject));
    CHECK(has_cloexec(adopted->fd()));
}

TEST_CASE("a received file that is not a pidfd is refused by adopt") {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        const int files[] = {s.fd};
        if (!send_text(ends.b, "x", files)) // O_PATH, before some kernels
            continue;
        unique_fd place[1];
        CHECK(receive_plain(ends.a, place).file_count == 1);
        CHECK(error_of(pidfd::adopt(std::move(place[0]))) == EBADFD);
        CHECK(place[0]);
    }
}

TEST_CASE("a message carries up to 253 files") {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    std::vector<int> files(254, STDIN_FILENO);
    CHECK(error_of_send(ends.b, files) == EINVAL);
    const int before = count_fds();
    CHECK(error_of_send(ends.b, array_view(files.data(), 253)) == 0);
    {
        std::vector<unique_fd> place(300);
        const plain_message m = receive_plain(ends.a, place);
        CHECK(m.file_count == 253);
        CHECK_FALSE(m.files_lost);
        CHECK(place[252]);
        CHECK_FALSE(place[253]);
        CHECK(count_fds() == before + 253);
    }
    CHECK(count_fds() == before);
}

TEST_CASE("the largest message with its sender arrives whole") {
    if (!has(feature::peer_pidfd))
        SKIP_TEST("no SO_PASSPIDFD before Linux 6.5");
    for (const int type : all_types) {
        CAPTURE(type);
        const socket_ends ends = socket_pair(type);
        REQUIRE(request_senders(ends.a.get()));
        const int one = 1; // a time stamp and a label, too
        setsockopt(ends.a.get(), SOL_SOCKET, SO_TIMESTAMP, &one, sizeof one);
        setsockopt(ends.a.get(), SOL_SOCKET, SO_PASSSEC, &one, sizeof one);
        const std::vector<int> files(253, STDIN_FILENO);
        REQUIRE(send_text(ends.b, "x", files));
        std::vector<unique_fd> place(253);
        const plain_message m = receive_plain(ends.a, place);
        CHECK(m.file_count == 253);
        CHECK_FALSE(m.files_lost);
        CHECK(m.sender == getpid());
        CHECK(m.creds.pid == getpid());
    }
}

TEST_CASE("files for which there is no storage are closed, and reported as lost") {
    for (const int type : all_types) {
        const socket_ends ends = socket_pair(type);
        const unique_fd file = some_file();
        const int files[] = {file.get(), STDIN_FILENO, STDIN_FILENO};
        for (std::size_t size = 0; size <= 3; ++size) {
            CAPTURE(type, size);
            REQUIRE(send_text(ends.b, "x", files));
            const int before = open_fds();
            std::vector<unique_fd> place(size);
            const plain_message m = receive_plain(ends.a, place);
            CHECK(m.error == 0);
            CHECK(m.file_count == size);
            CHECK(m.files_lost == (size < 3));
            CHECK_FALSE(m.truncated);
            CHECK((size == 0 || same_description(place[0].get(), file.get())));
            CHECK(open_fds() == before + static_cast<int>(size));
        }
    }
}

TEST_CASE(
    "with too few file descriptors left, a message arrives, and the files that do not fit are "
    "reported as lost") {
    struct facts {
        plain_message message;
        int made;
    };
    const bool asked = has(feature::peer_pidfd);
    for (int left = 0; left <= 3; ++left) {
        CAPTURE(left);
        const socket_ends ends = socket_pair(SOCK_STREAM);
        if (asked)
            REQUIRE(request_senders(ends.a.get()));
        const int files[] = {STDIN_FILENO, STDIN_FILENO};
        REQUIRE(send_text(ends.b, "text", files));
        surroundings around;
        around.file_limit = 64;
        const auto got = isolated(around, [&] {
            fill_fds(left);
            const int before = open_fds();
            unique_fd place[2];
            const plain_message m = receive_plain(ends.a, place);
            return facts{m, open_fds() - before};
        });
        REQUIRE(got);
        const plain_message& m = got->message;
        CHECK(m.error == 0);
        CHECK(m.text() == "text");
        // Kernels differ in whether the sender or the files come first.
        CHECK(m.files_lost == (m.file_count < 2));
        CHECK(got->made == static_cast<int>(m.file_count));
        if (asked) {
            CHECK((m.has_sender || m.sender == -EMFILE));
            CHECK(got->made + (m.has_sender ? 1 : 0) == left);
        } else {
            CHECK(got->made == std::min(left, 2));
        }
    }
}

TEST_CASE("a message that is looked at several times has its files each time, and nothing leaks") {
    for (const int type : all_types) {
        const socket_ends ends = socket_pair(type);
        const int files[] = {STDIN_FILENO};
        REQUIRE(send_text(ends.b, "x", files));
        const int before = open_fds();
        unique_fd place[1];
        for (const int flags : {int{MSG_PEEK}, int{MSG_PEEK}, int{MSG_DONTWAIT}}) {
            CHECK(receive_plain(ends.a, place, flags).file_count == 1);
            CHECK(open_fds() == before + 1);
            CHECK(receive_plain(ends.a, {}, MSG_PEEK | MSG_DONTWAIT).files_lost ==
                  ((flags & MSG_PEEK) != 0));
            CHECK(open_fds() == before + 1);
        }
    }
}

TEST_CASE("one read of a stream never joins messages that carry files") {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    const unique_fd file = some_file();
    const int first[] = {file.get()};
    const int second[] = {STDIN_FILENO};
    REQUIRE(send_text(ends.b, "a", first));
    REQUIRE(send_text(ends.b, "b", second));
    unique_fd place[2];
    const plain_message a = receive_plain(ends.a, place);
    CHECK(a.text() == "a");
    CHECK(a.file_count == 1);
    CHECK(same_description(place[0].get(), file.get()));
    const plain_message b = receive_plain(ends.a, place);
    CHECK(b.text() == "b");
    CHECK(b.file_count == 1);
    CHECK(inode_of(place[0].get()) == inode_of(STDIN_FILENO));
}

TEST_CASE("the former content of the storage is closed, unless there is no message") {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    const int before = open_fds();
    std::vector<unique_fd> place;
    for (int i = 0; i < 3; ++i)
        place.push_back(some_file());
    CHECK(receive_plain(ends.a, place).error == EAGAIN);
    CHECK(open_fds() == before + 3);
    const int files[] = {STDIN_FILENO};
    REQUIRE(send_text(ends.b, "x", files));
    CHECK(receive_plain(ends.a, place).file_count == 1);
    CHECK(inode_of(place[0].get()) == inode_of(STDIN_FILENO));
    CHECK(open_fds() == before + 1);
    // What is left over is not taken for a file of this message.
    REQUIRE(send_text(ends.b, "x"));
    CHECK(receive_plain(ends.a, place).file_count == 0);
    CHECK(all_empty(place));
    CHECK(open_fds() == before);
}

TEST_CASE("send_message says why a message cannot be sent, and never raises SIGPIPE") {
    for (const int type : all_types) {
        CAPTURE(type);
        CHECK(error_of_send(unix_socket(type)) == ENOTCONN);
        const socket_ends ends = socket_pair(type);
        const int closed[] = {STDIN_FILENO, 9999};
        CHECK(error_of_send(ends.a, closed) == EBADF);
        CHECK(receive_plain(ends.b).error == EAGAIN); // and nothing was sent
        CHECK(error_of(send_message(ends.a.get(), reinterpret_cast<void*>(8), 1)) == EFAULT);
        std::size_t total = 0;
        CHECK(fill(ends.a, total) == EAGAIN);
        CHECK(total > 0);
    }
    for (const int type : all_types) {
        CAPTURE(type);
        const auto got = isolated({}, [type] {
            std::signal(SIGPIPE, SIG_DFL); // which would end the process
            socket_ends ends = socket_pair(type);
            ends.b.reset();
            return error_of_send(ends.a);
        });
        REQUIRE(got);
        CHECK(*got == (type == SOCK_DGRAM ? ECONNREFUSED : EPIPE));
    }
    const std::vector<char> large(1 << 24);
    const socket_ends datagrams = socket_pair(SOCK_DGRAM);
    const auto got = send_message(datagrams.a.get(), large.data(), large.size(), {}, MSG_DONTWAIT);
    CHECK((error_of(got) == EMSGSIZE || error_of(got) == ENOBUFS));
    CHECK(error_of_send(datagrams.a, {}, MSG_DONTWAIT | MSG_OOB) == EOPNOTSUPP);
    CHECK(error_of_send(unique_fd()) == EBADF);
    CHECK(error_of_send(unique_fd(open("/dev/null", O_RDWR | O_CLOEXEC))) == ENOTSOCK);
}

TEST_CASE("a stream that is nearly full takes a part of the data") {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    const std::vector<char> large(1 << 24, 'x');
    const auto sent = send_message(ends.a.get(), large.data(), large.size(), {}, MSG_DONTWAIT);
    REQUIRE(sent);
    CHECK(*sent > 0);
    CHECK(*sent < large.size());
}

TEST_CASE("an unprivileged user cannot have more files under way than RLIMIT_NOFILE") {
    surroundings around;
    around.uid = 65533;
    around.file_limit = 64;
    const auto got = isolated(around, [] {
        const std::vector<int> files(50, STDIN_FILENO);
        const socket_ends ends = socket_pair(SOCK_STREAM);
        int error = 0;
        for (int i = 0; error == 0 && i < 4; ++i)
            error = error_of_send(ends.b, files);
        return error;
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got == ETOOMANYREFS);
}

TEST_CASE("send_message waits until there is room, although signals interrupt it") {
    const auto got = isolated({}, [] {
        const socket_ends ends = socket_pair(SOCK_STREAM);
        std::size_t total = 0;
        (void)fill(ends.a, total);
        int error = -1;
        const bool interrupted = interrupt_while(
            [&] { error = error_of_send(ends.a, {}, 0); },
            [&] {
                std::vector<char> place(total);
                for (std::size_t n = 0; n < total;)
                    n += receive_message(ends.b.get(), place.data(), place.size())->size;
            });
        return interrupted && error == 0;
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("a sandbox that refuses to send is reported, and its empty answer is no success") {
    const socket_ends ends = socket_pair(SOCK_DGRAM);
    const auto with = [&](int error, std::size_t size) {
        const auto got = isolated(on({"refused", {{SYS_sendmsg, error}}}),
                                  [&] { return error_of(send_message(ends.a.get(), "x", size)); });
        REQUIRE(got);
        return *got;
    };
    for (const std::size_t size : {0U, 1U}) {
        CHECK(with(EPERM, size) == ERFKILL);
        CHECK(with(EACCES, size) == ERFKILL);
        CHECK(with(ENOSYS, size) == ENOSYS);
        CHECK(with(0, size) == ENOSYS);
        CHECK(with(ENOENT, size) == EIO);
    }
    CHECK(error_of(send_message(ends.a.get(), nullptr, 0)) == 0); // an empty datagram
    CHECK(receive_plain(ends.b).error == 0);
}
