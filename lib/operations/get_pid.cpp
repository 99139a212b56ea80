// SPDX-License-Identifier: MIT
#include "../choose/choose.hpp"
#include "../paths/visible_process.hpp"

#include <pidfd_util/abi.hpp>

namespace pidfd_util::abi {

int get_pid(int fd, pid_t& pid, answer_path* answered) noexcept {
    const auto from_info = [](const uapi::pidfd_info& info, pid_t& answer) {
        answer = static_cast<pid_t>(info.pid);
        return 0;
    };
    const auto by_fdinfo = [](int of, pid_t& answer) {
        visible_process process;
        if (const int error = process.open(of); error != 0)
            return error;
        answer = process.pid();
        return 0;
    };
    return choose::info_or<uapi::info_pid>(choose::query<pid_t>{fd, pid, answered}, from_info,
                                           choose::path{answer_path::fdinfo, by_fdinfo});
}

} // namespace pidfd_util::abi
