// SPDX-License-Identifier: MIT
#include "support/answers.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <cerrno>
#include <csignal>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

siginfo_t info_of(int signal, int code) {
    siginfo_t info{};
    info.si_signo = signal;
    info.si_code = code;
    return info;
}

int resend(pidfd_view process, int signal, int code = SI_QUEUE) {
    return error_of(process.resend_signal(info_of(signal, code)));
}

struct cause {
    int code;
    const void* address;
    pid_t thread;
};

pid_t gettid_here() {
    return static_cast<pid_t>(syscall(SYS_gettid));
}

cause of_fault, of_resent;
int error_of_resend = -1;

void set_handler(void (*handler)(int, siginfo_t*, void*)) {
    struct sigaction action {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, nullptr);
}

/// Lets the access succeed that has faulted.
void handle_resent(int, siginfo_t* info, void*) {
    of_resent = {info->si_code, info->si_addr, gettid_here()};
    mprotect(info->si_addr, 1, PROT_READ | PROT_WRITE);
}

template <bool by_thread>
void handle_fault(int, siginfo_t* info, void*) {
    of_fault = {info->si_code, info->si_addr, gettid_here()};
    set_handler(handle_resent);
    const auto self = by_thread ? pidfd::from_tid(gettid_here()) : pidfd::from_self();
    error_of_resend = self ? error_of(self->resend_signal(*info)) : self.error().value();
    if (error_of_resend != 0)
        mprotect(info->si_addr, 1, PROT_READ | PROT_WRITE);
}

void fault() {
    const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* const page = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED)
        *static_cast<volatile char*>(page) = 1;
}

} // namespace

TEST_CASE("a handler sends its fault again, and the next handler gets the same cause and address") {
    if (emulated())
        SKIP_TEST(in_emulator);
    struct facts {
        int error;
        cause first, second;
    };
    for (const bool in_thread : {false, true}) {
        CAPTURE(in_thread);
        const auto got = isolated({}, [in_thread] {
            set_handler(in_thread ? handle_fault<true> : handle_fault<false>);
            if (in_thread)
                std::thread(fault).join();
            else
                fault();
            return facts{error_of_resend, of_fault, of_resent};
        });
        REQUIRE(got);
        if (in_thread && !has(feature::thread)) {
            CHECK(got->error == EOPNOTSUPP);
            continue;
        }
        CHECK(got->error == 0);
        CHECK(got->second.code == SEGV_ACCERR);
        CHECK(got->second.code == got->first.code);
        CHECK(got->second.address == got->first.address);
        CHECK(got->second.thread == got->first.thread);
    }
}

TEST_CASE("resend_signal sends another process no cause that only the kernel has") {
    const auto c = test_child::running();
    for (const int code : {int{SEGV_MAPERR}, int{SI_USER}, int{SI_KERNEL}, int{SI_TKILL}}) {
        CAPTURE(code);
        CHECK(resend(c.fd(), SIGSEGV, code) == EPERM);
    }
    CHECK(c.fd().is_alive() == true);
    CHECK(resend(c.fd(), SIGKILL) == 0);
    CHECK(c.fd().wait_exit());
}

TEST_CASE("resend_signal distinguishes a wrong signal, process and file descriptor") {
    const auto c = test_child::running();
    const auto gone = test_child::reaped();
    CHECK(resend(c.fd(), -1) == EINVAL);
    CHECK(resend(c.fd(), 65) == EINVAL);
    CHECK(resend(c.fd(), 0) == 0);
    CHECK(resend(gone.fd(), SIGTERM) == ESRCH);
    CHECK(resend(pidfd_view(), SIGTERM) == EBADF);
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        if (s.name != "a directory of /proc/PID")
            CHECK(resend(pidfd_view(s.fd), 0) == EBADFD);
    }
    for (const int error : {EPERM, ENOSYS}) {
        const auto got = isolated(on(sandbox(error)), [&] { return resend(c.fd(), 0); });
        REQUIRE(got);
        CHECK(std::error_code(*got, pidfd_category()) ==
              (error == EPERM ? pidfd_errc::forbidden_by_sandbox : pidfd_errc::unsupported));
    }
    CHECK(c.fd().is_alive() == true);
}
