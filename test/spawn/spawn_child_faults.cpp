// SPDX-License-Identifier: MIT
// Lets every system call of a spawned child fail, with all its steps. Either spawn fails, or the
// program runs with everything that was asked for. Nothing is left in the caller.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/newborn.hpp"
#include "support/processes.hpp"
#include "support/pseudo_terminal.hpp"
#include "support/rounds.hpp"
#include "support/spawn_steps.hpp"
#include "support/tracer.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <iostream>
#include <map>
#include <sched.h>
#include <sstream>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr int errors[] = {0,      EINTR, EAGAIN, EACCES,     EPERM, ENOENT,
                          ENOMEM, EBADF, EINVAL, EOPNOTSUPP, ENOSYS};
constexpr int most_of_a_kind = 6;

int nothing(void*) noexcept {
    return 0;
}

/// What the parent saw, in memory that it shares with the test.
struct report {
    int error;
    spawn_step step;
    int fds;
    int children;
    bool complete;
    char output[8192];
};

struct fault {
    std::size_t position;
    int error;
    bool always; // and all further calls of its kind
};

/// A program that describes itself, and the options of its start.
class subject_of_faults {
public:
    subject_of_faults(bool by_program, bool copied)
        : program_(open(spawnee(), O_PATH | O_CLOEXEC)),
          null_(open("/dev/null", O_RDWR | O_CLOEXEC)) {
        static const int cpu[] = {sched_getcpu()};
        static const resource_limit core[] = {{RLIMIT_CORE, {0, 0}}};
        options.cpus = cpu;
        options.limits = core;
        options.priority = 19;
        options.scheduling_policy = SCHED_BATCH;
        options.io_priority = idle_io();
        options.umask = 0123;
        options.oom_score_adj = 999;
        options.new_session = true;
        if (terminal_)
            options.terminal = terminal_.slave();
        options.directory = "/";
        options.no_new_privs = true;
        options.die_with_parent = true;
        options.signal_mask = {SIGHUP};
        options.before_exec = nothing;
        options.run_scripts_by_shell = true;
        options.copy_memory = copied;
        if (geteuid() == 0) {
            options.root = "/.";
            if (copied)
                options.gid = 4321;
        }
        if (by_program)
            options.program = program_.get();
    }

    /// Starts the program with one fault, or none. Empty where nothing can be traced. `calls` gets
    /// the calls of the child up to its program.
    std::optional<report> run(const fault* f, std::vector<system_call>& calls) const {
        void* const memory = mmap(nullptr, sizeof(report), PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        REQUIRE(memory != MAP_FAILED);
        auto& shared = *static_cast<report*>(memory);
        std::optional<report> got;
        {
            const char* const path = spawnee();
            test_child parent = test_child::that([&] {
                start(path, shared);
                return 0;
            });
            const pid_t child = child_at_birth(parent);
            if (child > 0) {
                tracee traced(child);
                if (traced.traced()) {
                    disturb(traced, f, calls);
                    parent.wait_for_end();
                    got = shared;
                }
            }
        }
        munmap(memory, sizeof(report));
        return got;
    }

private:
    void start(const char* path, report& r) const {
        const int fds = count_fds();
        const fd_mapping map[] = {{program_.get(), 40}, {null_.get(), 0}, {0, 2}};
        spawn_options o = options;
        o.fds = map;
        const run_result ran =
            run_program(o.program.has_value() ? nullptr : path,
                        arguments({"facts", "fds", "file", "/proc/self/oom_score_adj"}), o);
        r.error = ran.error;
        r.step = ran.step;
        std::string text;
        std::istringstream lines(ran.output);
        for (std::string line; std::getline(lines, line);) // some numbers differ each time
            if (line.compare(0, 2, "fd") == 0)
                text += line.substr(0, line.find(' ', 3)) + "\n";
            else if (line.find("id ") > 4 || line[0] == 'u' || line[0] == 'g')
                text += line + "\n";
        std::strncpy(r.output, text.c_str(), sizeof r.output - 1);
        r.fds = count_fds() - fds;
        r.children = count_children();
        r.complete = true;
    }

    static void disturb(tracee& traced, const fault* f, std::vector<system_call>& calls) {
        long failing = -1;
        bool left = f != nullptr;
        while (const auto call = traced.next_call()) {
            if (f != nullptr && calls.size() == f->position)
                failing = call->number;
            calls.push_back(*call);
            const bool fails = left && call->number == failing;
            if (!fails && (call->number == SYS_execve || call->number == SYS_execveat))
                break;
            if (!fails)
                continue;
            left = f->always;
            if (call->number == SYS_close)
                traced.falsify(f->error);
            else
                traced.refuse(f->error);
        }
        traced.let_go();
    }

    pseudo_terminal terminal_;
    unique_fd program_;
    unique_fd null_;

public:
    spawn_options options;
};

/// Returns whether spawn may name the step after this call has failed: one that the call performs. Other
/// calls, such as close, are of several steps.
bool is_step_of(long number, spawn_step step) {
    static const std::vector<step_taken> steps = steps_of_spawn();
    bool is_known = false;
    for (const step_taken& known : steps) {
        if (known.number == number && known.step == step)
            return true;
        is_known = is_known || known.number == number;
    }
    // The change of the root also changes the directory.
    return !is_known || (number == SYS_chdir && step == spawn_step::root);
}

/// Returns what is wrong, or an empty text.
std::string judge(const report& got, const report& right, const fault* f = nullptr,
                  long failed = -1) {
    // A filter forbids a call every time, which a second call shows.
    const bool forbids = f != nullptr && f->always && (f->error == EPERM || f->error == EACCES);
    if (forbids && (got.error == EPERM || got.error == EACCES))
        return "the sandbox's denial was taken for the kernel's";
    if (!got.complete)
        return "the parent died";
    if (got.error != 0 && !is_step_of(failed, got.step))
        return std::string("the step is ") + to_string(got.step);
    if (got.fds != 0)
        return "file descriptors leaked: " + std::to_string(got.fds);
    if (got.children != 0)
        return "children left";
    if (got.error == 0 && std::strcmp(got.output, right.output) != 0)
        return std::string("the program ran with other facts: ") + got.output;
    return {};
}

void disturb_all(bool by_program, bool copied) {
    if (!can_falsify())
        SKIP_TEST("the tracer does not know this machine's registers");
    const subject_of_faults subject(by_program, copied);
    std::vector<system_call> calls;
    const auto right = subject.run(nullptr, calls);
    if (!right)
        SKIP_TEST("nothing can be traced here");
    if (right->error == EACCES)
        SKIP_TEST("the test's program is out of reach of another group");
    REQUIRE(right->error == 0);
    REQUIRE(right->complete);
    REQUIRE(judge(*right, *right).empty());
    REQUIRE(std::strstr(right->output, "umask 123\n") != nullptr);
    std::map<long, int> seen;
    std::size_t combinations = 0;
    int cases = 0;
    int failures = 0;
    for (std::size_t position = 0; position < calls.size(); ++position) {
        const long number = calls[position].number;
        if (++seen[number] > most_of_a_kind)
            continue;
        for (const int error : errors) {
            for (const bool always : {false, true}) {
                if (!long_mode() && (error == 0) != always && error != EPERM && error != EACCES &&
                    error != ENOSYS)
                    continue; // in the short mode, one way of each
                if (error == 0 && !always)
                    continue; // no filter answers so only sometimes
                if (combinations++ % stride() != 0)
                    continue;
                const fault f{position, error, always};
                std::vector<system_call> disturbed;
                const auto got = subject.run(&f, disturbed);
                REQUIRE(got);
                ++cases;
                failures += got->error != 0 ? 1 : 0;
                const std::string wrong = judge(*got, *right, &f, number);
                if (!wrong.empty())
                    FAIL_CHECK("call " << position << " " << name_of(calls[position]) << " says: "
                                       << std::strerror(error) << (always ? " always" : " once")
                                       << ": " << wrong << "; right: " << right->output);
            }
        }
    }
    std::cout << "faults in the child: " << cases << " cases, " << failures << " refused"
              << std::endl;
    CHECK(failures > 0);
}

} // namespace

TEST_CASE("no call that fails in a child that shares the memory is taken for a success") {
    disturb_all(false, false);
}

TEST_CASE("no call that fails in a child with a copy of the memory is taken for a success") {
    disturb_all(false, true);
}

TEST_CASE(
    "no call that fails in a child with a program by file descriptor is taken for a success") {
    disturb_all(true, false);
}
