// SPDX-License-Identifier: MIT
// Counting and using up file descriptors. The functions need no file descriptor themselves, and not
// Catch.
#ifndef PIDFD_UTIL_TEST_FDS_HPP
#define PIDFD_UTIL_TEST_FDS_HPP

namespace support {

bool is_open(int fd);
bool has_cloexec(int fd);

/// How many of the first 256 file descriptors are open. Needs none itself, unlike count_fds.
int open_fds();

/// The number that the next file descriptor will get.
int lowest_free_fd();

/// Opens files until no more than `left` file descriptors are left below the limit.
void fill_fds(int left);

/// Lowers RLIMIT_NOFILE to 64, and leaves no more than `left` file descriptors below it.
void leave_fds(int left);

/// Whether the two file descriptors share one open file description. They must be seekable.
bool same_description(int a, int b);

/// The inode number behind the file descriptor; 0 if it is closed.
unsigned long long inode_of(int fd);

} // namespace support

#endif
