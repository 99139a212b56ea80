// SPDX-License-Identifier: MIT
#include "path_fds.hpp"

#include "answer.hpp"
#include "sys.hpp"
#include "text.hpp"
#include "uapi.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>

namespace pidfd_util {

namespace {

constexpr int most_links = 40; // as many as the kernel follows

/// A path that is followed one component after the other. The path up to `end` leads through no
/// symbolic link, other than those of /proc, which lead to what their text does not name.
struct followed_path {
    char text[PATH_MAX];
    std::size_t begin = 0; // of the current component
    std::size_t end = 0;   // of the current component

    bool next() noexcept {
        begin = end + std::strspn(text + end, "/");
        end = begin + std::strcspn(text + begin, "/");
        return end != begin;
    }

    std::string_view component() const noexcept { return {text + begin, end - begin}; }

    /// Puts `target` in the place of the current component.
    bool follow(std::string_view target) noexcept {
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

/// Cuts a path for the time of a system call.
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

/// The length of the symbolic link's text, or a negated errno: EINVAL if it is no symbolic link.
long read_link(followed_path& path, char* target, std::size_t size) noexcept {
    const cut_at cut(path.text[path.end]);
    return sys::call(SYS_readlinkat, AT_FDCWD, path.text, target, size);
}

/// Whether the directory of the current component belongs to a /proc. 0, or an errno.
int is_in_proc(followed_path& path, bool& result) noexcept {
    long magic = 0;
    const cut_at cut(path.text[path.begin]);
    const int error = sys::filesystem_magic_of(path.begin == 0 ? "." : path.text, magic);
    result = magic == uapi::proc_super_magic;
    return error;
}

/// What a refused system call means for a path: a negated errno if a sandbox has refused it, and
/// otherwise 0, because the path leads nowhere.
long if_sandboxed(int meaning) noexcept {
    return meaning == ENOSYS ? -EOPNOTSUPP : is_answer(meaning) ? 0 : -meaning;
}

/// The errno of readlinkat. The kernel forbids it too; but on fd -1 it says EBADF.
int who_forbids_link(long error) noexcept {
    return who_forbids(static_cast<int>(-error), [] {
        char none[1];
        return static_cast<int>(sys::call(SYS_readlinkat, -1, ".", none, 1));
    });
}

} // namespace

long path_fds::add(int fd) noexcept {
    if (std::find(begin(), end(), fd) != end())
        return 0;
    if (count_ == capacity)
        return -EMFILE;
    fds_[count_++] = fd;
    return 0;
}

long path_fds::add_from(const char* path) noexcept {
    followed_path p;
    const std::size_t size = std::strlen(path) + 1;
    if (size > sizeof p.text)
        return 0; // the kernel takes no longer path
    std::memcpy(p.text, path, size);
    char target[PATH_MAX];
    // Most entries of a PATH lack the program: one call is enough for these.
    if (sys::call(SYS_readlinkat, AT_FDCWD, p.text, target, sizeof target) == -ENOENT)
        return 0;
    for (int followed = 0; p.next();) {
        const long length = read_link(p, target, sizeof target);
        if (length == -EINVAL)
            continue;
        bool in_proc = false;
        if (length < 0)
            return if_sandboxed(who_forbids_link(length));
        if (const int error = is_in_proc(p, in_proc); error != 0)
            return if_sandboxed(sandboxed(-error)); // the directory could be searched
        if (in_proc) {
            // Only the symbolic links of an fd directory are named by numbers.
            if (int fd = 0; text::parse_pid(p.component(), fd))
                if (const long error = add(fd); error != 0)
                    return error;
        } else if (++followed > most_links ||
                   !p.follow({target, static_cast<std::size_t>(length)})) {
            return 0;
        }
    }
    return 0;
}

} // namespace pidfd_util
