// SPDX-License-Identifier: MIT
// Counting and using up file descriptors. Nothing here needs one itself, or Catch.
#ifndef PIDFD_UTIL_TEST_FDS_HPP
#define PIDFD_UTIL_TEST_FDS_HPP

namespace support {

bool is_open(int fd);
bool has_cloexec(int fd);

/// How many of the first 256 file descriptors are open.
int open_fds();

/// The number that the next file descriptor will get.
int lowest_free_fd();

/// Opens files until no more than `left` file descriptors are left below the limit.
void fill_fds(int left);

/// Whether the two file descriptors share one open file description. They must be seekable.
bool same_description(int a, int b);

/// The inode number behind the file descriptor; 0 if it is closed.
unsigned long long inode_of(int fd);

} // namespace support

#endif
