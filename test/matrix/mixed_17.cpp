// SPDX-License-Identifier: MIT
#include "mixed.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <tl/expected.hpp>
#include <type_traits>

using namespace pidfd_util;

static_assert(std::is_same_v<expected<int>, tl::expected<int, std::error_code>>);

namespace {

bool same_file(int a, int b) {
    struct stat first {};
    struct stat second {};
    return fstat(a, &first) == 0 && fstat(b, &second) == 0 && first.st_ino == second.st_ino;
}

int complain(const char* what) {
    std::fprintf(stderr, "wrong: %s\n", what);
    return 1;
}

} // namespace

int main() {
    const auto self = pidfd::from_self();
    if (!self)
        return complain("from_self");
    const auto mine = self->get_info();
    const auto ns = self->get_namespace(namespace_type::mnt);
    if (!mine || !ns)
        return complain("get_info, get_namespace");
    const facts theirs = ask_23(self->fd());
    if (theirs.info.pid != mine->pid || theirs.info.tgid != mine->tgid ||
        theirs.info.ppid != mine->ppid || theirs.info.creds != mine->creds ||
        theirs.info.cgroupid != mine->cgroupid)
        return complain("a process_info of the other source");
    if (!same_file(theirs.fd.get(), ns->get()))
        return complain("a unique_fd of the other source");
    if (theirs.error != self->wait().error() || theirs.error != std::errc::no_child_process ||
        theirs.error.category() != pidfd_category() || theirs.error == pidfd_errc::not_found)
        return complain("an error code of the other source");
    return 0;
}
