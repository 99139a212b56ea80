// SPDX-License-Identifier: MIT
// The traps of a process that waits for the end of its parent: see watch_parent.hpp.
#include "watch_parent.hpp"

#include "support/error_of.hpp"
#include "support/orphan.hpp"

#include <optional>
#include <poll.h>
#include <sys/prctl.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr int nothing = -1;

/// A parent, whose child watches it when it is allowed to, and reports the result.
class family {
public:
    family() {
        if (pipe(born_) != 0 || pipe(go_) != 0 || pipe(report_) != 0)
            _exit(1);
        parent_.emplace(test_child::that([this]() -> int {
            const pid_t own = getpid();
            if (fork() != 0)
                live_on();
            close(go_[1]); // so that it ends with the test
            (void)!write(born_[1], "b", 1);
            char byte = 0;
            if (read(go_[0], &byte, 1) == 1) {
                const int error = error_of(adopted::watch_parent(own));
                (void)!write(report_[1], &error, sizeof error);
            }
            _exit(0);
        }));
        parent_->go();
        char byte = 0;
        (void)!read(born_[0], &byte, 1);
    }

    test_child& parent() { return *parent_; }
    void let_watch() { (void)!write(go_[1], "g", 1); }
    /// The errno of the watch, or `nothing` if it does not return in time.
    int report(int milliseconds) {
        pollfd p{report_[0], POLLIN, 0};
        int error = nothing;
        if (poll(&p, 1, milliseconds) == 1)
            (void)!read(report_[0], &error, sizeof error);
        return error;
    }

private:
    int born_[2];
    int go_[2];
    int report_[2];
    std::optional<test_child> parent_;
};

} // namespace

TEST_CASE("watch_parent reports at once that the parent had ended before the call") {
    for (const fate f : fates) {
        CAPTURE(static_cast<int>(f));
        struct result {
            bool made;
            int error;
        };
        const auto got = isolated({}, [=]() -> result {
            if (!adopt_orphans())
                return {false, nothing};
            family all;
            if (!end(all.parent(), f))
                return {false, nothing};
            all.let_watch();
            const int error = all.report(60'000);
            clear(all.parent(), f);
            return {true, error};
        });
        REQUIRE(got);
        if (!got->made)
            SKIP_TEST("no subreaper, or no process with a chosen pid, can be made here");
        CHECK(got->error == 0);
    }
}

TEST_CASE("watch_parent waits until the parent has ended") {
    family all;
    all.let_watch();
    CHECK(all.report(100) == nothing);
    all.parent().reap();
    CHECK(all.report(60'000) == 0);
}
