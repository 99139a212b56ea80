// SPDX-License-Identifier: MIT
// Caller and library may know different lengths of a record, in both directions.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <pidfd_util/abi.hpp>

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
/// size is touched. 0, or the size at which it does not; negative: the errno of `fill`.
template <class Record, class Fill>
int first_wrong_size(Fill fill) {
    grown<Record> whole{};
    if (const int error = fill(whole.known, sizeof whole.known); error != 0)
        return -error;
    for (std::size_t size = 1; size <= sizeof whole; ++size) {
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

TEST_CASE("the credentials are filled as far as the caller knows them, and with zeros behind") {
    for (const profile& kernel : {native(), linux_5_10()}) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        const auto got = isolated(around, [] {
            const auto self = pidfd::from_self();
            return first_wrong_size<credentials>([&](credentials& to, std::size_t size) {
                return abi::get_creds(self->fd(), to, size, nullptr);
            });
        });
        REQUIRE(got);
        CHECK(*got == 0);
    }
}

TEST_CASE("the information is filled as far as the caller knows it, and with zeros behind") {
    for (const profile& kernel : {native(), linux_5_10()}) {
        CAPTURE(kernel.name);
        surroundings around;
        around.kernel = kernel;
        const auto got = isolated(around, [] {
            const auto self = pidfd::from_self();
            return first_wrong_size<abi::info_record>([&](abi::info_record& to, std::size_t size) {
                return abi::get_info(self->fd(), to, size, nullptr);
            });
        });
        REQUIRE(got);
        CHECK(*got == 0);
    }
}

TEST_CASE("the core-dump facts are filled as far as the caller knows them, and with zeros behind") {
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
        SKIP_TEST("this kernel tells nothing about core dumps");
    CHECK(wrong == 0);
}

TEST_CASE(
    "options of a longer record work if the later ones are zeros, and are refused otherwise") {
    grown<spawn_options> options{};
    for (std::size_t more = 0; more <= most_later; ++more)
        CHECK(spawn_with(options.known, sizeof options.known + more).error == 0);
    for (std::size_t i = 0; i < most_later; ++i) {
        CAPTURE(i);
        options.later[i] = 1;
        check_unsupported(spawn_with(options.known, sizeof options));
        // The caller says that it is no part of its record.
        CHECK(spawn_with(options.known, sizeof options.known + i).error == 0);
        options.later[i] = 0;
    }
}

TEST_CASE("options that an earlier version had reserved are refused by it") {
    spawn_options options;
    for (unsigned char& byte : options.reserved) {
        byte = 1;
        check_unsupported(spawn_with(options, sizeof options));
        byte = 0;
    }
    CHECK(spawn_with(options, sizeof options).error == 0);
}

TEST_CASE("options that a shorter record does not have are not read, and have their defaults") {
    // Every byte would be refused, or lead nowhere, if it were read.
    grown<spawn_options> options{};
    std::memset(static_cast<void*>(&options), untouched, sizeof options);
    CHECK(spawn_with(options.known, 0).error == 0);
    constexpr std::size_t known[] = {
        offsetof(spawn_options, directory),     offsetof(spawn_options, fds),
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
