// SPDX-License-Identifier: MIT
// to_string of every public enumeration, and the tables that it reads.
#include "support/catch.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <iterator>
#include <set>
#include <string>

using namespace pidfd_util;

namespace {

// The name of an enumerator without a row is a question mark.
static_assert(*to_string(feature::procfs) == 'p');
static_assert(*to_string(static_cast<feature>(200)) == '?');
static_assert(*first_kernel(feature::pidfs) == '6');
static_assert(*first_kernel(feature::procfs) == '\0');

/// Checks that each value of a table is in its place, has a name of its own, and is found by it.
template <class Table>
void check(const Table& table, std::size_t first = 0) {
    std::set<std::string> names;
    for (const auto& row : table) {
        CAPTURE(row.name);
        CHECK(static_cast<std::size_t>(row.value) == first++);
        CHECK(std::string(to_string(row.value)) == row.name);
        CHECK(names.insert(row.name).second);
    }
    using value_type = decltype(std::begin(table)->value);
    CHECK(std::string(to_string(static_cast<value_type>(first))) == "?");
}

} // namespace

TEST_CASE("every enumerator has one name, and any other value has a question mark") {
    check(names::features);
    check(names::availabilities);
    check(names::operations);
    check(names::answer_paths);
    check(names::process_states);
    check(names::namespace_types);
    check(names::spawn_steps);
    check(names::exchange_ends);
    check(names::standard_streams);
    check(names::pidfd_errcs, 1);
}

TEST_CASE("the scopes of a signal have names, although their values are bits") {
    CHECK(std::string(to_string(signal_scope::thread)) == "thread");
    CHECK(std::string(to_string(signal_scope::thread_group)) == "thread_group");
    CHECK(std::string(to_string(signal_scope::process_group)) == "process_group");
    CHECK(std::string(to_string(static_cast<signal_scope>(0))) == "?");
}

TEST_CASE("the kinds of advice about memory have names, although their values are the kernel's") {
    CHECK(std::string(to_string(memory_advice::will_need)) == "will_need");
    CHECK(std::string(to_string(memory_advice::cold)) == "cold");
    CHECK(std::string(to_string(memory_advice::page_out)) == "page_out");
    CHECK(std::string(to_string(memory_advice::collapse)) == "collapse");
    CHECK(std::string(to_string(static_cast<memory_advice>(0))) == "?");
}

TEST_CASE("the lists for loops have every enumerator, in the order of the values") {
    CHECK(std::size(all_features) == std::size(names::features));
    CHECK(std::size(all_operations) == std::size(names::operations));
    CHECK(std::size(all_namespace_types) == std::size(names::namespace_types));
    CHECK(all_features[0] == feature::pidfd_send_signal);
    CHECK(all_operations[std::size(all_operations) - 1] == operation::get_coredump);
    CHECK(all_namespace_types[2] == namespace_type::mnt);
}

TEST_CASE("a namespace is named as its link in /proc/PID/ns") {
    CHECK(std::string(to_string(namespace_type::pid_for_children)) == "pid_for_children");
    CHECK(std::string(to_string(namespace_type::uts)) == "uts");
}
