// SPDX-License-Identifier: MIT
#include "../paths/identify.hpp"
#include "../paths/proc_file.hpp"

#include <pidfd_util/abi_facts.hpp>

#include <cerrno>
#include <cstring>

namespace pidfd_util::abi {

int get_comm(int fd, std::size_t& length, char* buffer, std::size_t size) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return identify::explain(fd, error);
    // Names of kernel threads have up to 63 characters. A newline follows.
    char text[128];
    std::size_t found = 0;
    const int error = proc_file::read_once(process, "comm", text, sizeof text, found);
    if (const int settled = process.settle(error); settled != 0)
        return settled;
    if (text[found - 1] != '\n')
        return EBADMSG;
    --found;
    if (found > size)
        return ERANGE;
    if (found != 0)
        std::memcpy(buffer, text, found);
    length = found;
    return 0;
}

} // namespace pidfd_util::abi
