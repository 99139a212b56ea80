// SPDX-License-Identifier: MIT
#include "../kernel/sys.hpp"
#include "../paths/identify.hpp"
#include "../paths/process_start.hpp"
#include "../paths/process_stat.hpp"
#include "../paths/procfs.hpp"

#include <pidfd_util/abi.hpp>

#include <ctime>

namespace pidfd_util {

namespace {

int find_start(int fd, std::int64_t& since_boot) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return error;
    std::uint64_t ticks = 0;
    if (const int error = process_start::read(process, ticks); error != 0)
        return error;
    since_boot = static_cast<std::int64_t>(ticks) * process_stat::nanoseconds_per_tick();
    return 0;
}

} // namespace

namespace abi {

int get_start_time(int fd, std::int64_t& since_boot, std::int64_t& wall) noexcept {
    std::int64_t started = 0;
    if (const int error = find_start(fd, started); error != 0)
        return identify::explain(fd, error);
    std::int64_t boot_time = 0;
    std::int64_t real_time = 0;
    if (const int error = sys::read_clock(CLOCK_BOOTTIME, boot_time); error != 0)
        return error;
    if (const int error = sys::read_clock(CLOCK_REALTIME, real_time); error != 0)
        return error;
    since_boot = started;
    wall = real_time - (boot_time - started);
    return 0;
}

} // namespace abi
} // namespace pidfd_util
