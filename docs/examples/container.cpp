// SPDX-License-Identifier: MIT
// container ROOT PROGRAM [ARGUMENT...]: runs a program as root of a container that needs no rights:
// in new user, pid, mount and UTS namespaces, below the directory ROOT, which has a directory "proc".
//
// All of it happens in the child, between clone(2) and execve(2), in the function before_exec. The
// child has a copy of the memory, because it is in a new user namespace.
#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;

namespace {

struct container {
    const char* root;
    uid_t uid; // outside
    gid_t gid;
};

/// Reports on standard error which part has failed, as `spawn` gets only the errno.
int failed(const char* what) noexcept {
    const int error = errno;
    dprintf(STDERR_FILENO, "container: %s: %s\n", what, std::strerror(error));
    return error;
}

int write_file(const char* path, const char* text) noexcept {
    const unique_fd file(open(path, O_WRONLY | O_CLOEXEC));
    const auto size = static_cast<ssize_t>(std::strlen(text));
    return file && write(file.get(), text, std::strlen(text)) == size ? 0 : failed(path);
}

/// Maps root inside to the caller outside. An unprivileged user must give up setgroups before.
int map_ids(const container& c) noexcept {
    char text[32];
    if (const int error = write_file("/proc/self/setgroups", "deny"); error != 0)
        return error;
    std::snprintf(text, sizeof text, "0 %u 1\n", static_cast<unsigned>(c.uid));
    if (const int error = write_file("/proc/self/uid_map", text); error != 0)
        return error;
    std::snprintf(text, sizeof text, "0 %u 1\n", static_cast<unsigned>(c.gid));
    return write_file("/proc/self/gid_map", text);
}

/// Makes the directory the root of the mount namespace, and takes the old root away.
int change_root(const char* root) noexcept {
    if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return failed("make the mounts private");
    if (mount(root, root, nullptr, MS_BIND | MS_REC, nullptr) != 0 || chdir(root) != 0)
        return failed(root);
    // Before the old root is detached: the kernel mounts a proc only while another one is visible.
    if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
        return failed("mount proc");
    if (syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
        return failed("pivot_root");
    return 0;
}

int set_up(void* argument) noexcept {
    const auto& c = *static_cast<const container*>(argument);
    if (const int error = map_ids(c); error != 0)
        return error;
    if (sethostname("container", std::strlen("container")) != 0)
        return failed("sethostname");
    return change_root(c.root);
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: container ROOT PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    container c{argv[1], geteuid(), getegid()};
    spawn_options options;
    options.new_namespaces =
        namespace_flags::user | namespace_flags::pid | namespace_flags::mnt | namespace_flags::uts;
    options.before_exec = set_up;
    options.before_exec_argument = &c;
    options.die_with_parent = true;
    spawn_step step{};
    auto process = spawn(argv[2], argv + 2, options, &step);
    if (!process) {
        std::fprintf(stderr, "container: %s: %s\n", to_string(step),
                     process.error().message().c_str());
        return step == spawn_step::clone ? 125 : 126;
    }
    const auto status = process->wait();
    if (!status) {
        std::fprintf(stderr, "container: %s\n", status.error().message().c_str());
        return 125;
    }
    return status->code() ? *status->code() : 128 + *status->signal();
}
