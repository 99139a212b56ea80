// SPDX-License-Identifier: MIT
// System calls on processes, and on the calling process itself.
#include "explain.hpp"
#include "sys_result.hpp"
#include "uapi.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <limits>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace pidfd_util::sys {

namespace {

template <int... Known>
int map(std::size_t size, int sharing, void*& where) noexcept {
    void* found = nullptr;
    const auto map_once = [&] {
        found = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
        return found == MAP_FAILED ? -1 : 0;
    };
    const int error = retry_bounded([&] { return attempt(map_once); }).error;
    if (error != 0)
        return explain_errno<Known...>(error);
    if (found == nullptr) // the kernel maps nothing there unless it is asked to
        return ENOSYS;
    where = found;
    return 0;
}

/// Options of a wait that no kernel accepts.
constexpr int no_options = -1;

int ask_uname(struct utsname& name) noexcept {
    return retry_bounded([&] { return attempt([&] { return ::uname(&name); }); }).error;
}

/// Makes a call that returns a pid and never fails, nor returns 0.
int get_own(long number, pid_t& pid) noexcept {
    const reply r = raw(number);
    if (r.error != 0)
        return explain_errno<>(r.error);
    if (r.value == 0)
        return ENOSYS;
    pid = static_cast<pid_t>(r.value);
    return 0;
}

} // namespace

int call_with(long& value, long number, const long (&a)[6]) noexcept {
    const reply r = make_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    value = r.value;
    return r.error;
}

bool kernel_is_64bit() noexcept { // asked by 32-bit processes only
    struct utsname name {};
    if (ask_uname(name) != 0)
        return false;
    return std::strstr(name.machine, "64") != nullptr || std::strcmp(name.machine, "s390x") == 0;
}

bool kernel_is_since(unsigned version, unsigned patchlevel) noexcept {
    struct utsname name {};
    if (ask_uname(name) != 0)
        return false;
    const char* const end = name.release + std::strlen(name.release);
    unsigned found[2]{};
    const auto first = std::from_chars(name.release, end, found[0]);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '.' ||
        std::from_chars(first.ptr + 1, end, found[1]).ec != std::errc{})
        return false;
    return found[0] != version ? found[0] > version : found[1] >= patchlevel;
}

int setns(int fd, unsigned flags) noexcept {
    const auto enter_it = [flags](int where) { return raw(SYS_setns, where, flags).error; };
    const int error = explain_errno<EBADF, EINVAL, ESRCH, EPERM, EACCES, EUSERS>(enter_it(fd));
    // The caller relies on being in the namespace.
    return error != 0 ? error : explain_success([=] { return enter_it(-1); });
}

int pidfd_open(pid_t pid, unsigned flags, unique_fd& pidfd) noexcept {
    return explain_errno<EINVAL, ESRCH, ENOENT, EMFILE, ENFILE>(
        make_fd(pidfd, [=] { return raw(SYS_pidfd_open, pid, flags); }));
}

int pidfd_send_signal(int fd, int signal, unsigned flags) noexcept {
    return explain_errno<EBADF, EINVAL, ESRCH, EPERM, EACCES>(
        raw(SYS_pidfd_send_signal, fd, signal, nullptr, flags).error);
}

int pidfd_queue_signal(int fd, const siginfo_t& info) noexcept {
    return explain_errno<EBADF, EINVAL, ESRCH, EPERM, EACCES>(
        raw(SYS_pidfd_send_signal, fd, info.si_signo, &info, 0U).error);
}

int pidfd_getfd(int fd, int target, unique_fd& copy) noexcept {
    return explain_errno<EBADF, ESRCH, EPERM, EACCES, EMFILE, ENFILE>(
        make_fd(copy, [=] { return raw(SYS_pidfd_getfd, fd, target, 0U); }));
}

int release_memory(int fd) noexcept {
    const auto release = [](int of) { return raw(SYS_process_mrelease, of, 0U).error; };
    const int error = explain_errno<EBADF, EINVAL, ESRCH>(release(fd));
    return error != 0 ? error : explain_success([=] { return release(-1); });
}

int advise(int fd, const iovec* ranges, std::size_t count, int advice,
           std::size_t& advised) noexcept {
    const auto advise_on = [=](int of) {
        return raw(SYS_process_madvise, of, ranges, count, advice, 0U);
    };
    const reply r = advise_on(fd);
    if (r.error != 0)
        return explain_errno<EBADF, EINVAL, ESRCH, EPERM, EACCES, EFAULT, EBUSY>(r.error);
    advised = static_cast<std::size_t>(r.value);
    return r.value != 0 ? 0 : explain_success([=] { return advise_on(-1).error; });
}

bool share_memory(pid_t one, pid_t other) noexcept {
    constexpr int memory = 1; // KCMP_VM
    const auto compare = [](pid_t a, pid_t b) { return raw(SYS_kcmp, a, b, memory, 0UL, 0UL); };
    const reply r = compare(one, other);
    return r.error == 0 && r.value == 0 &&
           explain_success([&] { return compare(-1, -1).error; }) == 0;
}

int look_up_pid(pid_t pid) noexcept {
    const reply group = raw(SYS_getpgid, pid);
    if (group.error != 0)
        return explain_errno<ESRCH>(group.error);
    if (group.value == 0) // also the number of a group in an outer pid namespace
        return explain_success([] { return raw(SYS_getpgid, -1).error; });
    return 0;
}

int kill_group(pid_t group, int signal) noexcept {
    // There is no group of this number, and a filter would answer both calls.
    const auto signal_nobody = [] {
        return raw(SYS_kill, std::numeric_limits<int>::min(), 0).error;
    };
    const int error =
        explain_errno<EINVAL, ESRCH, EPERM, EACCES>(raw(SYS_kill, -group, signal).error);
    return error == 0 ? explain_success(signal_nobody) : explain_denial(error, signal_nobody);
}

int children_are_kept(bool& kept) noexcept {
    kernel_sigaction action{};
    constexpr unsigned long unwritten = ~0UL;
    action.handler = unwritten;
    action.flags = unwritten;
    const int error =
        explain_errno<>(raw(SYS_rt_sigaction, SIGCHLD, nullptr, &action, sizeof(signal_set)).error);
    if (error != 0)
        return error;
    if (action.handler == unwritten && action.flags == unwritten)
        return ENOSYS;
    kept = action.handler != ignore_action && (action.flags & SA_NOCLDWAIT) == 0;
    return 0;
}

int set_signal_mask(const signal_set& mask, signal_set* old) noexcept {
    // The kernel removes SIGKILL from every mask: it stays in `old` only if nothing was written.
    if (old != nullptr)
        old->add(SIGKILL);
    const int error =
        explain_errno<>(raw(SYS_rt_sigprocmask, SIG_SETMASK, &mask, old, sizeof mask).error);
    return error == 0 && old != nullptr && old->has(SIGKILL) ? ENOSYS : error;
}

int failing_clone(unsigned flags) noexcept {
    // The kernel refuses to share signal handlers without the memory. Some machines take the stack
    // first.
    const unsigned long refused = (flags | CLONE_SIGHAND) & ~static_cast<unsigned>(CLONE_VM);
    return raw(SYS_clone, refused, refused, nullptr, nullptr, nullptr).error;
}

int failing_clone3(const uapi::clone_args* args, std::size_t size) noexcept {
    return raw(SYS_clone3, args, size).error;
}

int wait_by_number(pid_t pid, int options, int& status, pid_t& reaped) noexcept {
#ifdef SYS_wait4
    const reply r =
        retry_on_eintr([&] { return make_call(SYS_wait4, pid, &status, options, nullptr); },
                       [] { return make_call(SYS_wait4, -1, nullptr, no_options, nullptr).error; });
    if (r.error == 0)
        reaped = static_cast<pid_t>(r.value);
    return r.error;
#else
    siginfo_t info;
    info.si_pid = 0;
    const reply r = retry_on_eintr(
        [&] { return make_call(SYS_waitid, P_PID, pid, &info, WEXITED | options, nullptr); },
        [] { return make_call(SYS_waitid, P_PID, 1, nullptr, no_options, nullptr).error; });
    if (r.error != 0)
        return r.error;
    status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
    reaped = info.si_pid;
    return 0;
#endif
}

int map_memory(std::size_t size, void*& where) noexcept {
    return map<>(size, MAP_PRIVATE, where);
}

int map_shared(std::size_t size, void*& where) noexcept {
    return map<ENFILE>(size, MAP_SHARED, where);
}

void unmap(void* where, std::size_t size) noexcept {
    const int saved = errno;
    (void)::munmap(where, size);
    errno = saved;
}

int getpid(pid_t& pid) noexcept {
    return get_own(SYS_getpid, pid);
}

int getppid(pid_t& pid) noexcept {
    const reply r = raw(SYS_getppid);
    if (r.error == 0)
        pid = static_cast<pid_t>(r.value);
    return explain_errno<>(r.error);
}

int gettid(pid_t& tid) noexcept {
    return get_own(SYS_gettid, tid);
}

int getuid(uid_t& uid) noexcept {
    // getuid is not used: a filter's "error 0" would look like the id of root.
    constexpr auto unwritten = static_cast<uid_t>(-1);
    uid_t ids[3] = {unwritten, unwritten, unwritten};
    const int error = explain_errno<>(raw(uapi::sys_getresuid, &ids[0], &ids[1], &ids[2]).error);
    if (error != 0)
        return error;
    if (ids[0] == unwritten)
        return ENOSYS;
    uid = ids[0];
    return 0;
}

int set_subreaper() noexcept {
    if (const int error = raw(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L).error; error != 0)
        return explain_errno<>(error);
    bool subreaper = false;
    if (const int error = is_subreaper(subreaper); error != 0)
        return error;
    return subreaper ? 0 : ENOSYS;
}

int is_subreaper(bool& subreaper) noexcept {
    int found = -1;
    if (const int error = raw(SYS_prctl, PR_GET_CHILD_SUBREAPER, &found, 0L, 0L, 0L).error;
        error != 0)
        return explain_errno<>(error);
    if (found < 0)
        return ENOSYS;
    subreaper = found != 0;
    return 0;
}

} // namespace pidfd_util::sys
