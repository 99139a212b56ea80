// SPDX-License-Identifier: MIT
#include "get_namespace.hpp"

#include "../choose/choose.hpp"
#include "../paths/namespace_ioctl.hpp"
#include "../paths/namespace_link.hpp"
#include "../paths/procfs.hpp"
#include "../paths/threads.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace pidfd_util {

namespace {

/// Opens the namespace of another thread. The first one has left its namespaces: either the process
/// has ended, or other threads run on.
int open_of_another_thread(const procfs::process& process, int fd, const char* link,
                           unique_fd& ns) noexcept {
    unique_fd found;
    int error = threads::check_that_others_answer(fd);
    if (error == 0)
        error = threads::open_link(process, link, &namespace_link::open, found);
    if (const int gone = process.check(); gone != 0)
        return gone;
    if (error == 0)
        ns = std::move(found);
    return error == ENOENT ? EOPNOTSUPP : error; // the kernel was built without this type
}

} // namespace

int open_namespace_by_procfs(int fd, const namespace_kind& kind, unique_fd& ns) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return error;
    unique_fd found;
    int error = namespace_link::open(process, kind.link, found);
    // A process that has ended still shows its user and pid namespaces here. A running process
    // lacks the types that the kernel was built without. No kernel is built without "mnt".
    const bool outlives = kind.value == namespace_type::user || kind.value == namespace_type::pid;
    if (error == ENOENT || (error == 0 && outlives)) {
        const int mnt = namespace_link::look(process, kind_of(namespace_type::mnt)->link);
        if (mnt == 0 && error == ENOENT)
            error = EOPNOTSUPP;
        if (mnt != 0)
            error = mnt; // EMFILE, for example
        if (mnt == ENOENT) {
            unique_fd any;
            error = process.open_file("status", O_PATH, any);
            if (error == 0)
                return open_of_another_thread(process, fd, kind.link, ns);
        }
    }
    error = process.settle(error);
    if (error == 0)
        ns = std::move(found);
    return error;
}

int open_namespace(int fd, const namespace_kind& kind, unique_fd& ns,
                   answer_path* answered) noexcept {
    struct wanted {
        const namespace_kind& kind;
        unique_fd& ns;
    } answer{kind, ns};
    const auto by_ioctl = [](int of, wanted& w) { return namespace_ioctl::open(of, w.kind, w.ns); };
    const auto by_procfs = [](int of, wanted& w) {
        return open_namespace_by_procfs(of, w.kind, w.ns);
    };
    return choose::between(choose::query<wanted>{fd, answer, answered}, feature::namespace_ioctl,
                           choose::path{answer_path::ioctl, by_ioctl},
                           choose::path{answer_path::procfs, by_procfs});
}

namespace abi {

int get_namespace(int fd, int& ns, namespace_type type, answer_path* answered) noexcept {
    const namespace_kind* const kind = kind_of(type);
    if (kind == nullptr)
        return EINVAL;
    unique_fd found;
    const int error = open_namespace(fd, *kind, found, answered);
    if (error == 0)
        ns = found.release();
    return error;
}

} // namespace abi
} // namespace pidfd_util
