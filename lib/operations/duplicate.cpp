// SPDX-License-Identifier: MIT
// duplicate, and closing.
#include "../kernel/explain.hpp"
#include "../kernel/sys.hpp"
#include "../paths/identify.hpp"

#include <pidfd_util/abi.hpp>

namespace pidfd_util::abi {

void close(int fd) noexcept {
    sys::close(fd);
}

int duplicate(int fd, int& copy) noexcept {
    // The copy becomes a `pidfd`: check that it is one, if there is a way to check.
    if (const int error = identify::check(fd); error != 0 && is_answer(error))
        return error;
    unique_fd made;
    const int error = sys::duplicate(fd, made);
    if (error == 0)
        copy = made.release();
    return error;
}

} // namespace pidfd_util::abi
