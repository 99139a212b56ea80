// SPDX-License-Identifier: MIT
// Ends the process that uses the most memory, as earlyoom does by hand in kill.c and meminfo.c (commit
// 5c3e3ea): pidfd_open after the choice, kill(pid), process_mrelease(2), and up to 100 looks at /proc,
// one every 100 ms.
//
// The traps that this avoids: the pidfd is not of the process whose facts were read; the signal goes to
// the number; process_mrelease is tried after SIGTERM, which the kernel refuses; and the exit is noticed
// up to 100 ms late.
#ifndef ADOPTED_KILL_VICTIM_HPP
#define ADOPTED_KILL_VICTIM_HPP

#include <pidfd_util/enumeration.hpp>
#include <pidfd_util/error.hpp>
#include <pidfd_util/pidfd.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <utility>

namespace adopted {

/// Returns the process with the highest score, which `score(process)` returns as an `expected`. A process
/// that cannot be scored is passed over. The pidfd is opened before the process is scored: the process
/// that is returned is the one that was scored. The result is empty if there is no such process.
template <class Score>
pidfd_util::expected<pidfd_util::pidfd> choose_victim(const Score& score) {
    pidfd_util::pidfd victim;
    std::uint64_t highest = 0;
    const auto listed = pidfd_util::for_each_process([&](pidfd_util::pidfd process) {
        const pidfd_util::expected<std::uint64_t> scored = score(process);
        if (scored && *scored > highest) {
            highest = *scored;
            victim = std::move(process);
        }
        return true;
    });
    if (!listed)
        return pidfd_util::unexpected(listed.error());
    return victim;
}

/// Sends SIGTERM, waits for the grace period, sends SIGKILL, releases the memory, and waits until
/// the process has ended. Returns the signal that was sent last. If the memory cannot be released,
/// that is not an error: the process then releases it itself when it ends.
inline pidfd_util::expected<int> kill_victim(pidfd_util::pidfd_view victim,
                                             std::chrono::nanoseconds grace,
                                             std::chrono::nanoseconds patience) {
    if (const auto asked = victim.send_signal(SIGTERM); !asked)
        return pidfd_util::unexpected(asked.error());
    auto ended = victim.wait_exit_for(grace);
    if (ended)
        return SIGTERM;
    if (ended.error() != std::errc::timed_out)
        return pidfd_util::unexpected(ended.error());
    if (const auto killed = victim.kill(); !killed) {
        if (killed.error() == pidfd_util::pidfd_errc::not_found)
            return SIGTERM; // it was reaped just now
        return pidfd_util::unexpected(killed.error());
    }
    (void)victim.release_memory();
    ended = victim.wait_exit_for(patience);
    if (!ended)
        return pidfd_util::unexpected(ended.error());
    return SIGKILL;
}

} // namespace adopted

#endif
