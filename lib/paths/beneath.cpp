// SPDX-License-Identifier: MIT
#include "beneath.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"
#include "../kernel/uapi.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string_view>
#include <utility>

namespace pidfd_util::beneath {

namespace {

constexpr std::size_t longest_component = 32;

/// Reads the line `mnt_id:` in the fdinfo of a file descriptor.
int read_mount_from_fdinfo(int fd, std::uint64_t& mount) noexcept {
    text::numbered_path path;
    if (!path.set("/proc/thread-self/fdinfo/", fd, ""))
        return ENAMETOOLONG;
    // O_NONBLOCK: if a FIFO is mounted over it, the open must not wait for a writer.
    unique_fd file;
    if (const int error = sys::openat(AT_FDCWD, path.text, O_RDONLY | O_NONBLOCK, file); error != 0)
        return error;
    long magic = 0;
    if (const int error = sys::filesystem_magic(file.get(), magic); error != 0)
        return error;
    if (magic != uapi::proc_super_magic)
        return EXDEV;
    char buffer[256];
    text::line_reader lines(file.get(), buffer, sizeof buffer);
    std::optional<std::string_view> line;
    for (;;) {
        if (const int error = lines.next(line); error != 0)
            return error == ESRCH ? EIO : error; // it is the calling thread's
        if (!line)
            return EBADMSG;
        if (!text::take_key(*line, "mnt_id:"))
            continue;
        std::int64_t id = 0;
        if (!text::parse_number(text::take_word(*line), id) || id <= 0)
            return EBADMSG;
        mount = static_cast<std::uint64_t>(id);
        return 0;
    }
}

/// Opens one component after the other, each on the mount of the root.
class walk {
public:
    int start(int root) noexcept {
        root_ = root;
        return look(root, home_);
    }

    /// Opens the path. Only its first component can be a link, as "self" and "thread-self" are.
    int open(std::string_view path, int flags, unique_fd& file) noexcept {
        unique_fd here;
        if (const std::size_t slash = path.find('/'); slash != std::string_view::npos) {
            char link[longest_component] = {};
            std::string_view first = path.substr(0, slash);
            if (const int error = resolve(first, link); error != 0)
                return error;
            if (const int error = descend(first, O_PATH, here); error != 0)
                return error;
            path.remove_prefix(slash + 1);
        }
        if (const int error = descend(path, flags, here); error != 0)
            return error;
        file = std::move(here);
        return 0;
    }

private:
    static int look(int fd, sys::file_place& place) noexcept {
        if (const int error = sys::stat_place_in_proc(fd, place); error != 0)
            return explain_on_own_fd(error);
        return place.mount != 0 ? 0 : read_mount_from_fdinfo(fd, place.mount);
    }

    /// Replaces `name` by the target of the link, if it is a link in the root.
    template <std::size_t size>
    int resolve(std::string_view& name, char (&text)[size]) const noexcept {
        unique_fd found;
        sys::file_place place{};
        if (const int error = step(root_, name, O_PATH, found, place); error != 0)
            return error;
        if (!place.is_link)
            return 0;
        std::size_t length = 0;
        if (const int error = sys::read_link(found.get(), text, size, length); error != 0)
            return error;
        name = {text, length};
        return name.empty() || name.size() == size || name.front() == '/' ? EXDEV : 0;
    }

    /// Opens the rest of the path, from `here` or from the root.
    int descend(std::string_view path, int flags, unique_fd& here) const noexcept {
        while (!path.empty()) {
            const std::string_view name = path.substr(0, path.find('/'));
            path.remove_prefix(name.size() < path.size() ? name.size() + 1 : name.size());
            unique_fd next;
            sys::file_place place{};
            if (const int error = step(here ? here.get() : root_, name,
                                       path.empty() ? flags : O_PATH, next, place);
                error != 0)
                return error;
            here = std::move(next);
        }
        return 0;
    }

    /// Opens one entry of a directory. EXDEV if something is mounted over it.
    int step(int dir, std::string_view name, int flags, unique_fd& next,
             sys::file_place& place) const noexcept {
        char text[longest_component] = {};
        if (name.size() >= sizeof text)
            return ENAMETOOLONG;
        std::memcpy(text, name.data(), name.size());
        // O_NONBLOCK: if a FIFO is mounted over the entry, the open must not wait for a writer.
        unique_fd found;
        if (const int error = sys::open_in_proc(dir, text, flags | O_NOFOLLOW | O_NONBLOCK, found);
            error != 0)
            return error;
        if (const int error = look(found.get(), place); error != 0)
            return error;
        if (place.device[0] != home_.device[0] || place.device[1] != home_.device[1] ||
            place.mount != home_.mount)
            return EXDEV;
        next = std::move(found);
        return 0;
    }

    int root_ = -1;
    sys::file_place home_{};
};

[[gnu::noinline, gnu::cold]] int open_by_hand(int root, const char* path, int flags,
                                              unique_fd& file) noexcept {
    walk by_hand;
    if (const int error = by_hand.start(root); error != 0)
        return error;
    return by_hand.open(path, flags, file);
}

} // namespace

int open(int root, const char* path, int flags, unique_fd& file) noexcept {
    switch (const int error = sys::openat2_in_proc(root, path, flags, file); error) {
    case ENOSYS:
    case ERFKILL: // a sandbox that does not know the call
    case EPERM:   // the same; or hidepid=, with which openat returns EPERM as well
    case EACCES:
        return open_by_hand(root, path, flags, file);
    default:
        return error;
    }
}

} // namespace pidfd_util::beneath
