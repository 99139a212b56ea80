// SPDX-License-Identifier: MIT
#include "clone_errors.hpp"

#include "answer.hpp"
#include "procfs.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>

namespace pidfd_util {

namespace {

/// A namespace of the calling thread, by the text of its link in /proc.
struct link_text {
    char text[64] = {};

    /// 0, or a negated errno.
    long read(int root, const char* name) noexcept {
        unique_fd link;
        if (const int error = procfs::open_entry(root, name, O_PATH | O_NOFOLLOW, link); error != 0)
            return -error;
        const long size = sys::read_link(link.get(), text, sizeof text - 1);
        return size < 0 ? size : 0;
    }
};

/// Whether the calling thread's children are born in another pid namespace than its own, after
/// unshare(CLONE_NEWPID) or setns.
bool children_go_elsewhere(int root) noexcept {
    link_text own;
    link_text childrens;
    if (own.read(root, "thread-self/ns/pid") != 0)
        return false;
    const long error = childrens.read(root, "thread-self/ns/pid_for_children");
    // ENOENT of a link that is there: the new namespace has no process yet.
    return error == -ENOENT || (error == 0 && std::strcmp(own.text, childrens.text) != 0);
}

/// Whether a user namespace below the calling thread's own has the thread's pid namespace. The
/// thread entered that one with setns, say.
bool belongs_to_descendant(int root) noexcept {
    const auto open = [root](const char* name) {
        unique_fd link;
        if (procfs::open_entry(root, name, O_PATH | O_NOFOLLOW, link) != 0)
            return unique_fd();
        return unique_fd(sys::openat(root, name, O_RDONLY | O_NONBLOCK));
    };
    const unique_fd pid = open("thread-self/ns/pid");
    const unique_fd user = open("thread-self/ns/user");
    if (!pid || !user)
        return false;
    // EPERM: not the thread's own and none below it.
    const unique_fd owner(sys::ioctl_fd(pid.get(), uapi::get_owner));
    sys::inode a{};
    sys::inode b{};
    return owner && sys::stat_inode(owner.get(), a) == 0 && sys::stat_inode(user.get(), b) == 0 &&
           a.number != b.number;
}

/// Whether the calling thread is in no state to make a pid namespace: for the two reasons that the
/// kernel has to refuse that, beside having been built without them.
bool cannot_nest_pid_namespaces() noexcept {
    unique_fd root;
    return procfs::open_root(root) == 0 &&
           (children_go_elsewhere(root.get()) || belongs_to_descendant(root.get()));
}

} // namespace

int explain_clone(int error, const spawn_options& o) noexcept {
    const bool needs_clone3 = o.autoreap || o.cgroup.has_value();
    switch (error) {
    case EINTR:
        return EAGAIN;
    case EINVAL: // how flags are refused, of kernels to come and of types that it was built without
        if ((o.new_namespaces & namespace_flags::pid) != namespace_flags::none &&
            cannot_nest_pid_namespaces())
            return EINVAL;
        return EOPNOTSUPP;
    case ENOSYS:
    case E2BIG: // arguments that are longer than the kernel knows
        return EOPNOTSUPP;
    case EOPNOTSUPP: // a cgroup in the state "domain invalid", says clone(2)
        return o.cgroup.has_value() ? EBUSY : error;
    case EBADF:
    case ENOENT:
    case EACCES:
    case EBUSY:
    case ENODEV:
        if (!o.cgroup.has_value() && error != EACCES)
            return EIO; // no errno of a clone without a cgroup
        break;
    case EPERM:
    case EMFILE:
    case ENFILE:
    case ENOSPC: // a limit on the number of namespaces
        break;
    default:
        return out_of_place(error);
    }
    const auto flags = static_cast<unsigned>(o.new_namespaces);
    return who_forbids(error, [=] {
        return needs_clone3 ? sys::failing_clone3(nullptr, 0) : sys::failing_clone(flags);
    });
}

} // namespace pidfd_util
