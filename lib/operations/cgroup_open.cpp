// SPDX-License-Identifier: MIT
// Opening, making and removing cgroups.
#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/sys_cgroup.hpp"
#include "../paths/cgroup_directory.hpp"

#include <pidfd_util/abi_cgroup.hpp>

#include <cerrno>
#include <fcntl.h>
#include <string_view>

namespace pidfd_util {

namespace {

/// Returns whether the name is that of an entry right below a directory.
bool is_entry_name(const char* name) noexcept {
    const std::string_view text(name);
    return !text.empty() && text != "." && text != ".." && text.find('/') == std::string_view::npos;
}

int open_child(int dir, const char* name, int& opened) noexcept {
    unique_fd child;
    if (const int error = cgroup_directory::open_below(dir, name, child); error != 0)
        return error;
    if (const int error = cgroup_directory::check_domain(child.get()); error != 0)
        return error;
    opened = child.release();
    return 0;
}

/// Checks a cgroup and the name of one below it.
int check_below(int dir, const char* name) noexcept {
    if (name == nullptr || !is_entry_name(name))
        return EINVAL;
    return cgroup_directory::check(dir);
}

/// Checks a cgroup that could not be removed. EBUSY: a process in it runs. ENOENT: it was removed.
int check_unused(int child) noexcept {
    cgroup_directory::state now{};
    switch (cgroup_directory::read_events_of(child, now)) {
    case 0:
        return now.populated ? EBUSY : 0;
    case ENODEV:
        return ENOENT;
    default: // whether it is in use, the next attempt shows
        return 0;
    }
}

} // namespace

namespace abi {

int cgroup_open(const char* path, int& dir) noexcept {
    if (path == nullptr)
        return EINVAL;
    unique_fd opened;
    switch (const int error = sys::open_directory(path, opened); error) {
    case 0:
        break;
    case ENOTDIR:
        return cgroup_directory::not_a_cgroup;
    default:
        return error;
    }
    if (const int error = cgroup_directory::check(opened.get()); error != 0)
        return error;
    if (const int error = cgroup_directory::check_domain(opened.get()); error != 0)
        return error;
    dir = opened.release();
    return 0;
}

int cgroup_adopt(int dir) noexcept {
    if (const int error = cgroup_directory::check(dir); error != 0)
        return error;
    if (const int error = cgroup_directory::check_domain(dir); error != 0)
        return error;
    return sys::set_cloexec(dir);
}

int cgroup_get_id(int dir, std::uint64_t& id) noexcept {
    if (const int error = cgroup_directory::check(dir); error != 0)
        return error;
    sys::file_place found{};
    const int error = sys::stat_place(dir, found);
    if (error == 0)
        id = found.inode;
    return explain_refusal(error);
}

int cgroup_create(int dir, int& made, const char* name) noexcept {
    if (const int error = check_below(dir, name); error != 0)
        return error;
    // No process can be in a cgroup below a threaded one, unless it is threaded, too.
    if (const int error = cgroup_directory::check_domain(dir); error != 0)
        return error;
    const int error = sys::make_directory(dir, name);
    if (error != 0)
        return error == ENOENT ? ENODEV : error; // the cgroup itself was removed
    const int unopened = open_child(dir, name, made);
    if (unopened == ENOENT) // removed since
        return ENODEV;
    if (unopened != 0)
        (void)sys::remove_directory(dir, name);
    return unopened;
}

int cgroup_open_below(int dir, int& opened, const char* name) noexcept {
    const int error = check_below(dir, name);
    return error != 0 ? error : open_child(dir, name, opened);
}

int cgroup_remove(int dir, const char* name) noexcept {
    if (const int error = check_below(dir, name); error != 0)
        return error;
    unique_fd child;
    if (const int error = cgroup_directory::open_below(dir, name, child); error != 0)
        return error;
    // A process can still be in the cgroup for a moment after it shows as ended.
    constexpr std::int64_t pause = 1'000'000;
    constexpr int attempts = 100;
    for (int i = 0;; ++i) {
        const int error = sys::remove_directory(dir, name);
        if (error != EBUSY || i == attempts)
            return error;
        if (const int kept = check_unused(child.get()); kept != 0)
            return kept;
        if (const int failed = sys::sleep(pause); failed != 0)
            return failed;
        // Another cgroup may have the name by now. rmdir(2) cannot compare, so this can happen also
        // behind the check.
        if (const int kept = check_unused(child.get()); kept != 0)
            return kept;
    }
}

} // namespace abi
} // namespace pidfd_util
