// SPDX-License-Identifier: MIT
#include "cgroup_directory.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/uapi.hpp"

#include <cerrno>
#include <fcntl.h>
#include <utility>

namespace pidfd_util::cgroup_directory {

namespace {

/// Returns 0 for a file on cgroup2.
int check_magic(int fd) noexcept {
    long magic = 0;
    if (const int error = sys::filesystem_magic(fd, magic); error != 0)
        return explain_refusal(error);
    return magic == uapi::cgroup2_super_magic ? 0 : not_a_cgroup;
}

/// Opens an entry, and compares the mounts of the file and the directory. EXDEV if they differ.
int open_and_compare(int dir, const char* name, int flags, unique_fd& file) noexcept {
    unique_fd found;
    if (const int error = sys::open_in_cgroup(dir, name, flags, found); error != 0)
        return error;
    std::uint64_t id = 0;
    int mount = 0;
    int mount_of_directory = 0;
    if (const int error = check_magic(found.get()); error != 0)
        return error;
    if (const int error = sys::file_handle(dir, id, mount_of_directory); error != 0)
        return explain_refusal(error);
    if (const int error = sys::file_handle(found.get(), id, mount); error != 0)
        return explain_refusal(error);
    if (mount != mount_of_directory)
        return EXDEV;
    file = std::move(found);
    return 0;
}

/// Opens an entry where openat2 is missing or refused: first without an effect, as it can be a device
/// or a FIFO that is mounted there.
int open_entry_by_hand(int dir, const char* name, int flags, unique_fd& file) noexcept {
    const int without_effect = O_PATH | O_NOFOLLOW | (flags & O_DIRECTORY);
    unique_fd found;
    if (const int error = open_and_compare(dir, name, without_effect, found); error != 0)
        return error;
    if ((flags & O_PATH) == 0)
        return open_and_compare(dir, name, flags, file);
    file = std::move(found);
    return 0;
}

/// Explains why an entry is missing. ENODEV: the cgroup has no files any more, not even the one that
/// every cgroup has.
int explain_missing(int dir) noexcept {
    unique_fd file;
    switch (const int error = sys::openat(dir, "cgroup.procs", O_PATH | O_NOFOLLOW, file); error) {
    case 0:
        return ENOENT;
    case ENOENT:
        return ENODEV;
    default:
        return explain_on_own_fd(error);
    }
}

/// Opens an entry of any name.
int open_named(int dir, const char* name, int flags, unique_fd& file) noexcept {
    if (dir < 0)
        return EBADF;
    if (const int error = check_magic(dir); error != 0)
        return error;
    // O_NONBLOCK: if a FIFO is mounted over the entry, do not wait for the other side.
    const int safe = flags | O_NOFOLLOW | ((flags & O_PATH) != 0 ? 0 : O_NONBLOCK);
    unique_fd found;
    int error = sys::openat2_in_cgroup(dir, name, safe, found);
    switch (error) {
    case ENOSYS:
    case ERFKILL:
    case EPERM:
    case EACCES:
        error = open_entry_by_hand(dir, name, safe, found);
        break;
    case 0:
        error = check_magic(found.get());
        break;
    default:
        break;
    }
    switch (error) {
    case 0:
        file = std::move(found);
        return 0;
    case ENOENT:
        return explain_missing(dir);
    case ENOTDIR: // a file of a cgroup instead of its directory; or a file instead of a child
        return not_a_cgroup;
    case EXDEV:
    case ELOOP:
        return EOPNOTSUPP;
    default:
        return explain_on_own_fd(error);
    }
}

} // namespace

int check(int dir) noexcept {
    // The kernel takes some negative numbers as the working directory.
    if (dir < 0)
        return EBADF;
    if (const int error = check_magic(dir); error != 0)
        return error;
    unique_fd itself;
    const int error = sys::openat(dir, ".", O_PATH | O_DIRECTORY, itself);
    switch (error) {
    case ENOTDIR:
        return not_a_cgroup;
    case EACCES: // a directory that the caller may not search is one, too
        return 0;
    case ENOENT: // an open directory has itself, even if it was removed
    case ELOOP:
        return EIO;
    default:
        return error;
    }
}

int check_domain(int dir) noexcept {
    unique_fd file;
    char text[32];
    std::size_t size = 0;
    switch (const int error = open_entry(dir, "cgroup.type", O_RDONLY, file); error) {
    case 0:
        break;
    case ENOENT: // the root, which is a domain
        return 0;
    default:
        return error;
    }
    if (const int error = sys::read_control(file.get(), text, sizeof text, size); error != 0)
        return error;
    return std::string_view(text, size) == "threaded\n" ? threaded : 0;
}

int open_entry(int dir, const char* name, int flags, unique_fd& file) noexcept {
    const int error = open_named(dir, name, flags, file);
    return error == ENAMETOOLONG ? EIO : error; // no name of the library is too long
}

int open_below(int dir, const char* name, unique_fd& child) noexcept {
    return open_named(dir, name, O_PATH | O_DIRECTORY, child);
}

int open_control(int dir, const char* name, int flags, unique_fd& file) noexcept {
    switch (const int error = open_entry(dir, name, flags, file); error) {
    case ENOENT:
    case not_a_cgroup: { // something is mounted over it; or `dir` is no cgroup
        const int unchecked = check(dir);
        return unchecked == 0 ? EOPNOTSUPP : unchecked;
    }
    default:
        return error;
    }
}

int write_to(int dir, const char* name, std::string_view text) noexcept {
    unique_fd file;
    if (const int error = open_control(dir, name, O_WRONLY, file); error != 0)
        return error;
    switch (const int error = sys::write_control(file.get(), text.data(), text.size()); error) {
    case EOPNOTSUPP:
        return threaded;
    case ENOENT: // the cgroup is being removed
        return ENODEV;
    default:
        return error;
    }
}

int check_emptiness() noexcept {
    return explain_success([] {
        char byte = 0;
        std::size_t size = 0;
        return sys::read_next_control(-1, &byte, sizeof byte, size);
    });
}

bool parse_flag(std::string_view text, bool& set) noexcept {
    set = text == "1";
    return set || text == "0";
}

bool parse_events(std::string_view text, state& result) noexcept {
    result = {};
    bool found = false;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
        const std::string_view key = text::take_word(line);
        if (!line.empty() && line.front() == ' ')
            line.remove_prefix(1);
        if (key == "populated") {
            found = parse_flag(line, result.populated);
            if (!found)
                return false;
        }
        if (key == "frozen" && !parse_flag(line, result.frozen))
            return false;
    }
    return found;
}

int read_events(int file, state& result) noexcept {
    char text[256];
    std::size_t size = 0;
    if (const int error = sys::read_control(file, text, sizeof text, size); error != 0)
        return error;
    return parse_events({text, size}, result) ? 0 : EBADMSG;
}

int read_events_of(int dir, state& result) noexcept {
    unique_fd file;
    const int error = open_control(dir, "cgroup.events", O_RDONLY, file);
    return error != 0 ? error : read_events(file.get(), result);
}

} // namespace pidfd_util::cgroup_directory
