// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/fds.hpp"
#include "support/newborn.hpp"
#include "support/opened.hpp"
#include "support/orphan.hpp"
#include "support/sanitizers.hpp"
#include "support/tracer.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

int error_under(const std::vector<rule>& rules) {
    const auto got =
        isolated(on({"filters", rules}), [] { return error_of(pidfd::from_parent()); });
    REQUIRE(got);
    return *got;
}

/// Lets the traced process run until it makes this mark.
void run_to(tracee& t, mark m) {
    for (auto call = t.next_call(); call && !is(*call, m); call = t.next_call()) {
    }
}

struct episode {
    bool traced;
    bool chosen; // the pid of the parent, if it was to get a new owner
    std::size_t calls;
    opened got;
    pid_t parent;
};
constexpr std::size_t never = 1000;

/// A child asks for its parent, which ends when the child is about to make its system call `when`.
episode play(std::size_t when, fate f) {
    episode r{};
    r.chosen = true;
    inquirer report;
    test_child parent = test_child::that([&] {
        if (fork() != 0)
            live_on();
        make(mark::begin);
        const auto process = pidfd::from_parent();
        make(mark::end);
        report.tell(look_at(process));
        return 0;
    });
    r.parent = parent.pid();
    const pid_t child = child_at_birth(parent);
    if (child < 0)
        return r;
    tracee t(child);
    r.traced = t.traced();
    if (!r.traced)
        return r;
    run_to(t, mark::begin);
    for (auto call = t.next_call(); call && !is(*call, mark::end); call = t.next_call())
        if (r.calls++ == when)
            r.chosen = end(parent, f);
    t.let_go();
    r.got = report.answer();
    if (when != never)
        clear(parent, f);
    t.wait_for_end();
    return r;
}

} // namespace

TEST_CASE("from_parent opens the parent, without any right over it") {
    for (const profile& kernel : {native(), linux_5_4(), linux_5_10(), linux_6_12()}) {
        CAPTURE(kernel.name);
        surroundings stranger = on(kernel);
        if (geteuid() == 0)
            stranger.uid = 65534;
        const auto got = isolated(stranger, [] { return look_at(pidfd::from_parent()); });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK(got->pid == getpid());
        CHECK(got->cloexec);
        CHECK_FALSE(got->thread);
    }
}

TEST_CASE("from_parent in a process whose parent has ended opens the process that adopted it") {
    struct facts {
        bool ready;
        opened got;
        pid_t adopter;
    };
    bool chosen = true;
    for (const surroundings& around : adopting()) {
        for (const fate f : fates) {
            CAPTURE(around.pid_namespace, static_cast<int>(f));
            const auto got = isolated(around, [f]() -> facts {
                inquirer child;
                test_child parent = test_child::that([&] {
                    child.be_born();
                    live_on();
                    return 0;
                });
                const bool adopts = adopt_orphans();
                parent.go();
                child.wait_for_birth();
                const bool ended = end(parent, f);
                return {adopts && ended, child.ask(), getpid()};
            });
            if (!got)
                SKIP_TEST(got.missing);
            if (!got->ready) {
                CHECK(f == fate::reused);
                chosen = false;
                continue;
            }
            CHECK(got->got.error == 0);
            CHECK(got->got.pid == got->adopter);
        }
    }
    if (!chosen)
        SKIP_TEST(no_chosen_pid);
}

TEST_CASE("from_parent never opens another process, at whichever of its system calls the parent "
          "ends and its pid gets a new owner") {
    struct facts {
        episode undisturbed;
        episode first_wrong;
        std::size_t wrong_call;
        int rounds;
        int wrong;
        bool chosen;
    };
    bool chosen = true;
    for (const surroundings& around : adopting()) {
        const auto got = isolated(around, []() -> facts {
            facts r{};
            r.undisturbed = play(never, fate::zombie);
            r.chosen = adopt_orphans();
            for (const fate f : fates) {
                for (std::size_t call = 0; r.chosen && call < r.undisturbed.calls; ++call) {
                    const episode played = play(call, f);
                    r.chosen = played.chosen;
                    ++r.rounds;
                    if (played.got.error == 0 && played.got.pid == getpid())
                        continue;
                    ++r.wrong;
                    r.wrong_call = call;
                    r.first_wrong = played;
                }
            }
            return r;
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->undisturbed.traced)
            SKIP_TEST("nothing can be traced here");
        CAPTURE(around.pid_namespace, got->rounds, got->wrong_call, got->first_wrong.got.error,
                got->first_wrong.got.pid);
        CHECK(got->undisturbed.got.pid == got->undisturbed.parent);
        CHECK(got->undisturbed.calls == 3); // getppid, pidfd_open, getppid
        CHECK(got->rounds > 6);
        CHECK(got->wrong == 0);
        chosen = chosen && got->chosen;
    }
    if (!chosen)
        SKIP_TEST(no_chosen_pid);
}

TEST_CASE("from_parent opens the parent if getppid has returned 0 because the former parent was "
          "being reaped") {
    if (!can_falsify())
        SKIP_TEST("the tracer does not know this machine's registers");
    struct facts {
        bool traced;
        bool falsified;
        opened got;
        pid_t parent;
    };
    for (const std::size_t which : {std::size_t{0}, std::size_t{1}}) {
        CAPTURE(which);
        const auto got = isolated({}, [which]() -> facts {
            facts r{};
            inquirer report;
            test_child child = test_child::that([&] {
                if (!be_traced())
                    return 1;
                make(mark::begin);
                report.tell(look_at(pidfd::from_parent()));
                return 0;
            });
            child.go();
            {
                tracee t(child.pid());
                r.traced = t.traced();
                run_to(t, mark::begin);
                std::size_t count = 0;
                for (auto call = t.next_call(); call && !r.falsified; call = t.next_call()) {
                    r.falsified = call->number == SYS_getppid && count++ == which;
                    if (r.falsified)
                        t.falsify(0);
                }
                t.let_go();
                r.got = report.answer();
                r.parent = getpid();
                t.wait_for_end();
            }
            child.disown();
            return r;
        });
        REQUIRE(got);
        if (!got->traced)
            SKIP_TEST("nothing can be traced here");
        CHECK(got->falsified);
        CHECK(got->got.pid == got->parent);
    }
}

TEST_CASE("from_parent in the first process of a pid namespace says that no parent is visible") {
    for (const profile& kernel : all_profiles()) {
        for (const char* proc : {"", "fresh", "none"}) {
            CAPTURE(kernel.name, proc);
            surroundings around = in_pid_namespace(proc);
            around.kernel = kernel;
            const auto got = isolated(around, [] { return error_of(pidfd::from_parent()); });
            if (!got)
                SKIP_TEST(got.missing);
            const bool sees =
                around.proc != "none" || (kernel.rules.empty() && has(feature::info_ioctl));
            if (kernel.refuses_pidfd_open())
                CHECK(*got == (kernel.forbids() ? ERFKILL : ENOSYS));
            else
                CHECK(*got == (sees ? EADDRNOTAVAIL : EOPNOTSUPP));
        }
    }
}

TEST_CASE("from_parent in a later process of a pid namespace says that no parent is visible if the "
          "parent is outside, and otherwise opens it") {
    struct facts {
        bool made;
        int outside;   // the second process, whose parent is outside
        opened inside; // a child of the second process
        pid_t second;
        opened orphan;
    };
    for (const profile& kernel : {native(), linux_6_12(), linux_5_10(), linux_5_4()}) {
        CAPTURE(kernel.name);
        surroundings around; // the rules are installed later, as 5.10 refuses what makes processes
        around.user_namespace = geteuid() != 0;
        const auto got = isolated(around, [&kernel]() -> facts {
            facts r{};
            int report[2];
            if (pipe(report) != 0 || unshare(CLONE_NEWPID) != 0)
                return r;
            const test_child first = test_child::running();
            test_child second = test_child::that([&] {
                facts f{};
                f.made = install(kernel.rules);
                f.outside = error_of(pidfd::from_parent());
                f.second = getpid();
                inquirer child;
                child.be_born();
                f.inside = child.ask();
                inquirer orphan;
                if (fork() == 0) {
                    orphan.be_born();
                    _exit(0);
                }
                orphan.wait_for_birth();
                wait(nullptr);
                wait(nullptr);
                f.orphan = orphan.ask();
                (void)!write(report[1], &f, sizeof f);
                return 0;
            });
            close(report[1]);
            second.go();
            (void)!read(report[0], &r, sizeof r);
            return r;
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->made)
            SKIP_TEST("no pid namespace can be made here");
        CHECK(got->outside == EADDRNOTAVAIL);
        CHECK(got->inside.error == 0);
        CHECK(got->inside.pid == got->second);
        CHECK(got->second != 1);
        CHECK(got->orphan.error == 0);
        CHECK(got->orphan.pid == 1);
    }
}

TEST_CASE("from_parent opens the parent's process, whichever of its threads made the caller, and "
          "when that thread or the first one has ended") {
    if (thread_sanitizer)
        SKIP_TEST("thread sanitizers let no thread fork beside others");
    struct facts {
        opened while_alive;
        opened after_thread;
        opened after_first_thread;
        pid_t parent;
    };
    const auto got = isolated({}, []() -> facts {
        inquirer children[3];
        int end_of_maker[2];
        if (pipe(end_of_maker) != 0)
            return {};
        test_child parent = test_child::that([&] {
            std::thread([&] {
                for (inquirer& child : children)
                    child.be_born();
                char byte = 0;
                (void)!read(end_of_maker[0], &byte, 1);
            }).detach();
            std::thread([] { live_on(); }).detach();
            for (inquirer& child : children)
                child.wait_for_birth();
            for (;;)
                syscall(SYS_exit, 0); // the first thread alone
            return 0;
        });
        parent.go();
        facts f{};
        f.parent = parent.pid();
        const auto threads = [&] {
            return field(
                read_file_at(AT_FDCWD,
                             ("/proc/" + std::to_string(parent.pid()) + "/status").c_str()),
                "Threads:");
        };
        while (state_of(parent.pid()) != 'Z')
            usleep(1000);
        f.after_first_thread = children[0].ask();
        f.while_alive = children[1].ask();
        (void)!write(end_of_maker[1], "e", 1);
        while (threads() != "2")
            usleep(1000);
        f.after_thread = children[2].ask();
        return f;
    });
    REQUIRE(got);
    for (const opened& answer : {got->while_alive, got->after_thread, got->after_first_thread}) {
        CHECK(answer.error == 0);
        CHECK(answer.pid == got->parent);
    }
}

TEST_CASE("from_parent reports a filter that hides the parent or refuses its system calls") {
    for (profile kernel : {native(), linux_5_4(), linux_5_10(), linux_6_12()}) {
        CAPTURE(kernel.name);
        kernel.rules.push_back({SYS_getppid, 0});
        CHECK(error_under(kernel.rules) == EOPNOTSUPP);
    }
    CHECK(error_under({{SYS_getppid, EPERM}}) == ERFKILL);
    CHECK(error_under({{SYS_getppid, ENOSYS}}) == ENOSYS);
    CHECK(error_under({{SYS_getppid, ESRCH}}) == EIO);
    CHECK(error_under({{SYS_pidfd_open, 0}}) == ENOSYS);
    CHECK(error_under({{SYS_pidfd_open, EPERM}}) == ERFKILL);
    CHECK(error_under({{SYS_pidfd_open, EACCES}}) == ERFKILL);
    CHECK(error_under({{SYS_pidfd_open, ENOSYS}}) == ENOSYS);
    // The kernel never returns these, as the parent exists.
    for (const int error : {ESRCH, EINVAL, ENOENT})
        CHECK(error_under({{SYS_pidfd_open, error}}) == EIO);
}

TEST_CASE("from_parent without a free file descriptor fails with EMFILE, and needs no more than "
          "one") {
    surroundings around;
    around.file_limit = 64;
    const auto got = isolated(around, [] {
        fill_fds(0);
        const int full = error_of(pidfd::from_parent());
        close(63);
        const int before = open_fds();
        const int with_one = error_of(pidfd::from_parent());
        return std::array<int, 3>{full, with_one, open_fds() - before};
    });
    REQUIRE(got);
    CHECK(*got == std::array<int, 3>{EMFILE, 0, 0});
}
