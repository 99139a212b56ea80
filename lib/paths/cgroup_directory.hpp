// SPDX-License-Identifier: MIT
// The directory of a cgroup, and the files in it.
#ifndef PIDFD_UTIL_LIB_PATHS_CGROUP_DIRECTORY_HPP
#define PIDFD_UTIL_LIB_PATHS_CGROUP_DIRECTORY_HPP

#include "../kernel/sys.hpp"
#include "../kernel/sys_cgroup.hpp"
#include "../kernel/text.hpp"
#include "directory.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string_view>

namespace pidfd_util::cgroup_directory {

// The errnos of their own: see pidfd_errc.
inline constexpr int not_a_cgroup = EMEDIUMTYPE;
inline constexpr int threaded = EPROTOTYPE;

/// Returns 0 for the directory of a cgroup of the cgroup2 hierarchy. EBADF: `dir` is closed.
/// `not_a_cgroup`: it is any other file.
[[nodiscard]] int check(int dir) noexcept;
/// Returns `threaded` if the cgroup is.
[[nodiscard]] int check_domain(int dir) noexcept;

/// Opens an entry of the directory, if nothing is mounted over it. ENODEV: the cgroup was removed.
/// ENOENT: the cgroup has no such entry. EOPNOTSUPP: something is mounted over it. The entry is not
/// followed if it is a link.
[[nodiscard]] int open_entry(int dir, const char* name, int flags, unique_fd& file) noexcept;
/// The same for the directory of a cgroup right below, of a name that the caller has given.
/// ENAMETOOLONG: it is too long.
[[nodiscard]] int open_below(int dir, const char* name, unique_fd& child) noexcept;
/// Opens a file that every cgroup but the root has: EOPNOTSUPP if it is not there.
[[nodiscard]] int open_control(int dir, const char* name, int flags, unique_fd& file) noexcept;
/// Writes the text to a file of the cgroup. `threaded`: a threaded cgroup does not accept it.
[[nodiscard]] int write_to(int dir, const char* name, std::string_view text) noexcept;

struct state {
    bool populated; // a process is in the cgroup or below it, and has not ended
    bool frozen;
};
/// Parses the number 0 or 1. Returns false for any other text.
[[nodiscard]] bool parse_flag(std::string_view text, bool& set) noexcept;
/// Parses the text of cgroup.events, whose lines can be in any order. Returns false if it is malformed.
[[nodiscard]] bool parse_events(std::string_view text, state& result) noexcept;
/// Reads the events from their start, which also makes poll wait for the next change.
[[nodiscard]] int read_events(int file, state& result) noexcept;
[[nodiscard]] int read_events_of(int dir, state& result) noexcept;

/// Returns 0 if an empty file was read; ENOSYS if a seccomp filter has answered "error 0".
[[nodiscard]] int check_emptiness() noexcept;

/// Calls `f` with the number of every process in the cgroup, until it returns false. A process that
/// the caller's pid namespace does not show has the number 0. `threaded`: a threaded cgroup.
template <class F>
[[nodiscard]] int for_each_number(int dir, F f) noexcept {
    unique_fd file;
    if (const int error = open_control(dir, "cgroup.procs", O_RDONLY, file); error != 0)
        return error;
    char buffer[512];
    text::line_reader lines(file.get(), buffer, sizeof buffer, sys::read_next_control);
    std::optional<std::string_view> line;
    for (bool empty = true;; empty = false) {
        if (const int error = lines.next(line); error != 0)
            return error == EOPNOTSUPP ? threaded : error;
        if (!line)
            return empty ? check_emptiness() : 0;
        pid_t pid = 0;
        if (!text::parse_pid(*line, pid) || pid < 0)
            return EBADMSG;
        if (!f(pid))
            return 0;
    }
}

/// Opens every cgroup right below this one, and calls `f` with its directory, until that returns an
/// errno. A cgroup that was removed meanwhile is left out. ENODEV: this one was removed. If `f` calls this for the next level, it
/// must bound the depth.
template <class F>
[[nodiscard]] int for_each_child(int dir, F f) noexcept { // NOLINT(misc-no-recursion): see `f`
    unique_fd list;
    if (const int error = open_entry(dir, ".", O_RDONLY | O_DIRECTORY, list); error != 0)
        return error;
    alignas(std::uint64_t) char buffer[1024];
    for (;;) {
        std::size_t size = 0;
        if (const int error = sys::read_directory(list.get(), buffer, sizeof buffer, size);
            error != 0)
            return error == ENOENT ? ENODEV : error;
        if (size == 0)
            return 0;
        for (std::size_t at = 0; at < size;) {
            directory::entry found{};
            std::memcpy(&found, buffer + at, directory::name_offset);
            const char* const name = buffer + at + directory::name_offset;
            at += found.size;
            constexpr std::uint8_t is_directory = 4; // DT_DIR
            if (found.type != is_directory || std::strcmp(name, ".") == 0 ||
                std::strcmp(name, "..") == 0)
                continue;
            unique_fd child;
            int error = open_entry(dir, name, O_PATH | O_DIRECTORY, child);
            if (error == ENOENT || error == ENODEV)
                continue;
            if (error == 0)
                error = f(child.get());
            if (error != 0)
                return error;
        }
    }
}

} // namespace pidfd_util::cgroup_directory

#endif
