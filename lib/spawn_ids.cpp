// SPDX-License-Identifier: MIT
#include "spawn_ids.hpp"

#include "procfs.hpp"
#include "sys.hpp"
#include "uapi.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <fcntl.h>

namespace pidfd_util {

namespace {

using sys::call;

long set_ids(long set, long get, std::uint32_t id) noexcept {
    constexpr std::uint32_t kept = ~std::uint32_t{0};
    const long error = call(set, id, id, id);
    // The kernel lets everyone keep their ids.
    if ((error == -EPERM || error == -EACCES) && call(set, kept, kept, kept) == error)
        return -ERFKILL;
    if (error != 0)
        return error;
    std::uint32_t now[3] = {kept, kept, kept};
    if (call(get, &now[0], &now[1], &now[2]) != 0)
        return -ERFKILL; // whether the ids were changed cannot be seen
    return now[0] == id && now[1] == id && now[2] == id ? 0 : -ENOSYS;
}

/// Whether CAP_SETGID is effective.
bool may_set_gid() noexcept {
    constexpr std::uint32_t version_3 = 0x20080522;
    constexpr std::uint32_t cap_setgid = 1U << 6;
    const struct {
        std::uint32_t version;
        std::int32_t pid;
    } header{version_3, 0};
    struct {
        std::uint32_t effective;
        std::uint32_t permitted;
        std::uint32_t inheritable;
    } data[2] = {};
    return call(SYS_capget, &header, data) == 0 && (data[0].effective & cap_setgid) != 0;
}

/// Whether a file of the calling process in /proc begins with one of these characters.
bool file_begins_with(const char* path, const char* characters) noexcept {
    unique_fd root;
    unique_fd file;
    char first = '\0';
    if (procfs::open_root(root) != 0 || procfs::open_entry(root.get(), path, O_RDONLY, file) != 0 ||
        sys::read(file.get(), &first, 1) != 1)
        return false;
    while (*characters != '\0' && *characters != first)
        ++characters;
    return *characters != '\0';
}

/// Whether the calling process's user namespace lets groups be set.
bool namespace_allows_groups() noexcept {
    return file_begins_with("thread-self/setgroups", "a") && // "allow" or "deny"
           file_begins_with("thread-self/gid_map", " 0123456789");
}

} // namespace

long set_uid(uid_t id) noexcept {
    return set_ids(uapi::sys_setresuid, uapi::sys_getresuid, id);
}

long set_gid(gid_t id) noexcept {
    return set_ids(uapi::sys_setresgid, uapi::sys_getresgid, id);
}

long set_groups(array_view<gid_t> groups) noexcept {
    const long error = call(uapi::sys_setgroups, groups.size(), groups.begin());
    switch (error) {
    case 0: // no kernel takes so many
        return call(uapi::sys_setgroups, -1, nullptr) == 0 ? -ENOSYS : 0;
    case -EACCES: // no errno of the kernel's
        return -ERFKILL;
    case -EPERM: // which the kernel says before it looks at any argument
        return may_set_gid() && namespace_allows_groups() ? -ERFKILL : error;
    default:
        return error;
    }
}

} // namespace pidfd_util
