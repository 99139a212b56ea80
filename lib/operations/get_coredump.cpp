// SPDX-License-Identifier: MIT
#include "../choose/probe.hpp"
#include "../kernel/explain.hpp"
#include "../paths/identify.hpp"
#include "../paths/info_ioctl.hpp"
#include "record.hpp"

#include <pidfd_util/abi.hpp>

namespace pidfd_util::abi {

int get_coredump(int fd, bool& known, coredump_record& record, std::size_t size) noexcept {
    coredump_record found{};
    const int error = info_ioctl::get_coredump(fd, known, found);
    if (error == 0 && !known) {
        // Either it was reaped and dumped no core; or this is a kernel before 6.16.
        return probe::require(feature::coredump_info);
    }
    if (error == 0)
        pidfd_util::record::copy_out(found, record, size);
    // There is no other path; but the ioctl may be missing only because this is not a pidfd.
    return is_answer(error) ? error : identify::explain(fd, error);
}

} // namespace pidfd_util::abi
