// SPDX-License-Identifier: MIT
// Every query with too few file descriptors left for the path that it takes.
#include "support/answers.hpp"
#include "support/nested.hpp"

#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr int limit = 100;
constexpr int most_needed = 6; // as the docs of the operations say, before Linux 5.8
constexpr int most_room = most_needed + 2;

/// Without one of its own, which count_fds needs.
int open_below_limit() {
    int count = 0;
    for (int fd = 0; fd < limit; ++fd)
        if (fcntl(fd, F_GETFD) >= 0)
            ++count;
    return count;
}

/// Takes every file descriptor but `room` of them.
class crowd {
public:
    explicit crowd(int room) {
        while (size_ < limit && (fds_[size_] = dup(0)) >= 0)
            ++size_;
        while (room-- > 0 && size_ > 0)
            close(fds_[--size_]);
    }
    crowd(const crowd&) = delete;
    crowd& operator=(const crowd&) = delete;
    ~crowd() {
        while (size_ > 0)
            close(fds_[--size_]);
    }

private:
    int fds_[limit] = {};
    int size_ = 0;
};

/// What a query said with each number of file descriptors left.
struct told {
    int errors[most_room + 1];
    bool leaked;
};

template <class Query>
told ask_with_little_room(Query query) {
    told result{};
    for (int room = 0; room <= most_room; ++room) {
        const crowd others(room);
        const int before = open_below_limit();
        result.errors[room] = query();
        result.leaked = result.leaked || open_below_limit() != before;
    }
    return result;
}

/// EMFILE for as long as there is too little room, and the answer from then on.
void check(const told& got, int answer) {
    CHECK_FALSE(got.leaked);
    CHECK(got.errors[most_room] == answer);
    int room = 0;
    while (room < most_room && got.errors[room] == EMFILE)
        ++room;
    CHECK(room <= most_needed);
    for (; room <= most_room; ++room) {
        CAPTURE(room);
        CHECK(got.errors[room] == answer);
    }
}

struct queries {
    told pid, ppid, id, creds, cgroupid, info, cgroupid_of_info, uts, user;
};

/// As get_cgroupid has it, for a cgroup that get_info left out.
int error_of_cgroup_in_info(int fd) {
    const auto info = pidfd_view(fd).get_info();
    if (!info)
        return info.error().value();
    return info->cgroupid ? 0 : EOPNOTSUPP;
}

queries ask_all(int fd) {
    const auto namespace_error = [=](namespace_type type) {
        const auto ns = pidfd_view(fd).get_namespace(type);
        return ns ? 0 : ns.error().value();
    };
    return {
        ask_with_little_room([=] { return ask(fd, &pidfd_view::get_pid).error; }),
        ask_with_little_room([=] { return ask(fd, &pidfd_view::get_ppid).error; }),
        ask_with_little_room([=] { return ask(fd, &pidfd_view::get_id).error; }),
        ask_with_little_room([=] { return ask(fd, &pidfd_view::get_creds).error; }),
        ask_with_little_room([=] { return ask(fd, &pidfd_view::get_cgroupid).error; }),
        ask_with_little_room([=] { return ask(fd, &pidfd_view::get_info).error; }),
        ask_with_little_room([=] { return error_of_cgroup_in_info(fd); }),
        ask_with_little_room([=] { return namespace_error(namespace_type::uts); }),
        ask_with_little_room([=] { return namespace_error(namespace_type::user); }),
    };
}

surroundings crowded(const profile& kernel) {
    surroundings around = on(kernel);
    around.file_limit = limit;
    return around;
}

int unless_little_room(const told& t) {
    return t.errors[most_room];
}

} // namespace

TEST_CASE("with too few file descriptors left, a query says so, leaks none, and answers later") {
    const test_child alive = test_child::running();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(crowded(kernel), [&] { return ask_all(alive.fd().fd()); });
        REQUIRE(got);
        check(got->pid, 0);
        check(got->ppid, 0);
        check(got->id, unless_little_room(got->id));
        check(got->creds, 0);
        check(got->cgroupid, unless_little_room(got->cgroupid));
        check(got->info, 0);
        check(got->cgroupid_of_info, unless_little_room(got->cgroupid) == 0 ? 0 : EOPNOTSUPP);
        check(got->uts, 0);
        check(got->user, 0);
        const bool by_proc = !kernel.rules.empty() || !has(feature::info_ioctl);
        CHECK(got->pid.errors[0] == (by_proc ? EMFILE : 0));
        CHECK(got->ppid.errors[0] == (by_proc ? EMFILE : 0));
        CHECK(got->creds.errors[0] == (by_proc ? EMFILE : 0));
        CHECK(got->cgroupid.errors[0] == (by_proc ? EMFILE : 0));
        CHECK(got->info.errors[0] == (by_proc ? EMFILE : 0));
        CHECK(got->uts.errors[0] == EMFILE);
    }
}

TEST_CASE("with too few file descriptors left, a process that has ended is not said to live") {
    const test_child zombie = test_child::zombie();
    const test_child gone = test_child::reaped();
    for (const profile& kernel : all_profiles()) {
        if (cannot_see_reaping(kernel))
            continue;
        CAPTURE(kernel.name);
        const auto of_zombie = isolated(crowded(kernel), [&] { return ask_all(zombie.fd().fd()); });
        REQUIRE(of_zombie);
        check(of_zombie->ppid, 0);
        check(of_zombie->creds, 0);
        check(of_zombie->info, 0);
        check(of_zombie->uts, ESRCH);
        check(of_zombie->user, ESRCH);
        const auto of_gone = isolated(crowded(kernel), [&] { return ask_all(gone.fd().fd()); });
        REQUIRE(of_gone);
        check(of_gone->pid, ESRCH);
        check(of_gone->ppid, ESRCH);
        check(of_gone->creds, ESRCH);
        check(of_gone->cgroupid, ESRCH);
        check(of_gone->info, ESRCH);
        check(of_gone->user, ESRCH);
    }
}

TEST_CASE("with too few file descriptors left, pids are not translated between namespaces") {
    surroundings around = in_pid_namespace(""); // and the outer /proc stays
    around.kernel = linux_5_10();
    around.file_limit = limit;
    const auto got = isolated(around, [] { return ask_all(make_child().fd); });
    if (!got)
        SKIP_TEST(got.missing);
    check(got->pid, 0);
    check(got->ppid, 0);
    check(got->creds, 0);
    check(got->info, 0);
    CHECK(got->pid.errors[0] == EMFILE);
    CHECK(got->ppid.errors[0] == EMFILE);
}

TEST_CASE("query and answering_path say that no file descriptor is left, and leak none") {
    struct facts {
        told features[sizeof all_features / sizeof *all_features];
        told operations[sizeof all_operations / sizeof *all_operations];
    };
    const auto got = isolated(crowded(native()), [] {
        facts f{};
        int i = 0;
        for (const feature each : all_features)
            f.features[i++] = ask_with_little_room([=] {
                const auto found = query(each);
                return found ? 0 : found.error().value();
            });
        i = 0;
        for (const operation each : all_operations)
            f.operations[i++] = ask_with_little_room([=] {
                const auto path = answering_path(each);
                return path ? 0 : path.error().value();
            });
        return f;
    });
    REQUIRE(got);
    int i = 0;
    for (const feature each : all_features) {
        CAPTURE(to_string(each));
        check(got->features[i++], 0);
    }
    i = 0;
    for (const operation each : all_operations) {
        CAPTURE(to_string(each));
        check(got->operations[i], unless_little_room(got->operations[i]));
        ++i;
    }
}
