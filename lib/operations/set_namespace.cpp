// SPDX-License-Identifier: MIT
#include "set_namespace.hpp"

#include "../choose/probe.hpp"
#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../paths/identify.hpp"
#include "../paths/threads.hpp"
#include "get_namespace.hpp"

#include <pidfd_util/abi.hpp>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace pidfd_util {

namespace {

/// Returns whether the kernel was built without one of the types. Looks at the caller's own namespaces,
/// because the caller may not be allowed to look at those of another process.
bool lacks_a_type(namespace_flags flags) noexcept {
    unique_fd self;
    if (identify::open_self(self) != 0)
        return false;
    const auto exists = [&self](const namespace_kind& kind) {
        unique_fd ns;
        return open_namespace(self.get(), kind, ns, nullptr) != EOPNOTSUPP;
    };
    // No kernel is built without this one: if it cannot be opened, none can.
    if (!exists(*kind_of(namespace_type::mnt)))
        return false;
    return std::any_of(std::begin(namespace_kinds), std::end(namespace_kinds),
                       [&](const namespace_kind& kind) {
                           return (flags & kind.flag) != namespace_flags::none && !exists(kind);
                       });
}

int setns(int fd, namespace_flags flags) noexcept {
    const auto number = static_cast<unsigned>(flags);
    return explain_denial(sys::setns(fd, number), [=] { return sys::setns(-1, number); });
}

/// Opens the namespace that the flags select. EOPNOTSUPP: they select several.
int open_single(int fd, namespace_flags flags, unique_fd& ns) noexcept {
    for (const namespace_kind& kind : namespace_kinds)
        if (kind.flag == flags)
            return open_namespace_by_procfs(fd, kind, ns);
    return EOPNOTSUPP;
}

/// Enters one namespace through a file descriptor of the namespace, where setns cannot enter it
/// through a pidfd.
int set_by_procfs(int fd, namespace_flags flags) noexcept {
    unique_fd ns;
    const int error = open_single(fd, flags, ns);
    return error != 0 ? error : setns(ns.get(), flags);
}

int set_through_another_thread(int fd, namespace_flags flags) noexcept {
    unique_fd target;
    const int error = open_for_setns(fd, flags, target);
    return error != 0 ? error : setns(target.get(), flags);
}

} // namespace

int explain_invalid_setns(namespace_flags flags) noexcept {
    availability pidfds{};
    if (probe::try_out(feature::setns, pidfds) != 0)
        return EINVAL; // this thread cannot find it out
    return pidfds != availability::available || lacks_a_type(flags) ? EOPNOTSUPP : EINVAL;
}

int open_for_setns(int fd, namespace_flags flags, unique_fd& target) noexcept {
    const int error = threads::open_living(fd, target);
    return error == EOPNOTSUPP ? open_single(fd, flags, target) : error;
}

namespace abi {

int set_namespace(int fd, namespace_flags flags) noexcept {
    constexpr namespace_flags all = all_namespace_flags();
    if (flags == namespace_flags::none || (flags | all) != all)
        return EINVAL;
    // setns would also take the file descriptor of a namespace, which is not a pidfd.
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
        // This thread cannot find it out. A single namespace can also be entered through /proc.
        const int single = set_by_procfs(fd, flags);
        return single == EOPNOTSUPP ? EINVAL : single;
    }
    if (pidfds != availability::available)
        return set_by_procfs(fd, flags);
    return lacks_a_type(flags) ? EOPNOTSUPP : EINVAL;
}

} // namespace abi
} // namespace pidfd_util
