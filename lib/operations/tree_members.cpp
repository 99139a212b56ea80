// SPDX-License-Identifier: MIT
#include "tree_members.hpp"

#include "../kernel/sys.hpp"
#include "../paths/identify.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>
#include <csignal>
#include <limits>

namespace pidfd_util {

tree_members::~tree_members() {
    for (std::size_t i = 1; i < count_; ++i)
        sys::close(at(i).fd);
}

int tree_members::make() noexcept {
    if (capacity_ >= std::numeric_limits<std::size_t>::max() / sizeof(tree_member))
        return ENOMEM;
    return members_.make(capacity_ + 1);
}

tree_member& tree_members::add(int fd, pid_t number, const process_stat::record& stat) noexcept {
    tree_member& m = at(count_);
    ++count_;
    m = {};
    m.fd = fd;
    m.number = number;
    m.update(stat);
    return m;
}

int tree_members::signal(std::size_t i, int signal, bool& sent) noexcept {
    const int fd = at(i).fd;
    const int error = abi::send_signal(fd, signal);
    sent = error == 0;
    if (error != ESRCH)
        return error;
    bool ended = false;
    if (const int unknown = identify::has_ended(fd, ended); unknown != 0)
        return unknown;
    return ended ? 0 : EIO; // a filter has answered
}

void tree_members::resume() noexcept {
    for (std::size_t i = 0; i < count_; ++i)
        if (at(i).continues)
            (void)abi::send_signal(at(i).fd, SIGCONT);
}

void tree_members::hand_over(void* where, void (*store)(void*, std::size_t, int)) noexcept {
    for (std::size_t i = 1; i < count_; ++i)
        store(where, i - 1, at(i).fd);
    count_ = 0;
}

} // namespace pidfd_util
