// SPDX-License-Identifier: MIT
// get_oom_score_adj and set_oom_score_adj.
#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"
#include "../paths/identify.hpp"
#include "../paths/proc_file.hpp"
#include "../paths/task_path.hpp"
#include "../paths/threads.hpp"

#include <pidfd_util/abi_facts.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <string_view>

namespace pidfd_util {

namespace {

constexpr const char* oom_file = "oom_score_adj";
constexpr int highest_adjustment = 1000; // OOM_SCORE_ADJ_MAX

int read_adjustment(const procfs::process& process, int& adjustment) noexcept {
    char buffer[16];
    std::size_t size = 0;
    if (const int error = proc_file::read_once(process, oom_file, buffer, sizeof buffer, size);
        error != 0)
        return error;
    std::int64_t number = 0;
    if (buffer[size - 1] != '\n' || !text::parse_number({buffer, size - 1}, number) ||
        number < -highest_adjustment || number > highest_adjustment)
        return EBADMSG;
    adjustment = static_cast<int>(number);
    return 0;
}

/// Writes to the file of this name. The file is the process's once `check` returns 0. If the process, or
/// the thread that has the file, is reaped before the write, the write fails.
int write_file(const procfs::process& process, const char* name, std::string_view text) noexcept {
    unique_fd file;
    if (const int error = process.open_file(name, O_WRONLY, file); error != 0)
        return error;
    if (const int gone = process.check(); gone != 0)
        return gone;
    return sys::write_text(file.get(), text.data(), text.size());
}

/// Every thread of the process has the file. That of a thread without memory belongs to root: once the
/// first one has exited, that of another one shows the caller's rights.
int write_for_any_thread(const procfs::process& process, std::string_view text) noexcept {
    const int error = write_file(process, oom_file, text);
    if (error != EACCES || !threads::outlive_first(process))
        return error;
    int written = 0;
    bool runs = false;
    const int listed = threads::ask_others(process, runs, [&](pid_t tid) {
        text::numbered_path path;
        written = set_task_path(path, tid, oom_file);
        if (written == 0)
            written = write_file(process, path.text, text);
        return written == 0;
    });
    return listed == 0 && runs ? written : error;
}

} // namespace

namespace abi {

int get_oom_score_adj(int fd, int& adjustment) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return identify::explain(fd, error);
    return process.settle(read_adjustment(process, adjustment));
}

int set_oom_score_adj(int fd, int adjustment) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return identify::explain(fd, error);
    if (adjustment < -highest_adjustment || adjustment > highest_adjustment)
        return EINVAL;
    char buffer[16];
    const char* const end = std::to_chars(buffer, buffer + sizeof buffer, adjustment).ptr;
    const int error =
        write_for_any_thread(process, {buffer, static_cast<std::size_t>(end - buffer)});
    return error != 0 ? process.settle(error) : 0;
}

} // namespace abi
} // namespace pidfd_util
