// SPDX-License-Identifier: MIT
#include "clone_errors.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "../paths/proc_root.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>

namespace pidfd_util {

namespace {

/// Names a namespace of the calling thread by the text of its link in /proc.
struct link_text {
    char text[64] = {};

    [[nodiscard]] int read(int root, const char* name) noexcept {
        unique_fd link;
        if (const int error = proc_root::open_entry(root, name, O_PATH | O_NOFOLLOW, link);
            error != 0)
            return error;
        std::size_t size = 0;
        return sys::read_link(link.get(), text, sizeof text - 1, size);
    }
};

/// Returns whether the children of the calling thread are born in another pid namespace than its
/// own, after unshare(CLONE_NEWPID) or setns.
bool children_go_elsewhere(int root) noexcept {
    link_text own;
    link_text childrens;
    if (own.read(root, "thread-self/ns/pid") != 0)
        return false;
    const int error = childrens.read(root, "thread-self/ns/pid_for_children");
    // ENOENT from a link that exists: the new namespace has no process yet.
    return error == ENOENT || (error == 0 && std::strcmp(own.text, childrens.text) != 0);
}

/// Returns whether the thread's pid namespace belongs to a user namespace below the thread's own,
/// for example because the thread entered it with setns.
bool belongs_to_descendant(int root) noexcept {
    const auto open = [root](const char* name, unique_fd& ns) {
        unique_fd link;
        return proc_root::open_entry(root, name, O_PATH | O_NOFOLLOW, link) == 0 &&
               sys::openat(root, name, O_RDONLY | O_NONBLOCK, ns) == 0;
    };
    unique_fd pid;
    unique_fd user;
    unique_fd owner;
    sys::inode a{};
    sys::inode b{};
    // The ioctl fails with EPERM if the owner is neither the thread's user namespace nor below it.
    return open("thread-self/ns/pid", pid) && open("thread-self/ns/user", user) &&
           sys::ioctl_fd(pid.get(), uapi::get_owner, owner) == 0 &&
           sys::stat_inode(owner.get(), a) == 0 && sys::stat_inode(user.get(), b) == 0 &&
           a.number != b.number;
}

/// Returns whether the calling thread cannot make a pid namespace because of its own namespaces.
/// These are the two reasons for which a kernel that has pid namespaces refuses to make one.
bool cannot_nest_pid_namespaces() noexcept {
    unique_fd root;
    return proc_root::open(root) == 0 &&
           (children_go_elsewhere(root.get()) || belongs_to_descendant(root.get()));
}

} // namespace

int explain_clone(int error, const spawn_options& o) noexcept {
    const bool needs_clone3 = o.autoreap || o.cgroup.has_value();
    switch (error) {
    case EINTR:
        return EAGAIN;
    case EINVAL: // the kernel does not know a flag, or was built without a type of namespace
        if ((o.new_namespaces & namespace_flags::pid) != namespace_flags::none &&
            cannot_nest_pid_namespaces())
            return EINVAL;
        return EOPNOTSUPP;
    case ENOSYS:
    case E2BIG: // the arguments are longer than those that the kernel knows
        return EOPNOTSUPP;
    case EOPNOTSUPP: // the cgroup is in the state "domain invalid": see clone(2)
        return o.cgroup.has_value() ? EBUSY : error;
    case EBADF:
    case ENOENT:
    case EACCES:
    case EBUSY:
    case ENODEV:
        if (!o.cgroup.has_value() && error != EACCES)
            return EIO; // clone without a cgroup never returns it
        break;
    case EPERM:
    case EMFILE:
    case ENFILE:
    case ENOSPC: // a limit on the number of namespaces
        break;
    default:
        return explain_unexpected(error);
    }
    const auto flags = static_cast<unsigned>(o.new_namespaces);
    return explain_denial(error, [=] {
        return needs_clone3 ? sys::failing_clone3(nullptr, 0) : sys::failing_clone(flags);
    });
}

} // namespace pidfd_util
