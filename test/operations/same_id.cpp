// SPDX-License-Identifier: MIT
// A process may have several pidfds, obtained in different ways. All of them have the same id, and
// every operation works through each.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/operations.hpp"
#include "support/processes.hpp"
#include "support/sleeping_thread.hpp"

#include <pidfd_util/features.hpp>
#include <pidfd_util/inheritance.hpp>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_open_tree
#define SYS_open_tree PIDFD_UTIL_SYSCALL(428)
#endif
#ifndef SYS_move_mount
#define SYS_move_mount PIDFD_UTIL_SYSCALL(429)
#endif

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* no_pidfs = "no pidfs: all pidfds share one inode";

bool has_pidfs() {
    return availability_of(feature::pidfs) == availability::available;
}

unique_fd reopen(int fd, int flags) {
    return unique_fd(open(("/proc/thread-self/fd/" + std::to_string(fd)).c_str(), flags));
}

std::uint64_t id_of(int fd) {
    return pidfd_view(fd).get_id().value_or(0);
}

/// The answers of the operations through a pidfd that was obtained in an unusual way.
struct facts {
    std::uint64_t id;
    pid_t pid;
    pid_t info_pid;
    bool alive;
    by_operation<plain_answer> answers;
};

/// Operations that change nothing, and do not depend on the caller's children.
bool is_compared(const operation_row& o) {
    return o.harmless() && !o.enters && o.after != once_reaped::no_child;
}

facts ask(int fd) {
    const pidfd_view view(fd);
    facts f{};
    f.id = id_of(fd);
    f.pid = view.get_pid().value_or(-1);
    const auto info = view.get_info();
    f.info_pid = info ? info->pid : -1;
    f.alive = view.is_alive().value_or(false);
    for (const operation_row* o : operations_that(is_compared))
        f.answers[*o] = perform(*o, view);
    return f;
}

/// Whether the answers are those about the process itself, through its first pidfd.
void check(const facts& f, pidfd_view process, pid_t pid) {
    const facts right = ask(process.fd());
    CHECK(f.id == right.id);
    CHECK(f.pid == pid);
    CHECK(f.info_pid == pid);
    CHECK(f.alive);
    for (const operation_row* o : operations_that(is_compared)) {
        CAPTURE(o->name, to_string(f.answers[*o]), to_string(right.answers[*o]));
        CHECK(agrees(f.answers[*o], right.answers[*o]));
    }
}

int send_fd(int socket, int fd) {
    char byte = 'f';
    iovec data{&byte, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    return sendmsg(socket, &message, 0) == 1 ? 0 : errno;
}

unique_fd receive_fd(int socket) {
    char byte = 0;
    iovec data{&byte, 1};
    int fd = -1;
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
    msghdr message{};
    message.msg_iov = &data;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message) != nullptr)
        std::memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return unique_fd(fd);
}

/// Whether the kernel lets this user open a pidfd again: the files of pidfs belong to root.
bool may_reopen() {
    const auto self = pidfd::from_self();
    return geteuid() == 0 || reopen(self->fd(), O_RDONLY | O_CLOEXEC);
}
constexpr const char* not_reopened = "this user may not open a pidfd again";

} // namespace

TEST_CASE("a pidfd that was opened again through /proc has the same id, and works") {
    if (!has_pidfs())
        SKIP_TEST(no_pidfs);
    if (!may_reopen())
        SKIP_TEST(not_reopened);
    const test_child c = test_child::running();
    const unique_fd again = reopen(c.fd().fd(), O_RDONLY | O_CLOEXEC);
    REQUIRE(again);
    check(ask(again.get()), c.fd(), c.pid());
    const unique_fd twice = reopen(again.get(), O_RDONLY | O_CLOEXEC);
    REQUIRE(twice);
    check(ask(twice.get()), c.fd(), c.pid());
    // The pidfd can also be waited for.
    CHECK(pidfd_view(twice.get()).try_wait());
}

TEST_CASE("a pidfd that was opened again through /proc keeps its id when the process is gone") {
    if (!has_pidfs())
        SKIP_TEST(no_pidfs);
    if (!may_reopen())
        SKIP_TEST(not_reopened);
    test_child c = test_child::running();
    const std::uint64_t id = id_of(c.fd().fd());
    const unique_fd again = reopen(c.fd().fd(), O_RDONLY | O_CLOEXEC);
    const unique_fd path = reopen(c.fd().fd(), O_PATH | O_CLOEXEC);
    REQUIRE(again);
    REQUIRE(path);
    c.reap();
    CHECK(id_of(again.get()) == id);
    CHECK(id_of(path.get()) == id);
    CHECK(error_of(pidfd_view(again.get()).get_pid()) == ESRCH);
    CHECK(error_of(pidfd_view(again.get()).send_signal(0)) == ESRCH);
    CHECK(pidfd_view(again.get()).is_alive() == false);
}

TEST_CASE("a pidfd that was reopened with O_PATH has its id, and other operations refuse it") {
    if (!has_pidfs())
        SKIP_TEST(no_pidfs);
    if (!may_reopen())
        SKIP_TEST(not_reopened);
    const test_child c = test_child::running();
    const unique_fd path = reopen(c.fd().fd(), O_PATH | O_CLOEXEC);
    REQUIRE(path);
    const pidfd_view place(path.get());
    CHECK(place.get_process_id() == c.fd().get_process_id());
    CHECK(same_process(place, c.fd()) == true);
    CHECK((*announce(place, 3) == *announce(c.fd(), 3)));
    CHECK(error_of(place.get_pid()) == EBADFD);
    CHECK(error_of(place.is_thread()) == EBADFD);
    CHECK(error_of(place.send_signal(0)) == EBADFD);
    CHECK(error_of(place.is_alive()) == EBADFD);
    CHECK(error_of(place.keep_on_exec()) == EBADFD);
    CHECK(error_of(pidfd::adopt(unique_fd(dup(path.get())))) == EBADFD);
}

TEST_CASE(
    "a thread's pidfd that was opened again has the thread's id, and is not reported as gone") {
    if (!has_pidfs() || availability_of(feature::thread) != availability::available)
        SKIP_TEST("this kernel has no PIDFD_THREAD");
    if (!may_reopen())
        SKIP_TEST(not_reopened);
    sleeping_thread thread;
    const unique_fd fd(raw_pidfd_open(thread.tid(), uapi::pidfd_thread));
    const unique_fd again = reopen(fd.get(), O_RDONLY | O_CLOEXEC);
    CHECK(again);
    CHECK(id_of(again.get()) == id_of(fd.get()));
    CHECK(id_of(again.get()) != pidfd::from_self()->get_id().value_or(0));
    const pidfd_view view(again.get());
    CHECK(view.get_pid() == thread.tid());
    CHECK(view.is_alive() == true);
    CHECK(error_of(view.send_signal(0)) == 0);
    const auto info = view.get_info();
    CHECK((info && info->pid == thread.tid() && info->tgid == getpid()));
}

TEST_CASE("a pidfd that was bind-mounted and opened there has the same id, and works") {
    if (!has_pidfs())
        SKIP_TEST(no_pidfs);
    struct answer {
        const char* missing; // the step that this kernel lacks, or null
        int error;
        facts mounted;
        facts cloned;
        bool same_inode;
        std::uint64_t id_of_tree;
    };
    const test_child c = test_child::running();
    const temporary_directory directory;
    const std::string file = directory.file("mounted", "", 0600);
    surroundings around;
    around.mount_namespace = true;
    around.user_namespace = geteuid() != 0;
    const auto got = isolated(around, [&] {
        answer a{};
        const auto fails = [&](const char* step) {
            a.missing = step;
            a.error = errno;
            return a;
        };
        if (!keep_mounts_here())
            return fails("private mounts");
        constexpr unsigned clone_tree = 1;
        constexpr unsigned from_empty_path = 4;
        const unique_fd tree(static_cast<int>(
            syscall(SYS_open_tree, c.fd().fd(), "", clone_tree | O_CLOEXEC | AT_EMPTY_PATH)));
        if (!tree)
            return fails("open_tree of a pidfd");
        if (syscall(SYS_move_mount, tree.get(), "", AT_FDCWD, file.c_str(), from_empty_path) != 0)
            return fails("move_mount of a pidfd");
        const unique_fd there(open(file.c_str(), O_RDONLY | O_CLOEXEC));
        const unique_fd through_tree = reopen(tree.get(), O_RDONLY | O_CLOEXEC);
        if (!there || !through_tree)
            return fails("opening a pidfd that was mounted");
        a.mounted = ask(there.get());
        a.cloned = ask(through_tree.get());
        a.same_inode = inode_of(there.get()) == inode_of(c.fd().fd());
        a.id_of_tree = id_of(tree.get());
        return a;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (got->missing != nullptr)
        SKIP_TEST(std::string(got->missing) + ": " + std::strerror(got->error));
    const std::uint64_t id = id_of(c.fd().fd());
    check(got->mounted, c.fd(), c.pid());
    check(got->cloned, c.fd(), c.pid());
    CHECK(got->same_inode);
    CHECK(got->id_of_tree == id); // an O_PATH file descriptor
}

TEST_CASE(
    "a pidfd that was received over a socket, or taken from another process, has the same id") {
    if (!has_pidfs())
        SKIP_TEST(no_pidfs);
    const test_child c = test_child::running();
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    CHECK(send_fd(ends[0], c.fd().fd()) == 0);
    const unique_fd received = receive_fd(ends[1]);
    check(ask(received.get()), c.fd(), c.pid());
    close(ends[0]);
    close(ends[1]);

    // Its fork has the same file descriptors.
    const test_child keeper = test_child::running();
    const auto taken = keeper.fd().get_remote_fd(c.fd().fd());
    if (!taken)
        SKIP_TEST("no right to take a file descriptor");
    check(ask(taken->get()), c.fd(), c.pid());
}

TEST_CASE("the pidfd of a socket's peer has the id of the process that connected it") {
    if (!has_pidfs())
        SKIP_TEST(no_pidfs);
    constexpr int so_peerpidfd = 77;
    int ends[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    int raw = -1;
    socklen_t size = sizeof raw;
    const bool has_peer = getsockopt(ends[0], SOL_SOCKET, so_peerpidfd, &raw, &size) == 0;
    const unique_fd peer(has_peer ? raw : -1);
    close(ends[0]);
    close(ends[1]);
    if (!has_peer)
        SKIP_TEST("no SO_PEERPIDFD");
    const auto self = pidfd::from_self();
    REQUIRE(self);
    check(ask(peer.get()), *self, getpid());
}
