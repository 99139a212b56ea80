// SPDX-License-Identifier: MIT
#include "../choose/choose.hpp"
#include "../paths/visible_process.hpp"
#include "record.hpp"

#include <pidfd_util/abi.hpp>

namespace pidfd_util::abi {

using creds_receiver = record::receiver<credentials>;

int get_creds(int fd, credentials& creds, std::size_t size, answer_path* answered) noexcept {
    creds_receiver to{creds, size};
    const auto from_info = [](const uapi::pidfd_info& info, creds_receiver& answer) {
        answer.take(uapi::to_credentials(info));
        return 0;
    };
    const auto by_procfs = [](int of, creds_receiver& answer) {
        visible_process process;
        status::record status{};
        const int error = process.open(of, status);
        if (error == 0)
            answer.take(status.creds);
        return error;
    };
    return choose::info_or<uapi::info_creds>(choose::query<creds_receiver>{fd, to, answered},
                                             from_info,
                                             choose::path{answer_path::procfs, by_procfs});
}

} // namespace pidfd_util::abi
