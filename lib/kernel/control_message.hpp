// SPDX-License-Identifier: MIT
// The control messages of a received message: file descriptors, and who sent it.
#ifndef PIDFD_UTIL_LIB_KERNEL_CONTROL_MESSAGE_HPP
#define PIDFD_UTIL_LIB_KERNEL_CONTROL_MESSAGE_HPP

#include "uapi.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cstddef>
#include <sys/socket.h>

namespace pidfd_util::control_message {

inline constexpr std::size_t longest_label = 4096;

/// Holds everything that the kernel can add to one message of a UNIX socket, with a security label of
/// up to `longest_label` bytes. The kernel adds the label before the file descriptors and the pidfd:
/// a longer label takes their place.
struct alignas(cmsghdr) buffer {
    static constexpr std::size_t others = 128; // time stamps, and the number of unread bytes
    static constexpr std::size_t capacity = CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(longest_label) +
                                            CMSG_SPACE(uapi::most_passed_files * sizeof(int)) +
                                            CMSG_SPACE(sizeof(int)) + others;
    unsigned char bytes[capacity];
};

/// What a message carries. It owns the file descriptors.
struct content {
    ucred creds{};
    bool has_creds = false;
    unique_fd sender;
    int sender_error = 0;     // why there is no sender; EMSGSIZE: there was no place for it
    std::size_t file_count{}; // stored
    bool files_lost = false;
};

/// Takes over the file descriptors in the control messages of `message`; stores up to `capacity` of
/// those that were passed in `files`, whose former content it closes, and closes the others.
void take(const msghdr& message, unique_fd* files, std::size_t capacity, content& found) noexcept;

} // namespace pidfd_util::control_message

#endif
