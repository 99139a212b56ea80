// SPDX-License-Identifier: MIT
#include "child_terminal.hpp"

#include "../kernel/sys.hpp"
#include "certain.hpp"
#include "signals_blocked.hpp"

#include <cerrno>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pidfd_util {

namespace {

int set_foreground(int terminal, pid_t group) noexcept {
    return sys::call(SYS_ioctl, terminal, TIOCSPGRP, &group);
}

int get_foreground(int terminal, pid_t& group) noexcept {
    return sys::call(SYS_ioctl, terminal, TIOCGPGRP, &group);
}

int take_for_session(int terminal) noexcept {
    const auto take = [](int fd) { return sys::call(SYS_ioctl, fd, TIOCSCTTY, 0); };
    return certain([&] { return take(terminal); }, [&] { return take(-1); });
}

int take_for_group(int terminal, pid_t group) noexcept {
    if (group == 0)
        if (const int error = sys::getpid(group); error != 0) // the kernel never fails here
            return explain_refusal(error);
    return certain([&] { return set_foreground(terminal, group); },
                   [&] { return set_foreground(-1, group); });
}

} // namespace

int take_terminal(const spawn_options& o) noexcept {
    const int error = o.new_session ? take_for_session(*o.terminal)
                                    : take_for_group(*o.terminal, *o.process_group);
    return error == ENOTTY ? ENXIO : error; // ENOTTY would mean that the kernel lacks the call
}

terminal_owner::terminal_owner(const spawn_options& o) noexcept {
    pid_t group = 0;
    if (!o.terminal.has_value() || o.new_session || get_foreground(*o.terminal, group) != 0)
        return;
    terminal_ = *o.terminal;
    child_group_ = *o.process_group;
    former_group_ = group;
}

void terminal_owner::restore(pid_t child) const noexcept {
    const pid_t taken_by = child_group_ != 0 ? child_group_ : child;
    pid_t now = 0;
    if (former_group_ <= 0 || get_foreground(terminal_, now) != 0 || now != taken_by)
        return;
    // The caller is in the background: an unblocked SIGTTOU would stop it.
    const all_signals_blocked block;
    if (block.error() == 0)
        (void)set_foreground(terminal_, former_group_);
}

} // namespace pidfd_util
