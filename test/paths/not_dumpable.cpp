// SPDX-License-Identifier: MIT
// A caller that is not dumpable, such as one that was root and has changed its user. Its own files
// in /proc belong to root, and before Linux 5.14 it could not read its own fdinfo.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/enumeration.hpp>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct facts {
    bool prepared;
    bool readable; // its own fdinfo
    int living;
    int zombie;
    int reaped;
};

bool can_read_fdinfo(int fd) {
    const std::string path = "/proc/thread-self/fdinfo/" + std::to_string(fd);
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file >= 0)
        close(file);
    return file >= 0;
}

template <class Ask>
facts ask(const test_child& living, const test_child& zombie, const test_child& reaped,
          Ask error_of) {
    surroundings around;
    around.kernel = linux_5_10();
    around.uid = 65533;
    const auto got = isolated(around, [&] {
        const bool prepared = prctl(PR_SET_DUMPABLE, 0) == 0;
        return facts{prepared, can_read_fdinfo(living.fd().fd()), error_of(living.fd()),
                     error_of(zombie.fd()), error_of(reaped.fd())};
    });
    REQUIRE(got);
    REQUIRE(got->prepared);
    return *got;
}

template <class T>
int error_of(const expected<T>& result) {
    return result ? 0 : result.error().value();
}

} // namespace

TEST_CASE("a caller that may not read its own fdinfo gets EACCES, and ESRCH for a reaped process") {
    if (geteuid() != 0)
        SKIP_TEST("only root can give up being root");
    const test_child living = test_child::running();
    const test_child zombie = test_child::zombie();
    const test_child reaped = test_child::reaped();
    const auto check = [](const facts& f) {
        CHECK(f.living == (f.readable ? 0 : EACCES));
        CHECK(f.zombie == (f.readable ? 0 : EACCES));
        CHECK(f.reaped == ESRCH);
    };
    check(ask(living, zombie, reaped, [](pidfd_view p) { return error_of(p.get_pid()); }));
    check(ask(living, zombie, reaped, [](pidfd_view p) { return error_of(p.get_ppid()); }));
    check(ask(living, zombie, reaped, [](pidfd_view p) { return error_of(p.get_creds()); }));
    check(ask(living, zombie, reaped, [](pidfd_view p) { return error_of(p.get_info()); }));
    check(ask(living, zombie, reaped, [](pidfd_view p) { return error_of(p.open_proc()); }));
}

TEST_CASE(
    "in a pid namespace with the /proc outside of it, a caller that may not read its own fdinfo "
    "gets EACCES for a list of processes, and not an empty list") {
    if (geteuid() != 0)
        SKIP_TEST("only root can give up being root");
    struct list {
        bool readable;
        int error;
        std::size_t count;
        bool passed; // anything to the function
        int each;
    };
    surroundings inside;
    inside.pid_namespace = true;
    inside.uid = 65533;
    const auto got = isolated(inside, [] {
        list l{};
        const auto self = pidfd::from_self();
        if (!self || prctl(PR_SET_DUMPABLE, 0) != 0)
            return l;
        l.readable = can_read_fdinfo(self->fd());
        std::array<pidfd, 4> all;
        const auto listed = processes(all);
        l.error = error_of(listed);
        l.count = listed ? listed->count : 0;
        const auto each = for_each_process([&](const pidfd&) { return l.passed = true; });
        l.each = error_of(each);
        return l;
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->error == (got->readable ? 0 : EACCES));
    CHECK(got->count == (got->readable ? 1 : 0));
    CHECK(got->each == got->error);
    CHECK(got->passed == got->readable);
}
