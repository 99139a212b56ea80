// SPDX-License-Identifier: MIT
#include "child_program.hpp"

#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"
#include "certain.hpp"
#include "child_fds.hpp"

#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

namespace pidfd_util {

namespace {

/// Lists the paths that the program may have: `file`, or one in each directory of the search.
class candidates {
public:
    explicit candidates(const spawn_plan& plan) noexcept
        : plan_(plan), next_(plan.search), name_size_(std::strlen(plan.file) + 1) {
        path_[0] = '\0';
    }

    /// Returns the next path; null after the last one.
    [[nodiscard]] const char* next() noexcept {
        if (plan_.search == nullptr)
            return std::exchange(done_, true) ? nullptr : plan_.file;
        while (next_ != nullptr) {
            const char* const begin = next_;
            const char* const end = strchrnul(begin, ':');
            next_ = *end == ':' ? end + 1 : nullptr;
            const auto length = static_cast<std::size_t>(end - begin);
            if (length + 1 + name_size_ > sizeof path_) {
                too_long_ = true;
                continue;
            }
            std::memcpy(path_, begin, length);
            path_[length] = '/';
            // An empty entry in the list is the working directory.
            std::memcpy(path_ + length + (length != 0 ? 1 : 0), plan_.file, name_size_);
            return path_;
        }
        return nullptr;
    }

    /// Returns whether a path was skipped because it is too long.
    [[nodiscard]] bool too_long() const noexcept { return too_long_; }

private:
    const spawn_plan& plan_;
    const char* next_;
    std::size_t name_size_;
    bool done_ = false;
    bool too_long_ = false;
    char path_[PATH_MAX];
};

/// Returns whether the search continues after this errno of execve: the program is not in this
/// directory, or the directory cannot be reached, as on a dead mount. glibc's execvpe has the same
/// errnos.
bool is_not_there(int error) noexcept {
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case ESTALE:
    case ENODEV:
    case ETIMEDOUT:
        return true;
    default:
        return false;
    }
}

/// Makes a call that runs a program. Returns the errno; does not return if it succeeds.
template <class Call, class Impossible>
int execute(Call make, Impossible impossible) noexcept {
    return certain(
        [&] {
            const int error = make();
            return error != 0 ? error : ENOSYS;
        },
        impossible);
}

int execute_file(const char* path, const char* const* argv,
                 const char* const* environment) noexcept {
    const auto run = [&](const char* file) {
        return sys::call(SYS_execve, file, argv, environment);
    };
    return execute([&] { return run(path); }, [&] { return run(""); });
}

/// Runs a file that is not a program by the shell, as execvp does.
int execute_by_shell(const spawn_plan& plan, const char* path) noexcept {
    char dotted[PATH_MAX + 2] = "./";
    if (*path == '-') { // the shell would take it for an option
        // The kernel accepts no longer path.
        std::memcpy(dotted + 2, path, strnlen(path, PATH_MAX - 1));
        path = dotted;
    }
    plan.shell_argv[1] = path;
    const int error = execute_file(plan.shell_argv[0], plan.shell_argv, plan.environment);
    return error == ENOENT ? ENOEXEC : error; // there is no shell
}

int execute_path(const spawn_plan& plan, const char* path) noexcept {
    const int error = execute_file(path, plan.argv, plan.environment);
    return error == ENOEXEC && plan.shell_argv != nullptr ? execute_by_shell(plan, path) : error;
}

/// Returns whether the file begins with "#!"; false if it cannot be read.
bool is_script(int fd) noexcept {
    char text[2] = {};
    std::size_t size = 0;
    return sys::read_from_start(fd, text, sizeof text, size) == 0 && size == sizeof text &&
           text[0] == '#' && text[1] == '!';
}

/// Runs the program of a file descriptor.
int execute_fd(const spawn_plan& plan, int fd) noexcept {
    const auto run = [&plan](int program) {
        return sys::call(SYS_execveat, program, "", plan.argv, plan.environment, AT_EMPTY_PATH);
    };
    const int error = execute([&] { return run(fd); }, [&] { return run(-1); });
    const bool wants_shell = error == ENOEXEC && plan.shell_argv != nullptr;
    if (error != ENOENT && !wants_shell)
        return error;
    // An interpreter or a shell opens the file again, by the number of the file descriptor.
    bool marked = false;
    if (const int unknown = sys::is_cloexec(fd, marked); unknown != 0)
        return unknown;
    if (marked)
        return wants_shell || is_script(fd) ? EBADF : error;
    if (!wants_shell)
        return error;
    text::numbered_path path;
    return path.set("/dev/fd/", fd, {}) ? execute_by_shell(plan, path.text) : ENAMETOOLONG;
}

} // namespace

int close_all_but_program(const spawn_plan& plan, int program) noexcept {
    path_fds until_exec;
    if (program >= 0) {
        if (const int error = until_exec.add(program); error != 0)
            return error;
        return close_child_fds(plan.fds, until_exec);
    }
    candidates c(plan);
    while (const char* const path = c.next())
        if (const int error = until_exec.add_from(path); error != 0)
            return error;
    return close_child_fds(plan.fds, until_exec);
}

int run_child_program(const spawn_plan& plan, int program) noexcept {
    if (program >= 0)
        return execute_fd(plan, program);
    if (plan.search == nullptr)
        return execute_path(plan, plan.file);
    candidates c(plan);
    int outcome = ENOENT; // or a more specific errno: EACCES, otherwise the first of the others
    while (const char* const path = c.next()) {
        const int error = execute_path(plan, path);
        if (!is_not_there(error))
            return error;
        if (error == EACCES || (outcome == ENOENT && error != ENOTDIR))
            outcome = error;
    }
    return outcome == ENOENT && c.too_long() ? ENAMETOOLONG : outcome;
}

} // namespace pidfd_util
