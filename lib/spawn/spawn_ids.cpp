// SPDX-License-Identifier: MIT
#include "spawn_ids.hpp"

#include "../kernel/sys.hpp"
#include "../kernel/uapi.hpp"
#include "../paths/proc_root.hpp"
#include "certain.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

namespace pidfd_util {

namespace {

// Every system call here is made directly: setresuid of libc would also change other threads, which
// the child does not have.
using sys::call;

int set_ids(long set, long get, std::uint32_t id) noexcept {
    constexpr std::uint32_t kept = ~std::uint32_t{0};
    const int error = call(set, id, id, id);
    // The kernel allows every process to keep its ids.
    if ((error == EPERM || error == EACCES) && call(set, kept, kept, kept) == error)
        return ERFKILL;
    if (error != 0)
        return error;
    std::uint32_t now[3] = {kept, kept, kept};
    if (call(get, &now[0], &now[1], &now[2]) != 0)
        return ERFKILL; // it is unknown whether the ids have changed
    return now[0] == id && now[1] == id && now[2] == id ? 0 : ENOSYS;
}

/// Returns whether CAP_SETGID is effective.
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

/// Returns whether a file of the calling process in /proc begins with one of these characters.
bool file_begins_with(const char* path, const char* characters) noexcept {
    unique_fd root;
    unique_fd file;
    char first = '\0';
    std::size_t size = 0;
    if (proc_root::open(root) != 0 ||
        proc_root::open_entry(root.get(), path, O_RDONLY, file) != 0 ||
        sys::read(file.get(), &first, 1, size) != 0 || size != 1)
        return false;
    while (*characters != '\0' && *characters != first)
        ++characters;
    return *characters != '\0';
}

/// Returns whether the calling process's user namespace allows setgroups.
bool namespace_allows_groups() noexcept {
    return file_begins_with("thread-self/setgroups", "a") && // "allow" or "deny"
           file_begins_with("thread-self/gid_map", " 0123456789");
}

/// The kernel itself clears the ambient capabilities only if one of the former user ids was 0.
int drop_ambient_capabilities() noexcept {
    const auto clear = [](int reserved) {
        return call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, reserved, 0, 0);
    };
    return certain([&] { return clear(0); }, [&] { return clear(1); });
}

} // namespace

int set_uid(uid_t id) noexcept {
    std::uint32_t before[3] = {};
    const bool unknown = call(uapi::sys_getresuid, &before[0], &before[1], &before[2]) != 0;
    const bool is_kept = !unknown && before[0] == id && before[1] == id && before[2] == id;
    if (const int error = set_ids(uapi::sys_setresuid, uapi::sys_getresuid, id); error != 0)
        return error;
    return is_kept ? 0 : drop_ambient_capabilities();
}

int set_gid(gid_t id) noexcept {
    return set_ids(uapi::sys_setresgid, uapi::sys_getresgid, id);
}

int set_groups(array_view<gid_t> groups) noexcept {
    const int error = call(uapi::sys_setgroups, groups.size(), groups.begin());
    switch (error) {
    case 0: // no kernel takes so many
        return call(uapi::sys_setgroups, -1, nullptr) == 0 ? ENOSYS : 0;
    case EACCES: // the kernel never returns it
        return ERFKILL;
    case EPERM: // the kernel returns it before it looks at any argument
        return may_set_gid() && namespace_allows_groups() ? ERFKILL : error;
    default:
        return error;
    }
}

} // namespace pidfd_util
