// SPDX-License-Identifier: MIT
// request_senders, receive_message and send_message.
#include "../kernel/control_message.hpp"
#include "../kernel/sys_socket.hpp"
#include "../kernel/uapi.hpp"
#include "record.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <cstring>

namespace pidfd_util {

namespace {

int check_is_unix(int socket) noexcept {
    int domain = 0;
    if (const int error = sys::get_socket_number(socket, SO_DOMAIN, domain); error != 0)
        return error;
    return domain == AF_UNIX ? 0 : EAFNOSUPPORT;
}

int get_switch(int socket, int option, int& set) noexcept {
    set = -1;
    if (const int error = sys::get_socket_option(socket, option, &set, sizeof set); error != 0)
        return error == ENOPROTOOPT ? EOPNOTSUPP : error;
    return set < 0 ? ENOSYS : 0; // not written: a filter
}

/// Sets an option to 0 or 1, and checks that it is set: a filter can answer "error 0".
int set_switch(int socket, int option, int wanted) noexcept {
    if (const int error = sys::set_socket_option(socket, option, wanted); error != 0)
        return error == ENOPROTOOPT ? EOPNOTSUPP : error;
    int set = 0;
    const int error = get_switch(socket, option, set);
    return error == 0 && set != wanted ? ENOSYS : error;
}

bool is_stream(int socket) noexcept {
    int type = SOCK_STREAM;
    const int error = sys::get_socket_number(socket, SO_TYPE, type);
    return error != 0 || type == SOCK_STREAM;
}

/// Removes the credentials that the kernel adds to the end of a stream, which no process has sent:
/// their ids are 0, as those of root are.
void remove_creds_of_end(int socket, std::size_t received,
                         control_message::content& found) noexcept {
    if (received != 0 || !found.has_creds || found.creds.pid != 0 || found.sender ||
        !is_stream(socket))
        return;
    found.has_creds = false;
    found.sender_error = ENODATA;
}

} // namespace

namespace abi {

int request_senders(int socket, bool wanted) noexcept {
    if (const int error = check_is_unix(socket); error != 0)
        return error;
    constexpr int options[] = {uapi::so_pass_pidfd, SO_PASSCRED};
    int before[2] = {};
    for (int i = 0; i < 2; ++i)
        if (const int error = get_switch(socket, options[i], before[i]); error != 0)
            return error;
    int error = 0;
    for (int i = 0; i < 2 && error == 0; ++i)
        error = set_switch(socket, options[i], wanted ? 1 : 0);
    if (error != 0)
        for (int i = 0; i < 2; ++i)
            (void)sys::set_socket_option(socket, options[i], before[i]);
    return error;
}

int receive_message(int socket, message_record& message, std::size_t size, void* data,
                    std::size_t data_size, unique_fd* files, std::size_t file_count,
                    int flags) noexcept {
    control_message::buffer control{};
    iovec place{data, data_size};
    msghdr header{};
    header.msg_iov = &place;
    header.msg_iovlen = 1;
    header.msg_control = control.bytes;
    header.msg_controllen = sizeof control.bytes;
    constexpr int not_written = -1;
    header.msg_flags = not_written;
    std::size_t received = 0;
    const int error = sys::receive(socket, header, flags | MSG_CMSG_CLOEXEC, received);
    control_message::content content;
    if (error != 0) {
        // On a stream, the kernel opens the sender even if `data` turns out not to be valid memory.
        control_message::take(header, nullptr, 0, content);
        return error;
    }
    if (header.msg_flags == not_written) // a filter that answers "error 0"
        return ENOSYS;
    control_message::take(header, files, file_count, content);
    remove_creds_of_end(socket, received, content);
    message_record found{};
    // With MSG_TRUNC among the flags, the kernel returns the length of the whole message.
    found.size = received < data_size ? received : data_size;
    found.file_count = content.file_count;
    found.sender_error = content.sender_error;
    found.sender = content.sender.release();
    if (content.has_creds) {
        found.filled |= message_record::has_creds;
        found.pid = content.creds.pid;
        found.uid = content.creds.uid;
        found.gid = content.creds.gid;
    }
    if ((header.msg_flags & MSG_TRUNC) != 0)
        found.filled |= message_record::truncated;
    if (content.files_lost)
        found.filled |= message_record::files_lost;
    record::copy_out(found, message, size);
    return 0;
}

int send_message(int socket, std::size_t& sent, const void* data, std::size_t data_size,
                 const int* files, std::size_t file_count, int flags) noexcept {
    if (file_count > uapi::most_passed_files)
        return EINVAL;
    alignas(cmsghdr) unsigned char control[CMSG_SPACE(uapi::most_passed_files * sizeof *files)]{};
    // sendmsg does not write to the data.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
    iovec place{const_cast<void*>(data), data_size};
    msghdr header{};
    header.msg_iov = &place;
    header.msg_iovlen = 1;
    if (file_count != 0) {
        cmsghdr passed{};
        passed.cmsg_level = SOL_SOCKET;
        passed.cmsg_type = SCM_RIGHTS;
        passed.cmsg_len = CMSG_LEN(file_count * sizeof *files);
        std::memcpy(control, &passed, sizeof passed);
        std::memcpy(control + CMSG_LEN(0), files, file_count * sizeof *files);
        header.msg_control = control;
        header.msg_controllen = CMSG_SPACE(file_count * sizeof *files);
    }
    return sys::send(socket, header, flags, sent);
}

} // namespace abi
} // namespace pidfd_util
