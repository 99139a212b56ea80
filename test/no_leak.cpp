// SPDX-License-Identifier: MIT
// No operation leaves a file descriptor behind, whatever it is asked about and however it ends; and
// where there is none left, it says just that.
#include "support/attempts.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct leak {
    std::size_t subject;
    std::size_t attempt;
    int fds; // more than before; 0: none leaked
};

/// The first leak of all.
leak find_leak(const std::vector<subject>& subjects) {
    for (std::size_t s = 0; s < subjects.size(); ++s) {
        for (std::size_t a = 0; a < attempt_count; ++a) {
            const int before = count_fds();
            (void)attempts[a].on(pidfd_view(subjects[s].fd));
            if (const int more = count_fds() - before; more != 0)
                return {s, a, more};
        }
    }
    return {};
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

/// How many file descriptors below the limit are free; uses none.
int count_free(int limit) {
    int count = 0;
    for (int fd = 0; fd < limit; ++fd)
        if (fcntl(fd, F_GETFD) < 0)
            ++count;
    return count;
}

constexpr int limit = 200; // far above those of the subjects

} // namespace

TEST_CASE("no operation leaks a file descriptor, on any kernel, about anything") {
    const std::vector<subject> subjects = everything();
    for (const profile& kernel : all_profiles()) {
        surroundings around;
        around.kernel = kernel;
        const auto found = isolated(around, [&] { return find_leak(subjects); });
        REQUIRE(found);
        CAPTURE(kernel.name, subjects[found->subject].name, attempts[found->attempt].name);
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
            const auto found = isolated(around, [&] { return find_leak(subjects); });
            if (!found)
                SKIP_TEST(found.missing);
            CAPTURE(kernel.name, proc, subjects[found->subject].name,
                    attempts[found->attempt].name);
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
            const auto found = isolated(around, [&]() -> leak {
                // Without /proc nobody can be asked for the open ones but the kernel, one by one.
                for (std::size_t s = 0; s < subjects.size(); ++s) {
                    for (std::size_t a = 0; a < attempt_count; ++a) {
                        const int before = count_free(limit);
                        (void)attempts[a].on(pidfd_view(subjects[s].fd));
                        if (const int less = before - count_free(limit); less != 0)
                            return {s, a, less};
                    }
                }
                return {};
            });
            if (!found)
                SKIP_TEST(found.missing);
            CAPTURE(kernel.name, proc, subjects[found->subject].name,
                    attempts[found->attempt].name);
            CHECK(found->fds == 0);
        }
    }
}

TEST_CASE("with exhausted file descriptors an operation says so, or answers as ever") {
    using errors = std::array<int, attempt_count>;
    struct facts {
        bool filled;
        errors exhausted;
        errors leaked;
        errors afterwards;
    };
    const std::vector<subject> subjects = everything();
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : subjects) {
            const auto all_of = [&](errors& e) {
                for (std::size_t a = 0; a < attempt_count; ++a)
                    e[a] = attempts[a].on(pidfd_view(s.fd));
            };
            surroundings around;
            around.kernel = kernel;
            around.file_limit = limit;
            // What they answer in plenty is asked elsewhere, so that nothing is learnt from it.
            const auto plenty = isolated(around, [&] {
                errors e{};
                all_of(e);
                return e;
            });
            REQUIRE(plenty);
            for (int free = 0; free < 4; ++free) {
                const auto got = isolated(around, [&] {
                    facts f{};
                    f.filled = leave_free(free);
                    for (std::size_t a = 0; a < attempt_count; ++a) {
                        const int before = count_free(limit);
                        f.exhausted[a] = attempts[a].on(pidfd_view(s.fd));
                        f.leaked[a] = before - count_free(limit);
                    }
                    for (int fd = limit - 10; fd < limit; ++fd) // some of the filling
                        close(fd);
                    all_of(f.afterwards);
                    return f;
                });
                REQUIRE(got);
                REQUIRE(got->filled);
                for (std::size_t a = 0; a < attempt_count; ++a) {
                    CAPTURE(kernel.name, s.name, free, attempts[a].name);
                    const int error = got->exhausted[a];
                    // What a sandbox refuses is refused, whether or not this is a pidfd.
                    if (error != EMFILE && !((*plenty)[a] == EBADFD && refused(error)))
                        CHECK(error == (*plenty)[a]);
                    CHECK(got->leaked[a] == 0);
                    CHECK(got->afterwards[a] == (*plenty)[a]);
                }
            }
        }
    }
}
