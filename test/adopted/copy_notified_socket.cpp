// SPDX-License-Identifier: MIT
// The traps of a supervisor of system calls: see copy_notified_socket.hpp.
#include "copy_notified_socket.hpp"

#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/newcomer.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <cstddef>
#include <linux/filter.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* no_notifications = "no notifications by seccomp, or no pidfds of threads";

/// The number of the socket and of the listener in the process that is supervised.
constexpr int socket_number = 200;
constexpr int listener_number = 201;

/// Makes the kernel ask the listener about each call of bind(2) of the calling thread. -1 on failure.
int listen_for_bind() {
    sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bind, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program{sizeof code / sizeof *code, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -1;
    return static_cast<int>(
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

/// A process whose second thread waits in bind(2) for the supervisor.
class supervised {
public:
    supervised()
        : process_(test_child::ready([] {
              const int made = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
              if (dup2(made, socket_number) != socket_number)
                  return false;
              int ready[2];
              if (pipe(ready) != 0)
                  return false;
              std::thread([end = ready[1]] {
                  const int listener = listen_for_bind();
                  const bool good = listener >= 0 && dup2(listener, listener_number) >= 0;
                  (void)!write(end, good ? "y" : "n", 1);
                  if (good)
                      (void)syscall(SYS_bind, socket_number, nullptr, 0);
              }).detach();
              char byte = 0;
              return read(ready[0], &byte, 1) == 1 && byte == 'y';
          })) {
        if (!process_.prepared())
            return;
        auto listener = process_.fd().get_remote_fd(listener_number);
        if (!listener)
            return;
        listener_ = std::move(*listener);
        notified_ = ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &notification_) == 0;
    }

    explicit operator bool() const { return notified_; }
    test_child& process() { return process_; }
    int listener() const { return listener_.get(); }
    const seccomp_notif& notification() const { return notification_; }
    auto copy() const {
        return adopted::copy_notified_socket(listener_.get(), notification_, socket_number);
    }

private:
    test_child process_;
    unique_fd listener_;
    seccomp_notif notification_{};
    bool notified_ = false;
};

} // namespace

TEST_CASE("the socket of a thread that is not the first one of its process is copied") {
    supervised s;
    if (!s || !has(feature::thread))
        SKIP_TEST(no_notifications);
    REQUIRE(static_cast<pid_t>(s.notification().pid) != s.process().pid());
    const auto copy = s.copy();
    REQUIRE(error_of(copy) == 0);
    int type = 0;
    socklen_t size = sizeof type;
    CHECK(getsockopt(copy->get(), SOL_SOCKET, SO_TYPE, &type, &size) == 0);
    CHECK(type == SOCK_DGRAM);
}

TEST_CASE("no file descriptor comes back once the thread has ended, or its number is another's") {
    supervised s;
    if (!s || !has(feature::thread))
        SKIP_TEST(no_notifications);
    s.process().reap();
    CHECK(error_of(s.copy()) == ESRCH);
    const newcomer heir(static_cast<pid_t>(s.notification().pid));
    if (!heir)
        SKIP_TEST(no_chosen_pid);
    CHECK(error_of(s.copy()) == ESRCH);
}
