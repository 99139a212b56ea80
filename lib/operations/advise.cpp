// SPDX-License-Identifier: MIT
#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../paths/identify.hpp"
#include "../paths/process_stat.hpp"
#include "../paths/threads.hpp"
#include "release_memory.hpp"

#include <pidfd_util/abi_facts.hpp>

#include <cerrno>

namespace pidfd_util {

namespace {

/// Returns whether all threads of the process have begun to exit. Without /proc, nothing shows it.
bool is_ending(int fd) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return error == ESRCH;
    bool ending = false;
    if (process_stat::has_flag(process, process_stat::exiting, ending) != 0)
        ending = false;
    if (ending && threads::outlive_first(process)) {
        bool runs = false;
        const auto no_answer = [](pid_t) { return false; };
        ending = threads::ask_others(process, runs, no_answer) == 0 && !runs;
    }
    const int gone = process.check();
    return gone == ESRCH || (gone == 0 && ending);
}

/// Explains ESRCH about a process: the kernel looks for the memory at the first thread alone, and finds
/// the others through no pidfd. EOPNOTSUPP if the process goes on without that thread, or without
/// memory.
int explain_unfound_memory(int fd) noexcept {
    bool ended = false;
    if (const int error = identify::has_ended(fd, ended); error != 0)
        return error;
    return ended || is_ending(fd) ? ESRCH : EOPNOTSUPP;
}

} // namespace

namespace abi {

int advise(int fd, std::size_t& advised, const iovec* ranges, std::size_t count,
           memory_advice advice) noexcept {
    if (fd < 0) // the kernel takes some negative numbers as the caller: PIDFD_SELF_*
        return EBADF;
    const auto advise_on = [=](int of, std::size_t& done) {
        return sys::advise(of, ranges, count, static_cast<int>(advice), done);
    };
    const auto control = [=] {
        std::size_t none = 0;
        return advise_on(-1, none);
    };
    const int error = explain_denial(advise_on(fd, advised), control);
    switch (error) {
    case ESRCH: {
        const int unexplained = explain_no_memory(fd, explain_denial(control()));
        return unexplained == 0 ? explain_unfound_memory(fd) : unexplained;
    }
    case EBADF:
        return identify::explain_bad_fd(fd);
    case ENOSYS:
    case ERFKILL:
        return identify::explain(fd, error);
    default:
        return error;
    }
}

} // namespace abi
} // namespace pidfd_util
