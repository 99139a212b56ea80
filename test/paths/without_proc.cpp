// SPDX-License-Identifier: MIT
// No /proc is mounted: operations that do not need it work, and the others are unsupported.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/operations.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

using errors = by_operation<int>;

surroundings in_mounts(const profile& kernel, const char* proc) {
    surroundings around;
    around.kernel = kernel;
    around.proc = proc;
    around.mount_namespace = true;
    around.user_namespace = geteuid() != 0;
    return around;
}

outcome<errors> all_of(const profile& kernel, const char* proc, int fd) {
    return isolated(in_mounts(kernel, proc), [=] { return attempt_all(pidfd_view(fd)); });
}

const char* const status = "Tgid:\t1\nPid:\t1\nPPid:\t0\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n"
                           "NStgid:\t1\nNSpid:\t1\n";

bool write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    return bool(file.flush());
}

} // namespace

TEST_CASE("without a /proc every operation that does not open /proc/PID answers as with a /proc") {
    for (feature f : {feature::info_ioctl, feature::pidfs, feature::namespace_ioctl})
        if (availability_of(f) != availability::available)
            SKIP_TEST(std::string("this kernel or sandbox does not have ") + to_string(f));
    for (const subject& s : everything()) {
        const auto with = all_of(native(), "", s.fd);
        const auto without = all_of(native(), "none", s.fd);
        if (!with || !without)
            SKIP_TEST(with.missing + without.missing);
        for (const operation_row* o : operations_on_any()) {
            CAPTURE(s.name, o->name);
            const int error = (*with)[*o];
            const bool a_pidfd = error != EBADF && error != EBADFD;
            const bool unsupported = o->proc == proc_use::always && a_pidfd;
            CHECK((*without)[*o] == (unsupported ? EOPNOTSUPP : error));
        }
    }
}

TEST_CASE("without a /proc and the ioctls an operation is unsupported, and no process is reported "
          "as gone") {
    for (const profile& kernel : {linux_6_12(), linux_5_10(), linux_5_4()}) {
        for (const subject& s : living()) {
            const auto with = all_of(kernel, "", s.fd);
            const auto without = all_of(kernel, "none", s.fd);
            if (!with || !without)
                SKIP_TEST(with.missing + without.missing);
            for (const operation_row* o : operations_on_any()) {
                CAPTURE(kernel.name, s.name, o->name, (*with)[*o]);
                const bool needs_proc =
                    o->proc == proc_use::always ||
                    (o->by_setns && availability_of(feature::setns) != availability::available);
                if (needs_proc)
                    CHECK((*without)[*o] == EOPNOTSUPP);
                else if (o->proc == proc_use::none)
                    CHECK((*without)[*o] == (*with)[*o]);
                else if (kernel.name != std::string("6.12") || !o->needs_namespace)
                    CHECK((*without)[*o] == EOPNOTSUPP);
            }
        }
    }
}

TEST_CASE("without a /proc and in a sandbox no process is reported as gone or as living") {
    for (const profile& kernel : {sandbox(EPERM), sandbox(ENOSYS)}) {
        for (const subject& s : living()) {
            const auto got = all_of(kernel, "none", s.fd);
            if (!got)
                SKIP_TEST(got.missing);
            for (const operation_row* o : operations_on_any()) {
                const int error = (*got)[*o];
                CAPTURE(kernel.name, s.name, o->name, error);
                if (o->bad_argument)
                    CHECK(error != 0);
                else if (o->after ==
                         once_reaped::answers) // poll, fcntl: these are not calls for pidfds only
                    CHECK((error == 0 || refused(error)));
                else
                    CHECK(refused(error));
            }
            CHECK(isolated(in_mounts(kernel, "none"), [&] {
                      return pidfd_view(s.fd).duplicate().has_value();
                  }).value == true);
        }
    }
}

TEST_CASE("a /proc that is not procfs is not believed") {
    struct facts {
        bool made_up;
        availability proc;
        errors answers;
    };
    const test_child c = test_child::running();
    std::vector<profile> kernels{linux_5_10()};
    if (availability_of(feature::info_ioctl) == availability::available)
        kernels.push_back(native());
    for (const profile& kernel : kernels) {
        surroundings around;
        around.kernel = kernel;
        around.proc = "none"; // another file system in its place, filled with files below
        around.user_namespace = geteuid() != 0;
        const auto got = isolated(around, [&] {
            const std::string fdinfo = "/proc/thread-self/fdinfo";
            facts f{};
            f.made_up =
                mkdir("/proc/thread-self", 0755) == 0 && mkdir(fdinfo.c_str(), 0755) == 0 &&
                mkdir("/proc/1", 0755) == 0 &&
                write_file(fdinfo + "/" + std::to_string(c.fd().fd()), "Pid:\t1\nNSpid:\t1\n") &&
                write_file("/proc/thread-self/status", status) &&
                write_file("/proc/1/status", status);
            f.proc = availability_of(feature::procfs).value_or(availability::available);
            f.answers = attempt_all(c.fd());
            return f;
        });
        if (!got)
            SKIP_TEST(got.missing);
        REQUIRE(got->made_up);
        CHECK(got->proc == availability::missing);
        for (const operation_row* o : operations_on_any()) {
            CAPTURE(kernel.name, o->name);
            if (o->proc == proc_use::always ||
                (o->proc == proc_use::fallback && kernel.name != std::string("native")))
                CHECK(got->answers[*o] == EOPNOTSUPP);
        }
    }
}
