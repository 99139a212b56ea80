// SPDX-License-Identifier: MIT
// get_peer; and the errors of the three functions about peers in a sandbox.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/unix_sockets.hpp"

#include "kernel/uapi.hpp"

#include <pidfd_util/peer.hpp>

#include <algorithm>
#include <grp.h>
#include <numeric>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* too_old = "no SO_PEERPIDFD before Linux 6.5";

int error_since_6_5(int error) {
    return has(feature::peer_pidfd) ? error : EOPNOTSUPP;
}

/// Does not refer to fds: an isolated child returns it.
struct plain_peer {
    int error;
    pid_t pid; // of the pidfd, or a negated errno
    socket_credentials creds;
    bool has_groups;
    std::size_t group_count;
    bool cloexec;
};

plain_peer ask(const unique_fd& socket, storage<gid_t> groups = {}, storage<char> label = {}) {
    plain_peer p{};
    const auto peer = get_peer(socket.get(), groups, label);
    p.error = error_of(peer);
    if (!peer)
        return p;
    const auto pid = peer->process.get_pid();
    p.pid = pid ? *pid : -error_of(pid);
    p.creds = peer->creds;
    p.has_groups = peer->groups.has_value();
    p.group_count = peer->groups ? peer->groups->size() : 0;
    p.cloexec = has_cloexec(peer->process.fd());
    return p;
}

/// A child that connects with these groups.
test_child member_of(const unique_fd& listener, const std::vector<gid_t>& groups) {
    return test_child::ready([&] {
        return setgroups(groups.size(), groups.data()) == 0 && connect_to(listener).release() >= 0;
    });
}

/// Whether a security module of this kernel gives labels to sockets.
bool has_labels() {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    char label[1];
    socklen_t size = sizeof label;
    return getsockopt(ends.a.get(), SOL_SOCKET, SO_PEERSEC, label, &size) == 0 || errno == ERANGE;
}

rule refused_option(int option, int error) {
    return {SYS_getsockopt, error, 2, ~0U, static_cast<std::uint32_t>(option)};
}

/// Asking for the option ends the process.
rule deadly_option(int option) {
    rule r = rule::killing(SYS_getsockopt);
    r.argument = 2;
    r.value = static_cast<std::uint32_t>(option);
    return r;
}

struct errors {
    int verified;
    int with_ids;
    int unverified;
};

errors errors_of(int socket) {
    gid_t groups[64];
    errors e{}; // one after the other: each closes what it has opened
    e.verified = error_of(peer_pidfd(socket));
    e.with_ids = error_of(get_peer(socket, groups));
    e.unverified = error_of(unverified_peer_pidfd(socket));
    return e;
}

struct errors_and_fds {
    errors of;
    bool same_fds; // nothing leaked, and fd 0 was not closed
};

/// The errors where the rules hold. The peer is alive.
outcome<errors_and_fds> errors_with(std::vector<rule> rules) {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    return isolated(on({"rules", std::move(rules)}), [&] {
        const int before = open_fds();
        const errors of = errors_of(ends.a.get());
        return errors_and_fds{of, open_fds() == before && is_open(STDIN_FILENO)};
    });
}

} // namespace

TEST_CASE("get_peer returns the process with its ids") {
    const unique_fd listener = listening_socket();
    const test_child client = client_of(listener);
    const plain_peer got = ask(accept_from(listener));
    CHECK(got.error == error_since_6_5(0));
    if (got.error != 0)
        SKIP_TEST(too_old);
    CHECK(got.pid == client.pid());
    CHECK(got.creds.pid == client.pid());
    CHECK(got.creds.uid == geteuid());
    CHECK(got.creds.gid == getegid());
    CHECK_FALSE(got.has_groups);
    CHECK(got.cloexec);
    const socket_ends pair = socket_pair(SOCK_DGRAM);
    CHECK(ask(pair.a).creds.pid == getpid());
}

TEST_CASE("get_peer returns the effective ids and the groups of the time of connect") {
    if (!has(feature::peer_pidfd))
        SKIP_TEST(too_old);
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    const unique_fd listener = listening_socket();
    const gid_t at_connect[] = {1003, 1001, 1002};
    const gid_t later[] = {0, 1};
    const test_child client = test_child::ready([&] {
        return setgroups(3, at_connect) == 0 && setresgid(2001, 2002, 2003) == 0 &&
               setresuid(3001, 3002, 0) == 0 && connect_to(listener).release() >= 0 &&
               setresuid(0, 0, 0) == 0 && setresgid(0, 0, 0) == 0 && setgroups(2, later) == 0;
    });
    REQUIRE(client.prepared());
    gid_t storage[8];
    const auto peer = get_peer(accept_from(listener).get(), storage);
    REQUIRE(peer);
    CHECK(peer->creds.uid == 3002);
    CHECK(peer->creds.gid == 2002);
    REQUIRE(peer->groups);
    REQUIRE(peer->groups->size() == 3);
    CHECK(peer->groups->begin() == storage);
    CHECK(std::is_permutation(storage, storage + 3, at_connect));
}

TEST_CASE(
    "get_peer fills storage that the groups just fit in, and refuses storage that is too small "
    "without a leak") {
    if (!has(feature::peer_pidfd))
        SKIP_TEST(too_old);
    if (geteuid() != 0)
        SKIP_TEST("no right to change groups");
    const unique_fd listener = listening_socket();
    const std::vector<gid_t> groups = {1001, 1002, 1003};
    const test_child client = member_of(listener, groups);
    const unique_fd socket = accept_from(listener);
    std::vector<gid_t> place(4, 7);
    const int before = open_fds();
    for (const std::size_t size : {4U, 3U}) {
        const plain_peer got = ask(socket, storage(place.data(), size));
        CHECK(got.error == 0);
        CHECK(got.group_count == 3);
        CHECK(std::equal(groups.begin(), groups.end(), place.begin()));
        CHECK(place[3] == 7);
    }
    for (const std::size_t size : {2U, 1U})
        CHECK(ask(socket, storage(place.data(), size)).error == ERANGE);
    CHECK_FALSE(ask(socket).has_groups);
    CHECK(open_fds() == before);
}

TEST_CASE(
    "get_peer of a process without groups returns an empty list, and of one with the most that "
    "there can be, all") {
    if (!has(feature::peer_pidfd))
        SKIP_TEST(too_old);
    if (geteuid() != 0)
        SKIP_TEST("no right to change groups");
    const unique_fd listener = listening_socket();
    const test_child none = member_of(listener, {});
    const unique_fd its_socket = accept_from(listener);
    std::vector<gid_t> place(70000);
    for (const std::size_t size : {1U, 70000U}) {
        const plain_peer got = ask(its_socket, storage(place.data(), size));
        CHECK(got.error == 0);
        CHECK(got.has_groups);
        CHECK(got.group_count == 0);
    }
    std::vector<gid_t> all(65536);
    std::iota(all.begin(), all.end(), gid_t{100000});
    const test_child member = member_of(listener, all);
    REQUIRE(member.prepared());
    const unique_fd socket = accept_from(listener);
    for (const std::size_t size : {65536U, 70000U})
        CHECK(ask(socket, storage(place.data(), size)).group_count == 65536);
    CHECK(std::equal(all.begin(), all.end(), place.begin()));
    CHECK(ask(socket, storage(place.data(), 65535)).error == ERANGE);
}

TEST_CASE("get_peer returns the label, if a security module gives one, without a null character") {
    if (!has(feature::peer_pidfd))
        SKIP_TEST(too_old);
    const socket_ends ends = socket_pair(SOCK_STREAM);
    char place[4096];
    const auto peer = get_peer(ends.a.get(), {}, place);
    REQUIRE(peer);
    CHECK(peer->label.has_value() == has_labels());
    CHECK_FALSE(get_peer(ends.a.get())->label);
    if (!peer->label)
        SKIP_TEST("no security module gives labels to sockets");
    CHECK_FALSE(peer->label->empty());
    CHECK(peer->label->find('\0') == std::string_view::npos);
    const int before = open_fds();
    CHECK(ask(ends.a, {}, storage(place, 1)).error == ERANGE);
    CHECK(open_fds() == before);
}

TEST_CASE("get_peer does not ask for groups or a label if their storage has no elements") {
    if (!has(feature::peer_pidfd))
        SKIP_TEST(too_old);
    const socket_ends ends = socket_pair(SOCK_STREAM);
    std::vector<gid_t> groups(1);
    std::vector<char> label(1);
    const auto got = isolated(
        on({"deadly options", {deadly_option(uapi::so_peer_groups), deadly_option(SO_PEERSEC)}}),
        [&] {
            const storage<gid_t> no_groups(groups.data(), 0);
            const storage<char> no_label(label.data(), 0);
            const auto peer = get_peer(ends.a.get(), no_groups, no_label);
            return peer && !peer->groups && !peer->label;
        });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("get_peer translates the ids into the caller's namespaces") {
    if (!has(feature::peer_pidfd))
        SKIP_TEST(too_old);
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    const unique_fd listener = listening_socket();
    const test_child client = test_child::ready([&] {
        return setresgid(2001, 2001, 2001) == 0 && setresuid(3001, 3001, 3001) == 0 &&
               connect_to(listener).release() >= 0;
    });
    const unique_fd socket = accept_from(listener);
    surroundings inside = in_pid_namespace("");
    inside.user_namespace = true;
    const auto got = isolated(inside, [&] { return ask(socket); });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->error == 0);
    CHECK(got->pid == -EREMOTE);
    CHECK(got->creds.pid == 0);
    CHECK(got->creds.uid == 65534);
    CHECK(got->creds.gid == 65534);
}

TEST_CASE("get_peer still returns the ids of a peer that has ended") {
    const unique_fd listener = listening_socket();
    test_child client = test_child::that([&] { return connect_to(listener) ? 0 : 1; });
    client.go();
    client.wait_for_end();
    const unique_fd socket = accept_from(listener);
    CHECK(ask(socket).error == error_since_6_5(0));
    client.reap();
    const plain_peer got = ask(socket);
    if (!has(feature::coredump_info)) { // Linux 6.16, too
        CHECK(got.error == error_since_6_5(ESRCH));
        return;
    }
    CHECK(got.error == 0);
    CHECK(got.pid == -ESRCH);
    CHECK(got.creds.pid == client.pid());
}

TEST_CASE("get_peer refuses a socket without a peer, and whatever is not a socket") {
    const unique_fd listener = listening_socket();
    const unique_fd receiver = bound_socket(SOCK_DGRAM);
    const unique_fd file(dup(STDIN_FILENO));
    gid_t groups[64];
    CHECK(ask(listener, groups).error == ENOTCONN);
    CHECK(ask(unix_socket(SOCK_STREAM), groups).error == error_since_6_5(ENOTCONN));
    CHECK(ask(connect_to(receiver), groups).error == error_since_6_5(ENOTCONN));
    CHECK(ask(unique_fd(), groups).error == EBADF);
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const unique_fd reader(ends[0]);
    const unique_fd writer(ends[1]);
    CHECK(ask(reader, groups).error == ENOTSOCK);
}

TEST_CASE("get_peer does not take a filter's empty answer for groups or for a label") {
    if (!has(feature::peer_pidfd))
        SKIP_TEST(too_old);
    const socket_ends ends = socket_pair(SOCK_STREAM);
    for (const int option : {uapi::so_peer_groups, int{SO_PEERSEC}}) {
        CAPTURE(option);
        const auto got = isolated(on({"empty", {refused_option(option, 0)}}), [&] {
            gid_t groups[64]{};
            char label[64]{};
            const int before = open_fds();
            const int error = ask(ends.a, groups, label).error;
            return open_fds() == before ? error : -1;
        });
        REQUIRE(got);
        CHECK(*got == ENOSYS);
    }
}

TEST_CASE("a kernel that does not open peers is reported as such, and their pids are not used") {
    const auto got = errors_with({refused_option(uapi::so_peer_pidfd, ENOPROTOOPT)});
    REQUIRE(got);
    CHECK(got->of.verified == EOPNOTSUPP);
    CHECK(got->of.with_ids == EOPNOTSUPP);
    CHECK(got->of.unverified == 0);
    const socket_ends ends = socket_pair(SOCK_STREAM);
    for (const int error : {ENOPROTOOPT, EPERM, ENOSYS, 0, EINVAL, ENODATA}) {
        CAPTURE(error);
        const auto failed = isolated(
            on({"without pidfd_open",
                {refused_option(uapi::so_peer_pidfd, error), rule::killing(SYS_pidfd_open)}}),
            [&] { return !peer_pidfd(ends.a.get()) && !get_peer(ends.a.get()); });
        REQUIRE(failed);
        CHECK(*failed);
    }
}

TEST_CASE("a sandbox that refuses to name the peer is reported as such") {
    for (const int error : {EPERM, EACCES}) {
        CAPTURE(error);
        auto got = errors_with({{SYS_getsockopt, error}});
        REQUIRE(got);
        CHECK(got->of.verified == ERFKILL);
        CHECK(got->of.with_ids == ERFKILL);
        CHECK(got->of.unverified == ERFKILL);
        got = errors_with({refused_option(uapi::so_peer_pidfd, error)});
        REQUIRE(got);
        CHECK(got->of.verified == ERFKILL);
        CHECK(got->of.with_ids == ERFKILL);
        CHECK(got->of.unverified == 0);
        got = errors_with({refused_option(SO_PEERCRED, error)});
        REQUIRE(got);
        CHECK(got->of.verified == error_since_6_5(0));
        CHECK(got->of.with_ids == error_since_6_5(ERFKILL));
        CHECK(got->of.unverified == ERFKILL);
        CHECK(got->same_fds);
        got = errors_with({refused_option(uapi::so_peer_groups, error)});
        REQUIRE(got);
        CHECK(got->of.with_ids == error_since_6_5(ERFKILL));
        CHECK(got->same_fds);
        got = errors_with({{SYS_pidfd_open, error}});
        REQUIRE(got);
        CHECK(got->of.with_ids == error_since_6_5(0));
        CHECK(got->of.unverified == ERFKILL);
    }
    const auto got = errors_with({{SYS_pidfd_open, ENOSYS}});
    REQUIRE(got);
    CHECK(got->of.unverified == ENOSYS);
}

TEST_CASE("a filter's empty answer is not taken for a peer") {
    for (const int option : {uapi::so_peer_pidfd, int{SO_PEERCRED}, int{SO_ACCEPTCONN}}) {
        CAPTURE(option);
        const auto got = errors_with({refused_option(option, 0)});
        REQUIRE(got);
        if (option == SO_PEERCRED)
            CHECK(got->of.verified == error_since_6_5(0));
        else
            CHECK(got->of.verified == ENOSYS);
        CHECK((got->of.with_ids == ENOSYS || got->of.with_ids == error_since_6_5(ENOSYS)));
        CHECK(got->of.unverified == (option == uapi::so_peer_pidfd ? 0 : ENOSYS));
        CHECK(got->same_fds);
    }
}

TEST_CASE("without a free file descriptor a peer cannot be opened, and nothing leaks") {
    const socket_ends ends = socket_pair(SOCK_STREAM);
    struct facts {
        errors full;
        errors with_one;
        bool leaked;
    };
    surroundings around;
    around.file_limit = 64;
    const auto got = isolated(around, [&] {
        facts f{};
        fill_fds(0);
        const int before = open_fds();
        f.full = errors_of(ends.a.get());
        f.leaked = open_fds() != before;
        close(63);
        f.with_one = errors_of(ends.a.get());
        f.leaked = f.leaked || open_fds() != before - 1;
        return f;
    });
    REQUIRE(got);
    CHECK(got->full.verified == error_since_6_5(EMFILE));
    CHECK(got->full.with_ids == error_since_6_5(EMFILE));
    CHECK(got->full.unverified == EMFILE);
    CHECK(got->with_one.verified == error_since_6_5(0));
    CHECK(got->with_one.with_ids == error_since_6_5(0));
    CHECK(got->with_one.unverified == 0);
    CHECK_FALSE(got->leaked);
}
