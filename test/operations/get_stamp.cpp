// SPDX-License-Identifier: MIT
// get_stamp and from_stamp.
#include "support/answers.hpp"
#include "support/boot.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/nested.hpp"
#include "support/time_namespace.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct stamped {
    int error;
    process_stamp stamp;
};

stamped ask_stamp(int fd) {
    const auto got = pidfd_view(fd).get_stamp();
    return {error_of(got), got.value_or(process_stamp{})};
}

struct found {
    int error;
    pid_t pid;
    bool cloexec;
};

found open_stamp(const process_stamp& stamp) {
    const auto opened = pidfd::from_stamp(stamp);
    if (!opened)
        return {error_of(opened), 0, false};
    return {0, opened->get_pid().value_or(-1), has_cloexec(opened->fd())};
}

/// Kernels on which /proc answers.
std::vector<profile> kernels() {
    return {native(), linux_6_12(), linux_5_10(), linux_5_4()};
}

std::int64_t tick() {
    return second / sysconf(_SC_CLK_TCK);
}

std::uint64_t own_pid_namespace() {
    struct stat st {};
    return stat("/proc/self/ns/pid", &st) == 0 ? st.st_ino : 0;
}

/// The stamp of a living process. Skips the test where there can be none.
process_stamp stamp_of(const test_child& c) {
    if (!boot_id_is_readable())
        skip_at_once(no_boot_id);
    const stamped got = ask_stamp(c.fd().fd());
    REQUIRE(got.error == 0);
    return got.stamp;
}

/// The answer inside of a shifted time namespace.
stamped stamp_in_shifted_time(std::int64_t shift, const test_child& c) {
    const auto got = isolated(with_clocks(), [&] {
        return in_shifted_time(shift, [&] { return ask_stamp(c.fd().fd()); });
    });
    if (!got)
        skip_at_once(got.missing);
    if (!*got)
        skip_at_once(no_time_namespace);
    return **got;
}

/// Before Linux 5.11, /proc does not shift the starts.
void check_same(const stamped& inside, const process_stamp& outside) {
    if (!starts_follow_clock()) {
        CHECK(inside.error == EOPNOTSUPP);
        return;
    }
    CHECK(inside.error == 0);
    CHECK(inside.stamp == outside);
}

} // namespace

TEST_CASE("get_stamp returns the boot id, the pid, its namespace and the start in clock ticks") {
    const std::int64_t before = clock_of_boot() / tick();
    const test_child c = test_child::running();
    const std::int64_t after = clock_of_boot() / tick();
    const process_stamp stamp = stamp_of(c);
    CHECK(stamp.boot == *get_boot_id());
    CHECK(stamp.pid == c.pid());
    CHECK(stamp.pid_namespace == own_pid_namespace());
    CHECK(stamp.start >= static_cast<std::uint64_t>(before));
    CHECK(stamp.start <= static_cast<std::uint64_t>(after));
    const auto text = to_text(stamp);
    CHECK((parse_process_stamp(text) == stamp));
}

TEST_CASE("from_stamp opens every living process again, by whatever kernel made the stamp") {
    stamp_of(test_child::running());
    for (const subject& s : living()) {
        const stamped here = ask_stamp(s.fd);
        REQUIRE(here.error == 0);
        CHECK(here.stamp.pid == s.pid);
        for (const profile& kernel : kernels()) {
            CAPTURE(kernel.name, s.name);
            const auto stamp = isolated(on(kernel), [&] { return ask_stamp(s.fd); });
            const auto got = isolated(on(kernel), [&] { return open_stamp(here.stamp); });
            REQUIRE((stamp && got));
            CHECK(stamp->error == 0);
            CHECK(stamp->stamp == here.stamp);
            if (s.name == "a thread" && kernel.name != native().name &&
                kernel.name != linux_6_12().name) {
                CHECK(got->error == EOPNOTSUPP); // no PIDFD_THREAD
                continue;
            }
            CHECK(got->error == 0);
            CHECK(got->pid == s.pid);
            CHECK(got->cloexec);
        }
    }
}

TEST_CASE("from_stamp of a stamp that differs in any part does not open the process") {
    const test_child c = test_child::running();
    const process_stamp good = stamp_of(c);
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const auto check_error = [&](const process_stamp& stamp, int error) {
            const auto got = isolated(on(kernel), [&] { return open_stamp(stamp).error; });
            REQUIRE(got);
            CHECK(*got == error);
        };
        process_stamp other = good;
        other.boot.bytes[9] ^= 1;
        check_error(other, ESTALE);
        for (const std::uint64_t start : {good.start - 1, good.start + 1, std::uint64_t{0},
                                          std::numeric_limits<std::uint64_t>::max()}) {
            other = good;
            other.start = start;
            check_error(other, ESRCH);
        }
        other = good;
        other.pid = std::numeric_limits<pid_t>::max();
        check_error(other, ESRCH);
        // A stamp of another namespace says nothing about a process here, or that there is none.
        ++other.pid_namespace;
        check_error(other, EREMOTE);
        other.pid = good.pid;
        check_error(other, EREMOTE);
        for (const pid_t pid : {0, -1, std::numeric_limits<pid_t>::min()}) {
            other = good;
            other.pid = pid;
            check_error(other, EINVAL);
        }
        check_error(good, 0);
    }
}

TEST_CASE("a zombie has the stamp that it had, and a reaped process has none") {
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        test_child c = test_child::running();
        const process_stamp alive = stamp_of(c);
        (void)c.fd().kill();
        c.wait_for_end();
        const auto zombie = isolated(on(kernel), [&] { return ask_stamp(c.fd().fd()); });
        const auto opened = isolated(on(kernel), [&] { return open_stamp(alive); });
        c.reap();
        const auto reaped = isolated(on(kernel), [&] { return ask_stamp(c.fd().fd()).error; });
        const auto gone = isolated(on(kernel), [&] { return open_stamp(alive).error; });
        REQUIRE((zombie && opened && reaped && gone));
        CHECK(zombie->error == 0);
        CHECK(zombie->stamp == alive);
        CHECK(opened->error == 0);
        CHECK(*reaped == ESRCH);
        CHECK(*gone == ESRCH);
    }
}

TEST_CASE("from_stamp does not open the next owner of a pid") {
    struct result {
        bool reused;
        bool differs;
        int by_old;
        pid_t by_own;
    };
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        const auto got = isolated(in_pid_namespace("fresh"), [&]() -> result {
            const relative old = make_child();
            const stamped before = ask_stamp(old.fd);
            kill_made(old.pid);
            waitpid(old.pid, nullptr, 0);
            // Within the same clock tick the stamps would be equal, as process_stamp documents.
            pass(clock_of_boot() + 2 * tick());
            const pid_t heir = fork_sleeper_with_pid(old.pid);
            if (heir != old.pid || before.error != 0 || !install(kernel.rules))
                return {};
            const stamped after = ask_stamp(pidfd::from_pid(heir)->fd());
            const bool differs = ask_stamp(old.fd).error == ESRCH;
            return {true, differs, open_stamp(before.stamp).error, after.stamp.pid};
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->reused)
            SKIP_TEST(no_chosen_pid);
        CHECK(got->differs);
        CHECK(got->by_old == ESRCH);
    }
}

TEST_CASE("a stamp of another pid namespace is foreign, and so is a process without a pid here") {
    const test_child c = test_child::running();
    const process_stamp outside = stamp_of(c);
    struct result {
        int of_foreign;
        int by_foreign;
        int by_foreign_first; // with the pid of a process of this namespace
        stamped own;
    };
    for (const profile& kernel : kernels())
        for (const char* proc : {"", "fresh"}) {
            CAPTURE(kernel.name, proc);
            surroundings inside = in_pid_namespace(proc);
            inside.kernel = kernel;
            const auto got = isolated(inside, [&] {
                process_stamp first = outside;
                first.pid = 1;
                return result{ask_stamp(c.fd().fd()).error, open_stamp(outside).error,
                              open_stamp(first).error, ask_stamp(pidfd::from_self()->fd())};
            });
            if (!got)
                SKIP_TEST(got.missing);
            CHECK(got->of_foreign == EREMOTE);
            CHECK(got->by_foreign == EREMOTE);
            CHECK(got->by_foreign_first == EREMOTE);
            CHECK(got->own.error == 0);
            CHECK(got->own.stamp.pid == 1);
            CHECK(got->own.stamp.pid_namespace != outside.pid_namespace);
            CHECK(open_stamp(got->own.stamp).error == EREMOTE);
        }
}

TEST_CASE("get_stamp is the same in a time namespace that is shifted by whole clock ticks") {
    const test_child c = test_child::running();
    const process_stamp outside = stamp_of(c);
    for (const std::int64_t shift :
         {1000 * second, second, second / 100, 1000 * second + second / 50}) {
        CAPTURE(shift);
        check_same(stamp_in_shifted_time(shift, c), outside);
    }
}

TEST_CASE("get_stamp is the same in a time namespace that is behind") {
    // The clock of boot must stay positive, and so must the start.
    const std::int64_t shift = -second / 2;
    pass(second);
    const test_child c = test_child::running();
    const process_stamp outside = stamp_of(c);
    check_same(stamp_in_shifted_time(shift, c), outside);
}

TEST_CASE("get_stamp is unsupported where a time namespace is shifted by a part of a clock tick") {
    const test_child c = test_child::running();
    stamp_of(c);
    for (const std::int64_t shift : {1000 * second + 1, second / 200, second - 1}) {
        CAPTURE(shift);
        const stamped inside = stamp_in_shifted_time(shift, c);
        CHECK(inside.error == EOPNOTSUPP);
    }
}

TEST_CASE("get_stamp is never wrong in a process that has unshared its time namespace") {
    struct result {
        bool unshared;
        stamped get;
        int open;
    };
    const test_child c = test_child::running();
    const process_stamp stamp = stamp_of(c);
    const auto unshare_and_ask = [&]() -> result {
        if (!unshare_time(2000 * second))
            return {};
        return {true, ask_stamp(c.fd().fd()), open_stamp(stamp).error};
    };
    // The process itself stays in the first namespace, which has no offsets.
    const auto in_first = isolated(with_clocks(), unshare_and_ask);
    // The offsets of the namespace that the process is in are no longer shown.
    const auto in_second =
        isolated(with_clocks(), [&] { return in_shifted_time(1000 * second, unshare_and_ask); });
    if (!in_first || !in_second)
        SKIP_TEST(in_first.missing + in_second.missing);
    if (!in_first->unshared || !*in_second || !(*in_second)->unshared)
        SKIP_TEST(no_time_namespace);
    CHECK(in_first->get.error == 0);
    CHECK(in_first->get.stamp == stamp);
    CHECK(in_first->open == 0);
    CHECK((*in_second)->get.error == EOPNOTSUPP);
    CHECK((*in_second)->open == EOPNOTSUPP);
}

TEST_CASE("get_stamp returns the same stamp in every thread of the caller") {
    struct result {
        stamped main;
        stamped thread;
        stamped with_unshared_thread;
    };
    const test_child c = test_child::running();
    const process_stamp outside = stamp_of(c);
    const auto got = isolated(with_clocks(), [&] {
        return in_shifted_time(1000 * second, [&] {
            result r{};
            r.main = ask_stamp(c.fd().fd());
            std::thread([&] { r.thread = ask_stamp(c.fd().fd()); }).join();
            // Only the children of that thread are in another namespace.
            std::thread([&] {
                (void)!unshare(new_time_namespace);
                r.with_unshared_thread = ask_stamp(c.fd().fd());
            }).join();
            return r;
        });
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!*got)
        SKIP_TEST(no_time_namespace);
    check_same((*got)->main, outside);
    check_same((*got)->thread, outside);
    check_same((*got)->with_unshared_thread, outside);
}

TEST_CASE("get_stamp is unsupported without /proc and without the boot id") {
    const test_child c = test_child::running();
    for (const char* proc : {"none", "subset=pid"}) {
        CAPTURE(proc);
        const auto got = isolated(with_proc(proc), [&] { return ask_stamp(c.fd().fd()).error; });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(*got == EOPNOTSUPP);
    }
}

TEST_CASE("get_stamp of a process that is hidden from the caller is denied") {
    const test_child c = test_child::running();
    surroundings around;
    around.proc = "hidepid=2";
    around.uid = 65534;
    const auto got = isolated(around, [&] { return ask_stamp(c.fd().fd()).error; });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(*got == EACCES);
}

TEST_CASE("get_stamp refuses what is not a pidfd") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : impostors()) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] { return ask_stamp(s.fd).error; });
            REQUIRE(got);
            CHECK(*got == EBADFD);
        }
        for (const int closed : {-1, 9999}) {
            const auto got = isolated(on(kernel), [&] { return ask_stamp(closed).error; });
            REQUIRE(got);
            CHECK(*got == EBADF);
        }
    }
}
