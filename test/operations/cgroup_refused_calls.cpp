// SPDX-License-Identifier: MIT
// The operations on cgroups while a system call that they need is refused, or is answered by a
// filter.
#include "kernel/uapi.hpp"
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/error_tables.hpp"
#include "support/opened_cgroup.hpp"

#include <pidfd_util/cgroup.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <iterator>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

constexpr long calls[] = {
    437, // openat2, which older headers do not have
    SYS_openat,  SYS_read,       SYS_pread64, SYS_write,    SYS_ppoll, SYS_getdents64,
    SYS_ioctl,   SYS_pidfd_open, SYS_mkdirat, SYS_unlinkat, SYS_statx, SYS_name_to_handle_at,
    SYS_fstatfs, SYS_fcntl,
};

/// Whether some operation cannot do without the call on any kernel.
bool is_needed(long number) {
    switch (number) {
    case 437:                   // openat2: openat serves too
    case SYS_name_to_handle_at: // only beside openat
    case SYS_getdents64:        // before Linux 5.14
    case SYS_ioctl:             // since Linux 6.13
    case SYS_fcntl:             // only of adopt
        return false;
    default:
        return true;
    }
}

/// How many file descriptors are open, without the system calls that are refused.
int count_open() {
    int count = 0;
    for (int fd = 0; fd < 200; ++fd)
        count += lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF ? 1 : 0;
    return count;
}

/// The operations, by the titles of their tables.
constexpr const char* operations[] = {
    "cgroup::get_id",  "cgroup::is_empty",    "cgroup::is_frozen", "cgroup::wait_empty_for",
    "cgroup::members", "cgroup::open_events", "cgroup::open",      "cgroup::create",
    "cgroup::remove",  "cgroup::kill",
};

struct facts {
    int error[std::size(operations)];
    bool lies; // an answer that is not true
    bool leaked;
    bool strange; // EBADF although the handle is open, or EINTR
};

/// Calls each operation on a cgroup that has one process.
facts use(const cgroup_view& job, const std::string& path, pid_t member) {
    facts f{};
    const int before = count_open();
    int i = 0;
    const auto note = [&](int error) {
        f.error[i++] = error;
        f.strange = f.strange || error == EBADF || error == EINTR;
    };
    {
        const auto id = job.get_id();
        note(error_of(id));
        const auto empty = job.is_empty();
        note(error_of(empty));
        f.lies = f.lies || (empty && *empty);
        const auto frozen = job.is_frozen();
        note(error_of(frozen));
        f.lies = f.lies || (frozen && *frozen);
        const auto waited = job.wait_empty_for(1ms);
        note(error_of(waited));
        f.lies = f.lies || waited.has_value();
        pidfd found[2];
        const auto members = job.members(found);
        note(error_of(members));
        f.lies = f.lies || (members && (members->count != 1 || !members->complete));
        f.lies = f.lies || (members && found[0].get_pid().value_or(member) != member);
        f.lies = f.lies || (!members && (found[0].fd() >= 0 || found[1].fd() >= 0));
        const auto events = job.open_events();
        note(error_of(events));
        const auto opened = handle::open(path.c_str());
        note(error_of(opened));
        const auto made = job.create("made");
        note(error_of(made));
        const auto removed = job.remove("made");
        note(error_of(removed) == ENOENT && !made ? 0 : error_of(removed));
        note(error_of(job.kill()));
    }
    f.leaked = count_open() != before;
    return f;
}

} // namespace

TEST_CASE(
    "a refused system call is an error of an operation on a cgroup, and never a wrong answer") {
    const auto home = test_cgroup::make("-refused");
    if (!home)
        SKIP_TEST(no_cgroup);
    int round = 0;
    for (const long number : calls) {
        for (const int error : {EPERM, ENOSYS, EINTR, EIO, 0}) {
            CAPTURE(number, error);
            const auto made = home->make_below(std::to_string(round++));
            REQUIRE(made);
            auto c = test_child::running();
            REQUIRE(made->add(c.pid()));
            const auto job = handle::open(made->path().c_str());
            REQUIRE(job);
            surroundings around;
            around.kernel = {"refused", {{number, error}}};
            if (number == SYS_write) // the child reports more than one byte to the test
                around.kernel.rules = {{number, error, 2, ~0U, 1}};
            const auto got = isolated(around, [&] { return use(*job, made->path(), c.pid()); });
            REQUIRE(got);
            CHECK_FALSE(got->lies);
            CHECK_FALSE(got->leaked);
            CHECK_FALSE(got->strange);
            for (std::size_t i = 0; i < std::size(operations); ++i) {
                const int returned = got->error[i];
                CAPTURE(operations[i], returned);
                CHECK((returned == 0 || is_documented(operations[i], returned, false)));
                // The caller has every right to the cgroup.
                if (error == EPERM)
                    CHECK((returned != EPERM && returned != EACCES));
            }
            if (error == EPERM && is_needed(number))
                CHECK(std::find(std::begin(got->error), std::end(got->error), ERFKILL) !=
                      std::end(got->error));
            constexpr int killed = 9;
            // Before Linux 5.14, killing takes several steps, and the last one may fail.
            const bool at_once = access((made->path() + "/cgroup.kill").c_str(), F_OK) == 0;
            if (got->error[killed] == 0)
                CHECK(c.fd().wait_exit_for(20s));
            else if (at_once)
                CHECK(c.fd().is_alive() == true);
            (void)rmdir((made->path() + "/made").c_str());
        }
    }
}
