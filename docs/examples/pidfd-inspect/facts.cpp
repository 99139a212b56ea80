// SPDX-License-Identifier: MIT
#include "facts.hpp"

#include "errors.hpp"

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace pidfd_util;

namespace {

/// Returns errno as an error code in the library's category, for system calls of this program.
unexpected last_error() {
    return unexpected(std::error_code(errno, pidfd_category()));
}

expected<std::string> read_file(int directory, const char* name) {
    const unique_fd file(openat(directory, name, O_RDONLY | O_CLOEXEC));
    if (!file)
        return last_error();
    std::string text;
    char buffer[4096];
    for (;;) {
        const ssize_t n = read(file.get(), buffer, sizeof buffer);
        if (n == 0)
            return text;
        if (n > 0)
            text.append(buffer, static_cast<std::size_t>(n));
        else if (errno != EINTR)
            return last_error();
    }
}

/// Reads a file of /proc/PID. It never belongs to another process, even if the pid is reused.
answer<std::string> proc_file(pidfd_view process, const char* name) {
    return {process.access_proc([name](int directory) { return read_file(directory, name); }),
            answer_path::procfs};
}

answer<path_name> cgroup_of(pidfd_view process) {
    answer<path_name> result{{}, answer_path::procfs};
    char buffer[PATH_MAX];
    if (const auto found = process.get_cgroup_path(buffer))
        result.value = path_name{std::string(found->path), found->removed};
    else
        result.value = unexpected(found.error());
    return result;
}

/// Returns the path of an open file, as the caller sees it. Reads the link through a pidfd of the
/// caller, because /proc can be that of another pid namespace.
expected<path_name> path_of(const unique_fd& file) {
    struct stat status {};
    if (fstat(file.get(), &status) != 0)
        return last_error();
    const auto self = pidfd::from_self();
    if (!self)
        return unexpected(self.error());
    const std::string link = "fd/" + std::to_string(file.get());
    char buffer[PATH_MAX];
    const auto length = self->access_proc([&](int directory) -> expected<std::size_t> {
        const ssize_t n = readlinkat(directory, link.c_str(), buffer, sizeof buffer);
        if (n < 0)
            return last_error();
        return static_cast<std::size_t>(n);
    });
    if (!length)
        return unexpected(length.error());
    std::string_view path(buffer, *length);
    constexpr std::string_view mark = " (deleted)";
    const bool removed = status.st_nlink == 0;
    if (removed && path.size() > mark.size() && path.substr(path.size() - mark.size()) == mark)
        path.remove_suffix(mark.size());
    return path_name{std::string(path), removed};
}

answer<std::optional<path_name>> executable_of(pidfd_view process) {
    answer<std::optional<path_name>> result{{}, answer_path::procfs};
    const auto file = process.get_executable();
    if (!file) {
        if (file.error() != std::errc::no_such_file_or_directory)
            result.value = unexpected(file.error());
        return result;
    }
    if (auto path = path_of(*file))
        result.value = std::move(*path);
    else
        result.value = unexpected(path.error());
    return result;
}

expected<struct stat> namespace_stat(pidfd_view process, namespace_type type, answer_path* path) {
    const auto fd = process.get_namespace(type, path);
    if (!fd)
        return unexpected(fd.error());
    struct stat status {};
    if (fstat(fd->get(), &status) != 0)
        return last_error();
    return status;
}

answer<namespace_id> identify(pidfd_view process, pidfd_view self, namespace_type type) {
    answer<namespace_id> result;
    const auto theirs = namespace_stat(process, type, &result.path);
    if (!theirs) {
        result.value = unexpected(theirs.error());
        return result;
    }
    result.value->inode = theirs->st_ino;
    if (const auto ours = namespace_stat(self, type, nullptr))
        result.value->own = theirs->st_dev == ours->st_dev && theirs->st_ino == ours->st_ino;
    return result;
}

template <class... T>
bool any_refused(const answer<T>&... answers) {
    return ((!answers.value && is_refusal(answers.value.error())) || ...);
}

} // namespace

facts gather(pidfd_view process) {
    facts f;

    f.comm = proc_file(process, "comm");
    if (f.comm.value && !f.comm.value->empty())
        f.comm.value->pop_back(); // the newline that /proc adds
    f.command_line = proc_file(process, "cmdline");
    f.executable = executable_of(process);

    f.alive = {process.is_alive(), answer_path::syscall};
    f.state = {process.get_state(), answer_path::procfs};
    f.ppid.value = process.get_ppid(&f.ppid.path);
    f.id.value = process.get_id(&f.id.path);
    f.process_id = {process.get_process_id(), f.id.path};
    f.stamp = {process.get_stamp(), answer_path::procfs};
    f.started = {process.get_start_time(), answer_path::procfs};
    f.usage = {process.get_usage(), answer_path::procfs};
    f.creds.value = process.get_creds(&f.creds.path);
    f.cgroupid.value = process.get_cgroupid(&f.cgroupid.path);
    f.cgroup = cgroup_of(process);

    // get_info returns most of these facts too. Separate calls give each failure its own reason.
    if (const auto info = process.get_info(&f.tgid.path))
        f.tgid.value = info->tgid;
    else
        f.tgid.value = unexpected(info.error());

    const auto self = pidfd::from_self();
    for (std::size_t i = 0; i < std::size(all_namespace_types); ++i)
        f.namespaces[i] = identify(process, self ? *self : pidfd_view(), all_namespace_types[i]);

    // Must be last: if this succeeds, the process was not reaped before the other answers.
    f.pid.value = process.get_pid(&f.pid.path);

    f.refused =
        any_refused(f.comm, f.command_line, f.executable, f.alive, f.state, f.pid, f.tgid, f.ppid,
                    f.id, f.process_id, f.stamp, f.started, f.usage, f.creds, f.cgroupid, f.cgroup);
    for (const auto& id : f.namespaces)
        f.refused = f.refused || any_refused(id);
    return f;
}
