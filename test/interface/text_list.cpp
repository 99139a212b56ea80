// SPDX-License-Identifier: MIT
// text_list, which splits a command line or an environment.
#include "support/catch.hpp"

#include <pidfd_util/proc_text.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace pidfd_util;
using namespace std::string_view_literals;

namespace {

using strings = std::vector<std::string>;

strings split(std::string_view text) {
    strings all;
    for (const std::string_view s : text_list({text, true}))
        all.emplace_back(s);
    return all;
}

static_assert(text_list().empty());
static_assert(text_list().begin() == text_list().end());
static_assert(text_list({"a=b\0c=d\0"sv, true}).value_of("c") == "d");
static_assert(*text_list({"a\0b\0"sv, true}).begin() == "a");

} // namespace

TEST_CASE("a list has one string before each null character, and one behind the last") {
    CHECK(split("").empty());
    CHECK(split("a\0b\0"sv) == strings{"a", "b"});
    CHECK(split("a\0b"sv) == strings{"a", "b"}); // cut, or overwritten
    CHECK(split("\0"sv) == strings{""});
    CHECK(split("\0\0a\0\0"sv) == strings{"", "", "a", ""});
    CHECK(split("one title without an end") == strings{"one title without an end"});
}

TEST_CASE("value_of finds the first variable of that name, and no other") {
    const text_list list({"AB=1\0A=2\0A=3\0B\0=4\0C=\0"sv, false});
    CHECK(list.value_of("A") == "2");
    CHECK(list.value_of("AB") == "1");
    CHECK(list.value_of("B").data() == nullptr);
    CHECK(list.value_of("C").data() != nullptr);
    CHECK(list.value_of("C").empty());
    CHECK(list.value_of("") == "4");
    CHECK(list.value_of("D").data() == nullptr);
    CHECK_FALSE(list.complete());
    CHECK(list.text().size() == 21);
}
