// SPDX-License-Identifier: MIT
// A child that leads a process group, and how a stop of its group went.
#ifndef PIDFD_UTIL_TEST_LED_GROUP_HPP
#define PIDFD_UTIL_TEST_LED_GROUP_HPP

#include "answers.hpp"
#include "error_of.hpp"
#include "lifecycle.hpp"
#include "processes.hpp"

#include <pidfd_util/child.hpp>

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace support {

inline constexpr auto group = pidfd_util::signal_scope::process_group;
inline constexpr pidfd_util::stop_step kill_all[] = {{SIGTERM, std::chrono::milliseconds(5), group},
                                                     {SIGKILL, std::chrono::hours(1), group}};

/// What the leader of a group is to do once its member is there.
enum class leader { runs, exits, leaves_no_member, leaves_the_group };

/// What the member does.
enum class member { obeys, ignores_sigterm, leaves_the_group, is_zombie };

/// A child that leads a group, with another process in it. Uses nothing of Catch, so that isolated
/// children can make it. The member holds a pipe open until it ends.
class led_group {
public:
    led_group(leader l, member m) {
        ok_ = pipe2(ends_, O_CLOEXEC) == 0;
        struct plan {
            led_group* self;
            leader l;
            member m;
        } p{this, l, m};
        const auto run = [](void* argument) -> int {
            const plan& of = *static_cast<plan*>(argument);
            return of.self->lead(of.l, of.m);
        };
        int fd = -1;
        pid_ = fork_with_pidfd(run, &p, fd);
        close(ends_[1]);
        char byte = 0;
        ok_ = ok_ && pid_ > 0 && read(ends_[0], &member_, sizeof member_) == sizeof member_ &&
              read(ends_[0], &byte, 1) == 1;
        owner_ = owner_of(fd);
        if (l == leader::exits)
            ok_ = ok_ && owner_.wait_exit();
    }
    led_group(const led_group&) = delete;
    led_group& operator=(const led_group&) = delete;
    ~led_group() {
        (void)!owner_.kill();
        (void)!owner_.wait();
        close(ends_[0]);
    }

    bool ok() const { return ok_; }
    pidfd_util::child& child() { return owner_; }
    pid_t pid() const { return pid_; }
    pid_t member_pid() const { return member_; }
    /// Whether no process but the test has the pipe: whether the member has ended.
    bool member_has_ended() const {
        pollfd p{ends_[0], POLLIN, 0};
        return poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
    }

private:
    int lead(leader l, member m) const {
        restore_signals();
        std::signal(SIGTERM, SIG_DFL);
        setpgid(0, 0);
        if (l == leader::leaves_no_member) {
            constexpr pid_t none = 0;
            (void)!write(ends_[1], &none, sizeof none);
            (void)!write(ends_[1], "g", 1);
            close(ends_[1]);
            live_on();
        }
        const pid_t other = fork();
        if (other == 0)
            be_member(m);
        siginfo_t info;
        if (m == member::is_zombie)
            waitid(P_PID, static_cast<id_t>(other), &info, WEXITED | WNOWAIT);
        if (l == leader::leaves_the_group && setpgid(0, getpgid(getppid())) != 0)
            return 8;
        if (m == member::is_zombie)
            (void)!write(ends_[1], "g", 1);
        close(ends_[1]);
        if (l == leader::runs || l == leader::leaves_the_group)
            live_on();
        return 7;
    }
    void be_member(member m) const {
        alarm(60); // if the library fails to end it
        if (m == member::ignores_sigterm)
            std::signal(SIGTERM, SIG_IGN);
        if (m == member::leaves_the_group)
            setsid();
        const pid_t self = getpid();
        (void)!write(ends_[1], &self, sizeof self);
        if (m == member::is_zombie)
            _exit(0);
        (void)!write(ends_[1], "g", 1);
        live_on();
    }

    int ends_[2] = {-1, -1};
    bool ok_ = false;
    pid_t pid_ = -1;
    pid_t member_ = 0;
    pidfd_util::child owner_;
};

/// How a stop went, as plain data.
struct stopped {
    bool ready;
    int error;
    int signal; // that ended the child; -1: it exited
    int code;
    int step; // -1: none
    bool member_ended;
    bool status_kept;
};

inline stopped stop(leader l, member m, pidfd_util::array_view<pidfd_util::stop_step> steps) {
    led_group g(l, m);
    stopped r{};
    r.ready = g.ok();
    const auto result = g.child().stop(steps);
    r.error = error_of(result);
    r.member_ended = g.member_has_ended();
    if (r.error != 0)
        (void)!g.child().kill();
    const auto status = g.child().wait_for(std::chrono::seconds(20));
    r.status_kept = status.has_value();
    r.signal = status ? status->signal().value_or(-1) : -2;
    r.code = status ? status->code().value_or(-1) : -2;
    r.step = result && result->step ? static_cast<int>(*result->step) : -1;
    return r;
}

/// Kernels with and without scopes, as far as filters can imitate them.
inline std::vector<profile> kernels() {
    return {native(), linux_6_12(), linux_5_10(), linux_5_4()};
}

} // namespace support

#endif
