// SPDX-License-Identifier: MIT
#include "../paths/identify.hpp"
#include "../paths/memory_status.hpp"
#include "../paths/process_stat.hpp"
#include "../paths/threads.hpp"
#include "record.hpp"

#include <pidfd_util/abi_facts.hpp>

#include <cerrno>
#include <limits>

namespace pidfd_util {

namespace {

/// Returns false if the time does not fit, which no kernel writes.
bool to_nanoseconds(std::uint64_t ticks, std::int64_t& time) noexcept {
    const std::int64_t tick = process_stat::nanoseconds_per_tick();
    constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max();
    if (ticks > static_cast<std::uint64_t>(longest / tick))
        return false;
    time = static_cast<std::int64_t>(ticks) * tick;
    return true;
}

/// Reads the figures of the memory of a process whose first thread has none any more.
int find_memory_of_others(const procfs::process& process, memory_status::record& memory,
                          bool& found) noexcept {
    int error = 0;
    bool runs = false;
    const int listed = threads::ask_others(process, runs, [&](pid_t tid) {
        error = memory_status::read_thread(process, tid, memory, found);
        return error == 0 && found;
    });
    if (listed != 0)
        return listed;
    return runs ? error : 0;
}

int find_usage(const procfs::process& process, abi::process_usage_record& usage) noexcept {
    process_stat::record stat{};
    if (const int error = process_stat::read(process, stat); error != 0)
        return error;
    memory_status::record memory{};
    bool has_memory = false;
    if (const int error = memory_status::read(process, memory, has_memory); error != 0)
        return error;
    if (!has_memory && stat.threads > 1)
        if (const int error = find_memory_of_others(process, memory, has_memory); error != 0)
            return error;
    usage.threads = static_cast<std::uint32_t>(stat.threads);
    usage.minor_faults = stat.minor_faults;
    usage.major_faults = stat.major_faults;
    if (has_memory) {
        usage.filled |= abi::process_usage_record::has_memory;
        usage.resident = memory.resident;
        usage.peak_resident = memory.peak_resident;
        usage.virtual_size = memory.virtual_size;
    }
    return to_nanoseconds(stat.user_time, usage.user_time) &&
                   to_nanoseconds(stat.system_time, usage.system_time)
               ? 0
               : EBADMSG;
}

} // namespace

namespace abi {

int get_usage(int fd, process_usage_record& usage, std::size_t size) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return identify::explain(fd, error);
    process_usage_record found{};
    if (const int error = process.settle(find_usage(process, found)); error != 0)
        return error;
    record::copy_out(found, usage, size);
    return 0;
}

} // namespace abi
} // namespace pidfd_util
