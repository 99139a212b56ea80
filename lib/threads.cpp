// SPDX-License-Identifier: MIT
#include "threads.hpp"

#include "directory.hpp"
#include "identify.hpp"
#include "namespace_link.hpp"
#include "pidns.hpp"
#include "text.hpp"

#include <cerrno>
#include <fcntl.h>

namespace pidfd_util::threads {

namespace {

constexpr const char* task = "task/";

/// Whether another thread should be tried: this one has exited.
bool has_exited(int error) noexcept {
    return error == ENOENT || error == ESRCH;
}

template <class F>
int for_each_thread(const procfs::process& process, F f) noexcept {
    unique_fd list;
    if (const int error = process.open_file("task", O_RDONLY | O_DIRECTORY, list); error != 0)
        return error;
    return directory::for_each_number(list.get(), f);
}

/// Opens a thread's pidfd, if the thread belongs to the process and lives.
int open_member(const procfs::process& process, pid_t tid, unique_fd& thread) noexcept {
    unique_fd found(sys::pidfd_open(tid, uapi::pidfd_thread));
    if (!found)
        return found.get() == -EINVAL ? EOPNOTSUPP : -found.get();
    // The number belongs to a thread of the process now. As the thread that the pidfd refers to
    // still has the number afterwards, it had it at that time.
    text::numbered_path path;
    unique_fd entry;
    if (!path.set(task, tid, ""))
        return ENAMETOOLONG;
    if (const int error = process.open_file(path.text, O_PATH, entry); error != 0)
        return error;
    bool ended = false;
    if (const int error = identify::has_ended(found.get(), ended); error != 0)
        return error;
    if (ended)
        return ESRCH;
    thread = std::move(found);
    return 0;
}

} // namespace

int open_namespace(const procfs::process& process, const char* link, unique_fd& ns) noexcept {
    int outcome = ENOENT;
    const int listed = for_each_thread(process, [&](pid_t tid) {
        text::numbered_path path;
        if (!path.set(task, tid, link))
            return false;
        outcome = namespace_link::open(process, path.text, ns);
        return has_exited(outcome);
    });
    return listed != 0 ? listed : outcome;
}

int open_living(int pidfd, unique_fd& thread) noexcept {
    bool ended = true;
    if (const int error = identify::has_ended(pidfd, ended); error != 0)
        return error;
    if (ended)
        return ESRCH;
    procfs::process process;
    if (const int error = process.open(pidfd); error != 0)
        return error;
    std::size_t depth = 0;
    if (const int error = pidns::depth_of_caller(process.root(), depth); error != 0)
        return error;
    if (depth != 1) // its numbers are not the caller's
        return EOPNOTSUPP;
    int outcome = ESRCH;
    unique_fd found;
    const int listed = for_each_thread(process, [&](pid_t tid) {
        // The first thread's pidfd does not show that it has exited while others live.
        if (tid == process.shown().pid)
            return true;
        outcome = open_member(process, tid, found);
        return has_exited(outcome);
    });
    if (const int error = process.settle(listed != 0 ? listed : 0); error != 0)
        return error;
    if (outcome == 0)
        thread = std::move(found);
    return has_exited(outcome) ? ESRCH : outcome;
}

} // namespace pidfd_util::threads
