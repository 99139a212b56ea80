// SPDX-License-Identifier: MIT
// The lists of arguments and variables, which allocate memory.
#include "support/catch.hpp"
#include "support/lifecycle.hpp"

#include <pidfd_util/spawn_arguments.hpp>

#include <cerrno>
#include <cstring>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// The words of a null-terminated array, joined.
std::string joined(const char* const* array) {
    std::string text;
    for (; *array != nullptr; ++array)
        text += (text.empty() ? "" : "|") + std::string(*array);
    return text;
}

template <class T, class = void>
constexpr bool has_array = false;
template <class T>
constexpr bool has_array<T, std::void_t<decltype(std::declval<T>().get())>> = true;

std::string output_with(const environment_list& environment) {
    spawn_options o;
    o.environment = environment.get();
    return run({"environment"}, o).output;
}

} // namespace

TEST_CASE("arguments are made of any range of strings") {
    const char* const array[] = {"a", "b"};
    const std::vector<std::string> strings = {"c", std::string(100, 'd')};
    const std::list<std::string_view> views = {"e"};
    argument_list words({"x", "y"});
    CHECK(joined(words.get()) == "x|y");
    words.append(array);
    words.append(strings);
    words.append(views);
    words.push_back("");
    CHECK(words.size() == 8);
    CHECK(joined(words.get()) == "x|y|a|b|c|" + strings[1] + "|e|");
    CHECK(argument_list(strings).size() == 2);
    const argument_list none;
    CHECK(*none.get() == nullptr);
}

TEST_CASE("a copied or moved list has strings of its own, short ones too") {
    auto first = std::make_unique<argument_list>(std::vector<std::string>{"a", "bc"});
    argument_list copy = *first;
    const argument_list moved = std::move(*first);
    first.reset();
    CHECK(joined(copy.get()) == "a|bc");
    CHECK(joined(moved.get()) == "a|bc");
    copy.push_back("d");
    CHECK(joined(copy.get()) == "a|bc|d");
    argument_list other({"z"});
    other = copy;
    copy = argument_list({"y"});
    CHECK(joined(other.get()) == "a|bc|d");
    CHECK(joined(copy.get()) == "y");
    const argument_list& itself = other;
    other = itself;
    CHECK(joined(other.get()) == "a|bc|d");
}

TEST_CASE("a word with a null character, which exec would cut, is refused by spawn") {
    argument_list words({"spawnee"});
    words.push_back(std::string_view("exit\0 0", 7));
    CHECK(words.get() == nullptr);
    spawn_step step{};
    const auto c = spawn(spawnee(), words, {}, &step);
    REQUIRE_FALSE(c);
    CHECK(c.error().value() == EINVAL);
    CHECK(step == spawn_step::options);
}

TEST_CASE("the array of a temporary list cannot be used") {
    STATIC_REQUIRE(has_array<argument_list&>);
    STATIC_REQUIRE(has_array<const environment_list&>);
    STATIC_REQUIRE(std::is_convertible_v<argument_list&, const char* const*>);
    STATIC_REQUIRE_FALSE(std::is_convertible_v<argument_list, const char* const*>);
}

TEST_CASE("a program gets the arguments") {
    const argument_list words({"spawnee", "arguments", "a b", ""});
    CHECK(run_program(spawnee(), words, {}).output == "spawnee\narguments\na b\n\n");
}

TEST_CASE("an environment is inherited, and one variable changed") {
    const variable a("PIDFD_UTIL_A", "old");
    const variable b("PIDFD_UTIL_AB", "kept");
    auto environment = environment_list::inherit();
    const std::size_t before = environment.size();
    CHECK(environment.set("PIDFD_UTIL_A", "new=x"));
    CHECK(environment.size() == before);
    const std::string output = output_with(environment);
    CHECK(output.find("PIDFD_UTIL_A=new=x\n") != std::string::npos);
    CHECK(output.find("PIDFD_UTIL_A=old") == std::string::npos);
    CHECK(output.find("PIDFD_UTIL_AB=kept\n") != std::string::npos);
    CHECK(std::strcmp(std::getenv("PIDFD_UTIL_A"), "old") == 0);
    environment.remove("PIDFD_UTIL_A");
    environment.remove("PIDFD_UTIL_MISSING");
    CHECK(environment.size() == before - 1);
    CHECK(output_with(environment).find("PIDFD_UTIL_A=") == std::string::npos);
}

TEST_CASE("an environment may be empty, or made from nothing") {
    environment_list environment;
    CHECK(output_with(environment) == "");
    CHECK(environment.set("A", ""));
    CHECK(environment.set("B", "2"));
    const environment_list copy = environment;
    CHECK(environment.set("A", "1"));
    CHECK(output_with(environment) == "B=2\nA=1\n");
    CHECK(output_with(copy) == "A=\nB=2\n");
}

TEST_CASE("names and values that no environment can have change nothing") {
    environment_list environment;
    CHECK(environment.set("A", "1"));
    CHECK_FALSE(environment.set("", "1"));
    CHECK_FALSE(environment.set("A=B", "1"));
    CHECK_FALSE(environment.set(std::string_view("A\0", 2), "1"));
    CHECK_FALSE(environment.set("A", std::string_view("1\0002", 3)));
    CHECK(joined(environment.get()) == "A=1");
}

namespace {

/// Converts to a word, or throws.
struct fragile {
    const char* word; // null: throws
    operator std::string_view() const {
        if (word == nullptr)
            throw 42;
        return word;
    }
};

} // namespace

TEST_CASE("a change that throws half-way leaves the list as it was, and its array valid") {
    argument_list words({"a", "b", "c"}); // short strings, which move with their vector
    const std::vector<fragile> range = {{"d"}, {"e"}, {"f"}, {"g"}, {"h"}, {nullptr}};
    CHECK_THROWS_AS(words.append(range), int);
    CHECK(words.size() == 3);
    CHECK(joined(words.get()) == "a|b|c");
    const std::vector<fragile> invalid = {{"d"}, {nullptr}};
    CHECK_THROWS_AS(words.append(invalid), int);
    CHECK(joined(words.get()) == "a|b|c");
    words.push_back("d");
    CHECK(joined(words.get()) == "a|b|c|d");
}

TEST_CASE("a list can be appended to itself, and has as many words as were added one by one") {
    argument_list words({"a", "b"});
    words.append(std::vector<const char*>{words.get()[1], words.get()[0]});
    words.push_back(words.get()[0]);
    CHECK(joined(words.get()) == "a|b|b|a|a");
    for (int i = 0; i < 1000; ++i)
        words.push_back("x");
    CHECK(words.size() == 1005);
    CHECK(joined(words.get()).size() == 9 + 2000);
}

TEST_CASE("a null pointer in a range ends it, as in an argv") {
    const char* const command[] = {"a", "b", nullptr};
    const argument_list words(command);
    CHECK(words.size() == 2);
    CHECK(joined(words.get()) == "a|b");
    argument_list more({"c"});
    more.append(command);
    CHECK(joined(more.get()) == "c|a|b");
}
