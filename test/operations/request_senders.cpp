// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/plain_message.hpp"

#include "kernel/uapi.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

int error_of_request(const unique_fd& socket, bool wanted = true) {
    return error_of(request_senders(socket.get(), wanted));
}

bool knows_senders() {
    return has(feature::peer_pidfd); // Linux 6.5, too
}

/// Refuses to get or to set an option.
rule filtered(long number, int option, int error) {
    return {number, error, 2, ~0U, static_cast<std::uint32_t>(option)};
}

constexpr int options[] = {uapi::so_pass_pidfd, SO_PASSCRED};

bool is_set(const unique_fd& socket, int option) {
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(socket.get(), SOL_SOCKET, option, &value, &size) == 0 && value == 1;
}

void set_to(const unique_fd& socket, int option, int value) {
    REQUIRE(setsockopt(socket.get(), SOL_SOCKET, option, &value, sizeof value) == 0);
}

} // namespace

TEST_CASE("senders can be requested of UNIX sockets only") {
    const int error = knows_senders() ? 0 : EOPNOTSUPP;
    for (const int type : {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM})
        CHECK(error_of_request(unix_socket(type)) == error);
    CHECK(error_of_request(listening_socket()) == error);
    CHECK(error_of_request(unique_fd()) == EBADF);
    CHECK(error_of_request(unique_fd(open("/dev/null", O_RDONLY | O_CLOEXEC))) == ENOTSOCK);
    const unique_fd inet(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (inet)
        CHECK(error_of_request(inet) == EAFNOSUPPORT);
}

TEST_CASE("a sandbox that refuses the request for senders is reported, and so is an older kernel") {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    const auto with = [&](const rule& r) {
        const auto got = isolated(on({"rule", {r}}), [&] { return error_of_request(ends.a); });
        REQUIRE(got);
        return *got;
    };
    for (const int error : {EPERM, EACCES})
        CHECK(with({SYS_getsockopt, error}) == ERFKILL);
    CHECK(with(filtered(SYS_setsockopt, uapi::so_pass_pidfd, ENOPROTOOPT)) == EOPNOTSUPP);
    CHECK(with(filtered(SYS_getsockopt, uapi::so_pass_pidfd, ENOPROTOOPT)) == EOPNOTSUPP);
    CHECK(with({SYS_getsockopt, 0}) == ENOSYS);
    if (!knows_senders())
        return;
    for (const int error : {EPERM, EACCES})
        CHECK(with({SYS_setsockopt, error}) == ERFKILL);
    CHECK(with({SYS_setsockopt, ENOSYS}) == ENOSYS);
    CHECK(with({SYS_setsockopt, 0}) == ENOSYS); // claimed, and not done
    CHECK(with(filtered(SYS_getsockopt, uapi::so_pass_pidfd, 0)) == ENOSYS);
    CHECK(with(filtered(SYS_getsockopt, uapi::so_pass_pidfd, EPERM)) == ERFKILL);
}

TEST_CASE("request_senders sets both options, and clears both") {
    if (!knows_senders())
        SKIP_TEST("no SO_PASSPIDFD before Linux 6.5");
    const unique_fd socket = unix_socket(SOCK_STREAM);
    for (const bool wanted : {true, true, false, false, true}) {
        REQUIRE(error_of_request(socket, wanted) == 0);
        for (const int option : options)
            CHECK(is_set(socket, option) == wanted);
    }
}

TEST_CASE("request_senders leaves the socket as it was if it fails, whichever option a sandbox "
          "refuses to change") {
    if (!knows_senders())
        SKIP_TEST("no SO_PASSPIDFD before Linux 6.5");
    for (const int refused : options)
        for (const int error : {EPERM, ENOSYS, ENOPROTOOPT, 0})
            for (const bool wanted : {true, false})
                for (const int before : {0, 1, 2, 3}) {
                    CAPTURE(refused, error, wanted, before);
                    const unique_fd socket = unix_socket(SOCK_STREAM);
                    for (int i = 0; i < 2; ++i)
                        set_to(socket, options[i], before >> i & 1);
                    const auto got =
                        isolated(on({"refused", {filtered(SYS_setsockopt, refused, error)}}),
                                 [&] { return error_of_request(socket, wanted); });
                    REQUIRE(got);
                    const bool as_wanted =
                        is_set(socket, refused) == wanted && error == 0; // nothing to notice
                    CHECK((*got == 0) == as_wanted);
                    if (*got == 0)
                        continue;
                    for (int i = 0; i < 2; ++i)
                        CHECK(is_set(socket, options[i]) == ((before >> i & 1) != 0));
                }
}

TEST_CASE("the kernel gives a socket that asks for senders a name when it connects") {
    if (!knows_senders())
        SKIP_TEST("no SO_PASSPIDFD before Linux 6.5");
    const unique_fd listener = listening_socket();
    sockaddr_un name{};
    socklen_t size = sizeof name;
    auto* const address = reinterpret_cast<sockaddr*>(&name);
    REQUIRE(getsockname(listener.get(), address, &size) == 0);
    for (const bool asks : {false, true}) {
        const unique_fd client = unix_socket(SOCK_STREAM);
        REQUIRE(error_of_request(client, asks) == 0);
        REQUIRE(connect(client.get(), address, size) == 0);
        sockaddr_un own{};
        socklen_t own_size = sizeof own;
        REQUIRE(getsockname(client.get(), reinterpret_cast<sockaddr*>(&own), &own_size) == 0);
        CHECK((own_size > sizeof own.sun_family) == asks);
    }
}
