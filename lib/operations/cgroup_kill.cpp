// SPDX-License-Identifier: MIT
// Killing all processes in a cgroup and below it: by cgroup.kill, or one by one.
#include "../kernel/sys.hpp"
#include "../kernel/sys_cgroup.hpp"
#include "../paths/caller.hpp"
#include "../paths/cgroup_directory.hpp"
#include "../paths/identify.hpp"
#include "../paths/proc_root.hpp"
#include "../paths/process_opener.hpp"
#include "cgroup_members.hpp"

#include <pidfd_util/abi.hpp>
#include <pidfd_util/abi_cgroup.hpp>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string_view>

namespace pidfd_util {

namespace {

constexpr int deepest = 32; // one file descriptor and 2 KiB of stack for each level

// NOLINTBEGIN(misc-no-recursion): `deepest` bounds it

/// Calls `f` with the cgroup and all cgroups below it, until that returns an errno.
template <class F>
int for_each_in_tree(int dir, int depth, F& f) noexcept {
    if (depth == deepest)
        return EOPNOTSUPP;
    if (const int error = f(dir); error != 0)
        return error;
    return cgroup_directory::for_each_child(dir, [&](int child) {
        const int error = for_each_in_tree(child, depth + 1, f);
        return error == ENODEV ? 0 : error; // removed since it was opened
    });
}

// NOLINTEND(misc-no-recursion)

/// Returns EDEADLK if the process of the pidfd is in one of the cgroups. ESRCH: it was reaped.
int check_outside(int dir, int process) noexcept {
    std::uint64_t of_process = 0;
    if (const int error = abi::get_cgroupid(process, of_process, nullptr); error != 0)
        return error;
    auto compare = [of_process](int cgroup) {
        std::uint64_t id = 0;
        const int error = abi::cgroup_get_id(cgroup, id);
        return error == 0 && id == of_process ? EDEADLK : error;
    };
    return for_each_in_tree(dir, 0, compare);
}

/// Returns EDEADLK if the caller is in one of the cgroups: it would freeze itself.
int check_caller_outside(int dir) noexcept {
    unique_fd self;
    const int error = identify::open_self(self);
    return error != 0 ? error : check_outside(dir, self.get());
}

/// Returns EDEADLK if a process in one of the cgroups traces the calling thread: a frozen tracer
/// could not let the thread go on.
int check_tracer_outside(int dir) noexcept {
    unique_fd root;
    pid_t tracer = 0;
    int error = proc_root::open(root);
    if (error == 0)
        error = caller::find_tracer(root.get(), tracer);
    if (error != 0 || tracer == 0)
        return error;
    process_opener opener;
    unique_fd process;
    error = opener.prepare(root.get());
    if (error == 0)
        error = opener.open(tracer, process);
    if (error == 0)
        error = check_outside(dir, process.get());
    return error == ESRCH ? 0 : error; // it has ended, and traces nothing any more
}

/// Sends SIGKILL to every member of one cgroup. Goes on after a failure, and returns it.
int kill_members(int dir) noexcept {
    std::uint64_t id = 0;
    if (const int error = abi::cgroup_get_id(dir, id); error != 0)
        return error;
    int failed = 0;
    const int error = cgroup_directory::for_each_number(dir, [&](pid_t number) {
        unique_fd member;
        int unkilled = EREMOTE; // not in the caller's pid namespace
        if (number != 0)
            unkilled = cgroup_members::open(dir, id, number, member);
        if (unkilled == 0)
            unkilled = abi::send_signal(member.get(), SIGKILL);
        if (unkilled != 0 && unkilled != ESRCH)
            failed = unkilled;
        return true;
    });
    // The processes of a threaded cgroup are members of a cgroup above it.
    if (error == cgroup_directory::threaded || error == ENODEV)
        return failed;
    return error != 0 ? error : failed;
}

/// Kills the members of all these cgroups, which are frozen, until there are none. A child that a
/// member was making when it was frozen is born frozen, and cannot make another one.
int kill_until_empty(int dir) noexcept {
    constexpr std::int64_t pause = 1'000'000;
    constexpr int most_rounds = 2000;
    for (int i = 0; i < most_rounds; ++i) {
        int failed = 0;
        auto kill_each = [&failed](int cgroup) {
            const int error = kill_members(cgroup);
            if (error != 0)
                failed = error;
            return 0;
        };
        if (const int error = for_each_in_tree(dir, 0, kill_each); error != 0)
            return error;
        if (failed != 0)
            return failed;
        cgroup_directory::state now{};
        if (const int error = cgroup_directory::read_events_of(dir, now); error != 0)
            return error;
        if (!now.populated)
            return 0;
        if (const int error = sys::sleep(pause); error != 0)
            return error;
    }
    return EBUSY;
}

/// Reads whether cgroup.freeze of the cgroup itself is set. Cgroups above it can also freeze it.
int read_freeze(int dir, bool& set) noexcept {
    unique_fd file;
    char text[8];
    std::size_t size = 0;
    if (const int error = cgroup_directory::open_control(dir, "cgroup.freeze", O_RDONLY, file);
        error != 0)
        return error;
    if (const int error = sys::read_control(file.get(), text, sizeof text, size); error != 0)
        return error;
    std::string_view line(text, size);
    if (!line.empty() && line.back() == '\n')
        line.remove_suffix(1);
    return cgroup_directory::parse_flag(line, set) ? 0 : EBADMSG;
}

int kill_one_by_one(int dir) noexcept {
    bool was_set = false;
    if (const int error = read_freeze(dir, was_set); error != 0)
        return error;
    if (const int error = cgroup_directory::check_domain(dir); error != 0)
        return error;
    if (const int error = check_caller_outside(dir); error != 0)
        return error;
    if (const int error = check_tracer_outside(dir); error != 0)
        return error;
    if (const int error = abi::cgroup_set_frozen(dir, true); error != 0)
        return error;
    const int error = kill_until_empty(dir);
    // EBUSY: some members were killed but have not ended. The cgroup stays frozen, as a child that
    // was born meanwhile, and not killed, would run. After any other error it would stay frozen for
    // ever.
    const int unthawed = was_set || error == EBUSY ? 0 : abi::cgroup_set_frozen(dir, false);
    return error != 0 ? error : unthawed;
}

} // namespace

namespace abi {

int cgroup_kill(int dir) noexcept {
    const int error = cgroup_directory::write_to(dir, "cgroup.kill", "1");
    return error == EOPNOTSUPP ? kill_one_by_one(dir) : error;
}

} // namespace abi
} // namespace pidfd_util
