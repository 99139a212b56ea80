// SPDX-License-Identifier: MIT
// Cgroups of the cgroup2 hierarchy, made for a test.
#ifndef PIDFD_UTIL_TEST_CGROUPS_HPP
#define PIDFD_UTIL_TEST_CGROUPS_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <unistd.h>

namespace support {

/// The reason for which a test is skipped.
inline constexpr const char* no_cgroup =
    "no cgroup2 hierarchy in which this user may make a cgroup";

/// Where the hierarchy is mounted; empty if nowhere.
std::string cgroup2_mount();

/// The inode number of a directory; 0 if there is none.
std::uint64_t inode_of(const std::string& path);

/// The id of a process's cgroup, from /proc and the mount; 0 if they do not show the cgroup.
std::uint64_t shown_cgroup(pid_t pid);

/// A cgroup that is removed at the end of its scope, but not when a forked child exits. The processes
/// in it must be reaped by then.
class test_cgroup {
public:
    /// Makes a cgroup below the hierarchy's root or another cgroup. The test's pid in front of the
    /// name makes it unique. Empty if the caller may not make it.
    static std::optional<test_cgroup> make(const std::string& name);
    std::optional<test_cgroup> make_below(const std::string& name) const;

    test_cgroup(test_cgroup&& other) noexcept;
    test_cgroup& operator=(test_cgroup&&) = delete;
    ~test_cgroup() {
        if (made_here())
            remove();
    }

    /// Whether the caller is the process that made the cgroup.
    bool made_here() const { return getpid() == maker_; }

    const std::string& path() const { return path_; } // of the directory
    std::string name() const;                         // the last part of it
    std::uint64_t id() const { return id_; }

    /// Writes to one of its files.
    bool write(const std::string& file, const std::string& text) const;
    /// Moves the process here; 0 moves the caller.
    bool add(pid_t pid) const { return write("cgroup.procs", std::to_string(pid)); }
    void remove();

private:
    test_cgroup(std::string path, std::uint64_t id);
    static std::optional<test_cgroup> make_at(const std::string& path);

    std::string path_;
    std::uint64_t id_;
    pid_t maker_ = getpid();
};

} // namespace support

#endif
