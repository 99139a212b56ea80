// SPDX-License-Identifier: MIT
#include "cgroups.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace support {

std::string cgroup2_mount() {
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream words(line);
        std::string id, parent, device, root, point;
        words >> id >> parent >> device >> root >> point;
        if (line.find(" - cgroup2 ") != line.npos && root == "/")
            return point;
    }
    return {};
}

std::uint64_t inode_of(const std::string& path) {
    struct stat st {};
    return stat(path.c_str(), &st) == 0 ? st.st_ino : 0;
}

std::uint64_t shown_cgroup(pid_t pid) {
    const std::string mount = cgroup2_mount();
    std::ifstream memberships("/proc/" + std::to_string(pid) + "/cgroup");
    for (std::string line; std::getline(memberships, line);)
        if (line.rfind("0::", 0) == 0 && !mount.empty())
            return inode_of(mount + line.substr(3));
    return 0;
}

test_cgroup::test_cgroup(std::string path, std::uint64_t id) : path_(std::move(path)), id_(id) {}

test_cgroup::test_cgroup(test_cgroup&& other) noexcept
    : path_(std::exchange(other.path_, {})), id_(std::exchange(other.id_, 0)) {}

std::optional<test_cgroup> test_cgroup::make_at(const std::string& path) {
    if (mkdir(path.c_str(), 0755) != 0)
        return {};
    return test_cgroup(path, inode_of(path));
}

std::optional<test_cgroup> test_cgroup::make(const std::string& name) {
    const std::string mount = cgroup2_mount();
    if (mount.empty())
        return {};
    return make_at(mount + "/pidfd-util-" + std::to_string(getpid()) + name);
}

std::optional<test_cgroup> test_cgroup::make_below(const std::string& name) const {
    return make_at(path_ + "/" + name);
}

std::string test_cgroup::name() const {
    return path_.substr(path_.rfind('/') + 1);
}

bool test_cgroup::write(const std::string& file, const std::string& text) const {
    const int fd = open((path_ + "/" + file).c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    close(fd);
    return written;
}

void test_cgroup::remove() {
    // The kernel may remove a process from its cgroup a moment after the process was reaped.
    for (int attempts = 0; !path_.empty() && attempts < 1000; ++attempts) {
        if (rmdir(path_.c_str()) == 0 || errno != EBUSY)
            path_.clear();
        else
            usleep(1000);
    }
}

} // namespace support
