// SPDX-License-Identifier: MIT
// get_namespace and set_namespace.
#include "namespaces.hpp"

#include "namespace_ioctl.hpp"
#include "namespace_link.hpp"
#include "probe.hpp"
#include "procfs.hpp"
#include "sys.hpp"
#include "threads.hpp"

#include <pidfd_util/abi.hpp>

#include <algorithm>
#include <fcntl.h>
#include <iterator>

namespace pidfd_util {

namespace {

/// In the order of namespace_type.
constexpr const char* links[] = {
    "ns/cgroup", "ns/ipc",
    "ns/mnt",    "ns/net",
    "ns/pid",    "ns/pid_for_children",
    "ns/time",   "ns/time_for_children",
    "ns/user",   "ns/uts",
};

struct kind {
    namespace_flags flag;
    namespace_type type;
};
constexpr kind kinds[] = {
    {namespace_flags::cgroup, namespace_type::cgroup},
    {namespace_flags::ipc, namespace_type::ipc},
    {namespace_flags::mnt, namespace_type::mnt},
    {namespace_flags::net, namespace_type::net},
    {namespace_flags::pid, namespace_type::pid},
    {namespace_flags::time, namespace_type::time},
    {namespace_flags::user, namespace_type::user},
    {namespace_flags::uts, namespace_type::uts},
};

namespace_flags all_flags() noexcept {
    namespace_flags all = namespace_flags::none;
    for (const kind& k : kinds)
        all |= k.flag;
    return all;
}

/// The first thread has left its namespaces: the process has ended, or lives on in other threads.
int open_of_another_thread(const procfs::process& process, int fd, const char* link,
                           unique_fd& ns) noexcept {
    bool over = true;
    if (const int error = identify::has_ended(fd, over); error != 0)
        return error;
    unique_fd found;
    const int error = over ? ENOENT : threads::open_namespace(process, link, found);
    if (const int gone = process.check(); gone != 0)
        return gone;
    if (error == 0)
        ns = std::move(found);
    return error == ENOENT ? ESRCH : error;
}

int open_by_procfs(int fd, namespace_type type, unique_fd& ns) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return error;
    unique_fd found;
    const char* const link = links[static_cast<unsigned>(type)];
    int error = namespace_link::open(process, link, found);
    const bool outlives = type == namespace_type::user || type == namespace_type::pid;
    // Of a process that has ended, some namespaces can be opened here still; of a running one,
    // those are missing which the kernel was built without. No kernel is built without "mnt".
    if (error == ENOENT || (error == 0 && outlives)) {
        const int mnt = namespace_link::look(process, "ns/mnt");
        if (mnt == 0 && error == ENOENT)
            error = EOPNOTSUPP;
        if (mnt != 0)
            error = mnt; // no file descriptor left to look with, say
        if (mnt == ENOENT) {
            unique_fd any;
            error = process.open_file("status", O_PATH, any);
            if (error == 0)
                return open_of_another_thread(process, fd, link, ns);
        }
    }
    error = process.settle(error);
    if (error == 0)
        ns = std::move(found);
    return error;
}

int open_any(int fd, namespace_type type, unique_fd& ns, answer_path* answered) noexcept {
    const auto by_ioctl = [&] { return namespace_ioctl::open(fd, type, ns); };
    const auto by_procfs = [&] { return open_by_procfs(fd, type, ns); };
    return probe::choose(fd, answered, feature::namespace_ioctl,
                         probe::path{answer_path::ioctl, by_ioctl},
                         probe::path{answer_path::procfs, by_procfs});
}

/// Whether the kernel was built without one of the types.
bool lacks_a_type(int fd, namespace_flags flags) noexcept {
    const auto is_there = [fd](namespace_type type) {
        unique_fd ns;
        return open_any(fd, type, ns, nullptr) != EOPNOTSUPP;
    };
    // No kernel is built without this one: else nothing can be seen here.
    if (!is_there(namespace_type::mnt))
        return false;
    return std::any_of(std::begin(kinds), std::end(kinds), [&](const kind& k) {
        return (flags & k.flag) != namespace_flags::none && !is_there(k.type);
    });
}

int setns(int fd, namespace_flags flags) noexcept {
    const auto number = static_cast<unsigned>(flags);
    return who_forbids(-sys::setns(fd, number), [=] { return sys::setns(-1, number); });
}

/// Where setns takes no pidfd of this process: through a namespace's own file descriptor, one at a time.
int set_by_procfs(int fd, namespace_flags flags) noexcept {
    for (const kind& k : kinds) {
        if (k.flag != flags)
            continue;
        unique_fd ns;
        const int error = open_by_procfs(fd, k.type, ns);
        return error != 0 ? error : setns(ns.get(), flags);
    }
    return EOPNOTSUPP;
}

/// setns says ESRCH also of a process that lives, if its first thread has exited.
int set_through_another_thread(int fd, namespace_flags flags) noexcept {
    unique_fd thread;
    const int error = threads::open_living(fd, thread);
    if (error == 0)
        return setns(thread.get(), flags);
    return error == EOPNOTSUPP ? set_by_procfs(fd, flags) : error;
}

} // namespace

int explain_invalid_setns(int fd, namespace_flags flags) noexcept {
    availability pidfds{};
    if (probe::try_out(feature::setns, pidfds) != 0)
        return EINVAL; // not to be found out in this thread
    return pidfds != availability::available || lacks_a_type(fd, flags) ? EOPNOTSUPP : EINVAL;
}

namespace abi {

int get_namespace(int fd, namespace_type type, int& ns, answer_path* answered) noexcept {
    if (static_cast<unsigned>(type) >= sizeof links / sizeof *links)
        return EINVAL;
    unique_fd found;
    const int error = open_any(fd, type, found, answered);
    if (error == 0)
        ns = found.release();
    return error;
}

int set_namespace(int fd, namespace_flags flags) noexcept {
    if (flags == namespace_flags::none || (flags | all_flags()) != all_flags())
        return EINVAL;
    // setns would take the file descriptor of a namespace as well, which is no process.
    if (const int error = identify::check(fd); error != 0)
        return error;
    const int entered = setns(fd, flags);
    if (entered == ESRCH)
        return set_through_another_thread(fd, flags);
    if (entered != EINVAL)
        return entered;
    availability pidfds{};
    if (const int error = probe::try_out(feature::setns, pidfds); error != 0) {
        if (is_answer(error))
            return error;
        // Not to be found out in this thread. One namespace can be entered through /proc as well.
        const int single = set_by_procfs(fd, flags);
        return single == EOPNOTSUPP ? EINVAL : single;
    }
    if (pidfds != availability::available)
        return set_by_procfs(fd, flags);
    return lacks_a_type(fd, flags) ? EOPNOTSUPP : EINVAL;
}

} // namespace abi
} // namespace pidfd_util
