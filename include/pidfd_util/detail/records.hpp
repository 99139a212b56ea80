// SPDX-License-Identifier: MIT
// Conversion of the records of the binary interface to public structures.
#ifndef PIDFD_UTIL_DETAIL_RECORDS_HPP
#define PIDFD_UTIL_DETAIL_RECORDS_HPP

#include <pidfd_util/abi_types.hpp>
#include <pidfd_util/coredump_info.hpp>
#include <pidfd_util/expected.hpp>
#include <pidfd_util/process_info.hpp>

#include <optional>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {
namespace detail {

[[nodiscard]] inline process_info to_process_info(const abi::info_record& record) noexcept {
    using has = abi::info_record;
    process_info info{record.pid, record.tgid, {}, {}, {}};
    if ((record.filled & has::has_ppid) != 0)
        info.ppid = record.ppid;
    if ((record.filled & has::has_creds) != 0)
        info.creds = record.creds;
    if ((record.filled & has::has_cgroupid) != 0)
        info.cgroupid = record.cgroupid;
    return info;
}

[[nodiscard]] inline std::optional<coredump_info>
to_coredump_info(bool known, const abi::coredump_record& record) noexcept {
    using flags = abi::coredump_record;
    if (!known)
        return std::nullopt;
    coredump_info info{(record.flags & flags::dumped) != 0,
                       (record.flags & flags::skipped) != 0,
                       (record.flags & flags::as_user) != 0,
                       (record.flags & flags::as_root) != 0,
                       {},
                       {}};
    if ((record.filled & flags::has_signal) != 0)
        info.signal = record.signal;
    if ((record.filled & flags::has_code) != 0)
        info.code = record.code;
    return info;
}

} // namespace detail
} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
