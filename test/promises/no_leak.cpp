// SPDX-License-Identifier: MIT
// No operation leaks a file descriptor, on any process and after any error. If no file descriptor
// is left, it fails with EMFILE.
#include "support/catch.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/operations.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct leak {
    std::size_t subject;
    const operation_row* operation; // the table is at the same place in an isolated child
    int fds;                        // more than before; 0: none leaked
};

/// The first leak of all.
leak find_leak(const std::vector<subject>& subjects, int (*count)()) {
    for (std::size_t s = 0; s < subjects.size(); ++s) {
        for (const operation_row* o : operations_on_any()) {
            const int before = count();
            (void)attempt(*o, pidfd_view(subjects[s].fd));
            if (const int more = count() - before; more != 0)
                return {s, o, more};
        }
    }
    return {0, &*operation_table().begin(), 0};
}

/// Opens file descriptors until only so many are left below the limit.
bool leave_free(int count) {
    std::vector<int> filling;
    for (int fd = 0; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
        filling.push_back(fd);
    for (; count > 0 && !filling.empty(); --count, filling.pop_back())
        close(filling.back());
    return count == 0 && errno == EMFILE;
}

constexpr int limit = 200; // far above those of the subjects

} // namespace

TEST_CASE("no operation leaks a file descriptor, on any kernel, about anything") {
    const std::vector<subject> subjects = everything();
    for (const profile& kernel : all_profiles()) {
        const auto found = isolated(on(kernel), [&] { return find_leak(subjects, count_fds); });
        REQUIRE(found);
        CAPTURE(kernel.name, subjects[found->subject].name, found->operation->name);
        CHECK(found->fds == 0);
    }
}

TEST_CASE("no operation leaks a file descriptor about processes in foreign namespaces") {
    const std::vector<subject> subjects = everything();
    for (const profile& kernel : all_profiles()) {
        for (const char* proc : {"", "fresh"}) {
            surroundings around;
            around.kernel = kernel;
            around.user_namespace = geteuid() != 0;
            around.pid_namespace = true;
            around.proc = proc;
            const auto found = isolated(around, [&] { return find_leak(subjects, count_fds); });
            if (!found)
                SKIP_TEST(found.missing);
            CAPTURE(kernel.name, proc, subjects[found->subject].name, found->operation->name);
            CHECK(found->fds == 0);
        }
    }
}

TEST_CASE("no operation leaks a file descriptor where /proc hides processes or is not there") {
    const std::vector<subject> subjects = everything();
    for (const profile& kernel : all_profiles()) {
        for (const char* proc : {"hidepid=2", "none"}) {
            surroundings around;
            around.kernel = kernel;
            around.proc = proc;
            around.uid = 65533;
            // Without /proc, fcntl has to ask about each number.
            const auto found = isolated(around, [&] { return find_leak(subjects, open_fds); });
            if (!found)
                SKIP_TEST(found.missing);
            CAPTURE(kernel.name, proc, subjects[found->subject].name, found->operation->name);
            CHECK(found->fds == 0);
        }
    }
}

TEST_CASE("with exhausted file descriptors an operation fails with EMFILE, or answers as usual") {
    struct facts {
        bool filled;
        by_operation<int> exhausted;
        by_operation<int> leaked;
        by_operation<int> afterwards;
    };
    const std::vector<subject> subjects = everything();
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : subjects) {
            surroundings around;
            around.kernel = kernel;
            around.file_limit = limit;
            // The usual answers come from another process, so that the probe learns nothing here.
            const auto plenty = isolated(around, [&] { return attempt_all(pidfd_view(s.fd)); });
            REQUIRE(plenty);
            for (int free = 0; free < 4; ++free) {
                const auto got = isolated(around, [&] {
                    facts f{};
                    f.filled = leave_free(free);
                    for (const operation_row* o : operations_on_any()) {
                        const int before = open_fds();
                        f.exhausted[*o] = attempt(*o, pidfd_view(s.fd));
                        f.leaked[*o] = open_fds() - before;
                    }
                    for (int fd = limit - 10; fd < limit; ++fd) // some of the filling
                        close(fd);
                    f.afterwards = attempt_all(pidfd_view(s.fd));
                    return f;
                });
                REQUIRE(got);
                REQUIRE(got->filled);
                for (const operation_row* o : operations_on_any()) {
                    CAPTURE(kernel.name, s.name, free, o->name);
                    const int error = got->exhausted[*o];
                    const int right = (*plenty)[*o];
                    // A sandbox refuses a call also for a file descriptor that is not a pidfd.
                    if (error != EMFILE && !(right == EBADFD && refused(error)))
                        CHECK(error == right);
                    CHECK(got->leaked[*o] == 0);
                    CHECK(got->afterwards[*o] == right);
                }
            }
        }
    }
}
