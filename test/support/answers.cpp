// SPDX-License-Identifier: MIT
#include "answers.hpp"

#include "uapi.hpp"

#include <unistd.h>

namespace support {

surroundings on(const profile& kernel) {
    surroundings around;
    around.kernel = kernel;
    return around;
}

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
    const auto found = pidfd_util::query(f);
    return found && *found == pidfd_util::availability::available;
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
