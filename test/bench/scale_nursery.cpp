// SPDX-License-Identifier: MIT
// The helper process that makes sleeping processes and lets them exit.
#include "scale_nursery.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <linux/futex.h>
#include <new>
#include <random>
#include <sched.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <fcntl.h>

namespace bench {

namespace {

constexpr std::size_t stack_size = 2048;

// The helper's memory is also that of the processes it makes, so they find these there.
pid_t watcher_pid = 0;
std::atomic<std::uint32_t>* sleeping_count = nullptr;

void* map(std::size_t size, int flags) {
    void* const at =
        mmap(nullptr, size, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? nullptr : at;
}

void pause_for(long nanoseconds) {
    const timespec time{0, nanoseconds};
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &time, nullptr);
}

/// Looks whether the watcher sleeps, as it does in poll and epoll_wait.
class sleep_watch {
public:
    explicit sleep_watch(pid_t process)
        : stat_(open(("/proc/" + std::to_string(process) + "/stat").c_str(), O_RDONLY | O_CLOEXEC)),
          clock_error_(clock_getcpuclockid(process, &clock_)) {}

    [[nodiscard]] bool works() const noexcept { return stat_ >= 0 && clock_error_ == 0; }

    /// Returns whether the process sleeps, and has used no CPU time since the last look. The state
    /// alone is not enough: in waitid, a running process is shown as asleep.
    bool is_asleep() {
        timespec used{};
        if (clock_gettime(clock_, &used) != 0)
            return false;
        const bool idle = used.tv_sec == used_.tv_sec && used.tv_nsec == used_.tv_nsec;
        used_ = used;
        char text[256];
        const ssize_t size = idle ? pread(stat_, text, sizeof text - 1, 0) : 0;
        if (size <= 0)
            return false;
        text[size] = '\0';
        const char* const name_end = std::strrchr(text, ')');
        return name_end != nullptr && std::strncmp(name_end, ") S", 3) == 0;
    }

private:
    int stat_;
    clockid_t clock_{};
    int clock_error_;
    timespec used_{};
};

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value) {
    return syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

void wake(slot& process) {
    process.may_exit.store(1, std::memory_order_release);
    (void)futex(process.may_exit, FUTEX_WAKE_PRIVATE, 1);
}

} // namespace

nursery::nursery(std::uint32_t capacity) : capacity_(capacity) {
    const std::size_t slots_at = 64;
    const std::size_t order_at = slots_at + capacity * sizeof(slot);
    char* const memory =
        static_cast<char*>(map(order_at + capacity * sizeof(std::uint32_t), MAP_SHARED));
    int sockets[2];
    if (memory == nullptr || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) != 0) {
        error_ = errno;
        return;
    }
    shared_ = new (memory) shared{};
    slots_ = reinterpret_cast<slot*>(memory + slots_at); // all bytes 0
    order_ = reinterpret_cast<std::uint32_t*>(memory + order_at);
    for (std::uint32_t i = 0; i < capacity; ++i)
        order_[i] = i;

    const pid_t watcher = getpid();
    const pid_t helper = fork();
    if (helper == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != watcher)
            _exit(EXIT_FAILURE);
        close(sockets[0]);
        serve(sockets[1], watcher);
    }
    error_ = helper < 0 ? errno : 0;
    close(sockets[1]);
    socket_ = sockets[0];
}

bool nursery::send(task what, std::uint32_t count) {
    const command c{what, count};
    return ::send(socket_, &c, sizeof c, MSG_NOSIGNAL) == sizeof c;
}

made nursery::receive() {
    made answer;
    if (recv(socket_, &answer, sizeof answer, 0) != sizeof answer)
        return {EPIPE, 0};
    return answer;
}

made nursery::fill(std::uint32_t count) {
    return send(task::fill, count) ? receive() : made{EPIPE, 0};
}

bool nursery::begin_exits(std::uint32_t count) {
    shared_->handled.store(0, std::memory_order_release);
    return send(task::exits, count);
}

bool nursery::end_all() {
    return send(task::end_all, capacity_) && receive().error == 0;
}

template <class Asleep>
void nursery::let_exit(std::uint32_t count, Asleep is_watcher_asleep) {
    static std::minstd_rand random(1);
    std::uniform_int_distribution<long> spacing(200'000, 1'200'000);
    for (std::uint32_t i = 0; i < count; ++i) {
        do {
            pause_for(spacing(random));
        } while (shared_->handled.load(std::memory_order_acquire) != i || !is_watcher_asleep());
        wake(slots_[order_[i]]);
    }
}

void nursery::serve(int socket, pid_t watcher) {
    watcher_pid = watcher;
    sleeping_count = &shared_->sleeping;
    stacks_ = static_cast<char*>(map(capacity_ * stack_size, MAP_PRIVATE));
    sleep_watch watch(watcher);
    // Lazy binding needs more stack than the processes have, so their functions are bound here.
    std::atomic<std::uint32_t> word{0};
    (void)futex(word, FUTEX_WAKE_PRIVATE, 0);
    (void)now();

    command c{};
    while (stacks_ != nullptr && watch.works() && recv(socket, &c, sizeof c, 0) == sizeof c) {
        made answer;
        switch (c.what) {
        case task::fill:
            answer = make(c.count);
            break;
        case task::exits:
            let_exit(c.count, [&] { return watch.is_asleep(); });
            continue;
        case task::end_all:
            for (std::uint32_t i = 0; i < c.count; ++i)
                wake(slots_[i]);
            break;
        }
        if (::send(socket, &answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer)
            break;
    }
    _exit(EXIT_FAILURE);
}

made nursery::make(std::uint32_t count) {
    made result;
    shared_->sleeping.store(0);
    for (; result.count < count && result.error == 0; ++result.count) {
        const std::uint32_t index = order_[result.count];
        slot& process = slots_[index];
        process.may_exit.store(0);
        process.pid =
            clone(sleep_and_exit, stacks_ + (index + 1) * stack_size,
                  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_PARENT, &process);
        if (process.pid < 0) {
            result.error = errno;
            break;
        }
    }
    while (shared_->sleeping.load() < result.count)
        pause_for(200'000);
    return result;
}

/// What each process does. It makes system calls without libc's wrappers, because it shares the
/// helper's thread-local memory and has a small stack.
int nursery::sleep_and_exit(void* where) {
    slot& mine = *static_cast<slot*>(where);
    (void)syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (syscall(SYS_getppid) == watcher_pid) { // otherwise the watcher has already ended
        sleeping_count->fetch_add(1);
        while (mine.may_exit.load(std::memory_order_acquire) == 0)
            (void)futex(mine.may_exit, FUTEX_WAIT_PRIVATE, 0);
    }
    mine.exited = now();
    (void)syscall(SYS_exit_group, 0);
    return 0;
}

} // namespace bench
