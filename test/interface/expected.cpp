// SPDX-License-Identifier: MIT
// The return types of the operations, and how results are used.
#include "support/catch.hpp"
#include "support/processes.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;

namespace {

template <class Returned, class T>
constexpr bool gives = std::is_same_v<Returned, expected<T, std::error_code>>;

constexpr pidfd_view view; // only named, never asked

static_assert(gives<decltype(pidfd::from_self()), pidfd>);
static_assert(gives<decltype(pidfd::from_pid(1)), pidfd>);
static_assert(gives<decltype(pidfd::adopt(unique_fd())), pidfd>);
static_assert(gives<decltype(view.get_pid()), pid_t>);
static_assert(gives<decltype(view.get_ppid()), pid_t>);
static_assert(gives<decltype(view.get_id()), std::uint64_t>);
static_assert(gives<decltype(view.get_creds()), credentials>);
static_assert(gives<decltype(view.get_cgroupid()), std::uint64_t>);
static_assert(gives<decltype(view.get_info()), process_info>);
static_assert(gives<decltype(view.get_namespace(namespace_type::uts)), unique_fd>);
static_assert(gives<decltype(view.open_proc()), unique_fd>);
static_assert(gives<decltype(view.send_signal(0)), void>);
static_assert(gives<decltype(view.kill()), void>);
static_assert(gives<decltype(view.set_namespace(namespace_flags::uts)), void>);
static_assert(gives<decltype(view.get_remote_fd(0)), unique_fd>);
static_assert(gives<decltype(view.is_alive()), bool>);
static_assert(gives<decltype(view.wait()), exit_status>);
static_assert(gives<decltype(view.try_wait()), std::optional<exit_status>>);
static_assert(gives<decltype(view.duplicate()), pidfd>);
static_assert(gives<decltype(availability_of(feature::pidfs)), availability>);
static_assert(gives<decltype(answering_path(operation::get_pid)), answer_path>);

/// Whatever the callback of access_proc returns, one layer of `expected` comes out.
template <class R>
using access_proc_of = decltype(view.access_proc(std::declval<R (*)(int)>()));
static_assert(gives<access_proc_of<int>, int>);
static_assert(gives<access_proc_of<void>, void>);
static_assert(gives<access_proc_of<expected<int>>, int>);
static_assert(gives<access_proc_of<expected<void>>, void>);
static_assert(gives<access_proc_of<const int&>, int>);

static_assert(std::is_constructible_v<expected<int>, unexpected> &&
              std::is_constructible_v<unexpected, std::error_code>);

/// A user's function with the library's types.
expected<pid_t> parent_of_parent(pidfd_view process) {
    const auto parent = process.get_ppid();
    if (!parent)
        return unexpected(parent.error());
    const auto fd = pidfd::from_pid(*parent);
    if (!fd)
        return unexpected(fd.error());
    return fd->get_ppid();
}

} // namespace

TEST_CASE("a result with a value returns the value") {
    auto self = pidfd::from_self();
    REQUIRE(self.has_value());
    REQUIRE(self);
    const auto pid = self->get_pid();
    CHECK(pid.value() == getpid());
    CHECK(*pid == getpid());
    CHECK(pid.value_or(-1) == getpid());
    CHECK(pid == getpid());
}

TEST_CASE("a result without a value has an error code in the library's category") {
    const auto pid = pidfd_view().get_pid();
    REQUIRE_FALSE(pid.has_value());
    REQUIRE_FALSE(pid);
    CHECK(pid.error().value() == EBADF);
    CHECK(pid.error().category() == pidfd_category());
    CHECK(pid.value_or(-1) == -1);
    CHECK(pid != getpid());
}

TEST_CASE("a result of type void is a success or an error") {
    const auto self = pidfd::from_self();
    REQUIRE(self);
    CHECK(self->send_signal(0));
    const auto failed = self->send_signal(-1);
    REQUIRE_FALSE(failed);
    CHECK(failed.error() == std::errc::invalid_argument);
}

TEST_CASE("an owner is moved out of its result") {
    auto opened = pidfd::from_self();
    REQUIRE(opened);
    const int fd = opened->fd();
    const pidfd self = std::move(*opened);
    CHECK(self.fd() == fd);
    CHECK_FALSE(*opened);
    opened->reset();
    CHECK(self.get_pid() == getpid());
}

TEST_CASE("a function that returns expected passes on the errors of the operations") {
    CHECK(parent_of_parent(pidfd_view()).error() == std::errc::bad_file_descriptor);
    const support::test_child c = support::test_child::running();
    const auto self = pidfd::from_self();
    REQUIRE(self);
    const auto direct = self->get_ppid();
    const auto through = parent_of_parent(c.fd());
    CHECK(through.has_value() == direct.has_value());
    CHECK(through.value_or(0) == direct.value_or(0));
}

TEST_CASE("and_then calls the next operation with the value, and passes on an error") {
    const auto pid = pidfd::from_self().and_then([](const pidfd& self) { return self.get_pid(); });
    CHECK(pid == getpid());
    const auto none =
        expected<pidfd_view>(pidfd_view()).and_then([](pidfd_view v) { return v.get_pid(); });
    REQUIRE_FALSE(none);
    CHECK(none.error() == std::errc::bad_file_descriptor);
}
