// SPDX-License-Identifier: MIT
#include "thread_states.hpp"

namespace pidfd_util::thread_states {

int find_living(int pidfd, char& state) noexcept {
    procfs::process process;
    if (const int error = process.open(pidfd); error != 0)
        return error;
    return process.settle(for_each(process, [&](pid_t, const process_stat::record& stat) {
        if (process_stat::is_end(stat.state))
            return true;
        state = stat.state;
        return process_stat::is_stop(state);
    }));
}

} // namespace pidfd_util::thread_states
