// SPDX-License-Identifier: MIT
#include "../choose/choose.hpp"
#include "../paths/cgroup.hpp"
#include "../paths/visible_process.hpp"

#include <pidfd_util/abi.hpp>

namespace pidfd_util::abi {

int get_cgroupid(int fd, std::uint64_t& cgroupid, answer_path* answered) noexcept {
    const auto from_info = [](const uapi::pidfd_info& info, std::uint64_t& answer) {
        answer = info.cgroupid;
        return 0;
    };
    const auto by_procfs = [](int of, std::uint64_t& answer) {
        visible_process process;
        const int error = process.open(of);
        return error != 0 ? error : cgroup::find_id(process.files(), answer);
    };
    return choose::info_or<uapi::info_cgroupid>(
        choose::query<std::uint64_t>{fd, cgroupid, answered}, from_info,
        choose::path{answer_path::procfs, by_procfs});
}

} // namespace pidfd_util::abi
