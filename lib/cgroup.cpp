// SPDX-License-Identifier: MIT
#include "cgroup.hpp"

#include "identify.hpp"
#include "sys.hpp"
#include "text.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>

namespace pidfd_util::cgroup {

namespace {

/// One character of mountinfo, where blanks and backslashes stand as three octal digits.
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

bool climbs(std::string_view path) noexcept {
    while (!path.empty()) {
        path.remove_prefix(1); // the slash
        const std::string_view name = path.substr(0, path.find('/'));
        if (name == "..")
            return true;
        path.remove_prefix(name.size());
    }
    return false;
}

bool ends_with(std::string_view text, std::string_view end) noexcept {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// The path in the cgroup2 hierarchy: the line "0::PATH".
int read_path(const procfs::process& process, path_buffer& buffer,
              std::string_view& path) noexcept {
    unique_fd file;
    if (const int error = process.open_file("cgroup", O_RDONLY, file); error != 0) {
        // A kernel that was built without cgroups has the process, but no such file.
        const bool missing = error == ENOENT && process.open_file("status", O_PATH, file) == 0;
        return process.settle(missing ? EOPNOTSUPP : error);
    }
    text::line_reader lines(file.get(), buffer.text, sizeof buffer.text);
    for (;;) {
        const int got = lines.next(path);
        if (got < 0)
            return process.settle(-got);
        if (got == 0) // since the boot no cgroup2 hierarchy was mounted
            return EOPNOTSUPP;
        if (!text::take_key(path, "0::"))
            continue;
        const bool cut = path.data() + path.size() == buffer.text + sizeof buffer.text;
        return path.empty() || path.front() != '/' || cut ? EOPNOTSUPP : 0;
    }
}

/// Whether the errno says that the directory cannot be reached here, and no more.
bool hides(int error) noexcept {
    switch (error) {
    case EACCES:
    case EINVAL:
    case ELOOP:
    case ENAMETOOLONG:
    case ENOENT:
    case ENOSYS:
    case ENOTDIR:
    case EOPNOTSUPP:
    case ESTALE:
        return true;
    default:
        return false;
    }
}

/// The directory's id, through the first mount that shows it.
int resolve(int root, std::string_view path, std::uint64_t& id) noexcept {
    unique_fd file;
    if (const int error = procfs::open_entry(root, "thread-self/mountinfo", O_RDONLY, file);
        error != 0)
        return error == ENOENT ? EOPNOTSUPP : error;
    char buffer[PATH_MAX];
    text::line_reader lines(file.get(), buffer, sizeof buffer);
    int outcome = EOPNOTSUPP;
    for (;;) {
        std::string_view line;
        const int got = lines.next(line);
        if (got <= 0)
            return got < 0 ? -got : outcome;
        mount found{};
        if (!parse_mount(line, found) || found.type != "cgroup2")
            continue;
        std::string_view rest = path;
        path_buffer directory;
        if (!take_root(rest, found.root) || !join(found.point, rest, directory))
            continue;
        // Another mount may lie over this one: the id of the mount tells.
        int mount_id = 0;
        std::uint64_t found_id = 0;
        const int error = -sys::file_handle(AT_FDCWD, directory.text, found_id, mount_id);
        if (error != 0 && !hides(error))
            outcome = error == EPERM ? ERFKILL : error;
        if (error != 0 || mount_id != found.id)
            continue;
        id = found_id;
        return 0;
    }
}

/// 0 if the process is in the cgroup of this path; EAGAIN if it has moved.
int check_path(const procfs::process& process, std::string_view path) noexcept {
    path_buffer buffer;
    std::string_view now;
    if (const int error = read_path(process, buffer, now); error != 0)
        return error;
    return now == path ? process.check() : EAGAIN;
}

} // namespace

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
    if (climbs(rest))
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

int find_id(const procfs::process& process, int pidfd, std::uint64_t& id) noexcept {
    int moved = EAGAIN;
    // A process that moves between cgroups faster than they can be read is left to the caller.
    for (int attempts = 0; attempts < 10 && moved == EAGAIN; ++attempts) {
        path_buffer buffer;
        std::string_view path;
        if (const int error = read_path(process, buffer, path); error != 0)
            return error;
        std::uint64_t found = 0;
        const int error = resolve(process.root(), path, found);
        moved = check_path(process, path);
        if (moved != 0)
            continue;
        if (error != 0)
            return error;
        // A zombie can outlive its cgroup, and a cgroup can be named like one that was removed. A
        // running process cannot outlive it.
        bool ended = true;
        if (ends_with(path, " (deleted)") && (identify::has_ended(pidfd, ended) != 0 || ended))
            return EOPNOTSUPP;
        id = found;
        return 0;
    }
    return moved;
}

} // namespace pidfd_util::cgroup
