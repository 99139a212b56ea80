// SPDX-License-Identifier: MIT
// read_proc, get_command_line and get_environment.
#include "../paths/identify.hpp"
#include "../paths/proc_file.hpp"
#include "../paths/process_stat.hpp"
#include "../paths/task_path.hpp"
#include "../paths/threads.hpp"

#include <pidfd_util/abi_facts.hpp>
#include <pidfd_util/detail/fixed_text.hpp>

#include <cerrno>
#include <string_view>

namespace pidfd_util {

namespace {

/// Returns whether each component of the path goes downwards.
bool goes_down(std::string_view path) noexcept {
    do {
        const std::string_view component = texts::split(path, '/');
        if (component.empty() || component == "." || component == "..")
            return false;
    } while (path.data() != nullptr);
    return true;
}

/// The result of reading a file.
struct reading {
    int error;
    std::size_t length;
    bool complete;
    bool of_other; // of another thread than the first

    [[nodiscard]] bool is_empty() const noexcept { return length == 0 && complete; }
};

reading read(const procfs::process& process, const char* name, char* buffer,
             std::size_t size) noexcept {
    reading r{};
    r.error = proc_file::read_all(process, name, buffer, size, r.length, r.complete);
    return r;
}

/// Replaces the answer of the first thread by that of another one, if the first one has begun to exit and
/// so has nothing in its file.
void ask_other_threads(const procfs::process& process, const char* name, char* buffer,
                       std::size_t size, reading& answer) noexcept {
    if ((answer.error == 0 && !answer.is_empty()) || !threads::outlive_first(process))
        return;
    reading other{ENOENT, 0, false, true};
    bool runs = false;
    const int listed = threads::ask_others(process, runs, [&](pid_t tid) {
        text::numbered_path path;
        if (set_task_path(path, tid, name) != 0)
            return false;
        other = read(process, path.text, buffer, size);
        return other.error == 0 && !other.is_empty();
    });
    if (listed != 0)
        answer.error = listed;
    else if (runs && other.error != ENOENT) // threads do not have every file
        answer = {other.error, other.length, other.complete, true};
}

/// Returns whether the first thread has no memory: newer kernels then return ESRCH for the files that
/// show it, and older ones show them as empty.
bool has_no_memory(const procfs::process& process) noexcept {
    bool none = false;
    return process_stat::has_flag(process, process_stat::exiting | process_stat::kernel_thread,
                                  none) == 0 &&
           none;
}

/// Reads a file that every process has, about its memory, which all threads share. It is empty once the
/// process has none any more.
int read_strings(int fd, const char* name, char* buffer, std::size_t size, std::size_t& length,
                 bool& complete) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return identify::explain(fd, error);
    reading answer = read(process, name, buffer, size);
    ask_other_threads(process, name, buffer, size, answer);
    // EACCES: the files of a process without memory belong to root.
    if ((answer.error == ESRCH || (answer.error == EACCES && !answer.of_other)) &&
        has_no_memory(process))
        answer = {0, 0, true, false};
    switch (const int settled = process.settle(answer.error); settled) {
    case 0:
        length = answer.length;
        complete = answer.complete;
        return 0;
    case EINVAL: // the kernel never returns these for this file
    case EISDIR:
    case ENAMETOOLONG:
    case ENXIO:
        return EIO;
    default:
        return settled;
    }
}

/// Explains an errno of opening or reading a file of a process that was not reaped.
int explain_unread(const procfs::process& process, int fd, int error) noexcept {
    bool ended = false;
    switch (error) {
    case ENOENT: // missing if the process shows other files, and hidden otherwise
        return proc_file::shows_files(process) ? ENOENT : EACCES;
    case ESRCH:
        if (!has_no_memory(process) || identify::has_ended(fd, ended) != 0)
            return EACCES;
        return ended ? ESRCH : ENOENT;
    case EPERM:
        return EACCES;
    default:
        return error;
    }
}

} // namespace

namespace abi {

int read_proc(int fd, std::size_t& length, bool& complete, const char* name, char* buffer,
              std::size_t size) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return identify::explain(fd, error);
    if (name == nullptr || !goes_down(name))
        return EINVAL;
    if (std::string_view(name).size() > text::numbered_path::longest_name)
        return ENAMETOOLONG;
    reading answer = read(process, name, buffer, size);
    if ((answer.error != 0 || answer.is_empty()) && threads::check_that_others_answer(fd) == 0)
        ask_other_threads(process, name, buffer, size, answer);
    const int unread = answer.error != 0 ? explain_unread(process, fd, answer.error) : 0;
    if (const int gone = process.check(); gone != 0)
        return gone;
    if (unread == 0) {
        length = answer.length;
        complete = answer.complete;
    }
    return unread;
}

int get_command_line(int fd, std::size_t& length, bool& complete, char* buffer,
                     std::size_t size) noexcept {
    return read_strings(fd, "cmdline", buffer, size, length, complete);
}

int get_environment(int fd, std::size_t& length, bool& complete, char* buffer,
                    std::size_t size) noexcept {
    return read_strings(fd, "environ", buffer, size, length, complete);
}

} // namespace abi
} // namespace pidfd_util
