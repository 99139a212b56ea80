// SPDX-License-Identifier: MIT
// The options that spawn refuses before it does anything.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <csignal>
#include <functional>
#include <sys/resource.h>
#include <sys/wait.h>
#include <type_traits>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

struct refusal {
    int error = 0;
    spawn_step step{};
    int fds = 0;      // that it left
    int children = 0; // that it left
};

refusal attempt(const char* file, const char* const* argv, const spawn_options& o) {
    refusal r;
    r.fds = -count_fds();
    r.children = -count_children();
    {
        auto c = spawn(file, argv, o, &r.step);
        r.error = c ? 0 : c.error().value();
        if (c)
            (void)!c->wait();
    }
    r.fds += count_fds();
    r.children += count_children();
    return r;
}

void check_refused(const refusal& r) {
    CHECK(r.error == EINVAL);
    CHECK(r.step == spawn_step::options);
    CHECK(r.fds == 0);
    CHECK(r.children == 0);
}

void check_refused(const std::function<void(spawn_options&)>& set) {
    spawn_options o;
    set(o);
    check_refused(attempt(spawnee(), arguments({}), o));
}

/// The error of a spawn with these options, whatever the step.
int error_with(const std::function<void(spawn_options&)>& set) {
    spawn_options o;
    set(o);
    return attempt(spawnee(), arguments({}), o).error;
}

sigset_t set_of(std::initializer_list<int> signals) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : signals)
        sigaddset(&set, signal);
    return set;
}

constexpr gid_t some_groups[] = {111, 222};

template <class Value, class = void>
constexpr bool groups_can_be = false;
template <class Value>
constexpr bool
    groups_can_be<Value, std::void_t<decltype(spawn_options().groups = std::declval<Value>())>> =
        true;

} // namespace

TEST_CASE("a spawn without a file or arguments is refused") {
    check_refused(attempt(nullptr, arguments({}), {}));
    check_refused(attempt(spawnee(), nullptr, {}));
}

TEST_CASE("a user id without a choice of groups is refused") {
    const auto uid_with = [](bool gid, const group_choice& groups) {
        return [gid, groups](spawn_options& o) {
            o.uid = getuid();
            if (gid)
                o.gid = getgid();
            o.groups = groups;
        };
    };
    check_refused(uid_with(false, group_choice()));
    check_refused(uid_with(true, group_choice()));
    check_refused(uid_with(false, keep_groups));
    check_refused(uid_with(false, no_groups));
    check_refused(uid_with(false, group_choice(some_groups)));
    CHECK(error_with(uid_with(true, keep_groups)) == 0);
    // Without a uid, the child keeps the caller's user and all its rights.
    CHECK(error_with([](spawn_options& o) { o.gid = getgid(); }) == 0);
    CHECK(error_with([](spawn_options& o) { o.groups = keep_groups; }) == 0);
}

TEST_CASE("the id -1, which setresuid would ignore, is refused") {
    constexpr auto no_id = static_cast<uid_t>(-1);
    check_refused([](spawn_options& o) {
        o.uid = no_id;
        o.gid = getgid();
        o.groups = keep_groups;
    });
    check_refused([](spawn_options& o) { o.gid = no_id; });
}

TEST_CASE("groups are an array that outlives the call, keep_groups or no_groups: a temporary and "
          "{} do not compile") {
    STATIC_REQUIRE(groups_can_be<std::vector<gid_t>&>);
    STATIC_REQUIRE(groups_can_be<const gid_t(&)[2]>);
    STATIC_REQUIRE(groups_can_be<const group_choice&>);
    STATIC_REQUIRE_FALSE(groups_can_be<std::vector<gid_t>>);
    STATIC_REQUIRE_FALSE(groups_can_be<std::vector<int>&>);
    STATIC_REQUIRE_FALSE(groups_can_be<bool>);
    CHECK_FALSE(spawn_options().groups.has_value());
    CHECK(no_groups.is_list());
    CHECK(no_groups.list().size() == 0);
    CHECK(keep_groups.has_value());
    CHECK_FALSE(keep_groups.is_list());
}

TEST_CASE("an assignment, even of zero, sets a setting, and reset() unsets it") {
    spawn_options o;
    CHECK_FALSE(o.priority.has_value());
    CHECK(o.priority.value_or(7) == 7);
    o.priority = 0;
    CHECK(o.priority.has_value());
    CHECK(o.priority.value_or(7) == 0);
    o.priority = 5;
    CHECK(*o.priority == 5);
    o.priority.reset();
    CHECK_FALSE(o.priority.has_value());
    o.priority = 5;
    o.priority = {};
    CHECK_FALSE(o.priority.has_value());
}

TEST_CASE("ids that no new user namespace has are refused") {
    for (const namespace_flags more : {namespace_flags::none, namespace_flags::pid}) {
        const auto in_new_user = [more](const std::function<void(spawn_options&)>& set) {
            check_refused([&](spawn_options& o) {
                o.new_namespaces = namespace_flags::user | more;
                set(o);
            });
        };
        in_new_user([](spawn_options& o) { o.gid = getgid(); });
        in_new_user([](spawn_options& o) { o.groups = no_groups; });
        in_new_user([](spawn_options& o) { o.groups = some_groups; });
        in_new_user([](spawn_options& o) {
            o.uid = getuid();
            o.gid = getgid();
            o.groups = keep_groups;
        });
    }
}

TEST_CASE("a process to enter without namespaces, and namespaces without a process, are refused") {
    const auto self = pidfd::from_self();
    REQUIRE(self);
    check_refused([](spawn_options& o) { o.enter_namespaces = namespace_flags::uts; });
    check_refused([](spawn_options& o) { o.enter_process = 0; });
    check_refused([&](spawn_options& o) { o.enter_process = self->fd(); });
    check_refused([&](spawn_options& o) {
        o.enter_process = -1; // as the fd() of an empty handle
        o.enter_namespaces = namespace_flags::uts;
    });
    check_refused([&](spawn_options& o) { o.enter_process = -1; });
}

TEST_CASE("namespaces that cannot be entered or made, and unknown ones, are refused") {
    const auto self = pidfd::from_self();
    REQUIRE(self);
    constexpr auto known = 0x7e020080U;
    for (unsigned bit = 1; bit != 0; bit <<= 1) {
        const auto flag = static_cast<namespace_flags>(bit);
        CAPTURE(bit);
        const bool never = (bit & known) == 0 || flag == namespace_flags::time;
        if (never || flag == namespace_flags::pid)
            check_refused([&](spawn_options& o) {
                o.enter_process = self->fd();
                o.enter_namespaces = flag;
            });
        if (never)
            check_refused([&](spawn_options& o) { o.new_namespaces = flag; });
    }
    check_refused([&](spawn_options& o) {
        o.enter_process = self->fd();
        o.enter_namespaces = namespace_flags::uts;
        o.new_namespaces = namespace_flags::uts | namespace_flags::ipc;
    });
}

TEST_CASE("a process group is refused if it is negative, or together with a new session") {
    for (const pid_t group : {-1, -2, -9999})
        check_refused([group](spawn_options& o) { o.process_group = group; });
    for (const pid_t group : {0, getpgrp()})
        check_refused([group](spawn_options& o) {
            o.new_session = true;
            o.process_group = group;
        });
}

TEST_CASE("a priority that the kernel would silently change is refused") {
    for (const int priority : {-21, 20, 1000, -1000})
        check_refused([priority](spawn_options& o) { o.priority = priority; });
    CHECK(error_with([](spawn_options& o) { o.priority = 19; }) == 0);
}

TEST_CASE("a cgroup that failed to open is refused: the child is not born elsewhere") {
    for (const int fd : {-1, -2})
        check_refused([fd](spawn_options& o) { o.cgroup = fd; });
}

TEST_CASE("a signal that is both ignored and set to its default action is refused") {
    const sigset_t both = set_of({SIGTERM, SIGUSR1});
    const sigset_t one = set_of({SIGINT, SIGUSR1});
    const sigset_t other = set_of({SIGINT, SIGRTMAX});
    check_refused([&](spawn_options& o) {
        o.default_signals = &both;
        o.ignored_signals = &one;
    });
    CHECK(error_with([&](spawn_options& o) {
              o.default_signals = &both;
              o.ignored_signals = &other;
          }) == 0);
    // Neither can be ignored, and sets of all signals contain them.
    const sigset_t unchangeable = set_of({SIGKILL, SIGSTOP});
    CHECK(error_with([&](spawn_options& o) {
              o.default_signals = &unchangeable;
              o.ignored_signals = &unchangeable;
          }) == 0);
}

TEST_CASE("autokill without autoreap is refused") {
    check_refused([](spawn_options& o) { o.autokill = true; });
    check_refused([](spawn_options& o) {
        o.autokill = true;
        o.no_new_privs = true;
    });
}

TEST_CASE("mappings to a negative number, or twice to the same, are refused") {
    const fd_mapping negative[] = {{0, -1}};
    const fd_mapping twice[] = {{0, 5}, {1, 6}, {2, 5}};
    check_refused([&](spawn_options& o) { o.fds = negative; });
    check_refused([&](spawn_options& o) { o.fds = twice; });
    std::vector<fd_mapping> many;
    for (int i = 0; i <= 400; ++i)
        many.push_back({0, 10 + (i != 400 ? i : 200)});
    check_refused([&](spawn_options& o) { o.fds = many; });
    // More than a process can have, for which there is no array.
    const array_view<fd_mapping> endless(negative, std::size_t{1} << 30);
    check_refused([&](spawn_options& o) { o.fds = endless; });
}

TEST_CASE("a value that only the kernel refuses fails at its own step") {
    const auto step_of = [](const std::function<void(spawn_options&)>& set) {
        spawn_options o;
        set(o);
        const refusal r = attempt(spawnee(), arguments({}), o);
        CHECK(r.error == EINVAL);
        return r.step;
    };
    const resource_limit inverted[] = {{RLIMIT_CORE, {2, 1}}};
    CHECK(step_of([&](spawn_options& o) { o.limits = inverted; }) == spawn_step::limits);
}

TEST_CASE("a parent-death signal that no kernel has is refused before anything is done") {
    for (const int signal : {-1, -3, 200, 9999})
        check_refused([signal](spawn_options& o) { o.parent_death_signal = signal; });
}
