// SPDX-License-Identifier: MIT
#include "../paths/cgroup.hpp"
#include "../paths/identify.hpp"

#include <pidfd_util/abi_facts.hpp>

#include <cerrno>
#include <cstring>
#include <string_view>

namespace pidfd_util::abi {

int get_cgroup_path(int fd, std::size_t& length, bool& removed, char* buffer,
                    std::size_t size) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return identify::explain(fd, error);
    cgroup::path_buffer text;
    std::string_view path;
    if (const int error = cgroup::read_path(process, text, path, removed); error != 0)
        return error;
    // cppcheck-suppress unsignedLessThanZero // it believes that the path is still empty
    if (path.size() > size)
        return ERANGE;
    std::memcpy(buffer, path.data(), path.size());
    length = path.size();
    return 0;
}

} // namespace pidfd_util::abi
