// SPDX-License-Identifier: MIT
// What announce writes, and which of it adopt_announced takes.
#include "kernel/uapi.hpp"
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"

#include <pidfd_util/inheritance.hpp>

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

struct attempted {
    int error;
    bool untouched; // the file descriptor is as it was
};

attempted try_to_take(std::string_view text, int fd) {
    const bool was_cloexec = has_cloexec(fd);
    const int error = error_of(adopt_announced(text));
    return {error, is_open(fd) && has_cloexec(fd) == was_cloexec};
}

/// A copy without the close-on-exec flag.
unique_fd inherited(int fd) {
    unique_fd copy(dup(fd));
    REQUIRE(copy);
    return copy;
}

std::string number(int fd) {
    return std::to_string(fd);
}

/// The text of `announce` without an inode number.
std::string without_inode(int fd) {
    return "pidfd=" + number(fd);
}

/// Whether a filter of the profile leaves the kernel's ids as they are.
bool shows_ids(const profile& kernel) {
    for (const rule& r : kernel.rules)
        if (r.number == rule::inode_question(0).number)
            return false;
    return has_ids();
}

} // namespace

TEST_CASE("announce writes the number, and the id where the kernel has ids") {
    const test_child c = test_child::running();
    struct written {
        int error;
        fixed_text<43> text;
    };
    for (const profile& kernel : all_profiles()) {
        for (const int target : {0, 3, INT_MAX}) {
            CAPTURE(kernel.name, target);
            const auto got = isolated(on(kernel), [&] {
                const auto text = announce(c.fd(), target);
                return written{error_of(text), text.value_or(fixed_text<43>())};
            });
            REQUIRE(got);
            CHECK(got->error == (kernel.forbids() ? ERFKILL : 0));
            if (got->error != 0)
                continue;
            CHECK(got->text == (shows_ids(kernel) ? without_inode(target) +
                                                        ",inode=" + std::to_string(*c.fd().get_id())
                                                  : without_inode(target)));
        }
    }
}

TEST_CASE("announce refuses a negative number, and what is not a pidfd") {
    const auto self = pidfd::from_self();
    for (const int target : {-1, INT_MIN})
        CHECK(error_of(announce(*self, target)) == EINVAL);
    CHECK(error_of(announce(pidfd_view(), 3)) == EBADF);
    CHECK(error_of(announce(pidfd_view(9999), 3)) == EBADF);
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        if (s.name != "the place of a pidfd") // which still has its id
            CHECK(error_of(announce(pidfd_view(s.fd), 3)) == EBADFD);
    }
}

TEST_CASE("adopt_announced sets close-on-exec, and gives the file descriptor to the handle") {
    const test_child c = test_child::running();
    unique_fd fd = inherited(c.fd().fd());
    {
        const auto taken = adopt_announced(std::string(*announce(c.fd(), fd.get())));
        REQUIRE(taken);
        CHECK(taken->fd() == fd.get());
        CHECK(taken->get_pid() == c.pid());
        CHECK(has_cloexec(fd.get()));
    }
    CHECK_FALSE(is_open(fd.release())); // the handle has closed it
}

TEST_CASE("adopt_announced refuses a text without an inode number where the kernel has them") {
    const test_child c = test_child::running();
    const unique_fd fd = inherited(c.fd().fd());
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        const auto got =
            isolated(on(kernel), [&] { return try_to_take(without_inode(fd.get()), fd.get()); });
        REQUIRE(got);
        if (shows_ids(kernel))
            CHECK(got->error == EINVAL);
        else
            CHECK(got->error == (kernel.forbids() ? ERFKILL : 0));
        CHECK(got->untouched == (got->error != 0));
    }
}

TEST_CASE("adopt_announced does not accept the text of util-linux, which has a pid") {
    const auto self = pidfd::from_self();
    const unique_fd fd = inherited(self->fd());
    const std::string of_util_linux = number(fd.get()) + ":" + std::to_string(inode_of(fd.get()));
    const attempted wrong = try_to_take(of_util_linux, fd.get());
    CHECK(wrong.error == EINVAL);
    CHECK(wrong.untouched);
    CHECK_FALSE(parse_util_linux_text(std::string(*announce(*self, 3)), {}));
}

TEST_CASE("adopt_announced leaves every file descriptor that it refuses as it was") {
    const test_child c = test_child::running();
    const test_child other = test_child::running();
    const unique_fd fd = inherited(other.fd().fd());
    const std::string own = without_inode(fd.get());
    if (has_ids()) {
        const attempted stranger = try_to_take(std::string(*announce(c.fd(), fd.get())), fd.get());
        CHECK(stranger.error == ESRCH);
        CHECK(stranger.untouched);
    }
    for (const std::string& id : {std::string("1"), std::string("18446744073709551615")}) {
        CAPTURE(id);
        const attempted wrong = try_to_take(own + ",inode=" + id, fd.get());
        CHECK(wrong.error == (has_ids() ? ESRCH : EOPNOTSUPP));
        CHECK(wrong.untouched);
    }
    for (const subject& s : impostors()) {
        const unique_fd copy = inherited(s.fd);
        for (const std::string& text :
             {without_inode(copy.get()), std::string(*announce(c.fd(), copy.get()))}) {
            CAPTURE(s.name, text);
            const attempted wrong = try_to_take(text, copy.get());
            if (s.name == "the place of a pidfd" && has_ids()) // which still has its id
                CHECK(wrong.error == (text == without_inode(copy.get()) ? EINVAL : ESRCH));
            else
                CHECK(wrong.error == EBADFD);
            CHECK(wrong.untouched);
        }
    }
    CHECK(try_to_take("pidfd=9999", 9999).error == EBADF);
    CHECK(try_to_take("pidfd=9999,inode=4711", 9999).error == EBADF);
}

TEST_CASE("adopt_announced refuses every text that announce does not write") {
    const test_child c = test_child::running();
    const unique_fd fd = inherited(c.fd().fd());
    const std::string n = number(fd.get());
    using namespace std::string_literals;
    const std::string good = "pidfd=" + n;
    std::vector<std::string> bad{""s,
                                 "pidfd"s,
                                 "pidfd="s,
                                 "pidfd=,inode=1"s,
                                 n,
                                 n + ":1",
                                 "fd=" + n + ",inode=1",
                                 "PIDFD=" + n + ",inode=1",
                                 "pidfd:" + n + ",inode=1",
                                 "inode=1,pidfd=" + n,
                                 "\0"s};
    for (const char* number : {"-1", "+3", " 3", "03", "0x3", "3x", "3 ", "3\n", "", "2147483648",
                               "4294967296", "18446744073709551616"})
        for (const char* inode : {"", ",inode=1"})
            bad.push_back("pidfd="s + number + inode);
    for (const char* rest :
         {",", ",inode", ",inode=", ",inode=x", ",inode= 1", ",inode=1 ", ",inode=-1", ",inode=01",
          ",inode=0", ",inode=1,inode=1", ",inode=1,", ",1", ":1", ";inode=1", ", inode=1",
          ",Inode=1", ",inode=18446744073709551616"})
        bad.push_back(good + rest);
    bad.push_back(good + "\0"s);
    bad.push_back(good + ",inode=1\0"s);
    for (const std::string& text : bad) {
        CAPTURE(text);
        const attempted wrong = try_to_take(text, fd.get());
        CHECK(wrong.error == EINVAL);
        CHECK(wrong.untouched);
    }
    CHECK(error_of(adopt_announced(std::string_view())) == EINVAL);
}

TEST_CASE(
    "adopt_announced works before Linux 6.9 and with no free file descriptor, and says so where a "
    "sandbox allows no check") {
    const test_child c = test_child::running();
    const unique_fd fd = inherited(c.fd().fd());
    const std::string full(*announce(c.fd(), fd.get()));
    const std::string bare = without_inode(fd.get());
    for (const profile& kernel : all_profiles()) {
        for (const std::string& text : {full, bare}) {
            CAPTURE(kernel.name, text);
            surroundings around = on(kernel);
            around.file_limit = 64;
            const auto got = isolated(around, [&] {
                fill_fds(0);
                return try_to_take(text, fd.get());
            });
            REQUIRE(got);
            if (text == bare && shows_ids(kernel))
                CHECK(got->error == EINVAL);
            else if (kernel.forbids() && !shows_ids(kernel))
                CHECK(got->error == ERFKILL);
            else if (text != bare && !shows_ids(kernel))
                CHECK(got->error == EOPNOTSUPP);
            else if (kernel.refuses_pidfd_open() && !has_ids())
                CHECK(got->error == EMFILE); // the check reads /proc
            else
                CHECK(got->error == 0);
            CHECK(got->untouched == (got->error != 0));
        }
    }
}

TEST_CASE("adopt_announced reports a filter that leaves the close-on-exec flag as it is, and takes "
          "nothing") {
    const test_child c = test_child::running();
    const unique_fd fd = inherited(c.fd().fd());
    const std::string text(*announce(c.fd(), fd.get()));
    for (const int error : {EPERM, ENOSYS, 0}) {
        CAPTURE(error);
        const auto got = isolated(on({"no F_SETFD", {{uapi::sys_fcntl, error, 1, ~0U, F_SETFD}}}),
                                  [&] { return try_to_take(text, fd.get()); });
        REQUIRE(got);
        CHECK(got->error == (error == EPERM ? ERFKILL : ENOSYS));
        CHECK(got->untouched);
    }
}
