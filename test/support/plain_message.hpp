// SPDX-License-Identifier: MIT
// Messages of the tests: short texts. What was received is plain data, which an isolated child can
// return.
#ifndef PIDFD_UTIL_TEST_PLAIN_MESSAGE_HPP
#define PIDFD_UTIL_TEST_PLAIN_MESSAGE_HPP

#include "error_of.hpp"
#include "fds.hpp"
#include "unix_sockets.hpp"

#include <pidfd_util/message.hpp>

#include <cstddef>
#include <string_view>

namespace support {

struct plain_message {
    int error;
    std::size_t size;
    bool truncated;
    bool files_lost;
    std::size_t file_count;
    bool has_sender;
    pid_t sender;        // or a negated errno, of its pid or of the reason why there is none
    bool sender_cloexec; // if there is a sender
    pidfd_util::socket_credentials creds;
    bool has_creds;
    char data[8];

    std::string_view text() const { return {data, size}; }
};

/// Receives up to `size` bytes, without waiting, and closes the handle of the sender.
inline plain_message receive_plain(const unique_fd& socket,
                                   pidfd_util::storage<unique_fd> files = {},
                                   int flags = MSG_DONTWAIT,
                                   std::size_t size = sizeof(plain_message::data)) {
    plain_message m{};
    const auto got = pidfd_util::receive_message(socket.get(), m.data, size, files, flags);
    m.error = error_of(got);
    if (!got)
        return m;
    m.size = got->size;
    m.truncated = got->truncated;
    m.files_lost = got->files_lost;
    m.file_count = got->file_count;
    m.has_sender = got->sender.has_value();
    m.sender = pid_of(got->sender);
    m.sender_cloexec = got->sender && has_cloexec(got->sender->fd());
    m.has_creds = got->creds.has_value();
    m.creds = got->creds.value_or(pidfd_util::socket_credentials{});
    return m;
}

/// Sends the text without waiting; false if that failed, or if not all was sent.
inline bool send_text(const unique_fd& socket, std::string_view text,
                      pidfd_util::array_view<int> files = {}) {
    const auto sent =
        pidfd_util::send_message(socket.get(), text.data(), text.size(), files, MSG_DONTWAIT);
    return sent && *sent == text.size();
}

} // namespace support

#endif
