// SPDX-License-Identifier: MIT
// Whether the tests run in an emulator of another machine's system calls, as QEMU's user mode is.
#ifndef PIDFD_UTIL_TEST_EMULATED_HPP
#define PIDFD_UTIL_TEST_EMULATED_HPP

namespace support {

/// Such an emulator has no seccomp filters, unlike every kernel that the tests run on. Other
/// differences between the emulator and the kernel are not errors of the library.
bool emulated();
inline constexpr const char* in_emulator = "the emulator of system calls behaves differently here";

} // namespace support

#endif
