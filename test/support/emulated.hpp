// SPDX-License-Identifier: MIT
// Whether the tests run in an emulator of another machine's system calls, as QEMU's user mode is.
#ifndef PIDFD_UTIL_TEST_EMULATED_HPP
#define PIDFD_UTIL_TEST_EMULATED_HPP

namespace support {

/// Such an emulator has no seccomp filters, which tells it from every kernel that tests run on. What
/// else it lacks or does in its own way is no matter of the library's.
bool emulated();
inline constexpr const char* in_emulator = "the emulator of system calls does this in its own way";

} // namespace support

#endif
