// SPDX-License-Identifier: MIT
// Cgroups of the cgroup2 hierarchy, made for a test.
#ifndef PIDFD_UTIL_TEST_CGROUPS_HPP
#define PIDFD_UTIL_TEST_CGROUPS_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace support {

/// Where the hierarchy is mounted; empty if nowhere.
std::string cgroup2_mount();

/// The inode number of a directory; 0 if there is none.
std::uint64_t inode_of(const std::string& path);

/// What /proc and the mount say of a process's cgroup, which must be one that they show; 0 if it is
/// not.
std::uint64_t shown_cgroup(pid_t pid);

/// A cgroup, which is removed at the end of its scope; the processes in it must be reaped by then.
class cgroup {
public:
    /// Below the hierarchy's root or another cgroup. The name is made unique by the test's pid in
    /// its front. Empty where it may not be made.
    static std::optional<cgroup> make(const std::string& name);
    std::optional<cgroup> make_below(const std::string& name) const;

    cgroup(cgroup&& other) noexcept;
    cgroup& operator=(cgroup&&) = delete;
    ~cgroup() { remove(); }

    const std::string& path() const { return path_; } // of the directory
    std::string name() const;                         // the last part of it
    std::uint64_t id() const { return id_; }

    /// Writes to one of its files.
    bool write(const std::string& file, const std::string& text) const;
    /// Moves the process here; 0 moves the caller.
    bool add(pid_t pid) const { return write("cgroup.procs", std::to_string(pid)); }
    void remove();

private:
    cgroup(std::string path, std::uint64_t id);
    static std::optional<cgroup> make_at(const std::string& path);

    std::string path_;
    std::uint64_t id_;
};

} // namespace support

#endif
