// SPDX-License-Identifier: MIT
#include "child_attributes.hpp"

#include "../kernel/sys.hpp"
#include "../paths/proc_root.hpp"
#include "certain.hpp"
#include "spawn_options.hpp"

#include <pidfd_util/unique_fd.hpp>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace pidfd_util {

namespace {

using sys::call;
using sys::call_for;

/// A set of CPUs in the kernel's layout.
struct cpu_mask {
    static constexpr int word_bits = 8 * sizeof(unsigned long);

    [[nodiscard]] static unsigned long bit_of(int cpu) noexcept { return 1UL << (cpu % word_bits); }
    void add(int cpu) noexcept { words[cpu / word_bits] |= bit_of(cpu); }
    [[nodiscard]] bool has(int cpu) const noexcept {
        return (words[cpu / word_bits] & bit_of(cpu)) != 0;
    }

    unsigned long words[cpu_limit / word_bits];
};

} // namespace

int set_limits(array_view<resource_limit> limits) noexcept {
    for (const resource_limit& l : limits) {
        // RLIM_INFINITY has all bits of the caller's rlim_t set, however many these are.
        const auto widen = [](std::uint64_t value) {
            return value == ~std::uint32_t{0} && sizeof(long) < 8 ? ~std::uint64_t{0} : value;
        };
        const std::uint64_t limit[2] = {widen(l.limit.soft), widen(l.limit.hard)};
        const int error =
            certain([&] { return call(SYS_prlimit64, 0, l.resource, limit, nullptr); },
                    [] { return call(SYS_prlimit64, 0, -1, nullptr, nullptr); });
        if (error != 0)
            return error;
    }
    return 0;
}

int set_priority(int priority) noexcept {
    return certain([&] { return call(SYS_setpriority, PRIO_PROCESS, 0, priority); },
                   [] { return call(SYS_setpriority, -1, 0, 0); });
}

int set_scheduling(int policy, int priority) noexcept {
    const auto set = [&](pid_t pid) {
        return call(SYS_sched_setscheduler, pid, policy, &priority);
    };
    return certain([&] { return set(0); }, [&] { return set(-1); });
}

int set_cpus(array_view<int> cpus) noexcept {
    cpu_mask wanted{};
    for (const int cpu : cpus)
        wanted.add(cpu);
    const int error =
        certain([&] { return call(SYS_sched_setaffinity, 0, sizeof wanted, &wanted); },
                [] { return call(SYS_sched_setaffinity, -1, 0, nullptr); });
    if (error != 0)
        return error;
    // The kernel silently leaves out CPUs that are not available.
    cpu_mask now{};
    long size = 0;
    if (const int unknown = call_for(size, SYS_sched_getaffinity, 0, sizeof now, &now);
        unknown != 0)
        return explain_denial(unknown);
    if (size == 0) // not written: a filter
        return ENOSYS;
    for (const int cpu : cpus)
        if (!now.has(cpu))
            return EINVAL;
    return std::memcmp(&now, &wanted, sizeof now) == 0 ? 0 : ENOSYS;
}

int set_io_priority(int priority) noexcept {
    constexpr int one_process = 1; // IOPRIO_WHO_PROCESS
    return certain([&] { return call(SYS_ioprio_set, one_process, 0, priority); },
                   [] { return call(SYS_ioprio_set, -1, 0, 0); });
}

int set_umask(mode_t mask) noexcept {
    constexpr long other = 0777; // set first: the second call returns it, unless a filter answers
    long old = 0;
    int error = call(SYS_umask, other);
    if (error == 0)
        error = call_for(old, SYS_umask, mask);
    if (error != 0)
        return explain_denial(error); // the kernel never fails here
    return old == other ? 0 : ENOSYS;
}

int set_oom_score_adj(int value) noexcept {
    unique_fd root;
    if (const int error = proc_root::open(root); error != 0)
        return error;
    unique_fd file;
    if (const int error = proc_root::open_entry(root.get(), "self/oom_score_adj", O_RDWR, file);
        error != 0)
        return error == ENOENT ? EOPNOTSUPP : error; // the /proc of another pid namespace
    char digits[sizeof "-1000"];
    const char* const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    const auto size = static_cast<std::size_t>(end - digits);
    // Three zeros for the offset: see sys::read_from_start.
    const auto write = [&](int fd) { return call(SYS_pwrite64, fd, digits, size, 0L, 0L, 0L); };
    return certain([&] { return write(file.get()); }, [&] { return write(-1); });
}

} // namespace pidfd_util
