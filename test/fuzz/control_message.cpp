// SPDX-License-Identifier: MIT
// control_message::take reads no byte beyond the control data. Each file descriptor in it is either
// owned by the result or closed, and no other one is.
//
// The input is control data of this machine, except for the values in SCM_RIGHTS and SCM_PIDFD: those
// that are not negative are replaced by new file descriptors. The first two bytes are the size of the
// storage and the flags.
#include "kernel/control_message.hpp"

#include "input.hpp"

#include <cstring>
#include <fcntl.h>

using namespace pidfd_util;

namespace {

constexpr std::size_t most_fds = 512;

bool is_open(int fd) {
    return fcntl(fd, F_GETFD) >= 0;
}

/// Replaces the file descriptors in the control data, and returns the new ones. Reads the data as
/// control_message::take should, by the simplest code.
std::vector<int> insert_fds(std::vector<unsigned char>& data) {
    std::vector<int> made;
    for (std::size_t at = 0; at <= data.size() && data.size() - at >= sizeof(cmsghdr);) {
        cmsghdr header;
        std::memcpy(&header, &data[at], sizeof header);
        const auto length = static_cast<std::size_t>(header.cmsg_len);
        if (length < CMSG_LEN(0) || length > data.size() - at)
            break;
        const bool has_fds =
            header.cmsg_level == SOL_SOCKET &&
            (header.cmsg_type == SCM_RIGHTS || header.cmsg_type == uapi::scm_pidfd);
        for (std::size_t i = CMSG_LEN(0); has_fds && i + sizeof(int) <= length; i += sizeof(int)) {
            int value = 0;
            std::memcpy(&value, &data[at + i], sizeof value);
            if (value < 0)
                continue;
            const bool taken = header.cmsg_type == SCM_RIGHTS || i == CMSG_LEN(0);
            value = taken && made.size() < most_fds ? dup(STDERR_FILENO) : -1;
            if (value >= 0)
                made.push_back(value);
            std::memcpy(&data[at + i], &value, sizeof value);
        }
        at += CMSG_ALIGN(length);
    }
    return made;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
    if (size < 2)
        return 0;
    std::vector<unique_fd> files(input[0]);
    const int flags = (input[1] & 1) != 0 ? MSG_CTRUNC : 0;
    // In memory of its own, which ends where the data ends.
    std::vector<unsigned char> data(input + 2, input + size);
    const std::vector<int> made = insert_fds(data);
    msghdr message{};
    message.msg_control = data.data();
    message.msg_controllen = static_cast<decltype(message.msg_controllen)>(data.size());
    message.msg_flags = flags;
    {
        control_message::content found;
        control_message::take(message, files.data(), files.size(), found);
        fuzz::require(found.file_count <= files.size(), "no more files are stored than fit");
        fuzz::require(bool(found.sender) == (found.sender_error == 0),
                      "there is a sender, or a reason why there is none");
        fuzz::require(found.files_lost || flags == 0, "cut control data is reported");
        std::size_t open = 0;
        for (const int fd : made)
            open += is_open(fd) ? 1 : 0;
        fuzz::require(open == found.file_count + (found.sender ? 1 : 0),
                      "what is not in the result is closed");
        for (std::size_t i = 0; i < files.size(); ++i)
            fuzz::require(bool(files[i]) == (i < found.file_count), "the first places are filled");
    }
    files.clear();
    for (const int fd : made)
        fuzz::require(!is_open(fd), "the result owns its file descriptors");
    fuzz::require(is_open(STDERR_FILENO), "no other file descriptor is closed");
    return 0;
}
