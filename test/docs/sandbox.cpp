// SPDX-License-Identifier: MIT
// The guide's table of system calls: in a filter that lets only them pass, no operation makes
// another one, on this kernel or on those that filters can imitate.
#include "../support/catch.hpp"
#include "../support/emulated.hpp"
#include "../support/seccomp.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace std::chrono_literals;

namespace {

struct row {
    std::string operations;
    std::vector<long> calls;
};

const std::vector<row> documented = {
#include "guide_calls.hpp"
};

/// Only these pass. Any other one is a SIGSYS.
bool let_pass(const std::vector<long>& calls) {
    std::vector<sock_filter> code{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
    for (const long call : calls) {
        code.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(call), 0, 1));
        code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
    }
    code.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

const char* const lasting[] = {"/bin/sleep", "60", nullptr};
const char* const quick[] = {"/bin/true", nullptr};

/// What the operations are tried on, all made before there is a filter.
struct stage {
    child running, zombie, reaped;
    pidfd self, parent;
    int ends[2] = {-1, -1};
    int nothing = -1;
    std::vector<pidfd_view> many;

    bool set_up() {
        spawn_options dies_with_us;
        dies_with_us.parent_death_signal = SIGKILL;
        const auto start = [&](child& where, const char* const* command) {
            auto made = spawn(command[0], command, dies_with_us);
            if (made)
                where = std::move(*made);
            return where.fd() >= 0;
        };
        auto own = pidfd::from_self();
        auto above = pidfd::from_pid(getppid());
        if (!own || !above || pipe2(ends, O_CLOEXEC) != 0)
            return false;
        self = std::move(*own);
        parent = std::move(*above);
        const bool made = start(running, lasting) && start(zombie, quick) && start(reaped, quick) &&
                          zombie.wait_exit() && reaped.wait();
        many.assign(100, pidfd_view(parent));
        many.back() = pidfd_view(zombie);
        return made;
    }
    std::array<pidfd_view, 7> subjects() const {
        return {pidfd_view(running), pidfd_view(zombie),  pidfd_view(reaped), pidfd_view(self),
                pidfd_view(parent),  pidfd_view(ends[0]), pidfd_view(nothing)};
    }
};

/// What the child tells its parent.
struct told {
    std::size_t operation; // the index of the one that is tried
    long call;             // that is not documented
};
told* tale = nullptr;
constexpr long no_call = -1;
constexpr long not_told = -2;

struct operation_tried {
    const char* name; // of the row that it stands in, one of them
    void (*run)(stage&, pidfd_view);
};

const operation_tried tried[] = {
    {"from_pid",
     [](stage&, pidfd_view) {
         (void)pidfd::from_self();
         (void)pidfd::from_pid(getpid());
         (void)pidfd::from_pid(-1);
     }},
    {"adopt",
     [](stage&, pidfd_view p) {
         auto kept = p.duplicate();
         (void)pidfd::adopt(unique_fd(kept ? kept->release() : -1));
     }},
    {"get_pid", [](stage&, pidfd_view p) { (void)p.get_pid(); }},
    {"get_ppid", [](stage&, pidfd_view p) { (void)p.get_ppid(); }},
    {"get_id", [](stage&, pidfd_view p) { (void)p.get_id(); }},
    {"get_creds", [](stage&, pidfd_view p) { (void)p.get_creds(); }},
    {"get_cgroupid", [](stage&, pidfd_view p) { (void)p.get_cgroupid(); }},
    {"get_info", [](stage&, pidfd_view p) { (void)p.get_info(); }},
    {"get_namespace", [](stage&, pidfd_view p) { (void)p.get_namespace(namespace_type::net); }},
    {"get_exit_status", [](stage&, pidfd_view p) { (void)p.get_exit_status(); }},
    {"get_coredump", [](stage&, pidfd_view p) { (void)p.get_coredump(); }},
    {"open_proc", [](stage&, pidfd_view p) { (void)p.open_proc(); }},
    {"access_proc", [](stage&, pidfd_view p) { (void)p.access_proc([](int dir) { return dir; }); }},
    {"send_signal",
     [](stage&, pidfd_view p) {
         (void)p.send_signal(0);
         (void)p.send_signal(0, signal_scope::thread_group);
     }},
    {"queue_signal", [](stage&, pidfd_view p) { (void)p.queue_signal(0, sigval{}); }},
    {"is_alive", [](stage&, pidfd_view p) { (void)p.is_alive(); }},
    {"wait",
     [](stage&, pidfd_view p) {
         (void)p.wait_exit_for(1ms);
         (void)p.try_wait();
         (void)p.wait_for(1ms);
         (void)p.try_wait_change(wait_flags::stopped);
     }},
    {"wait",
     [](stage& s, pidfd_view) {
         (void)s.running.wait_for(1ms);
         (void)s.zombie.wait();
         (void)wait_any_for(s.subjects(), 1ms);
         (void)wait_any(s.many);
         (void)wait_all_for(s.many, 1ms);
     }},
    {"set_namespace", [](stage&, pidfd_view p) { (void)p.set_namespace(namespace_flags::uts); }},
    {"get_remote_fd", [](stage&, pidfd_view p) { (void)p.get_remote_fd(0); }},
    {"spawn",
     [](stage&, pidfd_view) {
         const char* const nowhere[] = {"/nowhere", nullptr};
         const auto none = spawn(nowhere[0], nowhere);
         // In its child no handler tells the call.
         if (none || none.error() != std::errc::no_such_file_or_directory ||
             !spawn(quick[0], quick))
             tale->call = not_told;
     }},
};

void tell(int, siginfo_t* info, void*) {
    tale->call = info->si_syscall;
    _exit(0);
}

bool stands_in(const operation_tried& o, const row& r) {
    return (" " + r.operations + " ").find(" " + std::string(o.name) + " ") != std::string::npos;
}

enum ending { done, not_set_up, no_filter };

/// In a child: tries all operations of the row where only what is documented passes.
[[noreturn]] void try_row(const row& r, const profile& kernel) {
    stage here;
    if (!here.set_up())
        _exit(not_set_up);
    // The first is what this test needs.
    std::vector<long> calls{SYS_exit_group};
    calls.insert(calls.end(), r.calls.begin(), r.calls.end());
    for (const row& each : documented)
        if (each.operations.empty())
            calls.insert(calls.end(), each.calls.begin(), each.calls.end());
    struct sigaction action {};
    action.sa_sigaction = tell;
    action.sa_flags = SA_SIGINFO;
    if (sigaction(SIGSYS, &action, nullptr) != 0 || !install(kernel.rules) || !let_pass(calls))
        _exit(no_filter);
    for (const operation_tried& o : tried) {
        if (!stands_in(o, r))
            continue;
        tale->operation = static_cast<std::size_t>(&o - tried);
        for (const pidfd_view p : here.subjects())
            o.run(here, p);
    }
    _exit(done);
}

} // namespace

TEST_CASE("the guide's table of system calls has every operation") {
    for (const operation_tried& o : tried) {
        CAPTURE(o.name);
        CHECK(std::count_if(documented.begin(), documented.end(),
                            [&](const row& r) { return stands_in(o, r); }) == 1);
    }
    for (const row& r : documented) {
        CAPTURE(r.operations);
        CHECK((r.operations.empty() ||
               std::any_of(std::begin(tried), std::end(tried),
                           [&](const operation_tried& o) { return stands_in(o, r); })));
    }
}

TEST_CASE("no operation makes a system call that the guide's table does not list") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    void* const page =
        mmap(nullptr, sizeof(told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(page != MAP_FAILED);
    tale = static_cast<told*>(page);
    const profile no_close_range{"no close_range", {{SYS_close_range, ENOSYS}}};
    for (const profile& kernel :
         {native(), linux_6_12(), linux_5_10(), linux_5_4(), no_close_range}) {
        for (const row& r : documented) {
            *tale = {0, no_call};
            const pid_t pid = fork();
            if (pid == 0)
                try_row(r, kernel);
            int status = 0;
            while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
            }
            CAPTURE(kernel.name, r.operations, tried[tale->operation].name, tale->operation);
            CHECK(tale->call == no_call);
            CHECK(status == 0);
        }
    }
    munmap(page, sizeof(told));
}
