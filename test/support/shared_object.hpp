// SPDX-License-Identifier: MIT
// Memory that forked processes share.
#ifndef PIDFD_UTIL_TEST_SHARED_OBJECT_HPP
#define PIDFD_UTIL_TEST_SHARED_OBJECT_HPP

#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace support {

/// An object that the caller shares with all processes that are forked later.
template <class T>
T& make_shared_object() {
    void* const page =
        mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        _exit(1);
    return *new (page) T();
}

} // namespace support

#endif
