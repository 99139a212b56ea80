// SPDX-License-Identifier: MIT
// Calls a query and stores the result as plain data, which an isolated child can return. Also has
// the checks that all queries share.
#ifndef PIDFD_UTIL_TEST_ANSWERS_HPP
#define PIDFD_UTIL_TEST_ANSWERS_HPP

#include "catch.hpp"
#include "isolated.hpp"
#include "processes.hpp"

#include <pidfd_util/features.hpp>
#include <pidfd_util/pidfd.hpp>

#include <cerrno>
#include <limits>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace support {

/// Whether this kernel has ids of processes.
inline bool has_ids() {
    return pidfd_util::pidfd::from_self()->get_id().has_value();
}

/// The outcome of a query.
template <class T>
struct answer {
    T value;
    int error; // 0 where there is a value
    pidfd_util::answer_path path;
};

/// A query of `pidfd_view`.
template <class T>
using question = pidfd_util::expected<T> (pidfd_util::pidfd_operations::*)(
    pidfd_util::answer_path*) const noexcept;

template <class T>
answer<T> ask(int fd, question<T> query) {
    pidfd_util::answer_path path{};
    const auto got = (pidfd_util::pidfd_view(fd).*query)(&path);
    return {got.value_or(T{}), got ? 0 : got.error().value(), path};
}

template <class T>
outcome<answer<T>> ask_in(const surroundings& around, int fd, question<T> query) {
    return isolated(around, [=] { return ask(fd, query); });
}

/// The function runs as the first process of a pid namespace, without rules. An unprivileged caller
/// also gets a user namespace, which allows it to make the pid namespace.
surroundings in_pid_namespace(const char* proc);
/// With another file system in the place of /proc.
surroundings with_proc(const char* proc);

/// Whether the kernel that the test runs on has the feature.
bool has(pidfd_util::feature f);

/// Whether fdinfo of a pidfd shows that the process was reaped: Linux 5.5. Before, only signal 0
/// shows it, and not from another pid namespace.
bool fdinfo_shows_reaping();
/// Whether there is no way, on this kernel and in this sandbox, to find out whether a process that
/// has ended was reaped.
bool cannot_see_reaping(const profile& kernel);
/// The answer of a path through /proc about a process that has ended, if it is `error` elsewhere.
int if_ended(const profile& kernel, int error);
/// Its answer about a reaped process of a foreign pid namespace.
int if_reaped_elsewhere(const profile& kernel);

/// A kernel or sandbox on which PIDFD_GET_INFO returns this errno, and everything else works.
profile info_refused(const char* name, int error);
/// Profiles with each errno that means that the ioctl cannot be used.
std::vector<profile> without_info();

template <class T>
void check_reaped(question<T> query) {
    const test_child c = test_child::reaped();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = ask_in(on(kernel), c.fd().fd(), query);
        REQUIRE(got);
        CHECK(got->error == if_ended(kernel, ESRCH));
        CHECK(got->path == pidfd_util::answer_path::none);
    }
}

/// Queries processes outside of the caller's pid namespace, and in a sibling of it.
template <class T>
void check_foreign(question<T> query) {
    const test_child gone = test_child::reaped();
    for (const profile& kernel : all_profiles()) {
        for (const char* proc : {"", "fresh"}) {
            surroundings around = in_pid_namespace(proc);
            around.kernel = kernel;
            for (const subject& s : living()) {
                CAPTURE(kernel.name, proc, s.name);
                const auto got = ask_in(around, s.fd, query);
                if (!got)
                    SKIP_TEST(got.missing);
                // The process in the sibling namespace has a number at the same depth. Only
                // pidfd_open, which a sandbox refuses, can show that it is another process.
                if (around.proc.empty() && s.name == "a process in a child pid namespace" &&
                    kernel.refuses_pidfd_open()) {
                    CHECK((got->error == ERFKILL || got->error == EOPNOTSUPP));
                    continue;
                }
                CHECK(got->error == EREMOTE);
            }
            CAPTURE(kernel.name, proc);
            const auto got = ask_in(around, gone.fd().fd(), query);
            REQUIRE(got);
            // Before Linux 5.5 a /proc that does not show the process never shows that it was
            // reaped.
            if (!fdinfo_shows_reaping() && around.proc == "fresh")
                CHECK(got->error == EREMOTE);
            else
                CHECK(got->error == if_reaped_elsewhere(kernel));
        }
    }
}

template <class T>
void check_impostors(question<T> query, const std::string& but = {}) {
    std::vector<subject> all;
    for (subject& s : impostors())
        if (s.name != but)
            all.push_back(std::move(s));
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : all) {
            CAPTURE(kernel.name, s.name);
            const auto got = ask_in(on(kernel), s.fd, query);
            REQUIRE(got);
            CHECK(got->error == EBADFD);
        }
        // A sandbox without /proc leaves no way to recognize a pidfd.
        if (!kernel.refuses_pidfd_open()) {
            surroundings without_proc = with_proc("none");
            without_proc.kernel = kernel;
            for (const subject& s : all) {
                CAPTURE(kernel.name, s.name);
                const auto got = ask_in(without_proc, s.fd, query);
                if (!got)
                    SKIP_TEST(got.missing);
                CHECK(got->error == EBADFD);
            }
        }
        for (const int closed : {-1, 9999, std::numeric_limits<int>::min()}) {
            CAPTURE(kernel.name, closed);
            const auto got = ask_in(on(kernel), closed, query);
            REQUIRE(got);
            CHECK(got->error == EBADF);
        }
    }
}

/// Where no path is left: with no ioctl and no /proc.
template <class T>
void check_without_proc(question<T> query) {
    const test_child c = test_child::running();
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        surroundings around = with_proc("none");
        around.kernel = kernel;
        const auto got = ask_in(around, c.fd().fd(), query);
        if (!got)
            SKIP_TEST(got.missing);
        if (kernel.rules.empty() && has(pidfd_util::feature::info_ioctl))
            CHECK(got->error == 0);
        else
            CHECK(got->error == (kernel.forbids() ? ERFKILL : EOPNOTSUPP));
    }
}

/// Where /proc hides the process from the caller, and there is no ioctl.
template <class T>
void check_hidden(question<T> query) {
    const test_child c = test_child::running();
    surroundings around = on(linux_5_10());
    around.proc = "hidepid=2";
    around.uid = 65534;
    const auto got = ask_in(around, c.fd().fd(), query);
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->error == EACCES);
}

} // namespace support

#endif
