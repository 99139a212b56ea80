// SPDX-License-Identifier: MIT
#include "../paths/identify.hpp"
#include "../paths/limits.hpp"

#include <pidfd_util/abi_facts.hpp>

namespace pidfd_util::abi {

int get_limit(int fd, std::uint64_t& soft, std::uint64_t& hard, int resource) noexcept {
    procfs::process process;
    if (const int error = process.open(fd); error != 0)
        return identify::explain(fd, error);
    return process.settle(limits::read(process, resource, soft, hard));
}

} // namespace pidfd_util::abi
