// SPDX-License-Identifier: MIT
#include "namespace_link.hpp"

#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../kernel/text.hpp"
#include "../kernel/uapi.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string_view>

namespace pidfd_util::namespace_link {

namespace {

/// Parses the inode number in a link's text, such as "uts:[4026531838]".
bool parse_inode(std::string_view text, std::uint64_t& inode) noexcept {
    const std::size_t begin = text.find('[');
    if (begin == std::string_view::npos || text.back() != ']')
        return false;
    std::int64_t number = 0;
    if (!text::parse_number(text.substr(begin + 1, text.size() - begin - 2), number) || number <= 0)
        return false;
    inode = static_cast<std::uint64_t>(number);
    return true;
}

int read_inode(int link, std::uint64_t& inode) noexcept {
    char text[64];
    std::size_t size = 0;
    if (const int error = sys::read_link(link, text, sizeof text, size); error != 0)
        return error;
    return parse_inode({text, size}, inode) ? 0 : EOPNOTSUPP;
}

int read_inode_of_namespace(int fd, std::uint64_t& inode) noexcept {
    long magic = 0;
    if (const int error = sys::filesystem_magic(fd, magic); error != 0)
        return explain_on_own_fd(error);
    if (magic != uapi::nsfs_magic)
        return EOPNOTSUPP;
    sys::file_place place{};
    const int error = sys::stat_place(fd, place);
    inode = place.inode;
    return explain_on_own_fd(error);
}

} // namespace

int open(const procfs::process& process, const char* path, unique_fd& ns) noexcept {
    unique_fd link;
    if (const int error = process.open_file(path, O_PATH | O_NOFOLLOW, link); error != 0)
        return error;
    // The process may change its namespace between the two reads: then both are repeated.
    constexpr int attempts = 10;
    for (int i = 0; i < attempts; ++i) {
        unique_fd found;
        if (const int error = process.follow_link(path, O_RDONLY, found); error != 0)
            return error;
        std::uint64_t opened = 0;
        std::uint64_t shown = 0;
        if (const int error = read_inode_of_namespace(found.get(), opened); error != 0)
            return error;
        // While the namespace is open, no other can get its inode number.
        if (const int error = read_inode(link.get(), shown); error != 0)
            return error;
        if (opened == shown) {
            ns = std::move(found);
            return 0;
        }
    }
    return EOPNOTSUPP;
}

int look(const procfs::process& process, const char* path) noexcept {
    unique_fd link;
    if (const int error = process.open_file(path, O_PATH | O_NOFOLLOW, link); error != 0)
        return error;
    std::uint64_t inode = 0;
    return read_inode(link.get(), inode);
}

int read_own(int root, const char* path, std::uint64_t& inode) noexcept {
    unique_fd link;
    const int error = proc_root::open_entry(root, path, O_PATH | O_NOFOLLOW, link);
    return error != 0 ? error : read_inode(link.get(), inode);
}

} // namespace pidfd_util::namespace_link
