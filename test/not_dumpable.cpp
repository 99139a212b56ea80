// SPDX-License-Identifier: MIT
// A caller that is not dumpable, like one that was root and gave it up: its own files in /proc are
// root's, and before Linux 5.14 it could not read its own fdinfo.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

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

template <class Ask>
facts ask(const test_child& living, const test_child& zombie, const test_child& reaped,
          Ask error_of) {
    surroundings around;
    around.kernel = linux_5_10();
    around.uid = 65533;
    const auto got = isolated(around, [&] {
        const bool prepared = prctl(PR_SET_DUMPABLE, 0) == 0;
        const std::string path = "/proc/thread-self/fdinfo/" + std::to_string(living.fd().fd());
        const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            close(fd);
        return facts{prepared, fd >= 0, error_of(living.fd()), error_of(zombie.fd()),
                     error_of(reaped.fd())};
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

TEST_CASE("a caller that may not read its own fdinfo is told so, but of a reaped process that it "
          "is gone") {
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
