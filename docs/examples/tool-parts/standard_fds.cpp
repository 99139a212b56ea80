// SPDX-License-Identifier: MIT
#include "standard_fds.hpp"

#include <fcntl.h>
#include <unistd.h>

void fill_standard_fds() {
    for (;;) {
        const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (fd >= 0 && fd <= STDERR_FILENO)
            continue;
        if (fd >= 0)
            close(fd);
        return;
    }
}
