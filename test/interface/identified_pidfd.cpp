// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"

#include <pidfd_util/identified_pidfd.hpp>

#include <functional>
#include <map>
#include <set>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* no_ids = "no pidfs: processes have no ids";

/// Opens another pidfd of the process.
identified_pidfd identified(const test_child& c) {
    return *identified_pidfd::make(*pidfd::from_pid(c.pid()));
}

static_assert(!std::is_copy_constructible_v<identified_pidfd>);
static_assert(std::is_nothrow_move_constructible_v<identified_pidfd>);
static_assert(std::is_nothrow_move_assignable_v<identified_pidfd>);

} // namespace

TEST_CASE("identified_pidfd has the id that get_id returns, and the pidfd that it took over") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    const test_child c = test_child::running();
    pidfd opened = *pidfd::from_pid(c.pid());
    const int fd = opened.fd();
    auto made = identified_pidfd::make(std::move(opened));
    REQUIRE(made);
    CHECK_FALSE(opened); // NOLINT(bugprone-use-after-move)
    CHECK(made->process().fd() == fd);
    CHECK(made->id() == *c.fd().get_id());
    const pidfd given_away = std::move(*made).process();
    CHECK(given_away.fd() == fd);
    CHECK(given_away.get_pid() == c.pid());
}

TEST_CASE("identified_pidfd closes its pidfd once") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    const test_child c = test_child::running();
    const int before = open_fds();
    {
        identified_pidfd first = identified(c);
        identified_pidfd second = std::move(first);
        first = identified(c);
        second = std::move(first);
        CHECK(open_fds() == before + 1);
    }
    CHECK(open_fds() == before);
}

TEST_CASE("make leaves the pidfd to the caller where processes have no ids") {
    struct result {
        int error;
        bool kept;
    };
    const auto got = isolated(on(linux_5_10()), [] {
        pidfd self = *pidfd::from_self();
        const int fd = self.fd();
        const auto made = identified_pidfd::make(std::move(self));
        // NOLINTNEXTLINE(bugprone-use-after-move)
        return result{error_of(made), self.fd() == fd && is_open(fd)};
    });
    REQUIRE(got);
    CHECK(got->error == EOPNOTSUPP);
    CHECK(got->kept);
}

TEST_CASE("make of an empty handle is a bad file descriptor") {
    CHECK(error_of(identified_pidfd::make(pidfd())) == EBADF);
}

TEST_CASE("two handles of one process are equal, and so are their hashes") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    const test_child one = test_child::running();
    const test_child two = test_child::running();
    const identified_pidfd a = identified(one);
    const identified_pidfd b = identified(one);
    const identified_pidfd other = identified(two);
    CHECK(a.process().fd() != b.process().fd());
    CHECK(a == b);
    CHECK_FALSE(a != b);
    CHECK_FALSE(a < b);
    CHECK_FALSE(b < a);
    CHECK(std::hash<identified_pidfd>()(a) == std::hash<identified_pidfd>()(b));
    CHECK(a != other);
    CHECK_FALSE(a == other);
    // As the kernel gave out the ids: the second process is younger.
    CHECK(a < other);
    CHECK_FALSE(other < a);
    CHECK(a < other.id());
    CHECK(a.id() < other);
    CHECK_FALSE(a < a.id());
    CHECK_FALSE(a.id() < a);
}

TEST_CASE("an identified_pidfd is the key of a set and of a map, and its id finds it") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    const test_child one = test_child::running();
    const test_child two = test_child::running();
    const test_child absent = test_child::running();

    std::set<identified_pidfd, std::less<>> ordered;
    CHECK(ordered.insert(identified(two)).second);
    CHECK(ordered.insert(identified(one)).second);
    CHECK_FALSE(ordered.insert(identified(one)).second);
    CHECK(ordered.begin()->id() == *one.fd().get_id());
    CHECK(ordered.find(*two.fd().get_id())->process().get_pid() == two.pid());
    CHECK(ordered.count(*absent.fd().get_id()) == 0);
    CHECK(ordered.count(identified(one)) == 1);

    std::unordered_map<identified_pidfd, int> hashed;
    hashed.emplace(identified(one), 1);
    hashed.emplace(identified(two), 2);
    hashed.emplace(identified(one), 3);
    CHECK(hashed.size() == 2);
    CHECK(hashed.at(identified(one)) == 1);
    CHECK(hashed.count(identified(absent)) == 0);
}

TEST_CASE("a process is found by its key also after it was reaped") {
    if (!has(feature::pidfs))
        SKIP_TEST(no_ids);
    test_child c = test_child::running();
    const auto copy = c.fd().duplicate();
    std::unordered_set<identified_pidfd> known;
    known.insert(identified(c));
    c.reap();
    const auto later = identified_pidfd::make(*copy->duplicate());
    REQUIRE(later);
    CHECK(known.count(*later) == 1);
    const test_child another = test_child::running();
    CHECK(known.count(identified(another)) == 0);
}
