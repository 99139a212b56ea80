// SPDX-License-Identifier: MIT
#include "beneath.hpp"

#include "answer.hpp"
#include "sys.hpp"
#include "text.hpp"
#include "uapi.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <utility>

namespace pidfd_util::beneath {

namespace {

constexpr std::size_t longest_component = 32;

/// The line `mnt_id:` of the fdinfo of a file descriptor. `root` is a /proc.
int mount_from_fdinfo(int root, int fd, std::uint64_t& mount) noexcept {
    text::numbered_path path;
    if (!path.set("thread-self/fdinfo/", fd, ""))
        return ENAMETOOLONG;
    // Not a FIFO that is mounted over it, at which an open could hang.
    const unique_fd file(sys::openat(root, path.text, O_RDONLY | O_NONBLOCK));
    if (!file)
        return -file.get();
    long magic = 0;
    if (const int error = -sys::filesystem_magic(file.get(), magic); error != 0)
        return error;
    if (magic != uapi::proc_super_magic)
        return EXDEV;
    char buffer[256];
    text::line_reader lines(file.get(), buffer, sizeof buffer);
    std::string_view line;
    for (;;) {
        const int got = lines.next(line);
        if (got <= 0)
            return got < 0 ? -got : EBADMSG;
        std::int64_t id = 0;
        if (!text::take_key(line, "mnt_id:"))
            continue;
        if (!text::parse_number(text::take_word(line), id) || id <= 0)
            return EBADMSG;
        mount = static_cast<std::uint64_t>(id);
        return 0;
    }
}

/// Opens component after component, each on the mount of the root.
class walk {
public:
    int start(int root) noexcept {
        root_ = root;
        return look(root, home_);
    }

    /// Only the first component can be a link: "self" and "thread-self" are.
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
    int look(int fd, sys::file_place& place) const noexcept {
        if (const int error = -sys::stat_place(fd, place); error != 0)
            return on_own_fd(error);
        return place.mount != 0 ? 0 : mount_from_fdinfo(root_, fd, place.mount);
    }

    /// Replaces `name`, if it is a link in the root, by the text of the link.
    template <std::size_t size>
    int resolve(std::string_view& name, char (&text)[size]) const noexcept {
        unique_fd found;
        sys::file_place place{};
        if (const int error = step(root_, name, O_PATH, found, place); error != 0)
            return error;
        if (!place.is_link)
            return 0;
        const ssize_t length = sys::read_link(found.get(), text, size);
        if (length < 0)
            return static_cast<int>(-length);
        name = {text, static_cast<std::size_t>(length)};
        return name.empty() || name.size() == size || name.front() == '/' ? EXDEV : 0;
    }

    /// Opens what `path` leads to from `here`, or from the root.
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

    /// Opens one entry of a directory, if nothing is mounted over it.
    int step(int dir, std::string_view name, int flags, unique_fd& next,
             sys::file_place& place) const noexcept {
        char text[longest_component] = {};
        if (name.size() >= sizeof text)
            return ENAMETOOLONG;
        std::memcpy(text, name.data(), name.size());
        // Where a FIFO is mounted over the entry, an open that waits for a writer would hang.
        unique_fd found(sys::openat(dir, text, flags | O_NOFOLLOW | O_NONBLOCK));
        if (!found)
            return -found.get();
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

} // namespace

int open(int root, const char* path, int flags, unique_fd& file) noexcept {
    unique_fd found(sys::openat2_on_mount(root, path, flags));
    switch (-found.get()) {
    case ENOSYS:
    case ERFKILL: // a sandbox that does not know the call
    case EPERM:   // or hidepid=, which says it again
    case EACCES:
        break;
    default:
        if (!found)
            return -found.get();
        file = std::move(found);
        return 0;
    }
    walk by_hand;
    if (const int error = by_hand.start(root); error != 0)
        return error;
    return by_hand.open(path, flags, file);
}

} // namespace pidfd_util::beneath
