// SPDX-License-Identifier: MIT
// Every operation on a path that needs more file descriptors than are left.
#include "support/answers.hpp"
#include "support/fds.hpp"
#include "support/nested.hpp"
#include "support/operations.hpp"

#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr int limit = 100;
constexpr int most_needed = 6; // as the docs of the operations say, before Linux 5.8
constexpr int most_needed_to_try = most_needed + 1; // as the docs of answering_path say
constexpr int most_left = most_needed_to_try + 1;

/// Uses up all file descriptors except `left` of them.
class crowd {
public:
    explicit crowd(int left) {
        while (size_ < limit && (fds_[size_] = dup(0)) >= 0)
            ++size_;
        while (left-- > 0 && size_ > 0)
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

/// The errnos of a query with each number of file descriptors left.
struct outcomes {
    int errors[most_left + 1];
    bool leaked;
};

template <class Query>
outcomes ask_with_few_fds(Query query) {
    outcomes result{};
    for (int left = 0; left <= most_left; ++left) {
        const crowd others(left);
        const int before = open_fds();
        result.errors[left] = query();
        result.leaked = result.leaked || open_fds() != before;
    }
    return result;
}

/// Whether the query fails with EMFILE while too few are left, and answers from then on.
void check(const outcomes& got, int answer, int needed = most_needed) {
    CHECK_FALSE(got.leaked);
    CHECK(got.errors[most_left] == answer);
    int left = 0;
    while (left < most_left && got.errors[left] == EMFILE)
        ++left;
    CHECK(left <= needed);
    for (; left <= most_left; ++left) {
        CAPTURE(left);
        CHECK(got.errors[left] == answer);
    }
}

/// The errno of get_cgroupid, for a cgroup that get_info left out.
int error_of_cgroup_in_info(int fd) {
    const auto info = pidfd_view(fd).get_info();
    if (!info)
        return info.error().value();
    return info->cgroupid ? 0 : EOPNOTSUPP;
}

struct facts {
    by_operation<outcomes> of;
    outcomes info, cgroupid, cgroupid_of_info;
};

bool is_asked(const operation_row& o) {
    return o.harmless() && !o.enters;
}

/// A query that has an answer on every kernel.
bool has_answer(const operation_row& o) {
    return o.proc == proc_use::fallback && !o.finds_cgroup && !o.needs_namespace;
}

facts ask_all(int fd) {
    facts f{};
    for (const operation_row* o : operations_that(is_asked))
        f.of[*o] = ask_with_few_fds([&] { return attempt(*o, pidfd_view(fd)); });
    f.info = ask_with_few_fds([=] { return ask(fd, &pidfd_view::get_info).error; });
    f.cgroupid = ask_with_few_fds([=] { return ask(fd, &pidfd_view::get_cgroupid).error; });
    f.cgroupid_of_info = ask_with_few_fds([=] { return error_of_cgroup_in_info(fd); });
    return f;
}

surroundings crowded(const profile& kernel) {
    surroundings around = on(kernel);
    around.file_limit = limit;
    return around;
}

int errno_with_most(const outcomes& t) {
    return t.errors[most_left];
}

} // namespace

TEST_CASE("with too few file descriptors left, an operation fails with EMFILE, leaks none, and "
          "works later") {
    const test_child alive = test_child::running();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated(crowded(kernel), [&] { return ask_all(alive.fd().fd()); });
        REQUIRE(got);
        check(got->info, 0);
        check(got->cgroupid_of_info, errno_with_most(got->cgroupid) == 0 ? 0 : EOPNOTSUPP);
        const bool by_proc = !kernel.rules.empty() || !has(feature::info_ioctl);
        for (const operation_row* o : operations_that(is_asked)) {
            const outcomes& of = got->of[*o];
            CAPTURE(o->name, of.errors[0], errno_with_most(of));
            check(of, has_answer(*o) ? 0 : errno_with_most(of));
            if (o->needs_namespace)
                CHECK((of.errors[0] == EMFILE || of.errors[0] == errno_with_most(of)));
            else if (o->proc == proc_use::fallback)
                CHECK(of.errors[0] == (by_proc ? EMFILE : 0));
        }
    }
}

TEST_CASE(
    "with too few file descriptors left, a process that has ended is not reported as living") {
    const test_child zombie = test_child::zombie();
    const test_child gone = test_child::reaped();
    for (const profile& kernel : all_profiles()) {
        if (cannot_see_reaping(kernel))
            continue;
        const auto of_zombie = isolated(crowded(kernel), [&] { return ask_all(zombie.fd().fd()); });
        REQUIRE(of_zombie);
        const auto of_gone = isolated(crowded(kernel), [&] { return ask_all(gone.fd().fd()); });
        REQUIRE(of_gone);
        for (const operation_row* o : operations_that(is_asked)) {
            CAPTURE(kernel.name, o->name);
            if (o->proc != proc_use::fallback)
                continue;
            if (has_answer(*o))
                check(of_zombie->of[*o], 0);
            else if (o->needs_namespace)
                check(of_zombie->of[*o], ESRCH);
            check(of_gone->of[*o], ESRCH);
        }
        CAPTURE(kernel.name);
        check(of_zombie->info, 0);
    }
}

TEST_CASE("with too few file descriptors left, pids are not translated between namespaces") {
    surroundings around = in_pid_namespace(""); // and the outer /proc stays
    around.kernel = linux_5_10();
    around.file_limit = limit;
    const auto got = isolated(around, [] { return ask_all(make_child().fd); });
    if (!got)
        SKIP_TEST(got.missing);
    check(got->info, 0);
    for (const operation_row* o : operations_that(has_answer)) {
        CAPTURE(o->name);
        check(got->of[*o], 0);
        CHECK(got->of[*o].errors[0] == EMFILE);
    }
}

TEST_CASE(
    "availability_of and answering_path report that no file descriptor is left, and leak none") {
    struct facts {
        outcomes features[std::size(all_features)];
        outcomes operations[std::size(all_operations)];
    };
    const auto got = isolated(crowded(native()), [] {
        facts f{};
        int i = 0;
        for (const feature each : all_features)
            f.features[i++] = ask_with_few_fds([=] {
                const auto found = availability_of(each);
                return found ? 0 : found.error().value();
            });
        i = 0;
        for (const operation each : all_operations)
            f.operations[i++] = ask_with_few_fds([=] {
                const auto path = answering_path(each);
                return path ? 0 : path.error().value();
            });
        return f;
    });
    REQUIRE(got);
    int i = 0;
    for (const feature each : all_features) {
        CAPTURE(to_string(each));
        check(got->features[i++], 0, most_needed_to_try);
    }
    i = 0;
    for (const operation each : all_operations) {
        CAPTURE(to_string(each));
        check(got->operations[i], errno_with_most(got->operations[i]), most_needed_to_try);
        ++i;
    }
}
