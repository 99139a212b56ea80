// SPDX-License-Identifier: MIT
// A pseudo-terminal.
#ifndef PIDFD_UTIL_TEST_PSEUDO_TERMINAL_HPP
#define PIDFD_UTIL_TEST_PSEUDO_TERMINAL_HPP

#include "isolated.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cstdlib>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <type_traits>
#include <unistd.h>

namespace support {

/// Both ends of a pseudo-terminal, which becomes nobody's controlling terminal by being opened. -1
/// where there are none.
class pseudo_terminal {
public:
    pseudo_terminal() : master_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        if (!master_ || grantpt(master_.get()) != 0 || unlockpt(master_.get()) != 0)
            return;
        char name[64];
        if (ptsname_r(master_.get(), name, sizeof name) == 0)
            slave_.reset(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    }
    explicit operator bool() const { return static_cast<bool>(slave_); }
    int master() const { return master_.get(); }
    int slave() const { return slave_.get(); }

private:
    pidfd_util::unique_fd master_;
    pidfd_util::unique_fd slave_;
};

/// Calls the function in a child of an isolated process, which leads a session with this
/// controlling terminal, and returns its result. All zeros if there is no terminal.
template <class F>
auto in_session_on(const pseudo_terminal& terminal, F f) {
    using result = decltype(f());
    static_assert(std::is_trivially_copyable_v<result>);
    result r{};
    int ends[2];
    if (!terminal || pipe2(ends, O_CLOEXEC) != 0)
        return r;
    const pid_t pid = fork(); // the isolated process leads a group, and so cannot make a session
    if (pid == 0) {
        if (setsid() >= 0 && ioctl(terminal.slave(), TIOCSCTTY, 0) == 0) {
            r = f();
            (void)!write(ends[1], &r, sizeof r);
        }
        end_child(0);
    }
    close(ends[1]);
    if (read(ends[0], &r, sizeof r) != static_cast<ssize_t>(sizeof r))
        r = {};
    close(ends[0]);
    waitpid(pid, nullptr, 0);
    return r;
}

} // namespace support

#endif
