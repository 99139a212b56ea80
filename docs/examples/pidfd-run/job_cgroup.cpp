// SPDX-License-Identifier: MIT
#include "job_cgroup.hpp"

#include "../tool-parts/number.hpp"
#include "../tool-parts/text.hpp"
#include "messages.hpp"

#include <pidfd_util/pidfd.hpp>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <string_view>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;

namespace {

/// Returns the directory of a cgroup, whose path is that of /proc/PID/cgroup. Empty if the hierarchy,
/// or this part of it, is mounted nowhere.
std::string directory_of(std::string_view path) {
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
        if (line.find(" - cgroup2 ") == std::string::npos)
            continue;
        std::istringstream fields(line);
        std::string skipped, root, point;
        fields >> skipped >> skipped >> skipped >> root >> point;
        if (root == "/")
            root.clear();
        const bool is_below = path.substr(0, root.size()) == root &&
                              (path.size() == root.size() || path[root.size()] == '/');
        if (is_below)
            return point + std::string(path.substr(root.size()));
    }
    return {};
}

} // namespace

job_cgroup::~job_cgroup() {
    if (!parent_)
        return;
    group_.reset();
    if (const auto done = parent_.remove(name_.c_str()); !done)
        say("the cgroup " + shell_word(parent_path_ + "/" + name_) +
            " was not removed: " + done.error().message());
}

std::string job_cgroup::open(const char* directory) {
    auto opened = cgroup::open(directory);
    if (!opened)
        return opened.error() == pidfd_errc::not_a_cgroup
                   ? shell_word(directory) + " is not a cgroup2 directory"
                   : "cannot open the cgroup " + shell_word(directory) + ": " +
                         opened.error().message();
    group_ = std::move(*opened);
    return {};
}

std::string job_cgroup::make() {
    std::array<char, 4096> buffer{};
    const auto self = pidfd::from_pid(getpid());
    if (!self)
        return "cannot find the cgroup of pidfd-run: " + self.error().message();
    const auto own = self->get_cgroup_path(buffer);
    if (!own)
        return "cannot find the cgroup of pidfd-run: " + own.error().message();
    parent_path_ = directory_of(own->path);
    if (parent_path_.empty())
        return "cannot make a cgroup: the cgroup2 hierarchy is not mounted";
    while (parent_path_.size() > 1 && parent_path_.back() == '/')
        parent_path_.pop_back();
    auto parent = cgroup::open(parent_path_.c_str());
    if (!parent)
        return "cannot open the cgroup " + shell_word(parent_path_) + ": " +
               parent.error().message();
    for (int i = 0;; ++i) {
        name_ = "pidfd-run-" + std::to_string(getpid()) + "-" + std::to_string(i);
        auto made = parent->create(name_.c_str());
        if (made) {
            group_ = std::move(*made);
            parent_ = std::move(*parent);
            return {};
        }
        // A former process with this pid may have left one behind.
        if (made.error() != std::errc::file_exists)
            return "cannot make a cgroup below " + shell_word(parent_path_) + ": " +
                   made.error().message();
    }
}

std::optional<std::uint64_t> job_cgroup::peak_memory() const {
    const unique_fd file(openat(group_.fd(), "memory.peak", O_RDONLY | O_CLOEXEC));
    char text[32];
    const ssize_t size = file ? read(file.get(), text, sizeof text) : -1;
    if (size <= 0 || text[size - 1] != '\n')
        return std::nullopt;
    return parse_number<std::uint64_t>({text, static_cast<std::size_t>(size - 1)});
}
