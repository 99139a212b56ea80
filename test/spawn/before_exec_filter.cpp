// SPDX-License-Identifier: MIT
// before_exec installs a seccomp filter that allows exactly the system calls that its documentation
// lists. Any other call kills the child.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <iterator>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

// 32-bit machines have a second form of some calls.
#ifdef SYS_clock_gettime64
constexpr long sys_clock_gettime = SYS_clock_gettime64;
#else
constexpr long sys_clock_gettime = SYS_clock_gettime;
#endif
#ifdef SYS_mmap2
constexpr long sys_mmap = SYS_mmap2;
#else
constexpr long sys_mmap = SYS_mmap;
#endif
#ifdef SYS_statfs64
constexpr long sys_statfs = SYS_statfs64;
#else
constexpr long sys_statfs = SYS_statfs;
#endif
#ifdef SYS_sigreturn // of 32-bit machines, for handlers without SA_SIGINFO
constexpr long sys_sigreturn = SYS_sigreturn;
#else
constexpr long sys_sigreturn = SYS_rt_sigreturn;
#endif

constexpr long listed[] = {SYS_openat2, SYS_readlinkat, sys_statfs, uapi::sys_fcntl,
                           SYS_close_range, SYS_close, SYS_rt_sigprocmask, SYS_rt_sigreturn,
                           sys_sigreturn, SYS_execve, SYS_exit, SYS_exit_group,
                           // with `program`
                           SYS_execveat, SYS_pread64,
                           // with a parent-death signal
                           SYS_prctl, SYS_getppid, SYS_waitid, uapi::sys_ppoll, sys_clock_gettime,
                           // before Linux 5.9
                           uapi::sys_pselect6, sys_mmap, SYS_munmap};

/// A filter that allows the listed calls, and kills the process at any other.
class filter {
public:
    filter() {
        const auto add = [this](const sock_filter& line) { code_[count_++] = line; };
        add(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
        for (const long number : listed) {
            add(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(number), 0, 1));
            add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
        }
        add(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
    }
    bool install() const noexcept {
        const sock_fprog program{static_cast<unsigned short>(count_),
                                 const_cast<sock_filter*>(code_)};
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
               prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
    }
    int signal = 0; // sent to the process group before

private:
    sock_filter code_[2 + 2 * std::size(listed)];
    std::size_t count_ = 0;
};

int install_filter(void* argument) noexcept {
    const auto& f = *static_cast<const filter*>(argument);
    if (f.signal != 0 && kill(0, f.signal) != 0)
        return errno;
    return f.install() ? 0 : errno;
}

struct refusal {
    int error;
    spawn_step step;
};

/// Starts the program in a separate process, which the filter could end too.
refusal start(const char* file, spawn_options o, int signal = 0) {
    (void)spawnee();
    const auto got = isolated({}, [&] {
        filter f;
        f.signal = signal;
        refusal r{};
        o.before_exec = install_filter;
        o.before_exec_argument = &f;
        auto c = spawn(file, arguments({}), o, &r.step);
        r.error = c ? 0 : c.error().value();
        if (c)
            (void)c->wait(); // the filter has killed it
        return r;
    });
    REQUIRE(got);
    return *got;
}

bool is_refused(const refusal& r, int error, spawn_step step) {
    return r.error == error && r.step == step;
}

} // namespace

TEST_CASE("a filter may allow only what before_exec lists: paths, a search, and failures of exec") {
    for (const bool copied : {false, true}) {
        spawn_options o;
        o.copy_memory = copied;
        CHECK(start(spawnee(), o).error == 0);
        CHECK(is_refused(start("/nonexistent", o), ENOENT, spawn_step::exec));
        CHECK(is_refused(start("nonexistent", o), ENOENT, spawn_step::exec_unsearched));
        CHECK(is_refused(start("/", o), EACCES, spawn_step::exec));
        const std::string path = spawnee();
        const variable v("PATH", ("/nonexistent:" + path.substr(0, path.rfind('/'))).c_str());
        spawn_options searching = o;
        searching.search_path = true;
        CHECK(start(path.c_str() + path.rfind('/') + 1, searching).error == 0);
        spawn_options open = o;
        open.close_other_fds = false;
        CHECK(start(spawnee(), open).error == 0);
        const temporary_directory d;
        spawn_options by_shell = o;
        by_shell.run_scripts_by_shell = true;
        CHECK(start(d.file("script", "true\n", 0755).c_str(), by_shell).error == 0);
    }
}

TEST_CASE("a filter may allow only what before_exec lists: programs by file descriptors") {
    const temporary_directory d;
    const unique_fd program(open(spawnee(), O_RDONLY | O_CLOEXEC));
    const unique_fd script(
        open(d.file("script", "#!/bin/sh\n", 0755).c_str(), O_RDONLY | O_CLOEXEC));
    const std::string path = "/proc/self/fd/" + std::to_string(program.get());
    CHECK(start(path.c_str(), {}).error == 0);
    spawn_options o;
    o.program = program.get();
    CHECK(start(nullptr, o).error == 0);
    o.program = script.get();
    CHECK(is_refused(start(nullptr, o), EBADF, spawn_step::exec));
}

TEST_CASE("a filter may allow only what before_exec lists: parent-death signals") {
    spawn_options o;
    o.parent_death_signal = SIGKILL;
    CHECK(start(spawnee(), o).error == 0);
    o.new_namespaces = namespace_flags::pid;
    if (geteuid() == 0)
        CHECK(start(spawnee(), o).error == 0);
}

TEST_CASE("a filter may allow only what before_exec lists: signals that come meanwhile") {
    spawn_options o;
    o.process_group = 0;
    CHECK(start(spawnee(), o, SIGTSTP).error == 0);
    CHECK(is_refused(start(spawnee(), o, SIGINT), ECANCELED, spawn_step::exec));
    CHECK(is_refused(start(spawnee(), o, SIGQUIT), ECANCELED, spawn_step::exec));
}
