// SPDX-License-Identifier: MIT
#include "answers.hpp"

#include "kernel/uapi.hpp"
#include "processes.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace support {

surroundings with_proc(const char* proc) {
    surroundings around;
    around.proc = proc;
    around.user_namespace = geteuid() != 0 && *proc != '\0';
    return around;
}

surroundings in_pid_namespace(const char* proc) {
    surroundings around = with_proc(proc);
    around.pid_namespace = true;
    around.user_namespace = geteuid() != 0;
    return around;
}

bool has(pidfd_util::feature f) {
    const auto found = pidfd_util::availability_of(f);
    return found && *found == pidfd_util::availability::available;
}

bool fdinfo_shows_reaping() {
    const auto self = pidfd_util::pidfd::from_self();
    const std::string path = "/proc/thread-self/fdinfo/" + std::to_string(self->fd());
    return !field(read_file_at(AT_FDCWD, path.c_str()), "NSpid:").empty();
}

bool cannot_see_reaping(const profile& kernel) {
    return kernel.refuses_signals() && !fdinfo_shows_reaping();
}

int if_ended(const profile& kernel, int error) {
    if (!cannot_see_reaping(kernel))
        return error;
    return kernel.forbids() ? ERFKILL : EOPNOTSUPP;
}

int if_reaped_elsewhere(const profile& kernel) {
    return if_ended(kernel, fdinfo_shows_reaping() ? ESRCH : EREMOTE);
}

profile info_refused(const char* name, int error) {
    return {name, {rule::ioctl(pidfd_util::uapi::get_info, error)}};
}

std::vector<profile> without_info() {
    return {info_refused("EINVAL", EINVAL), info_refused("ENOTTY", ENOTTY),
            info_refused("EPERM", EPERM),   info_refused("EACCES", EACCES),
            info_refused("ENOSYS", ENOSYS), info_refused("EOPNOTSUPP", EOPNOTSUPP)};
}

} // namespace support
