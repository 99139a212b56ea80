// SPDX-License-Identifier: MIT
// What the queries of facts.hpp have in common: which processes they answer about, and their errors.
#include "support/answers.hpp"
#include "support/fact_questions.hpp"
#include "support/fds.hpp"

#include <cerrno>
#include <sys/prctl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

void check_all(const fact_errors& got, int error) {
    for (std::size_t i = 0; i < fact_count; ++i) {
        CAPTURE(fact_questions[i].name);
        CHECK(got.of[i] == error);
    }
}

/// Kernels on which /proc answers.
std::vector<profile> kernels_with_proc() {
    return {native(), linux_6_12(), linux_5_10(), linux_5_4()};
}

} // namespace

TEST_CASE("facts are returned about every living process that /proc shows") {
    const std::vector<subject> all = living();
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : all) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] { return ask_facts(s.fd); });
            REQUIRE(got);
            for (std::size_t i = 0; i < fact_count; ++i) {
                CAPTURE(fact_questions[i].name);
                if (!fact_questions[i].of_file)
                    CHECK(got->of[i] == 0);
                else if (s.name == "a kernel thread")
                    CHECK((got->of[i] == 0 || got->of[i] == ENOENT || got->of[i] == EACCES));
                else // another user's
                    CHECK((got->of[i] == 0 || (geteuid() != 0 && got->of[i] == EACCES)));
            }
        }
    }
}

TEST_CASE("a process that has ended has facts, but no files, until it is reaped") {
    for (const profile& kernel : kernels_with_proc()) {
        CAPTURE(kernel.name);
        test_child c = test_child::zombie();
        const auto zombie = isolated(on(kernel), [&] { return ask_facts(c.fd().fd()); });
        c.reap();
        const auto reaped = isolated(on(kernel), [&] { return ask_facts(c.fd().fd()); });
        REQUIRE((zombie && reaped));
        for (std::size_t i = 0; i < fact_count; ++i) {
            CAPTURE(fact_questions[i].name);
            CHECK(zombie->of[i] == (fact_questions[i].of_file ? ESRCH : 0));
        }
        check_all(*reaped, ESRCH);
    }
}

TEST_CASE("facts about a process that this /proc does not show are foreign") {
    const test_child c = test_child::running();
    const auto fresh = isolated(in_pid_namespace("fresh"), [&] { return ask_facts(c.fd().fd()); });
    const auto outer = isolated(in_pid_namespace(""), [&] { return ask_facts(c.fd().fd()); });
    if (!fresh || !outer)
        SKIP_TEST(fresh.missing + outer.missing);
    check_all(*fresh, EREMOTE);
    if (geteuid() == 0)
        check_all(*outer, 0);
    else // a caller in a user namespace below may not inspect it
        for (std::size_t i = 0; i < fact_count; ++i)
            if (!fact_questions[i].of_file)
                CHECK(outer->of[i] == 0);
}

TEST_CASE("facts about a process that is hidden from the caller are denied") {
    const test_child c = test_child::running();
    for (const char* hidden : {"hidepid=2", "hidepid=1"}) {
        CAPTURE(hidden);
        surroundings around;
        around.proc = hidden;
        around.uid = 65534;
        const auto got = isolated(around, [&] { return ask_facts(c.fd().fd()); });
        if (!got)
            SKIP_TEST(got.missing);
        check_all(*got, EACCES);
    }
}

TEST_CASE("facts need a /proc, and no more of it than the processes") {
    const test_child c = test_child::running();
    const auto none = isolated(with_proc("none"), [&] { return ask_facts(c.fd().fd()); });
    const auto subset = isolated(with_proc("subset=pid"), [&] { return ask_facts(c.fd().fd()); });
    if (!none || !subset)
        SKIP_TEST(none.missing + subset.missing);
    check_all(*none, EOPNOTSUPP);
    check_all(*subset, 0);
}

TEST_CASE("facts refuse a file descriptor that is not a pidfd") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] { return ask_facts(s.fd); });
            REQUIRE(got);
            check_all(*got, EBADFD);
        }
        for (const int closed : {-1, 9999}) {
            const auto got = isolated(on(kernel), [&] { return ask_facts(closed); });
            REQUIRE(got);
            check_all(*got, EBADF);
        }
    }
}

TEST_CASE("facts need five file descriptors, and leave none open if there are fewer") {
    const test_child c = test_child::running();
    struct result {
        fact_errors errors[8];
        bool leaked;
    };
    surroundings around;
    around.file_limit = 64;
    const auto got = isolated(around, [&] {
        result r{};
        for (int left = 0; left < 8; ++left) {
            fill_fds(left);
            const int before = open_fds();
            r.errors[left] = ask_facts(c.fd().fd());
            r.leaked = r.leaked || open_fds() != before;
            for (int fd = 63; fd > 50; --fd)
                close(fd);
        }
        return r;
    });
    REQUIRE(got);
    CHECK_FALSE(got->leaked);
    check_all(got->errors[0], EMFILE);
    check_all(got->errors[7], 0);
    for (const fact_errors& errors : got->errors)
        for (const int error : errors.of)
            CHECK((error == 0 || error == EMFILE));
}

TEST_CASE("facts about a process that the caller may not inspect are returned, but not its files") {
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    const test_child c = test_child::running(); // of root
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [&] {
        prctl(PR_SET_DUMPABLE, 1); // before Linux 5.14 only a dumpable caller sees its own fdinfo
        return ask_facts(c.fd().fd());
    });
    REQUIRE(got);
    for (std::size_t i = 0; i < fact_count; ++i) {
        CAPTURE(fact_questions[i].name);
        CHECK(got->of[i] == (fact_questions[i].of_file ? EACCES : 0));
    }
}
