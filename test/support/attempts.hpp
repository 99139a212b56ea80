// SPDX-License-Identifier: MIT
// Every operation, in a form that can be tried on anything: for what must hold for all of them.
#ifndef PIDFD_UTIL_TEST_ATTEMPTS_HPP
#define PIDFD_UTIL_TEST_ATTEMPTS_HPP

#include <pidfd_util/pidfd.hpp>

#include <cerrno>
#include <cstddef>
#include <string_view>

namespace support {

/// 0, or the errno.
template <class T>
int error_of(const pidfd_util::expected<T>& result) {
    return result ? 0 : result.error().value();
}

/// Whether the errno says that this kernel or sandbox has no way to answer.
inline bool refused(int error) {
    return error == EOPNOTSUPP || error == ENOSYS || error == ERFKILL;
}

/// Performs an operation and says 0 or the errno it failed with. What the operation hands out is
/// closed again.
struct attempt {
    const char* name;
    int (*on)(pidfd_util::pidfd_view);
};

/// `wait` is for processes that are no children of the caller, or have ended: else it would wait.
inline constexpr attempt attempts[] = {
    {"get_pid", [](pidfd_util::pidfd_view p) { return error_of(p.get_pid()); }},
    {"get_ppid", [](pidfd_util::pidfd_view p) { return error_of(p.get_ppid()); }},
    {"get_id", [](pidfd_util::pidfd_view p) { return error_of(p.get_id()); }},
    {"get_creds", [](pidfd_util::pidfd_view p) { return error_of(p.get_creds()); }},
    {"get_cgroupid", [](pidfd_util::pidfd_view p) { return error_of(p.get_cgroupid()); }},
    {"get_info", [](pidfd_util::pidfd_view p) { return error_of(p.get_info()); }},
    {"get_namespace",
     [](pidfd_util::pidfd_view p) {
         return error_of(p.get_namespace(pidfd_util::namespace_type::uts));
     }},
    {"open_proc", [](pidfd_util::pidfd_view p) { return error_of(p.open_proc()); }},
    {"access_proc", [](pidfd_util::pidfd_view p) { return error_of(p.access_proc([](int) {})); }},
    {"send_signal", [](pidfd_util::pidfd_view p) { return error_of(p.send_signal(0)); }},
    {"set_namespace",
     [](pidfd_util::pidfd_view p) {
         return error_of(p.set_namespace(pidfd_util::namespace_flags::uts));
     }},
    {"get_remote_fd", [](pidfd_util::pidfd_view p) { return error_of(p.get_remote_fd(0)); }},
    {"is_alive", [](pidfd_util::pidfd_view p) { return error_of(p.is_alive()); }},
    {"try_wait", [](pidfd_util::pidfd_view p) { return error_of(p.try_wait()); }},
    {"wait", [](pidfd_util::pidfd_view p) { return error_of(p.wait()); }},
    {"duplicate", [](pidfd_util::pidfd_view p) { return error_of(p.duplicate()); }},
    {"adopt",
     [](pidfd_util::pidfd_view p) {
         pidfd_util::unique_fd fd(p.fd());
         auto adopted = pidfd_util::pidfd::adopt(std::move(fd));
         if (adopted)
             (void)adopted->release();
         else
             (void)fd.release();
         return error_of(adopted);
     }},
};
inline constexpr std::size_t attempt_count = sizeof attempts / sizeof *attempts;

/// The place of an operation in `attempts`.
constexpr std::size_t attempt_of(std::string_view name) {
    std::size_t i = 0;
    while (attempts[i].name != name)
        ++i;
    return i;
}

} // namespace support

#endif
