// SPDX-License-Identifier: MIT
// The pid of a process is given to another one between any two system calls of every operation on
// the paths that rest on numbers. The asking process is stopped at each of its calls; there the
// victim ends, and an heir of its pid is born. What is told must be the victim's, or that it is
// gone.
#include "support/attempts.hpp"
#include "support/catch.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/reuse_cast.hpp"
#include "support/tracer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// When what happens to the victim, counted in the asking process's system calls.
struct plot {
    std::size_t death = 0;
    std::size_t birth = 0; // of the heir; not before the death
    bool zombie = false;   // between the two; else it is reaped at once
    heir_kind heir = heir_kind::same_numbers;
};

enum class end { told, died, no_heir };

struct facts {
    std::size_t rounds;
    std::size_t operations;
    std::size_t lost; // rounds in which a stranger took the number first
    std::size_t wrong;
    bool traced;
    char missing[100];
    char first_wrong[500];
    char alike[100]; // an operation that could not tell the victim from the heir
};

class torture {
public:
    torture(const profile& kernel, facts& f, bool all) : kernel_(kernel), facts_(f), all_(all) {
        shared_ = static_cast<told*>(
            mmap(nullptr, sizeof(told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    }

    void run(bool stale_proc) {
        if (!cast_.ready(facts_.missing, sizeof facts_.missing))
            return;
        for (std::size_t i = 0; i < reuse_operation_count; ++i) {
            std::size_t calls = 0;
            told right;
            told heirs;
            const reuse_operation& operation = reuse_operations[i];
            if (!watch(operation, right, calls) || !ask_about_heir(operation, heirs)) {
                std::snprintf(facts_.alike, sizeof facts_.alike, "%s: no answer", operation.name);
                return;
            }
            if (refused(right.error) || right.error == EINVAL)
                continue; // this kernel has no such namespace, say
            ++facts_.operations;
            if (right.error != 0 || (operation.distinct && agrees(heirs, right)))
                std::snprintf(facts_.alike, sizeof facts_.alike, "%s: %s", operation.name,
                              to_string(right).c_str());
            for (auto heir : {heir_kind::same_numbers, heir_kind::same_inner_number,
                              heir_kind::same_outer_number})
                if (heir == heir_kind::same_numbers || stale_proc)
                    go_through(operation, right, calls, heir);
        }
    }

private:
    void go_through(const reuse_operation& operation, const told& right, std::size_t calls,
                    heir_kind heir) {
        // The end itself is the last place: everything was told then.
        for (std::size_t death = 0; death <= calls; ++death)
            for (std::size_t birth = death; birth <= calls; ++birth)
                for (const bool zombie : {false, true})
                    if (selected(death, birth, zombie))
                        play(operation, right, {death, birth, zombie, heir});
    }

    /// In the short mode: the pid changes hands at once, and at some places a little later.
    bool selected(std::size_t death, std::size_t birth, bool zombie) const {
        if (birth == death)
            return !zombie;
        return all_ || (birth < death + 6 && (death + birth) % 4 == 1);
    }

    void play(const reuse_operation& operation, const told& right, const plot& p) {
        ++facts_.rounds;
        told got;
        std::size_t calls = 0;
        switch (perform(operation, &p, got, calls)) {
        case end::no_heir:
            --facts_.rounds;
            ++facts_.lost;
            return;
        case end::died:
            return note(operation, p, "the asking process died", right);
        case end::told:
            break;
        }
        if (!is_true(operation, p, got, right))
            note(operation, p, to_string(got).c_str(), right);
    }

    static bool is_true(const reuse_operation& operation, const plot& p, const told& got,
                        const told& right) {
        const bool of_victim = got.error == 0 && agrees(got, right);
        // An orphan is the first process's. It does not end with its parent.
        if (operation.of_child)
            return (of_victim && p.death > 0) || (got.error == 0 && got.fields[0].value == 1);
        const bool could_be_asked = p.death > 0 || p.zombie;
        return got.error == ESRCH || (of_victim && could_be_asked);
    }

    void note(const reuse_operation& operation, const plot& p, const char* what,
              const told& right) {
        if (facts_.wrong++ != 0)
            return;
        std::snprintf(facts_.first_wrong, sizeof facts_.first_wrong,
                      "%s, death at call %zu%s, birth at call %zu%s: %s; right: %s", operation.name,
                      p.death, p.zombie ? " as a zombie" : "", p.birth,
                      p.heir == heir_kind::same_numbers        ? ""
                      : p.heir == heir_kind::same_inner_number ? " with another outer number"
                                                               : " with another inner number",
                      what, to_string(right).c_str());
    }

    bool watch(const reuse_operation& operation, told& right, std::size_t& calls) {
        return perform(operation, nullptr, right, calls) == end::told;
    }

    bool ask_about_heir(const reuse_operation& operation, told& got) {
        cast_.enter_victim(false);
        cast_.kill_victim();
        cast_.reap_victim();
        const bool born = cast_.enter_heir(heir_kind::same_numbers);
        const unique_fd fd(born ? raw_pidfd_open(cast_.pid(), 0) : -1);
        std::size_t calls = 0;
        const bool told_all = fd && trace(operation, fd.get(), nullptr, got, calls) == end::told;
        cast_.clear();
        return told_all;
    }

    end perform(const reuse_operation& operation, const plot* p, told& got, std::size_t& calls) {
        const bool entered = cast_.enter_victim(operation.of_child);
        const int fd = operation.of_child ? cast_.child_fd() : cast_.victim_fd();
        const end how = entered ? trace(operation, fd, p, got, calls) : end::no_heir;
        cast_.clear();
        return how;
    }

    end trace(const reuse_operation& operation, int fd, const plot* p, told& got,
              std::size_t& calls) {
        *shared_ = {};
        shared_->error = -1;
        const pid_t pid = fork();
        if (pid == 0)
            ask(operation, fd);
        tracee asking(pid);
        facts_.traced = asking.traced();
        if (!asking.traced())
            return end::died;
        bool began = false;
        bool heir_born = true;
        while (const auto call = asking.next_call()) {
            if (is(*call, mark::begin)) {
                began = true;
                continue;
            }
            if (!began)
                continue;
            if (p != nullptr)
                heir_born = act(*p, calls) && heir_born;
            if (is(*call, mark::end))
                break;
            ++calls;
        }
        asking.let_go();
        if (asking.wait_for_end() != 0)
            return end::died;
        got = *shared_;
        return heir_born ? end::told : end::no_heir;
    }

    /// What happens before the call of this number. False if the heir got another pid.
    bool act(const plot& p, std::size_t call) {
        if (call == p.death) {
            cast_.kill_victim();
            if (!p.zombie)
                cast_.reap_victim();
        }
        if (call != p.birth)
            return true;
        if (p.zombie)
            cast_.reap_victim();
        return cast_.enter_heir(p.heir);
    }

    [[noreturn]] void ask(const reuse_operation& operation, int fd) {
        alarm(60);
        profile kernel = kernel_;
        if (operation.before_5_8)
            for (const int pidfd :
                 {fd, lowest_free_fd()}) // the second is the one that it probes with
                kernel.rules.push_back(
                    {SYS_setns, EINVAL, 0, ~0U, static_cast<std::uint32_t>(pidfd)});
        if (!install(kernel.rules) || !be_traced())
            _exit(1);
        told t;
        unique_fd made;
        make(mark::begin);
        operation.ask(pidfd_view(fd), t, made);
        make(mark::end);
        if (operation.look != nullptr && t.error == 0)
            operation.look(t);
        if (made)
            t.add(inode_of(made.get()));
        *shared_ = t;
        support::end_child(0);
    }

    const profile& kernel_;
    facts& facts_;
    bool all_;
    told* shared_;
    reuse_cast cast_;
};

bool long_mode() {
    const char* const wish = std::getenv("PIDFD_UTIL_LONG");
    return wish != nullptr && std::strcmp(wish, "0") != 0;
}

/// The test is the first process of its pid namespace, where no stranger takes the pid in between.
void torment(const profile& kernel, bool stale_proc) {
    if (geteuid() != 0)
        SKIP_TEST("only root may choose pids and be many users");
    surroundings around;
    around.pid_namespace = true;
    around.mount_namespace = true;
    around.proc = stale_proc ? "" : "fresh";
    const bool all = long_mode();
    const auto got = isolated(around, [&] {
        facts f{};
        torture(kernel, f, all).run(stale_proc);
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (got->missing[0] != '\0')
        SKIP_TEST(got->missing);
    if (!got->traced)
        SKIP_TEST("nothing can be traced here");
    std::cout << "pid reuse, " << kernel.name << (stale_proc ? ", stale /proc" : "") << ": "
              << got->rounds << " rounds of " << got->operations << " operations, " << got->wrong
              << " wrong, " << got->lost << " lost to strangers" << std::endl;
    CAPTURE(got->first_wrong, got->alike);
    CHECK(got->rounds > 0);
    CHECK(got->lost < got->rounds);
    CHECK(got->alike[0] == '\0');
    CHECK(got->wrong == 0);
}

/// Those on which operations take the paths that rest on numbers.
std::vector<profile> kernels() {
    if (long_mode())
        return {linux_5_10(), linux_5_4(), linux_6_12(), sandbox(ENOSYS)};
    return {linux_5_10()};
}

} // namespace

TEST_CASE("no answer through /proc is about the heir of a pid, whenever it is born") {
    for (const profile& kernel : kernels())
        torment(kernel, false);
}

TEST_CASE("nor where /proc belongs to another pid namespace") {
    for (const profile& kernel : kernels())
        torment(kernel, true);
}

TEST_CASE("nor on the best paths, with the one or the other /proc") {
    torment(native(), false);
    torment(native(), true);
}
