// SPDX-License-Identifier: MIT
#include "path_fds.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"
#include "../kernel/uapi.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>

namespace pidfd_util {

namespace {

constexpr int most_links = 40; // as many as the kernel follows

/// Follows a path, one component after the other. Up to `end`, the path has no symbolic link left,
/// except those of /proc, whose text does not name their target.
struct followed_path {
    char text[PATH_MAX];
    std::size_t begin = 0; // of the current component
    std::size_t end = 0;   // of the current component

    /// Steps to the next component; false after the last one.
    [[nodiscard]] bool next() noexcept {
        begin = end + std::strspn(text + end, "/");
        end = begin + std::strcspn(text + begin, "/");
        return end != begin;
    }

    [[nodiscard]] std::string_view component() const noexcept {
        return {text + begin, end - begin};
    }

    /// Replaces the current component by `target`; false if that is too long.
    [[nodiscard]] bool follow(std::string_view target) noexcept {
        const std::size_t rest = std::strlen(text + end) + 1;
        const std::size_t kept = !target.empty() && target.front() == '/' ? 0 : begin;
        if (kept + target.size() + rest > sizeof text)
            return false;
        std::memmove(text + kept + target.size(), text + end, rest);
        std::memcpy(text + kept, target.data(), target.size());
        end = kept;
        return true;
    }
};

/// Cuts a path as long as the object exists, for a system call.
class cut_at {
public:
    explicit cut_at(char& end) noexcept : end_(end), was_(end) { end = '\0'; }
    ~cut_at() { end_ = was_; }
    cut_at(const cut_at&) = delete;
    cut_at& operator=(const cut_at&) = delete;

private:
    char& end_;
    char was_;
};

/// Reads the target of the current component. EINVAL: it is not a symbolic link.
int read_link(followed_path& path, char* target, std::size_t size, long& length) noexcept {
    const cut_at cut(path.text[path.end]);
    return sys::call_for(length, SYS_readlinkat, AT_FDCWD, path.text, target, size);
}

/// Finds out whether the directory of the current component belongs to a /proc.
int is_in_proc(followed_path& path, bool& result) noexcept {
    long magic = 0;
    const cut_at cut(path.text[path.begin]);
    const int error = sys::filesystem_magic_of(path.begin == 0 ? "." : path.text, magic);
    result = magic == uapi::proc_super_magic;
    return error;
}

/// Explains the errno of a system call on a path: returns it only if a sandbox refused the call.
/// With every other errno the path leads nowhere, and the result is 0.
int explain_dead_end(int error) noexcept {
    return error == ENOSYS ? EOPNOTSUPP : is_answer(error) ? 0 : error;
}

int explain_readlink(int error) noexcept {
    return explain_denial(error, [] {
        char none[1];
        return sys::call(SYS_readlinkat, -1, ".", none, 1);
    });
}

} // namespace

int path_fds::add(int fd) noexcept {
    if (std::find(begin(), end(), fd) != end())
        return 0;
    if (count_ == capacity)
        return EMFILE;
    fds_[count_++] = fd;
    return 0;
}

int path_fds::add_from(const char* path) noexcept {
    // Most paths do not lead through a file descriptor, or lead nowhere, as in most directories of a
    // PATH. One call is enough for these.
    unique_fd program;
    if (const int unopened = sys::open_without_magic_links(path, program);
        unopened == 0 || unopened == ENOENT)
        return 0;
    followed_path p;
    const std::size_t size = std::strlen(path) + 1;
    if (size > sizeof p.text)
        return 0; // longer than the kernel accepts
    std::memcpy(p.text, path, size);
    char target[PATH_MAX];
    for (int followed = 0; p.next();) {
        long length = 0;
        const int unread = read_link(p, target, sizeof target, length);
        if (unread == EINVAL)
            continue;
        if (unread != 0)
            return explain_dead_end(explain_readlink(unread));
        bool in_proc = false;
        if (const int error = is_in_proc(p, in_proc); error != 0)
            return explain_dead_end(explain_denial(error)); // the link in the directory was read
        if (in_proc) {
            // In /proc, only the links in an fd directory have numbers as names.
            if (int fd = 0; text::parse_pid(p.component(), fd))
                if (const int error = add(fd); error != 0)
                    return error;
        } else if (++followed > most_links ||
                   !p.follow({target, static_cast<std::size_t>(length)})) {
            return 0;
        }
    }
    return 0;
}

} // namespace pidfd_util
