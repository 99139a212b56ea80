// SPDX-License-Identifier: MIT
// The caller and the library may know different lengths of a record. Both directions work.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/unix_sockets.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/abi_facts.hpp>
#include <pidfd_util/abi_streams.hpp>
#include <pidfd_util/abi_usage.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <sys/resource.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr unsigned char untouched = 0xa5;
constexpr std::size_t most_later = 24; // bytes that a later version may have added

/// A record in the memory of a caller that knows later members.
template <class Record>
struct grown {
    Record known;
    unsigned char later[most_later];
};

/// Whether `fill(record, size)` follows the rule for every size, a shorter and a longer one too:
/// the record is filled as far as it reaches, later members become zeros, and nothing behind the
/// size is touched. 0, or the size at which it does not; negative: the errno of `fill`. Begins with
/// the size `least`, if a caller must see members to own what is in them.
template <class Record, class Fill>
int first_wrong_size(Fill fill, std::size_t least = 1) {
    grown<Record> whole{};
    if (const int error = fill(whole.known, sizeof whole.known); error != 0)
        return -error;
    for (std::size_t size = least; size <= sizeof whole; ++size) {
        grown<Record> got;
        std::memset(static_cast<void*>(&got), untouched, sizeof got);
        if (const int error = fill(got.known, size); error != 0)
            return -error;
        const auto* const bytes = reinterpret_cast<const unsigned char*>(&got);
        const bool filled = std::memcmp(bytes, &whole, size) == 0;
        const bool beyond = std::any_of(bytes + size, bytes + sizeof got,
                                        [](unsigned char b) { return b != untouched; });
        if (!filled || beyond)
            return static_cast<int>(size);
    }
    return 0;
}

struct spawned {
    int error;
    spawn_step step;
    int fd;
};

spawned spawn_with(const spawn_options& options, std::size_t size) {
    spawned s{};
    s.fd = -1;
    s.error = abi::spawn(spawnee(), arguments({}), options, size, s.fd, &s.step);
    if (s.error == 0)
        (void)pidfd::adopt(unique_fd(s.fd))->wait();
    return s;
}

/// Refused before anything is done.
void check_unsupported(const spawned& s) {
    CHECK(s.error == EOPNOTSUPP);
    CHECK(s.step == spawn_step::options);
    CHECK(s.fd == -1);
}

} // namespace

TEST_CASE("the credentials are filled up to the caller's size, and members unknown to the library "
          "become zero") {
    for (const profile& kernel : {native(), linux_5_10()}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] {
            const auto self = pidfd::from_self();
            return first_wrong_size<credentials>([&](credentials& to, std::size_t size) {
                return abi::get_creds(self->fd(), to, size, nullptr);
            });
        });
        REQUIRE(got);
        CHECK(*got == 0);
    }
}

TEST_CASE("the information is filled up to the caller's size, and members unknown to the library "
          "become zero") {
    for (const profile& kernel : {native(), linux_5_10()}) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [] {
            const auto self = pidfd::from_self();
            return first_wrong_size<abi::info_record>([&](abi::info_record& to, std::size_t size) {
                return abi::get_info(self->fd(), to, size, nullptr);
            });
        });
        REQUIRE(got);
        CHECK(*got == 0);
    }
}

TEST_CASE("the usage is filled up to the caller's size, and members unknown to the library become "
          "zero") {
    const test_child c = test_child::zombie(); // its figures do not change any more
    const int wrong = first_wrong_size<abi::process_usage_record>(
        [&](abi::process_usage_record& to, std::size_t size) {
            return abi::get_usage(c.fd().fd(), to, size);
        });
    CHECK(wrong == 0);
}

TEST_CASE(
    "the usage of a child is filled up to the caller's size, and members unknown to the library "
    "become zero") {
    using record = abi::child_usage_record;
    for (std::size_t size = 1; size <= sizeof(grown<record>); ++size) {
        CAPTURE(size);
        auto c = spawn(spawnee(), arguments({"exit", "3"}));
        REQUIRE(c);
        grown<record> got;
        std::memset(static_cast<void*>(&got), untouched, sizeof got);
        bool ended = false;
        int status = 0;
        REQUIRE(abi::wait_as_owner_with_usage(c->fd(), abi::never, ended, status, got.known,
                                              size) == 0);
        CHECK(ended);
        const auto* const bytes = reinterpret_cast<const unsigned char*>(&got);
        CHECK(std::all_of(bytes + size, bytes + sizeof got,
                          [](unsigned char b) { return b == untouched; }));
        CHECK(std::all_of(bytes + std::min(size, sizeof(record)), bytes + size,
                          [](unsigned char b) { return b == 0; }));
        if (size >= sizeof(record)) {
            CHECK(got.known.filled == record::has_usage);
            CHECK(got.known.peak_resident > 0);
            CHECK(got.known.involuntary_switches < 1'000'000);
        }
    }
}

TEST_CASE("the peer of a socket is filled up to the caller's size, and members unknown to the "
          "library become zero") {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    REQUIRE(ends.a);
    if (const auto peer = peer_pidfd(ends.a.get());
        !peer && peer.error() == pidfd_errc::unsupported)
        SKIP_TEST("sockets do not show their peers: Linux 6.5");
    const int fds = count_fds();
    const auto get = [&](abi::peer_record& to, std::size_t size) {
        const int error = abi::get_peer(ends.a.get(), to, size, nullptr, 0, nullptr, 0);
        if (error == 0 && to.fd >= 0)
            close(to.fd); // so that the next one has the same number
        return error;
    };
    CHECK(first_wrong_size<abi::peer_record>(get, offsetof(abi::peer_record, pid)) == 0);
    CHECK(count_fds() == fds);
}

TEST_CASE("a message is filled up to the caller's size, and members unknown to the library become "
          "zero") {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    REQUIRE(ends.a);
    (void)!abi::request_senders(ends.a.get(), true); // before Linux 6.5, there is no sender
    const int fds = count_fds();
    const auto receive = [&](abi::message_record& to, std::size_t size) {
        char byte = 'x';
        if (write(ends.b.get(), &byte, 1) != 1)
            return errno;
        const int error =
            abi::receive_message(ends.a.get(), to, size, &byte, 1, nullptr, 0, MSG_DONTWAIT);
        if (error == 0 && to.sender >= 0)
            close(to.sender);
        return error;
    };
    CHECK(first_wrong_size<abi::message_record>(receive,
                                                offsetof(abi::message_record, sender_error)) == 0);
    CHECK(count_fds() == fds);
}

TEST_CASE("the core-dump facts are filled up to the caller's size, and members unknown to the "
          "library become zero") {
    auto c = test_child::that([] {
        const rlimit none{0, 0};
        setrlimit(RLIMIT_CORE, &none);
        std::signal(SIGABRT, SIG_DFL);
        raise(SIGABRT);
        return 0;
    });
    c.go();
    c.wait_for_end();
    const int wrong =
        first_wrong_size<abi::coredump_record>([&](abi::coredump_record& to, std::size_t size) {
            bool known = false;
            const int error = abi::get_coredump(c.fd().fd(), known, to, size);
            return error == 0 && !known ? EIO : error;
        });
    if (wrong == -EOPNOTSUPP)
        SKIP_TEST("this kernel reports nothing about core dumps");
    CHECK(wrong == 0);
}

TEST_CASE(
    "a longer record of options works if its later members are zeros, and is refused otherwise") {
    grown<spawn_options> options{};
    for (std::size_t more = 0; more <= most_later; ++more)
        CHECK(spawn_with(options.known, sizeof options.known + more).error == 0);
    for (std::size_t i = 0; i < most_later; ++i) {
        CAPTURE(i);
        options.later[i] = 1;
        check_unsupported(spawn_with(options.known, sizeof options));
        // The caller's size says that this is not part of its record.
        CHECK(spawn_with(options.known, sizeof options.known + i).error == 0);
        options.later[i] = 0;
    }
}

TEST_CASE("options in the reserved bytes are refused by a version that does not know them") {
    spawn_options options;
    for (unsigned char& byte : options.reserved) {
        byte = 1;
        check_unsupported(spawn_with(options, sizeof options));
        byte = 0;
    }
    CHECK(spawn_with(options, sizeof options).error == 0);
}

TEST_CASE("options that a shorter record lacks are not read, and have their defaults") {
    // If it were read, every byte would be refused or be an invalid pointer.
    grown<spawn_options> options{};
    std::memset(static_cast<void*>(&options), untouched, sizeof options);
    CHECK(spawn_with(options.known, 0).error == 0);
    constexpr std::size_t known[] = {
        offsetof(spawn_options, root),          offsetof(spawn_options, directory),
        offsetof(spawn_options, before_exec),   offsetof(spawn_options, cpus),
        offsetof(spawn_options, program),       offsetof(spawn_options, terminal),
        offsetof(spawn_options, umask),         offsetof(spawn_options, fds),
        offsetof(spawn_options, signal_mask),   offsetof(spawn_options, limits),
        offsetof(spawn_options, groups),        offsetof(spawn_options, uid),
        offsetof(spawn_options, process_group), offsetof(spawn_options, cgroup),
        offsetof(spawn_options, search_path),   offsetof(spawn_options, close_other_fds),
        offsetof(spawn_options, autoreap),      offsetof(spawn_options, autokill),
        offsetof(spawn_options, reserved)};
    for (const std::size_t size : known) {
        CAPTURE(size);
        std::memset(static_cast<void*>(&options), untouched, sizeof options);
        const spawn_options defaults;
        std::memcpy(static_cast<void*>(&options), &defaults, size);
        CHECK(spawn_with(options.known, size).error == 0);
    }
}

TEST_CASE(
    "choices of streams that a shorter record lacks are not read, and later ones are refused") {
    grown<standard_streams> streams{};
    const auto start = [&streams](std::size_t size) {
        int fd = -1;
        stream_ends ends;
        spawn_options options;
        const int error = abi::spawn_with_streams(spawnee(), arguments({}), options, sizeof options,
                                                  streams.known, size, fd, ends, nullptr);
        if (error == 0)
            (void)pidfd::adopt(unique_fd(fd))->wait();
        return error;
    };
    for (std::size_t more = 0; more <= most_later; ++more)
        CHECK(start(sizeof streams.known + more) == 0);
    for (unsigned char& byte : streams.later) {
        byte = 1;
        CHECK(start(sizeof streams) == EOPNOTSUPP);
        byte = 0;
    }
    std::memset(static_cast<void*>(&streams), untouched, sizeof streams);
    CHECK(start(0) == 0);
    streams.known.input = {};
    CHECK(start(offsetof(standard_streams, output)) == 0);
}

TEST_CASE("an exchange is filled up to the caller's size, and later members are refused") {
    const auto self = pidfd::from_self();
    stream_ends none;
    exchange_end end{};
    grown<abi::exchange_record> x{};
    const auto exchanged = [&](std::size_t size) {
        return abi::communicate(self->fd(), end, none, x.known, size, abi::at_once);
    };
    CHECK(exchanged(sizeof x) == ETIMEDOUT);
    for (unsigned char& byte : x.later) {
        byte = 1;
        CHECK(exchanged(sizeof x) == EOPNOTSUPP);
        CHECK(exchanged(sizeof x.known) == ETIMEDOUT);
        byte = 0;
    }
    std::memset(static_cast<void*>(&x), untouched, sizeof x);
    CHECK(exchanged(0) == ETIMEDOUT);
}
