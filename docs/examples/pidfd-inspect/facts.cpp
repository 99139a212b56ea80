// SPDX-License-Identifier: MIT
#include "facts.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace pidfd_util;

namespace {

/// For system calls of our own: an error that reads and compares like the library's.
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

/// A file of /proc/PID that cannot be another process's, even if the pid is reused meanwhile.
answer<std::string> proc_file(pidfd_view process, const char* name) {
    return {process.access_proc([name](int directory) { return read_file(directory, name); }),
            answer_path::procfs};
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

struct {
    const char* name;
    namespace_type type;
} constexpr namespace_types[] = {
    {"cgroup", namespace_type::cgroup}, {"ipc", namespace_type::ipc},
    {"mnt", namespace_type::mnt},       {"net", namespace_type::net},
    {"pid", namespace_type::pid},       {"pid_for_children", namespace_type::pid_for_children},
    {"time", namespace_type::time},     {"time_for_children", namespace_type::time_for_children},
    {"user", namespace_type::user},     {"uts", namespace_type::uts},
};

template <class... T>
bool any_refused(const answer<T>&... answers) {
    return ((!answers.value && is_refusal(answers.value.error())) || ...);
}

} // namespace

bool is_refusal(const std::error_code& error) {
    return error == std::errc::permission_denied || error == std::errc::operation_not_permitted ||
           error == pidfd_errc::forbidden_by_sandbox;
}

facts gather(pidfd_view process) {
    facts f;

    f.comm = proc_file(process, "comm");
    if (f.comm.value && !f.comm.value->empty())
        f.comm.value->pop_back(); // the newline that /proc adds
    f.command_line = proc_file(process, "cmdline");

    f.alive = {process.is_alive(), answer_path::syscall};
    f.ppid.value = process.get_ppid(&f.ppid.path);
    f.id.value = process.get_id(&f.id.path);
    f.creds.value = process.get_creds(&f.creds.path);
    f.cgroupid.value = process.get_cgroupid(&f.cgroupid.path);

    // Most of these come with get_info too, but one by one each tells its reason if it fails.
    if (const auto info = process.get_info(&f.tgid.path))
        f.tgid.value = info->tgid;
    else
        f.tgid.value = unexpected(info.error());

    const auto self = pidfd::from_self();
    for (const auto& [name, type] : namespace_types)
        f.namespaces.push_back({name, identify(process, self ? *self : pidfd_view(), type)});

    // Last: if this one is answered, then the process was not reaped before the others were.
    f.pid.value = process.get_pid(&f.pid.path);

    f.refused = any_refused(f.comm, f.command_line, f.alive, f.pid, f.tgid, f.ppid, f.id, f.creds,
                            f.cgroupid);
    for (const namespace_fact& n : f.namespaces)
        f.refused = f.refused || any_refused(n.id);
    return f;
}
