// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/talking.hpp"

#include "kernel/uapi.hpp"

#include <cerrno>
#include <cstdint>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr std::size_t size = std::size_t{1} << 20;
constexpr const char* too_old = "no process_madvise before Linux 5.10";

/// Memory at one address in the test and in the children that it forks.
char* shared_address() {
    static char* const memory = static_cast<char*>(mmap(
        nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0));
    return memory;
}

expected<std::size_t> advise_one(pidfd_view p, char* begin, std::size_t length,
                                 memory_advice advice = memory_advice::cold) {
    const iovec range{begin, length};
    return p.advise(array_view<iovec>(&range, 1), advice);
}

} // namespace

TEST_CASE("advise returns the number of bytes of another process that it is about") {
    char* const memory = shared_address();
    const test_child c = test_child::running();
    if (!has(feature::process_madvise)) {
        CHECK(error_of(advise_one(c.fd(), memory, size)) == ENOSYS);
        SKIP_TEST(too_old);
    }
    if (geteuid() != 0) {
        CHECK(error_of(advise_one(c.fd(), memory, size)) == EPERM);
        SKIP_TEST("no CAP_SYS_NICE");
    }
    CHECK(advise_one(c.fd(), memory, size) == size);
    CHECK(advise_one(c.fd(), memory, size, memory_advice::page_out) == size);
    const iovec ranges[] = {{memory, 4096}, {memory + 65536, 8192}};
    CHECK(c.fd().advise(ranges, memory_advice::cold) == std::size_t{12288});
    CHECK(c.fd().advise({}, memory_advice::cold) == std::size_t{0});
}

TEST_CASE("advise stops at a range that is not mapped") {
    if (!has(feature::process_madvise) || geteuid() != 0)
        SKIP_TEST("no process_madvise, or no CAP_SYS_NICE");
    char* const memory = shared_address();
    const test_child c = test_child::ready([memory] { return munmap(memory + 65536, 4096) == 0; });
    const iovec ranges[] = {{memory, 4096}, {memory + 65536, 4096}};
    CHECK(c.fd().advise(ranges, memory_advice::cold) == std::size_t{4096});
    CHECK(error_of(advise_one(c.fd(), memory + 65536, 4096)) == ENOMEM);
}

TEST_CASE("advise refuses other advice, ranges that do not fit, and ended processes") {
    if (!has(feature::process_madvise))
        SKIP_TEST(too_old);
    char* const memory = shared_address();
    test_child c = test_child::running();
    for (const int other : {MADV_DONTNEED, MADV_FREE, -1, 1000}) {
        CAPTURE(other);
        CHECK(error_of(advise_one(c.fd(), memory, 4096, static_cast<memory_advice>(other))) ==
              EINVAL);
    }
    if (geteuid() == 0)
        CHECK(error_of(advise_one(c.fd(), memory + 1, 4096)) == EINVAL);
    const std::vector<iovec> many(2000, iovec{memory, 4096});
    CHECK(error_of(c.fd().advise(many, memory_advice::cold)) == EINVAL);
    CHECK(error_of(advise_one(test_child::zombie().fd(), memory, 4096)) == ESRCH);
    c.reap();
    CHECK(error_of(advise_one(c.fd(), memory, 4096)) == ESRCH);
}

TEST_CASE("advise about a process that the caller may not inspect is denied") {
    if (!has(feature::process_madvise))
        SKIP_TEST(too_old);
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    char* const memory = shared_address();
    const test_child c = test_child::running();
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [&] { return error_of(advise_one(c.fd(), memory, size)); });
    REQUIRE(got);
    CHECK((*got == EPERM || *got == EACCES));
}

TEST_CASE("advise does not believe a filter that hides the process or the pidfd") {
    char* const memory = shared_address();
    const test_child c = test_child::running();
    for (const int error : {ESRCH, EBADF}) {
        CAPTURE(error);
        const auto got = isolated(on({"refused", {{SYS_process_madvise, error}}}),
                                  [&] { return error_of(advise_one(c.fd(), memory, size)); });
        REQUIRE(got);
        CHECK(*got == EIO);
    }
}

TEST_CASE("advise about a thread other than the first is refused until the thread has ended") {
    if (!has(feature::process_madvise) || !has(feature::thread))
        SKIP_TEST("no process_madvise, or no pidfds of threads, in this kernel");
    char* const memory = shared_address();
    for (const subject& s : living())
        if (s.name == "a thread")
            CHECK(error_of(advise_one(pidfd_view(s.fd), memory, 4096)) == EINVAL);
}

TEST_CASE("advise about a living process whose memory the kernel does not find is not supported") {
    if (!has(feature::process_madvise))
        SKIP_TEST(too_old);
    talking_child headless({"last_thread", "tid", "read", "exit", "0"});
    REQUIRE(headless.number("tid") > 0);
    headless.wait_for_end_of_first_thread();
    char* const memory = shared_address();
    for (const char* proc : {"", "none"}) {
        CAPTURE(proc);
        surroundings around;
        around.proc = proc;
        const auto got =
            isolated(around, [&] { return error_of(advise_one(headless.fd(), memory, 4096)); });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(*got == EOPNOTSUPP);
    }
    for (const subject& s : living())
        if (s.name == "a kernel thread")
            CHECK(error_of(advise_one(pidfd_view(s.fd), memory, 4096)) == EOPNOTSUPP);
    headless.go();
    REQUIRE(headless.fd().wait_exit());
    CHECK(error_of(advise_one(headless.fd(), memory, 4096)) == ESRCH);
}

TEST_CASE("advise does not take a process that is about to end for one without a first thread") {
    if (!has(feature::process_madvise) || geteuid() != 0)
        SKIP_TEST("no process_madvise, or no CAP_SYS_NICE");
    char* const memory = shared_address();
    for (int i = 0; i < 20; ++i) {
        test_child c = test_child::ready([] {
            constexpr std::size_t much = std::size_t{32} << 20; // takes a while to release
            return mmap(nullptr, much, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) != MAP_FAILED;
        });
        REQUIRE(c.prepared());
        kill_made(c.pid());
        int error = 0;
        while (error == 0)
            error = error_of(advise_one(c.fd(), memory, 4096));
        CHECK(error == ESRCH);
    }
}

TEST_CASE("advise reports a filter, and what is not a pidfd") {
    char* const memory = shared_address();
    const test_child c = test_child::running();
    for (const int error : {EPERM, EACCES, ENOSYS, 0, EIO}) {
        CAPTURE(error);
        const auto got = isolated(on({"refused", {{SYS_process_madvise, error}}}),
                                  [&] { return error_of(advise_one(c.fd(), memory, size)); });
        REQUIRE(got);
        CHECK(*got == (error == ENOSYS || error == 0 ? ENOSYS : error == EIO ? EIO : ERFKILL));
    }
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        CHECK(error_of(advise_one(pidfd_view(s.fd), memory, size)) == EBADFD);
    }
    for (const int number : {-1, -10000, -10001, 9999}) {
        CAPTURE(number);
        CHECK(error_of(advise_one(pidfd_view(number), memory, size)) == EBADF);
    }
}
