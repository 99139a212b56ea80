// SPDX-License-Identifier: MIT
// Checks the guide's table of system calls: no operation makes any other call, on this kernel or on
// those that filters can imitate. A filter allows only the documented calls.
#include "../support/catch.hpp"
#include "../support/emulated.hpp"
#include "../support/end_with.hpp"
#include "../support/operations.hpp"
#include "../support/seccomp.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
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

/// Allows only these system calls. Any other call raises SIGSYS.
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

/// Forks a process whose first thread exits while another one runs on, and which ends with its parent.
pid_t fork_without_first_thread() {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid != 0)
        return pid;
    std::thread([parent] {
        end_with(parent);
        for (;;)
            pause();
    }).detach();
    syscall(SYS_exit, 0);
    _exit(1);
}

/// The processes that the operations are tried on, all made before the filter is installed.
struct stage {
    child running, zombie, reaped;
    pidfd self, parent, headless;
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
        auto without_first = pidfd::from_pid(fork_without_first_thread());
        if (!without_first)
            return false;
        headless = std::move(*without_first);
        while (headless.get_state() != process_state::zombie)
            sched_yield();
        const bool made = start(running, lasting) && start(zombie, quick) && start(reaped, quick) &&
                          zombie.wait_exit() && reaped.wait();
        many.assign(100, pidfd_view(parent));
        many.back() = pidfd_view(zombie);
        return made;
    }
    std::array<pidfd_view, 8> subjects() const {
        return {pidfd_view(running), pidfd_view(zombie), pidfd_view(reaped),
                pidfd_view(self),    pidfd_view(parent), pidfd_view(headless),
                pidfd_view(ends[0]), pidfd_view(nothing)};
    }
};

/// What the child reports to its parent.
struct report {
    std::size_t operation; // the index of the one that is tried
    long call;             // that is not documented
};
report* report_page = nullptr;
constexpr long no_call = -1;
constexpr long not_reported = -2;

/// One trial for a row of the guide: an operation of the table, or one of the extras.
struct trial {
    std::string name; // one of the names in its row
    std::function<void(stage&, pidfd_view)> run;
};

std::string listed_name(const operation_row& o) {
    const std::string name = o.name;
    return o.guide_name != nullptr ? o.guide_name : name.substr(0, name.find(' '));
}

/// Operations, arguments and subjects that the table of operations does not have.
const trial extras[] = {
    {"wait",
     [](stage& s, pidfd_view p) {
         (void)p.wait_for(1ms);
         (void)s.running.wait_for(1ms);
         (void)s.zombie.wait();
         (void)wait_any_for(s.subjects(), 1ms);
         (void)wait_any(s.many);
         (void)wait_all_for(s.many, 1ms);
     }},
    {"spawn",
     [](stage&, pidfd_view) {
         const char* const nowhere[] = {"/nowhere", nullptr};
         const auto none = spawn(nowhere[0], nowhere);
         // No handler of its child reports the call.
         if (none || none.error() != std::errc::no_such_file_or_directory ||
             !spawn(quick[0], quick))
             report_page->call = not_reported;
     }},
    {"advise", [](stage&, pidfd_view p) { (void)p.advise({}, memory_advice::cold); }},
    {"kill_tree",
     [](stage&, pidfd_view p) {
         pidfd found[4];
         (void)kill_tree(p, found, 1ms);
     }},
    {"kill_descendants",
     [](stage& s, pidfd_view) {
         (void)become_subreaper();
         (void)reap_orphans({pidfd_view(s.running)});
         (void)kill_descendants(1ms);
     }},
};

std::vector<trial> make_trials() {
    std::vector<trial> all(std::begin(extras), std::end(extras));
    for (const operation_row& o : operation_table()) {
        if (!o.harmless() && o.kind != role::opens)
            continue;
        all.push_back({listed_name(o), [&o](stage&, pidfd_view p) {
                           scene s(p, getpid());
                           plain_answer answer;
                           o.call(s, answer);
                       }});
    }
    return all;
}

const std::vector<trial> tried = make_trials();

void report_call(int, siginfo_t* info, void*) {
    report_page->call = info->si_syscall;
    _exit(0);
}

bool stands_in(const trial& o, const row& r) {
    return (" " + r.operations + " ").find(" " + o.name + " ") != std::string::npos;
}

enum ending { done, not_set_up, no_filter };

/// In a child: tries all operations of the row while only the documented calls are allowed.
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
    action.sa_sigaction = report_call;
    action.sa_flags = SA_SIGINFO;
    if (sigaction(SIGSYS, &action, nullptr) != 0 || !install(kernel.rules) || !let_pass(calls))
        _exit(no_filter);
    for (const trial& o : tried) {
        if (!stands_in(o, r))
            continue;
        report_page->operation = static_cast<std::size_t>(&o - tried.data());
        for (const pidfd_view p : here.subjects())
            o.run(here, p);
    }
    _exit(done);
}

} // namespace

TEST_CASE("the guide's table of system calls has every operation") {
    for (const trial& o : tried) {
        CAPTURE(o.name);
        CHECK(std::count_if(documented.begin(), documented.end(),
                            [&](const row& r) { return stands_in(o, r); }) == 1);
    }
    for (const row& r : documented) {
        CAPTURE(r.operations);
        CHECK((r.operations.empty() || std::any_of(tried.begin(), tried.end(), [&](const trial& o) {
                   return stands_in(o, r);
               })));
    }
}

TEST_CASE("no operation makes a system call that the guide's table does not list") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    void* const page =
        mmap(nullptr, sizeof(report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(page != MAP_FAILED);
    report_page = static_cast<report*>(page);
    const profile no_close_range{"no close_range", {{SYS_close_range, ENOSYS}}};
    for (const profile& kernel :
         {native(), linux_6_12(), linux_5_10(), linux_5_4(), no_close_range}) {
        for (const row& r : documented) {
            *report_page = {0, no_call};
            const pid_t pid = fork();
            if (pid == 0)
                try_row(r, kernel);
            int status = 0;
            while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
            }
            CAPTURE(kernel.name, r.operations, tried[report_page->operation].name,
                    report_page->operation);
            CHECK(report_page->call == no_call);
            CHECK(status == 0);
        }
    }
    munmap(page, sizeof(report));
}
