// SPDX-License-Identifier: MIT
#include "memory_sharing.hpp"

#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"
#include "pidns.hpp"
#include "status.hpp"
#include "task_path.hpp"
#include "visible_process.hpp"

#include <fcntl.h>

namespace pidfd_util::memory_sharing {

namespace {

/// Finds the number of the thread in the caller's pid namespace, which kcmp takes.
bool find_own_number(const procfs::process& process, pid_t thread, pid_t& number) noexcept {
    std::size_t depth = 0;
    if (pidns::depth_of_caller(process.root(), depth) != 0)
        return false;
    number = thread;
    if (depth == 1)
        return true;
    text::numbered_path path;
    unique_fd file;
    status::record found{};
    if (set_task_path(path, thread, "status") != 0 ||
        process.open_file(path.text, O_RDONLY, file) != 0 || status::read(file.get(), found) != 0 ||
        found.nspid.count < depth)
        return false;
    number = found.nspid.pids[depth - 1];
    return true;
}

} // namespace

bool is_proved(const procfs::process& process, pid_t thread, int pidfd) noexcept {
    pid_t number = 0;
    visible_process other;
    return find_own_number(process, thread, number) && other.open(pidfd) == 0 &&
           sys::share_memory(number, other.pid()) && other.files().check() == 0;
}

} // namespace pidfd_util::memory_sharing
