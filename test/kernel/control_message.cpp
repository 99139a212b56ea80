// SPDX-License-Identifier: MIT
// The parser of control messages, on those of the kernel and on malformed ones.
#include "support/catch.hpp"
#include "support/fds.hpp"

#include "kernel/control_message.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// Control data in memory that ends where the data ends.
class control_data {
public:
    /// Adds a message. `length` is what its header says, if that is not the truth.
    template <class Value>
    control_data& add(int type, const std::vector<Value>& values, int level = SOL_SOCKET,
                      std::size_t length = 0) {
        const std::size_t size = values.size() * sizeof(Value);
        cmsghdr header{};
        header.cmsg_level = level;
        header.cmsg_type = type;
        header.cmsg_len =
            static_cast<decltype(header.cmsg_len)>(length != 0 ? length : CMSG_LEN(size));
        const std::size_t at = bytes_.size();
        bytes_.resize(at + CMSG_SPACE(size));
        std::memcpy(bytes_.data() + at, &header, sizeof header);
        if (size != 0)
            std::memcpy(bytes_.data() + at + CMSG_LEN(0), values.data(), size);
        return *this;
    }
    control_data& rights(const std::vector<int>& fds) { return add(SCM_RIGHTS, fds); }
    control_data& sender(int fd) { return add<int>(uapi::scm_pidfd, {fd}); }
    control_data& cut_to(std::size_t size) {
        bytes_.resize(size);
        bytes_.shrink_to_fit();
        return *this;
    }
    std::size_t size() const { return bytes_.size(); }

    control_message::content take(std::vector<unique_fd>& files, int flags = 0) {
        bytes_.shrink_to_fit();
        msghdr message{};
        message.msg_control = bytes_.data();
        message.msg_controllen = static_cast<decltype(message.msg_controllen)>(bytes_.size());
        message.msg_flags = flags;
        control_message::content found;
        control_message::take(message, files.data(), files.size(), found);
        return found;
    }
    control_message::content take(int flags = 0) {
        std::vector<unique_fd> none;
        return take(none, flags);
    }

private:
    std::vector<unsigned char> bytes_; // aligned, as all memory of new is
};

int some_fd() {
    return dup(STDIN_FILENO);
}

constexpr std::size_t most = std::numeric_limits<std::size_t>::max();

} // namespace

TEST_CASE("credentials, a sender and files are taken from control messages in any order") {
    const ucred creds{4711, 1, 2};
    for (const bool files_first : {false, true}) {
        const int sender = some_fd();
        const int file = some_fd();
        control_data data;
        if (files_first)
            data.rights({file}).sender(sender).add<ucred>(SCM_CREDENTIALS, {creds});
        else
            data.add<ucred>(SCM_CREDENTIALS, {creds}).sender(sender).rights({file});
        std::vector<unique_fd> files(1);
        const auto found = data.take(files);
        CHECK(found.has_creds);
        CHECK(found.creds.pid == 4711);
        CHECK(found.creds.gid == 2);
        CHECK(found.sender.get() == sender);
        CHECK(found.sender_error == 0);
        CHECK(found.file_count == 1);
        CHECK(files[0].get() == file);
        CHECK_FALSE(found.files_lost);
    }
}

TEST_CASE("empty control data has no credentials, no sender and no files") {
    const auto found = control_data().take();
    CHECK_FALSE(found.has_creds);
    CHECK_FALSE(found.sender);
    CHECK(found.sender_error == ENODATA);
    CHECK(found.file_count == 0);
    CHECK_FALSE(found.files_lost);
}

TEST_CASE("an errno in the place of a sender's pidfd is the reason why there is none") {
    for (const auto& [value, error] : {std::pair{-EMFILE, EMFILE},
                                       {-EINVAL, ESRCH},
                                       {-ESRCH, ESRCH},
                                       {-ENFILE, ENFILE},
                                       {std::numeric_limits<int>::min(), EIO}}) {
        const auto found = control_data().sender(value).take();
        CHECK(found.sender_error == error);
        CHECK_FALSE(found.sender);
    }
}

TEST_CASE("if there are two senders, the last one is returned, and the other one is closed") {
    const int before = open_fds();
    const int first = some_fd();
    const int second = some_fd();
    {
        const auto found = control_data().sender(first).sender(second).take();
        CHECK(found.sender.get() == second);
        CHECK_FALSE(is_open(first));
    }
    const auto found = control_data().sender(some_fd()).sender(-EMFILE).take();
    CHECK_FALSE(found.sender);
    CHECK(found.sender_error == EMFILE);
    CHECK(open_fds() == before);
}

TEST_CASE(
    "files of several control messages are stored one after the other, and the rest is closed") {
    const int fds[] = {some_fd(), some_fd(), some_fd(), some_fd(), some_fd()};
    std::vector<unique_fd> files(3);
    const auto found = control_data()
                           .rights({fds[0], fds[1]})
                           .rights({})
                           .rights({fds[2], fds[3]})
                           .rights({fds[4]})
                           .take(files);
    CHECK(found.file_count == 3);
    CHECK(found.files_lost);
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(files[i].get() == fds[i]);
    CHECK_FALSE(is_open(fds[3]));
    CHECK_FALSE(is_open(fds[4]));
}

TEST_CASE("the former content of the storage is closed, also where no file takes its place") {
    const int before = open_fds();
    std::vector<unique_fd> files;
    for (int i = 0; i < 3; ++i)
        files.emplace_back(some_fd());
    const int file = some_fd();
    CHECK(control_data().rights({file}).take(files).file_count == 1);
    CHECK(files[0].get() == file);
    CHECK_FALSE(files[1]);
    CHECK_FALSE(files[2]);
    CHECK(open_fds() == before + 1);
}

TEST_CASE("a negative number in the place of a file descriptor counts as a lost file") {
    const int file = some_fd();
    std::vector<unique_fd> files(3);
    const auto found = control_data().rights({-1, file, -EPERM}).take(files);
    CHECK(found.file_count == 1);
    CHECK(files[0].get() == file);
    CHECK(found.files_lost);
}

TEST_CASE("files are lost if the kernel says that control data was cut") {
    CHECK(control_data().take(MSG_CTRUNC).files_lost);
    CHECK_FALSE(control_data().take(MSG_TRUNC).files_lost);
}

TEST_CASE("a sender that had no place behind a long label is not one that was not requested") {
    constexpr int security = 3; // SCM_SECURITY
    const std::vector<char> label(control_message::buffer::capacity, 'x');
    const auto with = [&](std::size_t size, int flags) {
        control_data data;
        data.add<char>(security, {label.begin(), label.end()}).cut_to(size);
        return data.take(flags);
    };
    // The kernel cuts the label at the end of the buffer, or leaves out the pidfd behind it.
    const std::size_t capacity = control_message::buffer::capacity;
    for (const std::size_t size : {capacity, capacity - CMSG_LEN(sizeof(int)) + 1}) {
        const auto found = with(size, MSG_CTRUNC);
        CHECK(found.sender_error == EMSGSIZE);
        CHECK(found.files_lost);
    }
    // There was a place, or nothing is missing.
    CHECK(with(capacity - CMSG_LEN(sizeof(int)), MSG_CTRUNC).sender_error == ENODATA);
    CHECK(with(capacity, 0).sender_error == ENODATA);
}

TEST_CASE("the buffer holds all that the kernel adds, with a label of 4096 bytes and time stamps") {
    const std::size_t needed = CMSG_SPACE(sizeof(ucred)) + CMSG_SPACE(4096) +
                               CMSG_SPACE(253 * sizeof(int)) + CMSG_SPACE(sizeof(int)) +
                               CMSG_SPACE(6 * sizeof(std::int64_t)) + // SCM_TIMESTAMPING
                               CMSG_SPACE(2 * sizeof(std::int64_t)) + // SO_TIMESTAMPNS
                               CMSG_SPACE(sizeof(int));               // SCM_INQ
    CHECK(needed <= control_message::buffer::capacity);
}

TEST_CASE("control messages of other types and of other levels are skipped") {
    const int fd = some_fd();
    std::vector<unique_fd> files(1);
    const auto found = control_data()
                           .add<int>(SCM_RIGHTS, {fd}, 0)
                           .add<int>(uapi::scm_pidfd, {fd}, -1)
                           .add<int>(0x7fff, {fd})
                           .add<int>(-1, {})
                           .add<char>(3, {'l', 'a', 'b', 'e', 'l'}) // SCM_SECURITY
                           .add<ucred>(SCM_CREDENTIALS, {ucred{1, 2, 3}})
                           .take(files);
    CHECK(found.file_count == 0);
    CHECK(found.sender_error == ENODATA);
    CHECK(found.creds.uid == 2);
    CHECK(is_open(fd));
    close(fd);
}

TEST_CASE("incomplete values are ignored") {
    const int fd = some_fd();
    std::vector<unique_fd> files(2);
    const std::vector<char> cut(3);
    auto found = control_data()
                     .add(SCM_RIGHTS, cut)
                     .add(uapi::scm_pidfd, cut)
                     .add(SCM_CREDENTIALS, std::vector<char>(sizeof(ucred) - 1))
                     .take(files);
    CHECK(found.file_count == 0);
    CHECK(found.sender_error == ENODATA);
    CHECK_FALSE(found.has_creds);
    found = control_data()
                .add<int>(SCM_RIGHTS, {fd, fd}, SOL_SOCKET, CMSG_LEN(sizeof(int) + 3))
                .take(files);
    CHECK(found.file_count == 1);
    CHECK(files[0].get() == fd);
}

TEST_CASE("a header with an impossible length ends the control messages") {
    const int fd = some_fd();
    for (const std::size_t length :
         {std::size_t{1}, sizeof(cmsghdr) - 1, CMSG_LEN(sizeof(int)) + 1, most, most - 1, most - 7,
          most - 15, most / 2, std::size_t{1} << 31}) {
        CAPTURE(length);
        std::vector<unique_fd> files(1);
        // No other message follows, so that one byte more than the data is beyond the end.
        auto found = control_data()
                         .add<int>(SCM_RIGHTS, {fd}, SOL_SOCKET, length)
                         .cut_to(CMSG_LEN(sizeof(int)))
                         .take(files);
        CHECK(found.file_count == 0);
        found = control_data().add<int>(SCM_RIGHTS, {}, SOL_SOCKET, length).take(files);
        CHECK(found.file_count == 0);
    }
    // Zeros are what memory has behind the last message, if its length is not known.
    std::vector<unique_fd> files(1);
    CHECK(control_data().sender(-EMFILE).cut_to(200).rights({fd}).take(files).file_count == 0);
    CHECK(is_open(fd));
    close(fd);
}

TEST_CASE("control data may be cut anywhere") {
    const std::size_t whole = control_data().sender(0).rights({0, 0}).size();
    for (std::size_t size = 0; size <= whole; ++size) {
        CAPTURE(size);
        const int fds[] = {some_fd(), some_fd(), some_fd()};
        {
            std::vector<unique_fd> files(2);
            const auto found =
                control_data().sender(fds[0]).rights({fds[1], fds[2]}).cut_to(size).take(files);
            const std::size_t second = CMSG_SPACE(sizeof(int));
            CHECK(bool(found.sender) == (size >= CMSG_LEN(sizeof(int))));
            CHECK(found.file_count == (size >= second + CMSG_LEN(2 * sizeof(int)) ? 2 : 0));
        }
        for (const int fd : fds)
            if (is_open(fd))
                close(fd);
    }
}
