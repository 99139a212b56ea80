// SPDX-License-Identifier: MIT
// Where no /proc is mounted: what needs none works, and what does says that it is unsupported.
#include "support/attempts.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <array>
#include <cerrno>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

using errors = std::array<int, attempt_count>;

outcome<errors> all_of(const profile& kernel, const char* proc, int fd) {
    surroundings around;
    around.kernel = kernel;
    around.proc = proc;
    around.mount_namespace = true;
    around.user_namespace = geteuid() != 0;
    return isolated(around, [=] {
        errors e{};
        for (std::size_t i = 0; i < attempt_count; ++i)
            e[i] = attempts[i].on(pidfd_view(fd));
        return e;
    });
}

const char* const status = "Tgid:\t1\nPid:\t1\nPPid:\t0\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n"
                           "NStgid:\t1\nNSpid:\t1\n";

bool write_file(const std::string& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    return bool(file.flush());
}

bool needs_proc(const std::string& name) {
    return name == "open_proc" || name == "access_proc";
}

bool can_fall_back(const std::string& name) {
    return name == "get_pid" || name == "get_ppid" || name == "get_creds" ||
           name == "get_cgroupid" || name == "get_info" || name == "get_namespace";
}

} // namespace

TEST_CASE("without a /proc every operation but those about /proc answers as with it") {
    for (feature f : {feature::info_ioctl, feature::pidfs, feature::namespace_ioctl})
        if (query(f) != availability::available)
            SKIP_TEST(std::string("this kernel or sandbox does not have ") + to_string(f));
    for (const subject& s : everything()) {
        const auto with = all_of(native(), "", s.fd);
        const auto without = all_of(native(), "none", s.fd);
        if (!with || !without)
            SKIP_TEST(with.missing + without.missing);
        for (std::size_t i = 0; i < attempt_count; ++i) {
            CAPTURE(s.name, attempts[i].name);
            const int error = (*with)[i];
            const bool a_pidfd = error != EBADF && error != EBADFD;
            CHECK((*without)[i] == (needs_proc(attempts[i].name) && a_pidfd ? EOPNOTSUPP : error));
        }
    }
}

TEST_CASE("without a /proc and the ioctls an operation is unsupported, and no process gone") {
    for (const profile& kernel : {linux_6_12(), linux_5_10(), linux_5_4()}) {
        for (const subject& s : living()) {
            const auto with = all_of(kernel, "", s.fd);
            const auto without = all_of(kernel, "none", s.fd);
            if (!with || !without)
                SKIP_TEST(with.missing + without.missing);
            for (std::size_t i = 0; i < attempt_count; ++i) {
                const std::string name = attempts[i].name;
                CAPTURE(kernel.name, s.name, name, (*with)[i]);
                if (needs_proc(name))
                    CHECK((*without)[i] == EOPNOTSUPP);
                else if (name == "set_namespace" &&
                         query(feature::setns) != availability::available)
                    CHECK((*without)[i] == EOPNOTSUPP); // it needs /proc there
                else if (!can_fall_back(name))
                    CHECK((*without)[i] == (*with)[i]);
                else if (kernel.name != std::string("6.12") || name != "get_namespace")
                    CHECK((*without)[i] == EOPNOTSUPP);
            }
        }
    }
}

TEST_CASE("without a /proc and in a sandbox no process is said to be gone, or there") {
    for (const profile& kernel : {sandbox(EPERM), sandbox(ENOSYS)}) {
        for (const subject& s : living()) {
            const auto got = all_of(kernel, "none", s.fd);
            if (!got)
                SKIP_TEST(got.missing);
            for (std::size_t i = 0; i < attempt_count; ++i) {
                const std::string name = attempts[i].name;
                const int error = (*got)[i];
                CAPTURE(kernel.name, s.name, name, error);
                if (name == "duplicate")
                    CHECK(error == 0);
                else if (name == "adopt" ||
                         name == "is_alive") // poll and fstatfs are no pidfd calls
                    CHECK((error == 0 || refused(error)));
                else
                    CHECK(refused(error));
            }
        }
    }
}

TEST_CASE("a /proc that somebody has made up is no /proc") {
    struct facts {
        bool made_up;
        availability proc;
        errors answers;
    };
    const test_child c = test_child::running();
    std::vector<profile> kernels{linux_5_10()};
    if (query(feature::info_ioctl) == availability::available)
        kernels.push_back(native());
    for (const profile& kernel : kernels) {
        surroundings around;
        around.kernel = kernel;
        around.proc = "none"; // another file system in its place, which is filled here
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
            f.proc = query(feature::procfs).value_or(availability::available);
            for (std::size_t i = 0; i < attempt_count; ++i)
                f.answers[i] = attempts[i].on(c.fd());
            return f;
        });
        if (!got)
            SKIP_TEST(got.missing);
        REQUIRE(got->made_up);
        CHECK(got->proc == availability::missing);
        for (std::size_t i = 0; i < attempt_count; ++i) {
            const std::string name = attempts[i].name;
            CAPTURE(kernel.name, name);
            if (needs_proc(name) || (can_fall_back(name) && kernel.name != std::string("native")))
                CHECK(got->answers[i] == EOPNOTSUPP);
        }
    }
}
