// SPDX-License-Identifier: MIT
#include "../paths/identify.hpp"
#include "../paths/process_stat.hpp"

#include <pidfd_util/abi_facts.hpp>

namespace pidfd_util {

namespace {

constexpr process_state state_of(char letter) noexcept {
    switch (letter) {
    case 'R':
        return process_state::running;
    case 'S':
        return process_state::sleeping;
    case 'D':
        return process_state::disk_sleep;
    case 'T':
        return process_state::stopped;
    case 't':
        return process_state::tracing_stop;
    case 'Z':
        return process_state::zombie;
    case 'X':
        return process_state::dead;
    case 'I':
        return process_state::idle;
    case 'P':
        return process_state::parked;
    default:
        return process_state::unknown;
    }
}

} // namespace

namespace abi {

int get_state(int fd, process_state& state) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return identify::explain(fd, error);
    process_stat::record stat{};
    if (const int error = process.settle(process_stat::read(process, stat)); error != 0)
        return error;
    state = state_of(stat.state);
    return 0;
}

} // namespace abi
} // namespace pidfd_util
