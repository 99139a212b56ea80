// SPDX-License-Identifier: MIT
// Gives the pid of a process to another process between any two system calls of an operation. The
// calling process is stopped at each of its system calls. There the victim ends, and an heir gets
// its pid. An answer must be about the victim, or say that it is gone.
#include "support/catch.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/operations.hpp"
#include "support/reuse_cast.hpp"
#include "support/rounds.hpp"
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

/// When the victim ends, is reaped and gets an heir, counted in the calling process's system calls.
struct plot {
    std::size_t death = 0;
    std::size_t birth = 0; // of the heir; not before the death
    bool zombie = false;   // between the two; otherwise it is reaped at once
    heir_kind heir = heir_kind::same_numbers;
};

/// An operation, called on the victim or on the victim's child.
struct question {
    const operation_row& operation;
    bool of_child = false;

    std::string name() const { return operation.name + std::string(of_child ? " of a child" : ""); }
    /// Whether the answers about the victim and its heir differ.
    bool distinct() const { return !operation.same_for_heir && !of_child; }
};

/// All operations that report whether the process is gone.
std::vector<question> questions() {
    std::vector<question> all;
    for (const operation_row& o : operation_table()) {
        if (!o.harmless() || o.bad_argument || o.after != once_reaped::gone)
            continue;
        all.push_back({o});
        if (o.about_parent)
            all.push_back({o, true});
    }
    return all;
}

enum class end { answered, died, no_heir };

struct facts {
    std::size_t rounds;
    std::size_t operations;
    std::size_t lost; // rounds in which a stranger took the number first
    std::size_t wrong;
    bool traced;
    char missing[100];
    char first_wrong[500];
    char alike[100]; // an operation that did not distinguish the victim from the heir
};

class torture {
public:
    torture(const profile& kernel, facts& f, bool all) : kernel_(kernel), facts_(f), all_(all) {
        shared_ =
            static_cast<plain_answer*>(mmap(nullptr, sizeof(plain_answer), PROT_READ | PROT_WRITE,
                                            MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    }

    void run(bool stale_proc) {
        if (!cast_.ready(facts_.missing, sizeof facts_.missing))
            return;
        for (const question& asked : questions()) {
            std::size_t calls = 0;
            plain_answer right;
            plain_answer heirs;
            if (!watch(asked, right, calls) || !ask_about_heir(asked, heirs)) {
                std::snprintf(facts_.alike, sizeof facts_.alike, "%s: no answer",
                              asked.name().c_str());
                return;
            }
            if (refused(right.error) || right.error == EINVAL)
                continue; // for example, this kernel has no such namespace
            ++facts_.operations;
            if (right.error != 0 || (asked.distinct() && agrees(heirs, right)))
                std::snprintf(facts_.alike, sizeof facts_.alike, "%s: %s", asked.name().c_str(),
                              to_string(right).c_str());
            for (auto heir : {heir_kind::same_numbers, heir_kind::same_inner_number,
                              heir_kind::same_outer_number})
                if (heir == heir_kind::same_numbers || stale_proc)
                    go_through(asked, right, calls, heir);
        }
    }

private:
    void go_through(const question& asked, const plain_answer& right, std::size_t calls,
                    heir_kind heir) {
        // The last place is the end, after the answer.
        for (std::size_t death = 0; death <= calls; ++death)
            for (std::size_t birth = death; birth <= calls; ++birth)
                for (const bool zombie : {false, true})
                    if (selected(death, birth, zombie))
                        play(asked, right, {death, birth, zombie, heir});
    }

    /// In the short mode, the heir gets the pid at once, and at some places a little later.
    bool selected(std::size_t death, std::size_t birth, bool zombie) const {
        if (birth == death)
            return !zombie;
        return all_ || (birth < death + 6 && (death + birth) % 4 == 1);
    }

    void play(const question& asked, const plain_answer& right, const plot& p) {
        ++facts_.rounds;
        plain_answer got;
        std::size_t calls = 0;
        switch (perform(asked, &p, got, calls)) {
        case end::no_heir:
            --facts_.rounds;
            ++facts_.lost;
            return;
        case end::died:
            return note(asked, p, "the asking process died", right);
        case end::answered:
            break;
        }
        if (!is_true(asked, p, got, right))
            note(asked, p, to_string(got).c_str(), right);
    }

    static bool is_true(const question& asked, const plot& p, const plain_answer& got,
                        const plain_answer& right) {
        const bool of_victim = got.error == 0 && agrees(got, right);
        // An orphan becomes a child of the first process, and does not end with its parent.
        if (asked.of_child)
            return (of_victim && p.death > 0) || (got.error == 0 && got.fields[0].value == 1);
        const bool could_be_asked = p.death > 0 || p.zombie;
        return got.error == ESRCH || (of_victim && could_be_asked);
    }

    void note(const question& asked, const plot& p, const char* what, const plain_answer& right) {
        if (facts_.wrong++ != 0)
            return;
        std::snprintf(facts_.first_wrong, sizeof facts_.first_wrong,
                      "%s, death at call %zu%s, birth at call %zu%s: %s; right: %s",
                      asked.name().c_str(), p.death, p.zombie ? " as a zombie" : "", p.birth,
                      p.heir == heir_kind::same_numbers        ? ""
                      : p.heir == heir_kind::same_inner_number ? " with another outer number"
                                                               : " with another inner number",
                      what, to_string(right).c_str());
    }

    bool watch(const question& asked, plain_answer& right, std::size_t& calls) {
        return perform(asked, nullptr, right, calls) == end::answered;
    }

    bool ask_about_heir(const question& asked, plain_answer& got) {
        cast_.enter_victim(false);
        cast_.kill_victim();
        cast_.reap_victim();
        const bool born = cast_.enter_heir(heir_kind::same_numbers);
        const unique_fd fd(born ? raw_pidfd_open(cast_.pid(), 0) : -1);
        std::size_t calls = 0;
        const bool answered = fd && trace(asked, fd.get(), nullptr, got, calls) == end::answered;
        cast_.clear();
        return answered;
    }

    end perform(const question& asked, const plot* p, plain_answer& got, std::size_t& calls) {
        const bool entered = cast_.enter_victim(asked.of_child);
        const int fd = asked.of_child ? cast_.child_fd() : cast_.victim_fd();
        const end how = entered ? trace(asked, fd, p, got, calls) : end::no_heir;
        cast_.clear();
        return how;
    }

    end trace(const question& asked, int fd, const plot* p, plain_answer& got, std::size_t& calls) {
        *shared_ = {};
        shared_->error = -1;
        const pid_t pid = fork();
        if (pid == 0)
            ask(asked, fd);
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
        return heir_born ? end::answered : end::no_heir;
    }

    /// Does what the plot schedules before this call. False if the heir got another pid.
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

    [[noreturn]] void ask(const question& asked, int fd) {
        alarm(60);
        profile kernel = kernel_;
        if (asked.operation.by_setns)
            for (const int pidfd : {fd, lowest_free_fd()}) // the second one is used for probing
                kernel.rules.push_back(
                    {SYS_setns, EINVAL, 0, ~0U, static_cast<std::uint32_t>(pidfd)});
        if (!install(kernel.rules) || !be_traced())
            _exit(1);
        scene s{pidfd_view(fd)};
        s.in_proc = signature_in_proc;
        if (asked.operation.about_start)
            s.started = s.process.get_start_time()->since_boot.count();
        plain_answer t;
        make(mark::begin);
        asked.operation.call(s, t);
        make(mark::end);
        look_at(asked.operation, s, t);
        *shared_ = t;
        support::end_child(0);
    }

    const profile& kernel_;
    facts& facts_;
    bool all_;
    plain_answer* shared_;
    reuse_cast cast_;
};

/// The test is the first process of its pid namespace, where no unrelated process takes the pid in
/// between.
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

/// Kernels on which operations take the paths that depend on numbers.
std::vector<profile> kernels() {
    if (long_mode())
        return {linux_5_10(), linux_5_4(), linux_6_12(), sandbox(ENOSYS)};
    return {linux_5_10()};
}

} // namespace

TEST_CASE(
    "no answer through /proc is about the new owner of a pid, whenever the new owner starts") {
    for (const profile& kernel : kernels())
        torment(kernel, false);
}

TEST_CASE(
    "no answer is about the new owner of a pid where /proc belongs to another pid namespace") {
    for (const profile& kernel : kernels())
        torment(kernel, true);
}

TEST_CASE(
    "no answer on the best paths is about the new owner of a pid, whichever /proc is mounted") {
    torment(native(), false);
    torment(native(), true);
}
