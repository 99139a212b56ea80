// SPDX-License-Identifier: MIT
#include "magic_link.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "proc_root.hpp"

#include <cerrno>
#include <fcntl.h>
#include <poll.h>
#include <utility>

namespace pidfd_util::magic_link {

namespace {

/// The mounts of the caller's mount namespace, at the time of `open`.
class mount_table {
public:
    int open(int root) noexcept {
        return proc_root::explain_entry(
            proc_root::open_entry(root, "thread-self/mountinfo", O_RDONLY, file_));
    }
    /// Finds out whether no mount was made, moved or removed since.
    int is_unchanged(bool& unchanged) const noexcept {
        return explain_refusal(sys::poll_quiet(file_.get(), POLLPRI, unchanged));
    }

private:
    unique_fd file_;
};

/// Returns 0 if nothing is mounted over the link. ESRCH, EACCES: the process is gone or hidden.
int check_link(const procfs::process& process, const char* path) noexcept {
    unique_fd link;
    const int error = process.open_file(path, O_PATH | O_NOFOLLOW, link);
    return error != 0 ? process.settle(error) : 0;
}

} // namespace

int open(const procfs::process& process, const char* path, unique_fd& target) noexcept {
    constexpr int attempts = 10;
    for (int i = 0; i < attempts; ++i) {
        mount_table mounts;
        if (const int error = mounts.open(process.root()); error != 0)
            return error;
        if (const int error = check_link(process, path); error != 0)
            return error;
        unique_fd found;
        const int error = process.follow_link(path, O_PATH, found);
        if (error == EMFILE || error == ENFILE || error == ERFKILL)
            return error;
        bool unchanged = false;
        if (const int unknown = mounts.is_unchanged(unchanged); unknown != 0)
            return unknown;
        if (!unchanged)
            continue;
        if (error == 0)
            target = std::move(found);
        return error;
    }
    return EAGAIN;
}

} // namespace pidfd_util::magic_link
