// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/answers.hpp"
#include "support/cgroups.hpp"
#include "support/emulated.hpp"
#include "support/nested.hpp"

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct found_feature {
    int error;
    availability found;
};
struct features {
    found_feature of[std::size(all_features)];
    const found_feature& operator[](feature f) const { return of[static_cast<unsigned>(f)]; }
};

features ask_features() {
    features all{};
    for (const feature f : all_features) {
        const auto found = availability_of(f);
        all.of[static_cast<unsigned>(f)] = {found ? 0 : found.error().value(),
                                            found.value_or(availability{})};
    }
    return all;
}

struct found_path {
    int error;
    answer_path path;
};
struct paths {
    found_path of[std::size(all_operations)];
    const found_path& operator[](operation op) const { return of[static_cast<unsigned>(op)]; }
};

paths ask_paths() {
    paths all{};
    for (const operation op : all_operations) {
        const auto path = answering_path(op);
        all.of[static_cast<unsigned>(op)] = {path ? 0 : path.error().value(),
                                             path.value_or(answer_path::none)};
    }
    return all;
}

features features_on(const profile& kernel) {
    const auto got = isolated(on(kernel), ask_features);
    REQUIRE(got);
    return *got;
}

paths paths_on(const profile& kernel) {
    const auto got = isolated(on(kernel), ask_paths);
    REQUIRE(got);
    return *got;
}

void check(const found_feature& got, availability expected) {
    CHECK(got.error == 0);
    CHECK(to_string(got.found) == std::string(to_string(expected)));
}

void check(const found_path& got, answer_path expected) {
    CHECK(got.error == 0);
    CHECK(to_string(got.path) == std::string(to_string(expected)));
}

/// The release 5.10 as 1000 * 5 + 10.
int number(const char* release) {
    int major = 0;
    int minor = 0;
    REQUIRE(std::sscanf(release, "%d.%d", &major, &minor) == 2);
    return 1000 * major + minor;
}

bool under_seccomp() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.rfind("Seccomp:", 0) == 0)
            return line != "Seccomp:\t0";
    return true;
}

constexpr answer_path by_ioctl_or(bool ioctl, answer_path other) {
    return ioctl ? answer_path::ioctl : other;
}

/// Whether the profile of an older kernel takes the feature away.
bool taken(const profile& kernel, feature f) {
    const std::string name = kernel.name;
    switch (f) {
    case feature::info_ioctl:
    case feature::coredump_info:
        return !kernel.rules.empty();
    case feature::namespace_ioctl:
    case feature::thread:
    case feature::signal_scope:
        return name == "5.10" || name == "5.4";
    case feature::peer_pidfd:
    case feature::process_mrelease:
        return name == "5.10" || name == "5.4";
    case feature::pidfd_getfd:
    case feature::nonblock:
    case feature::process_madvise:
        return name == "5.4";
    default:
        return false;
    }
}

} // namespace

TEST_CASE("availability_of finds each feature from its first kernel on, and never before") {
    if (emulated())
        SKIP_TEST(in_emulator);
    if (under_seccomp())
        SKIP_TEST("the tests run in a sandbox");
    struct utsname system {};
    REQUIRE(uname(&system) == 0);
    const features found = features_on(native());
    for (const feature f : all_features) {
        CAPTURE(to_string(f), system.release);
        const char* first = first_kernel(f);
        const bool here = *first == '\0' || number(system.release) >= number(first);
        check(found[f], here ? availability::available : availability::missing);
    }
}

TEST_CASE("availability_of reports exactly the features that an older kernel lacks as missing") {
    const features here = features_on(native());
    for (const profile& kernel : {linux_5_4(), linux_5_10(), linux_6_12()}) {
        const features found = features_on(kernel);
        for (const feature f : all_features) {
            CAPTURE(kernel.name, to_string(f));
            check(found[f], taken(kernel, f) ? availability::missing : here[f].found);
        }
    }
}

TEST_CASE("availability_of distinguishes a sandbox that forbids a feature from one that imitates "
          "an older kernel") {
    for (const auto& [kernel, expected, untried] :
         {std::tuple{sandbox(EPERM), availability::forbidden, ERFKILL},
          std::tuple{sandbox(ENOSYS), availability::missing, EOPNOTSUPP}}) {
        const features found = features_on(kernel);
        for (const feature f : {feature::pidfd_send_signal, feature::pidfd_open, feature::waitid,
                                feature::pidfd_getfd, feature::nonblock, feature::thread}) {
            CAPTURE(kernel.name, to_string(f));
            check(found[f], expected);
        }
        // There is no pidfd to try these on.
        for (const feature f :
             {feature::setns, feature::pidfs, feature::signal_scope, feature::namespace_ioctl,
              feature::info_ioctl, feature::coredump_info, feature::file_handle}) {
            CAPTURE(kernel.name, to_string(f));
            CHECK(found[f].error == untried);
        }
        check(found[feature::procfs], availability::available);
    }
}

TEST_CASE("availability_of reports an ioctl as missing after ENOSYS, and as forbidden after EPERM "
          "or EACCES") {
    const profile calls[] = {info_refused("ENOSYS", ENOSYS), info_refused("EPERM", EPERM),
                             info_refused("EACCES", EACCES)};
    for (const profile& kernel : calls) {
        CAPTURE(kernel.name);
        check(features_on(kernel)[feature::info_ioctl],
              kernel.rules[0].error == ENOSYS ? availability::missing : availability::forbidden);
    }
}

TEST_CASE("availability_of distinguishes a clone3 that is missing from one that is forbidden") {
    constexpr feature clones[] = {feature::clone3, feature::clone_into_cgroup,
                                  feature::clone_autoreap, feature::clone_autokill};
    for (const int error : {ENOSYS, EPERM}) {
        const features found = features_on({"no clone3", {{SYS_clone3, error}}});
        for (const feature f : clones) {
            CAPTURE(error, to_string(f));
            check(found[f], error == ENOSYS ? availability::missing : availability::forbidden);
        }
    }
    // How Linux 5.3 to 5.6 refuses arguments that are longer than those it knows.
    check(features_on({"short clone3", {{SYS_clone3, E2BIG}}})[feature::clone_into_cgroup],
          availability::missing);
}

TEST_CASE("availability_of clone3 makes no process") {
    const auto childless = isolated({}, [] {
        ask_features();
        return waitpid(-1, nullptr, __WALL | WNOHANG) == -1 && errno == ECHILD;
    });
    REQUIRE(childless);
    CHECK(*childless);
}

TEST_CASE("availability_of procfs reports it as missing where /proc is not mounted") {
    surroundings around = with_proc("none");
    const auto got = isolated(around, ask_features);
    if (!got)
        SKIP_TEST(got.missing);
    check((*got)[feature::procfs], availability::missing);
}

TEST_CASE("availability_of procfs finds it where /proc belongs to an outer pid namespace") {
    surroundings around = in_pid_namespace("");
    const auto got = isolated(around, ask_features);
    if (!got)
        SKIP_TEST(got.missing);
    check((*got)[feature::procfs], availability::available);
}

TEST_CASE("answering_path returns the path of every operation, on every kernel") {
    for (const profile& kernel : all_profiles()) {
        if (kernel.refuses_pidfd_open())
            continue;
        const features found = features_on(kernel);
        const paths got = paths_on(kernel);
        const auto there = [&](feature f) { return found[f].found == availability::available; };
        const bool info = there(feature::info_ioctl);
        CAPTURE(kernel.name);
        check(got[operation::from_pid], answer_path::syscall);
        check(got[operation::get_pid], by_ioctl_or(info, answer_path::fdinfo));
        check(got[operation::get_ppid], by_ioctl_or(info, answer_path::procfs));
        check(got[operation::get_creds], by_ioctl_or(info, answer_path::procfs));
        check(got[operation::get_info], by_ioctl_or(info, answer_path::procfs));
        if (info || !cgroup2_mount().empty())
            check(got[operation::get_cgroupid], by_ioctl_or(info, answer_path::procfs));
        else
            CHECK(got[operation::get_cgroupid].error == EOPNOTSUPP);
        if (kernel.rules.empty() && there(feature::pidfs))
            check(got[operation::get_id], answer_path::inode);
        const bool ids = kernel.rules.empty() && there(feature::pidfs);
        if (ids) {
            check(got[operation::get_process_id], answer_path::inode);
            check(got[operation::from_id],
                  there(feature::file_handle) ? answer_path::file_handle : answer_path::syscall);
            check(got[operation::same_process], answer_path::inode);
        }
        for (const operation op :
             {operation::get_stamp, operation::from_stamp, operation::get_start_time})
            check(got[op], answer_path::procfs);
        check(got[operation::from_parent], answer_path::syscall);
        for (const auto& [op, needed] : {std::pair(operation::from_tid, feature::thread),
                                         std::pair(operation::peer_pidfd, feature::peer_pidfd)})
            if (there(needed))
                check(got[op], answer_path::syscall);
            else
                CHECK(got[op].error == EOPNOTSUPP);
        check(got[operation::get_namespace],
              by_ioctl_or(there(feature::namespace_ioctl), answer_path::procfs));
        for (const operation op :
             {operation::open_proc, operation::read_proc, operation::get_executable,
              operation::get_comm, operation::get_state, operation::get_usage, operation::get_limit,
              operation::get_oom_score_adj})
            check(got[op], answer_path::procfs);
        if (!cgroup2_mount().empty())
            check(got[operation::get_cgroup_path], answer_path::procfs);
        for (const auto& [op, needed] :
             {std::pair(operation::release_memory, feature::process_mrelease),
              std::pair(operation::advise, feature::process_madvise)})
            if (there(needed))
                check(got[op], answer_path::syscall);
            else
                CHECK(got[op].error == EOPNOTSUPP);
        check(got[operation::send_signal], answer_path::syscall);
        check(got[operation::set_namespace],
              there(feature::setns) ? answer_path::syscall : answer_path::procfs);
        if (there(feature::pidfd_getfd))
            check(got[operation::get_remote_fd], answer_path::syscall);
        else
            CHECK(got[operation::get_remote_fd].error == EOPNOTSUPP);
        for (const operation op : {operation::queue_signal, operation::is_alive,
                                   operation::wait_exit, operation::wait, operation::wait_change})
            check(got[op], answer_path::syscall);
        const bool coredump = there(feature::coredump_info);
        check(got[operation::get_exit_status], by_ioctl_or(coredump, answer_path::syscall));
        if (coredump)
            check(got[operation::get_coredump], answer_path::ioctl);
        else
            CHECK(got[operation::get_coredump].error == EOPNOTSUPP);
    }
}

TEST_CASE("answering_path of an unknown operation fails with EINVAL") {
    const auto path = answering_path(static_cast<operation>(99));
    REQUIRE(!path);
    CHECK(path.error().value() == EINVAL);
}

TEST_CASE("answering_path in a sandbox says that the operation is forbidden or unsupported") {
    for (const operation op : all_operations) {
        CAPTURE(to_string(op));
        const int forbidden = paths_on(sandbox(EPERM))[op].error;
        const int missing = paths_on(sandbox(ENOSYS))[op].error;
        if (op == operation::set_namespace)
            continue; // may yet be had with a namespace's file descriptor, as far as one can try
        CHECK(std::error_code(forbidden, pidfd_category()) == pidfd_errc::forbidden_by_sandbox);
        CHECK(std::error_code(missing, pidfd_category()) == pidfd_errc::unsupported);
    }
}

TEST_CASE("answering_path of get_ppid returns the path even if the caller has no visible parent") {
    for (const profile& kernel : {native(), linux_5_10()}) {
        CAPTURE(kernel.name);
        surroundings around = in_pid_namespace("");
        around.kernel = kernel;
        const auto got = isolated(around, ask_paths);
        if (!got)
            SKIP_TEST(got.missing);
        const bool info = kernel.rules.empty() && has(feature::info_ioctl);
        check((*got)[operation::get_ppid], by_ioctl_or(info, answer_path::procfs));
    }
}

TEST_CASE("availability_of and answering_path notice a filter that is installed later") {
    if (emulated())
        SKIP_TEST(in_emulator);
    struct both {
        bool installed;
        features before, after;
        paths before_paths, after_paths;
    };
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got = isolated({}, [&] {
            both b{};
            b.before = ask_features();
            b.before_paths = ask_paths();
            b.installed = install(kernel.rules);
            b.after = ask_features();
            b.after_paths = ask_paths();
            return b;
        });
        REQUIRE(got);
        REQUIRE(got->installed);
        const features from_start = features_on(kernel);
        const paths paths_from_start = paths_on(kernel);
        for (const feature f : all_features) {
            CAPTURE(to_string(f));
            CHECK(got->after[f].error == from_start[f].error);
            CHECK(got->after[f].found == from_start[f].found);
        }
        for (const operation op : all_operations) {
            CAPTURE(to_string(op));
            CHECK(got->after_paths[op].error == paths_from_start[op].error);
            CHECK(got->after_paths[op].path == paths_from_start[op].path);
        }
    }
}

TEST_CASE("availability_of and answering_path change nothing and leave no file descriptor open") {
    const int before = count_fds();
    ask_features();
    ask_paths();
    CHECK(count_fds() == before);
    const auto entered = isolated({}, [] {
        char uts_before[64] = {};
        char uts_after[64] = {};
        const bool read = readlink("/proc/thread-self/ns/uts", uts_before, 63) > 0;
        ask_features();
        ask_paths();
        return read && readlink("/proc/thread-self/ns/uts", uts_after, 63) > 0 &&
               std::string(uts_before) == uts_after;
    });
    REQUIRE(entered);
    CHECK(*entered);
}
