// SPDX-License-Identifier: MIT
// Gives a pid to another process between any two system calls of an operation that opens, kills or
// signals processes by their numbers. The calling process is stopped at each of its system calls. There
// the victim ends, and there or later an heir gets its pid. The heir must not be opened as if it were the
// victim, and no signal may reach it.
#include "support/catch.hpp"
#include "support/cgroups.hpp"
#include "support/isolated.hpp"
#include "support/numbered_operations.hpp"
#include "support/operations.hpp"
#include "support/reused_number.hpp"
#include "support/rounds.hpp"
#include "support/shared_object.hpp"
#include "support/tracer.hpp"
#include "support/unix_sockets.hpp"

#include <pidfd_util/cgroup.hpp>
#include <pidfd_util/orphans.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <iostream>
#include <optional>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;
using namespace support;
using support::numbered::heirs_handle;
using support::numbered::props;
using support::numbered::victim_of;

namespace {

struct result {
    int error;
    bool has_living; // a pidfd of the living process with the number
    bool has_ended;  // a pidfd of one that has ended
    bool stamps_agree;
};

struct numbers {
    std::size_t rounds;
    std::size_t operations;
    std::size_t wrong;
    std::size_t lost; // rounds in which no heir got the number
    bool traced;
    bool unable; // to make the processes
    char first_wrong[300];
};

/// When the victim ends, and when the heir gets the number, counted in the caller's system calls.
struct schedule {
    std::size_t death;
    std::size_t birth;
};

enum class how { answered, untraced, unprepared, died };

class opening_torture {
public:
    opening_torture(const profile& kernel, numbers& n)
        : kernel_(kernel), numbers_(n), shared_(make_shared_object<result>()),
          made_(test_cgroup::make("-numbers")) {
        if (made_)
            if (auto opened = cgroup::open(made_->path().c_str()))
                cgroup_ = std::move(*opened);
    }

    void run() {
        for (const numbered::operation& row : numbered::operations) {
            std::size_t calls = 0;
            bool untouched = true;
            switch (play(row, nullptr, calls, untouched)) {
            case how::untraced:
                return;
            case how::unprepared:
                numbers_.unable = true;
                return;
            case how::died:
                note(row, {}, "the caller died");
                continue;
            case how::answered:
                break;
            }
            if (refused(shared_.error))
                continue;
            ++numbers_.operations;
            if (shared_.error != 0 || (row.opens && !shared_.has_living))
                note(row, {}, "without any death");
            torment(row, calls);
        }
    }

private:
    void torment(const numbered::operation& row, std::size_t calls) {
        // In the short mode, so many places of each operation.
        const std::size_t most = slow_machine() ? 6 : long_mode() ? calls + 1 : 30;
        const std::size_t step = (calls + most) / most;
        // The last place is the end, after the answer.
        for (std::size_t death = 0; death <= calls; ++death) {
            if (death % step != 0 && death != calls)
                continue;
            attempt(row, {death, death}, calls);
            const std::size_t later = death + 1 + death % 5;
            if (later <= calls)
                attempt(row, {death, later}, calls);
        }
    }

    void attempt(const numbered::operation& row, const schedule& s, std::size_t right_calls) {
        ++numbers_.rounds;
        std::size_t calls = 0;
        bool untouched = true;
        if (play(row, &s, calls, untouched) != how::answered)
            return note(row, s, "the caller died");
        if (!untouched)
            return note(row, s, "a signal has reached the heir");
        if (shared_.has_living && row.heir != heirs_handle::right &&
            !(row.heir == heirs_handle::if_stamps_agree && shared_.stamps_agree))
            return note(row, s, "the heir was opened");
        const bool after_the_end = s.death == right_calls && calls == right_calls;
        if (after_the_end && row.opens && !shared_.has_ended)
            return note(row, s, "the living victim was not opened");
        if (shared_.error != 0 && (after_the_end || !is_allowed(row, shared_.error)))
            note(row, s, "an error");
    }

    static bool is_allowed(const numbered::operation& row, int error) {
        return (row.may_miss && error == ESRCH) || (row.may_fail != 0 && error == row.may_fail);
    }

    void note(const numbered::operation& row, const schedule& s, const char* what) {
        if (numbers_.wrong++ == 0)
            std::snprintf(numbers_.first_wrong, sizeof numbers_.first_wrong,
                          "%s, death at call %zu, birth at call %zu: %s; error %d", row.name,
                          s.death, s.birth, what, shared_.error);
    }

    how play(const numbered::operation& row, const schedule* s, std::size_t& calls,
             bool& untouched) {
        shared_ = {};
        const pid_t pid = fork();
        if (pid == 0)
            ask(row);
        reused_number_heir heir;
        how ended = how::answered;
        {
            tracee asking(pid);
            numbers_.traced = asking.traced();
            if (!asking.traced())
                return how::untraced;
            bool began = false;
            while (const auto call = asking.next_call()) {
                if (is(*call, mark::begin)) {
                    began = true;
                    continue;
                }
                if (!began)
                    continue;
                if (s != nullptr && calls == s->death)
                    end_victim();
                if (s != nullptr && calls == s->birth)
                    heir.be_born();
                if (is(*call, mark::end))
                    break;
                ++calls;
            }
            // The operation was shorter than before.
            if (s != nullptr && began && calls < s->death)
                end_victim();
            asking.let_go();
            if (const int status = asking.wait_for_end(); status != 0)
                ended = WIFEXITED(status) && WEXITSTATUS(status) == unprepared ? how::unprepared
                                                                               : how::died;
        }
        if (s != nullptr && !heir.born())
            ++numbers_.lost;
        untouched = !heir.born() || heir.is_untouched();
        clear();
        return ended;
    }

    /// Ends every process but the first one of the namespace, which is the caller.
    static void clear() {
        if (getpid() != 1)
            return;
        kill(-1, SIGKILL);
        while (waitpid(-1, nullptr, __WALL) > 0)
            continue;
    }

    static constexpr int unprepared = 3;

    [[noreturn]] void ask(const numbered::operation& row) {
        alarm(120);
        props p;
        if (!prepare(row, p) || !install(kernel_.rules) || !be_traced())
            _exit(unprepared);
        make(mark::begin);
        const int error = row.call(p);
        make(mark::end);
        shared_.error = error;
        for (const pidfd& found : p.found)
            if (found) {
                shared_.has_living = shared_.has_living || is_of_living_number(found.fd());
                shared_.has_ended = shared_.has_ended || is_of_ended(found.fd());
            }
        if (row.heir == heirs_handle::if_stamps_agree && shared_.has_living)
            shared_.stamps_agree = p.found[0].get_stamp() == p.stamp;
        support::end_child(0);
    }

    bool prepare(const numbered::operation& row, props& p) const {
        if (!become_subreaper())
            return false;
        std::signal(SIGCHLD, SIG_IGN); // also when the victim's parent ends first
        p.group = cgroup_;
        const unique_fd listener = listening_socket();
        unique_fd connected;
        const auto live = [&] {
            prctl(PR_SET_NAME, "the victim");
            connected = connect_to(listener);
            if (made_)
                (void)made_->add(0);
        };
        if (row.parent == victim_of::caller) {
            if (!bear_victim(live))
                return false;
        } else if (!make_parent(live, p)) {
            return false;
        }
        if (!p.parent)
            if (auto self = pidfd::from_self())
                p.parent = std::move(*self);
        auto victim = pidfd::from_pid(reused_number);
        if (!victim || !p.parent)
            return false;
        p.socket = accept_from(listener);
        if (const auto id = victim->get_process_id())
            p.id = *id;
        if (const auto stamp = victim->get_stamp())
            p.stamp = *stamp;
        p.owned = child(std::move(*victim));
        return true;
    }

    template <class Live>
    static bool make_parent(Live live, props& p) {
        int born[2];
        if (pipe2(born, O_CLOEXEC) != 0)
            return false;
        const pid_t parent = fork();
        if (parent == 0) {
            if (bear_victim(live))
                (void)!write(born[1], "+", 1);
            close(born[1]);
            live_on();
        }
        close(born[1]);
        char byte = 0;
        const bool ready = read(born[0], &byte, 1) == 1;
        close(born[0]);
        auto opened = pidfd::from_pid(parent);
        if (ready && opened)
            p.parent = std::move(*opened);
        return ready && opened;
    }

    const profile& kernel_;
    numbers& numbers_;
    result& shared_;
    std::optional<test_cgroup> made_;
    cgroup cgroup_;
};

void torment(const profile& kernel) {
    surroundings around;
    around.pid_namespace = true;
    around.mount_namespace = true;
    around.proc = "fresh";
    const auto got = isolated(around, [&] {
        numbers n{};
        opening_torture(kernel, n).run();
        return n;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->traced)
        SKIP_TEST("nothing can be traced here");
    if (got->unable)
        SKIP_TEST(no_chosen_pid);
    std::cout << "reused numbers, " << kernel.name << ": " << got->rounds << " rounds of "
              << got->operations << " operations, " << got->wrong << " wrong, " << got->lost
              << " without an heir" << std::endl;
    CAPTURE(kernel.name, got->first_wrong);
    CHECK(got->operations > 0);
    CHECK(got->lost < got->rounds / 4);
    CHECK(got->wrong == 0);
}

profile without_file_handles() {
    return {"no file handles", {{SYS_open_by_handle_at, EBADF}}};
}

} // namespace

TEST_CASE("no operation opens or signals the new owner of a pid, whenever the new owner starts") {
    torment(native());
}

TEST_CASE("no operation on the paths for older kernels opens or signals the new owner of a pid, "
          "whenever the new owner starts") {
    torment(without_file_handles());
    torment(linux_5_10());
    if (!long_mode())
        return;
    for (const profile& kernel : {linux_5_4(), linux_6_12(), sandbox(ENOSYS)})
        torment(kernel);
}
