// SPDX-License-Identifier: MIT
#include "cgroup.hpp"

#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"
#include "cgroup_mount.hpp"
#include "proc_file.hpp"
#include "process_stat.hpp"

#include <cerrno>
#include <fcntl.h>
#include <optional>

namespace pidfd_util::cgroup {

namespace {

bool ends_with(std::string_view text, std::string_view end) noexcept {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// The process's file that lists its cgroups.
class cgroup_file {
public:
    explicit cgroup_file(const procfs::process& process) noexcept : process_(process) {}

    [[nodiscard]] int open() noexcept {
        const int error = process_.open_file("cgroup", O_RDONLY, file_);
        if (error == 0)
            return 0;
        // A kernel that was built without cgroups shows the process, but without this file.
        const bool missing = error == ENOENT && proc_file::shows_files(process_);
        return process_.settle(missing ? EOPNOTSUPP : error);
    }

    /// Reads the path in the cgroup2 hierarchy: the line "0::PATH".
    [[nodiscard]] int read(path_buffer& buffer, std::string_view& path) const noexcept {
        // From the start, where the kernel writes the text again.
        if (const int error = sys::rewind(file_.get()); error != 0)
            return error;
        text::line_reader lines(file_.get(), buffer.text, sizeof buffer.text);
        std::optional<std::string_view> line;
        for (;;) {
            if (const int error = lines.next(line); error != 0)
                return process_.settle(error);
            if (!line) // no cgroup2 hierarchy has been mounted since the boot
                return EOPNOTSUPP;
            if (!text::take_key(*line, "0::"))
                continue;
            path = *line;
            const bool cut = path.data() + path.size() == buffer.text + sizeof buffer.text;
            return path.empty() || path.front() != '/' || cut ? EOPNOTSUPP : 0;
        }
    }

    /// Returns 0 if the process is still in the cgroup of this path; EAGAIN if it has moved.
    [[nodiscard]] int check(std::string_view path) const noexcept {
        path_buffer buffer;
        std::string_view now;
        if (const int error = read(buffer, now); error != 0)
            return error;
        return now == path ? process_.check() : EAGAIN;
    }

private:
    const procfs::process& process_;
    unique_fd file_;
};

constexpr std::string_view mark_of_removed = " (deleted)";

} // namespace

int read_path(const procfs::process& process, path_buffer& buffer, std::string_view& path,
              bool& removed) noexcept {
    cgroup_file file(process);
    if (const int error = file.open(); error != 0)
        return error;
    std::string_view shown;
    if (const int error = file.read(buffer, shown); error != 0)
        return error;
    bool exits = false;
    if (ends_with(shown, mark_of_removed)) {
        if (const int error = process_stat::has_flag(process, process_stat::exiting, exits);
            error != 0)
            return process.settle(error);
        if (exits)
            shown.remove_suffix(mark_of_removed.size());
    }
    removed = exits;
    path = shown;
    return process.check();
}

int find_id(const procfs::process& process, std::uint64_t& id) noexcept {
    cgroup_file file(process);
    if (const int error = file.open(); error != 0)
        return error;
    int moved = EAGAIN;
    // If a process keeps moving between cgroups faster than they can be read, the result is EAGAIN.
    for (int attempts = 0; attempts < 10 && moved == EAGAIN; ++attempts) {
        path_buffer buffer;
        std::string_view path;
        if (const int error = file.read(buffer, path); error != 0)
            return error;
        std::uint64_t found = 0;
        const int error = resolve(process.root(), path, found);
        moved = file.check(path);
        if (moved != 0)
            continue;
        if (error != 0)
            return error;
        // The kernel appends " (deleted)" to the path of a removed cgroup. A cgroup can also have that
        // name, but only a thread that has exited can be in a removed one.
        bool exits = true;
        if (ends_with(path, mark_of_removed) &&
            (process_stat::has_flag(process, process_stat::exiting, exits) != 0 || exits))
            return EOPNOTSUPP;
        id = found;
        return 0;
    }
    return moved;
}

} // namespace pidfd_util::cgroup
