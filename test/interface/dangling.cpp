// SPDX-License-Identifier: MIT
// Views of temporaries: a use that would dangle does not compile, and one that is safe within an
// expression does. test/matrix/dangling.sh has the uses in braces, which no expression of a
// template can show.
#include "support/catch.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace pidfd_util;

namespace {

template <class T, class = void>
constexpr bool has_view = false;
template <class T>
constexpr bool has_view<T, std::void_t<decltype(std::declval<T>().view())>> = true;

// An owner that is an lvalue converts to a view. A temporary owner does not, because it closes its
// pidfd at once.
template <class Owner>
constexpr bool lends_only_if_named =
    std::is_nothrow_constructible_v<pidfd_view, Owner&>&&
        std::is_nothrow_constructible_v<pidfd_view, const Owner&> &&
    !std::is_constructible_v<pidfd_view, Owner> &&
    !std::is_constructible_v<pidfd_view, const Owner> &&
    !std::is_assignable_v<pidfd_view&, Owner> && !std::is_assignable_v<pidfd_view&, const Owner>;
static_assert(lends_only_if_named<pidfd>);
static_assert(lends_only_if_named<child>);

// The same through the result of a call. `->` makes an lvalue of every object, so that a member
// function could not be refused there: a view is never made by a member of its owner.
template <class Owner>
using dereferenced = decltype(*std::declval<expected<Owner>>());
static_assert(!std::is_constructible_v<pidfd_view, dereferenced<pidfd>>);
static_assert(!std::is_constructible_v<pidfd_view, dereferenced<child>>);
static_assert(!std::is_constructible_v<pidfd_view, decltype(spawn("", nullptr).value())>);
static_assert(!std::is_constructible_v<pidfd_view, expected<pidfd>> &&
              !std::is_constructible_v<pidfd_view, expected<child>>);
static_assert(!has_view<child&> && !has_view<child> && !has_view<pidfd&> && !has_view<pidfd>);

// The same for the directory of a cgroup.
static_assert(std::is_nothrow_constructible_v<cgroup_view, cgroup&> &&
              std::is_nothrow_constructible_v<cgroup_view, const cgroup&> &&
              !std::is_constructible_v<cgroup_view, cgroup> &&
              !std::is_constructible_v<cgroup_view, const cgroup> &&
              !std::is_constructible_v<cgroup_view, dereferenced<cgroup>>);

// A child converts to a view only explicitly.
static_assert(!std::is_convertible_v<child&, pidfd_view> &&
              !std::is_convertible_v<const child&, pidfd_view>);

// A view of an array can be made from every range of that type that is an lvalue, and from no
// temporary.
template <class Range>
constexpr bool viewed_only_if_named =
    std::is_nothrow_constructible_v<array_view<int>, Range&>&& std::is_nothrow_constructible_v<
        array_view<int>, const Range&>&& std::is_convertible_v<Range&, array_view<int>> &&
    !std::is_constructible_v<array_view<int>, Range> &&
    !std::is_constructible_v<array_view<int>, const Range> &&
    !std::is_assignable_v<array_view<int>&, Range> &&
    !std::is_assignable_v<array_view<int>&, const Range>;
static_assert(viewed_only_if_named<std::vector<int>>);
static_assert(viewed_only_if_named<std::array<int, 2>>);
static_assert(viewed_only_if_named<int[2]>);
static_assert(viewed_only_if_named<std::initializer_list<int>>);
static_assert(std::is_constructible_v<array_view<int>, const array_view<int>> &&
              std::is_constructible_v<array_view<int>, array_view<int>&> &&
              std::is_assignable_v<array_view<int>&, array_view<int>>);

struct derived : fd_mapping {
    int more;
};
static_assert(!std::is_constructible_v<array_view<fd_mapping>, derived (&)[2]>,
              "the elements would have another size");
static_assert(!std::is_constructible_v<array_view<int>, std::vector<long>&>);

// The same for a view of text, which also literals and other views convert to.
static_assert(std::is_assignable_v<text_view&, std::string&> &&
              std::is_assignable_v<text_view&, const std::string&> &&
              !std::is_assignable_v<text_view&, std::string> &&
              !std::is_assignable_v<text_view&, const std::string> &&
              !std::is_constructible_v<text_view, std::string> &&
              !std::is_constructible_v<text_view, const std::string>);
static_assert(std::is_convertible_v<const char (&)[5], text_view> &&
              std::is_convertible_v<const char*, text_view> &&
              std::is_convertible_v<std::string_view, text_view> &&
              std::is_convertible_v<text_view, std::string_view>);

// A sink refers to its function.
struct counter {
    void operator()(const char*, std::size_t) noexcept {}
};
template <class Function, class = void>
constexpr bool makes_sink = false;
template <class Function>
constexpr bool makes_sink<Function, std::void_t<decltype(sink::to(std::declval<Function>()))>> =
    true;
static_assert(makes_sink<counter&> && !makes_sink<counter> && !makes_sink<const counter>);

// The options that refer to the caller's memory.
template <class Option, class Element>
constexpr bool borrows_only_what_is_named =
    std::is_assignable_v<Option&, std::vector<Element>&>&&
        std::is_assignable_v<Option&, const std::vector<Element>&>&&
            std::is_assignable_v<Option&, const Element (&)[2]> &&
    !std::is_assignable_v<Option&, std::vector<Element>> &&
    !std::is_assignable_v<Option&, const std::vector<Element>> &&
    !std::is_assignable_v<Option&, const Element (&&)[2]> &&
    !std::is_assignable_v<Option&, std::initializer_list<Element>>;
static_assert(borrows_only_what_is_named<decltype(spawn_options::fds), fd_mapping>);
static_assert(borrows_only_what_is_named<decltype(spawn_options::limits), resource_limit>);
static_assert(borrows_only_what_is_named<decltype(spawn_options::groups), gid_t>);
static_assert(std::is_constructible_v<group_choice, std::vector<gid_t>&> &&
              !std::is_constructible_v<group_choice, std::vector<gid_t>> &&
              !std::is_constructible_v<group_choice, const std::vector<gid_t>>);

// A view or an option returns a copy, or a pointer into the viewed array, and never a reference
// into itself, because it may be a temporary.
static_assert(!std::is_reference_v<decltype(*std::declval<setting<int>>())> &&
              !std::is_reference_v<decltype(std::declval<setting<int>>().value_or(1))> &&
              !std::is_reference_v<decltype(std::declval<group_choice>().list())> &&
              !std::is_reference_v<decltype(std::declval<child>().status())> &&
              !std::is_reference_v<decltype(std::declval<state_change>().ended())>);

// A wait that continues after the call keeps a duplicate, or refers to a child that is an lvalue; a
// call that ends before the expression does takes temporaries.
static_assert(std::is_invocable_v<decltype(&pidfd::adopt), unique_fd>);

} // namespace

TEST_CASE("an operation on a temporary works within one expression") {
    CHECK(pidfd::from_self()->get_pid());
    CHECK((*pidfd::from_self()).is_alive() == true);
    CHECK(wait_any_for(std::vector<pidfd>(1), std::chrono::seconds(0)).error() ==
          std::errc::bad_file_descriptor);
    CHECK(wait_all(std::array<pidfd, 0>()));
    const auto named = pidfd::from_self();
    REQUIRE(named);
    CHECK(wait_any_for({*named, pidfd_view(*named)}, std::chrono::seconds(0)).error() ==
          std::errc::timed_out);
}

TEST_CASE("a view has the elements of the container that it was made from") {
    const std::vector<int> values{1, 2, 3};
    const array_view<int> view = values;
    CHECK(view.begin() == values.data());
    CHECK(view.end() == values.data() + 3);
    CHECK(view.size() == 3);
    array_view<int> copy = view;
    copy = array_view<int>(values.data() + 1, 1);
    CHECK(*copy.begin() == 2);
    copy = {};
    CHECK(copy.size() == 0);
}

TEST_CASE("a view of a child waits for it and takes its status away, as documented") {
    const char* const argv[] = {"true", nullptr};
    spawn_options options;
    options.search_path = true;
    auto c = spawn(argv[0], argv, options);
    REQUIRE(c);
    const pidfd_view view(*c);
    CHECK(view.fd() == c->fd());
    CHECK(view.wait()->success());
}
