// SPDX-License-Identifier: MIT
#include "../choose/choose.hpp"
#include "../paths/visible_process.hpp"

#include <pidfd_util/abi.hpp>

#include <cerrno>

namespace pidfd_util::abi {

int get_ppid(int fd, pid_t& ppid, answer_path* answered) noexcept {
    const auto from_info = [](const uapi::pidfd_info& info, pid_t& answer) {
        if (info.ppid == 0)
            return EADDRNOTAVAIL;
        answer = static_cast<pid_t>(info.ppid);
        return 0;
    };
    const auto by_procfs = [](int of, pid_t& answer) {
        visible_process process;
        status::record status{};
        if (const int error = process.open(of, status); error != 0)
            return error;
        pid_t found = 0;
        const int error = process.find_parent(status, found);
        if (error == 0)
            answer = found;
        return error;
    };
    return choose::info_or<uapi::info_pid>(choose::query<pid_t>{fd, ppid, answered}, from_info,
                                           choose::path{answer_path::procfs, by_procfs});
}

} // namespace pidfd_util::abi
