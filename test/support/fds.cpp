// SPDX-License-Identifier: MIT
#include "fds.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace support {

bool is_open(int fd) {
    return fcntl(fd, F_GETFD) >= 0;
}

bool has_cloexec(int fd) {
    const int flags = fcntl(fd, F_GETFD);
    return flags >= 0 && (flags & FD_CLOEXEC) != 0;
}

int open_fds() {
    int count = 0;
    for (int fd = 0; fd < 256; ++fd)
        count += is_open(fd) ? 1 : 0;
    return count;
}

int lowest_free_fd() {
    int fd = 0;
    while (is_open(fd))
        ++fd;
    return fd;
}

void fill_fds(int left) {
    std::vector<int> opened;
    for (int fd = 0; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
        opened.push_back(fd);
    for (; left > 0 && !opened.empty(); --left) {
        close(opened.back());
        opened.pop_back();
    }
}

void leave_fds(int left) {
    const rlimit limit{64, 64};
    setrlimit(RLIMIT_NOFILE, &limit);
    fill_fds(left);
}

bool same_description(int a, int b) {
    const off_t was = lseek(a, 0, SEEK_CUR);
    const bool shared = was >= 0 && lseek(a, was + 4711, SEEK_SET) == lseek(b, 0, SEEK_CUR);
    lseek(a, was, SEEK_SET);
    return shared;
}

unsigned long long inode_of(int fd) {
    struct stat st {};
    return fstat(fd, &st) == 0 ? st.st_ino : 0;
}

} // namespace support
