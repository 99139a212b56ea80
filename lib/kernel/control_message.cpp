// SPDX-License-Identifier: MIT
#include "control_message.hpp"

#include <cerrno>
#include <cstring>

namespace pidfd_util::control_message {

namespace {

/// Returns the next value in the data of a control message, if there is a whole one.
template <class Value>
bool next_value(const cmsghdr& header, std::size_t index, Value& value) noexcept {
    const std::size_t size = header.cmsg_len - CMSG_LEN(0);
    if (size / sizeof value <= index)
        return false;
    std::memcpy(&value, CMSG_DATA(&header) + index * sizeof value, sizeof value);
    return true;
}

void take_files(const cmsghdr& header, unique_fd* files, std::size_t capacity,
                content& found) noexcept {
    int fd = -1;
    for (std::size_t i = 0; next_value(header, i, fd); ++i) {
        unique_fd file(fd);
        if (file && found.file_count < capacity)
            files[found.file_count++] = std::move(file);
        else
            found.files_lost = true;
    }
}

/// Takes the sender's pidfd. If the kernel could not make one, its errno is in that place.
void take_sender(const cmsghdr& header, content& found) noexcept {
    int fd = 0;
    if (!next_value(header, 0, fd))
        return;
    if (fd >= 0) {
        found.sender.reset(fd);
        found.sender_error = 0;
    } else { // before Linux 6.16, EINVAL or ESRCH if the sender was reaped
        found.sender.reset();
        constexpr int largest_errno = 4095;
        if (fd < -largest_errno) // which the kernel never writes
            found.sender_error = EIO;
        else
            found.sender_error = fd == -EINVAL ? ESRCH : -fd;
    }
}

/// Returns the first control message after `previous`, or the first one. The macros of libc read the
/// length of a header before they know that the header is whole.
const cmsghdr* next_header(const msghdr& message, const cmsghdr* previous) noexcept {
    const auto* const begin = static_cast<const unsigned char*>(message.msg_control);
    std::size_t offset = 0;
    if (previous != nullptr)
        offset =
            static_cast<std::size_t>(reinterpret_cast<const unsigned char*>(previous) - begin) +
            CMSG_ALIGN(previous->cmsg_len);
    const std::size_t length = message.msg_controllen;
    if (offset > length || length - offset < sizeof(cmsghdr))
        return nullptr;
    const auto* const header = reinterpret_cast<const cmsghdr*>(begin + offset);
    const bool whole = header->cmsg_len >= CMSG_LEN(0) && header->cmsg_len <= length - offset;
    return whole ? header : nullptr;
}

/// Returns whether the kernel had no place in a `buffer` for one more file descriptor.
bool fills_buffer(const msghdr& message) noexcept {
    return (message.msg_flags & MSG_CTRUNC) != 0 &&
           message.msg_controllen + CMSG_LEN(sizeof(int)) > buffer::capacity;
}

} // namespace

void take(const msghdr& message, unique_fd* files, std::size_t capacity, content& found) noexcept {
    found.sender_error = fills_buffer(message) ? EMSGSIZE : ENODATA;
    for (const cmsghdr* header = next_header(message, nullptr); header != nullptr;
         header = next_header(message, header)) {
        if (header->cmsg_level != SOL_SOCKET)
            continue;
        switch (header->cmsg_type) {
        case SCM_RIGHTS:
            take_files(*header, files, capacity, found);
            break;
        case SCM_CREDENTIALS:
            found.has_creds = next_value(*header, 0, found.creds);
            break;
        case uapi::scm_pidfd:
            take_sender(*header, found);
            break;
        default:
            break;
        }
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0)
        found.files_lost = true;
    for (std::size_t i = found.file_count; i < capacity; ++i)
        files[i].reset();
}

} // namespace pidfd_util::control_message
