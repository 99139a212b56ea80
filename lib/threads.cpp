// SPDX-License-Identifier: MIT
#include "threads.hpp"

#include "directory.hpp"
#include "identify.hpp"
#include "namespace_link.hpp"
#include "pidns.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fcntl.h>

namespace pidfd_util::threads {

namespace {

/// The name of a thread's file below /proc/PID.
struct task_path {
    char text[sizeof "task/2147483647/ns/time_for_children"] = "task/";

    bool set(pid_t tid, const char* name) noexcept {
        char* const end = text + sizeof text;
        char* const at = std::to_chars(text + std::strlen("task/"), end, tid).ptr;
        const std::size_t length = std::strlen(name);
        if (length + 1 > static_cast<std::size_t>(end - at))
            return false;
        std::memcpy(at, name, length + 1);
        return true;
    }
};

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
    task_path path;
    unique_fd entry;
    if (!path.set(tid, ""))
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
        task_path path;
        char name[sizeof path.text] = "/";
        const std::size_t size = std::strlen(link) + 1;
        if (size + 1 > sizeof name)
            return false;
        std::memcpy(name + 1, link, size);
        if (!path.set(tid, name))
            return false;
        outcome = namespace_link::open(process, path.text, ns);
        return has_exited(outcome);
    });
    return listed != 0 ? listed : outcome;
}

int open_living(int pidfd, unique_fd& thread) noexcept {
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
