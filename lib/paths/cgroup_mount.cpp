// SPDX-License-Identifier: MIT
#include "cgroup_mount.hpp"

#include "../kernel/sys.hpp"
#include "../kernel/sys_cgroup.hpp"
#include "../kernel/text.hpp"
#include "../kernel/uapi.hpp"
#include "proc_root.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <utility>

namespace pidfd_util::cgroup {

namespace {

/// Removes one character of mountinfo and returns it. Spaces, tabs, newlines and backslashes are
/// written there as a backslash and three octal digits.
char take_character(std::string_view& escaped) noexcept {
    const auto octal = [&](std::size_t i) { return escaped[i] >= '0' && escaped[i] <= '7'; };
    char c = escaped.front();
    std::size_t length = 1;
    if (c == '\\' && escaped.size() >= 4 && octal(1) && octal(2) && octal(3)) {
        c = static_cast<char>((escaped[1] - '0') * 64 + (escaped[2] - '0') * 8 + escaped[3] - '0');
        length = 4;
    }
    escaped.remove_prefix(length);
    return c;
}

bool has_dot_dot(std::string_view path) noexcept {
    while (!path.empty()) {
        path.remove_prefix(1); // the slash
        const std::string_view name = path.substr(0, path.find('/'));
        if (name == "..")
            return true;
        path.remove_prefix(name.size());
    }
    return false;
}

/// Returns whether the errno shows only that the directory cannot be reached through this mount.
bool is_unreachable(int error) noexcept {
    switch (error) {
    case EACCES:
    case EINVAL:
    case ELOOP:
    case ENAMETOOLONG:
    case ENODEV:
    case ENOENT:
    case ENOSYS:
    case ENOTDIR:
    case EOPNOTSUPP:
    case ESTALE:
    case EXDEV:
        return true;
    default:
        return false;
    }
}

/// Opens a directory below another one, component by component.
int walk_below(int dir, char* path, unique_fd& result) noexcept {
    for (char* name = path; *name != '\0';) {
        char* const end = name + std::strcspn(name, "/");
        const bool last = *end == '\0';
        *end = '\0';
        unique_fd next;
        if (const int error = sys::open_in_cgroup(result ? result.get() : dir, name,
                                                  O_PATH | O_DIRECTORY | O_NOFOLLOW, next);
            error != 0)
            return error;
        result = std::move(next);
        name = last ? end : end + 1;
    }
    return 0;
}

/// Gets the id of the directory with this path below the directory `dir`, if both are on the mount
/// with this id. No link is followed: the hierarchy has none, but something that is mounted over a part
/// of it may have one that leads back.
int find_below(int dir, int mount_id, std::string_view path, std::uint64_t& id) noexcept {
    path_buffer buffer;
    if (!path.empty() && path.front() == '/')
        path.remove_prefix(1);
    if (!join("", path, buffer))
        return ENAMETOOLONG;
    unique_fd below;
    if (!path.empty()) {
        int error = sys::openat2_in_cgroup(dir, buffer.text, O_PATH | O_DIRECTORY, below);
        if (error == ENOSYS || error == ERFKILL)
            error = walk_below(dir, buffer.text, below);
        if (error != 0)
            return error;
    }
    std::uint64_t found = 0;
    int mount_of_found = 0;
    if (const int error = sys::file_handle(below ? below.get() : dir, found, mount_of_found);
        error != 0)
        return error;
    if (mount_of_found != mount_id)
        return EXDEV;
    id = found;
    return 0;
}

/// Returns whether the caller is in the first cgroup namespace, in which the paths of cgroups begin at
/// the root of the hierarchy. `root` is a /proc.
bool is_in_first_namespace(int root) noexcept {
    unique_fd link;
    if (proc_root::open_entry(root, "thread-self/ns/cgroup", O_PATH | O_NOFOLLOW, link) != 0)
        return false;
    char text[64];
    std::size_t size = 0;
    // The kernel gives this namespace the same number at every boot, and no other namespace has it.
    return sys::read_link(link.get(), text, sizeof text, size) == 0 &&
           std::string_view(text, size) == "cgroup:[4026531835]";
}

/// Gets the id of the directory if the whole hierarchy is mounted at `point`.
bool resolve_at(const char* point, std::string_view path, std::uint64_t& id) noexcept {
    unique_fd dir;
    long magic = 0;
    if (sys::openat(AT_FDCWD, point, O_PATH | O_DIRECTORY, dir) != 0 ||
        sys::filesystem_magic(dir.get(), magic) != 0 || magic != uapi::cgroup2_super_magic)
        return false;
    int mount_id = 0;
    std::uint64_t found = 0;
    constexpr std::uint64_t root_of_hierarchy = 1;
    if (sys::file_handle(dir.get(), found, mount_id) != 0 || found != root_of_hierarchy)
        return false;
    return find_below(dir.get(), mount_id, path, id) == 0;
}

/// Gets the id of the directory where nearly every machine has mounted the hierarchy. It is cheaper
/// than reading mountinfo, which has a line for each mount of the machine.
bool resolve_at_usual_point(int root, std::string_view path, std::uint64_t& id) noexcept {
    if (has_dot_dot(path) || !is_in_first_namespace(root))
        return false;
    return resolve_at("/sys/fs/cgroup", path, id) ||
           resolve_at("/sys/fs/cgroup/unified", path, id); // beside the older hierarchies
}

/// Gets the id of the directory through the first mount in mountinfo that shows it.
[[gnu::cold]] int resolve_by_mountinfo(int root, std::string_view path,
                                       std::uint64_t& id) noexcept {
    unique_fd file;
    if (const int error = proc_root::open_entry(root, "thread-self/mountinfo", O_RDONLY, file);
        error != 0)
        return error == ENOENT ? EOPNOTSUPP : error;
    char buffer[PATH_MAX];
    text::line_reader lines(file.get(), buffer, sizeof buffer);
    int outcome = EOPNOTSUPP;
    for (;;) {
        std::optional<std::string_view> line;
        if (const int error = lines.next(line); error != 0)
            return error;
        if (!line)
            return outcome;
        mount found{};
        if (!parse_mount(*line, found) || found.type != "cgroup2")
            continue;
        std::string_view rest = path;
        path_buffer point;
        if (!take_root(rest, found.root) || !join(found.point, "", point))
            continue;
        unique_fd dir;
        int error = sys::open_directory(point.text, dir);
        // If another mount covers this one, the id of the mount differs.
        if (error == 0)
            error = find_below(dir.get(), found.id, rest, id);
        if (error == 0)
            return 0;
        if (!is_unreachable(error))
            outcome = error == EPERM ? ERFKILL : error;
    }
}

} // namespace

int resolve(int root, std::string_view path, std::uint64_t& id) noexcept {
    return resolve_at_usual_point(root, path, id) ? 0 : resolve_by_mountinfo(root, path, id);
}

bool parse_mount(std::string_view line, mount& result) noexcept {
    if (!text::parse_pid(text::take_word(line), result.id))
        return false;
    text::take_word(line); // the parent mount
    text::take_word(line); // the device
    result.root = text::take_word(line);
    result.point = text::take_word(line);
    text::take_word(line); // its options
    for (;;) {
        const std::string_view word = text::take_word(line);
        if (word.empty())
            return false;
        if (word == "-")
            break;
    }
    result.type = text::take_word(line);
    return !result.type.empty();
}

bool take_root(std::string_view& path, std::string_view escaped_root) noexcept {
    std::string_view rest = path;
    if (escaped_root != "/") {
        while (!escaped_root.empty()) {
            if (rest.empty() || rest.front() != take_character(escaped_root))
                return false;
            rest.remove_prefix(1);
        }
        if (!rest.empty() && rest.front() != '/')
            return false;
    }
    if (has_dot_dot(rest))
        return false;
    path = rest;
    return true;
}

bool join(std::string_view escaped_point, std::string_view rest, path_buffer& result) noexcept {
    std::size_t length = 0;
    while (!escaped_point.empty()) {
        if (length == sizeof result.text - 1)
            return false;
        result.text[length++] = take_character(escaped_point);
    }
    if (rest.size() > sizeof result.text - 1 - length)
        return false;
    std::memcpy(result.text + length, rest.data(), rest.size());
    result.text[length + rest.size()] = '\0';
    return true;
}

} // namespace pidfd_util::cgroup
