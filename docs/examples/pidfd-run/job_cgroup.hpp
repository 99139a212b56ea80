// SPDX-License-Identifier: MIT
// The cgroup of the job.
#ifndef PIDFD_RUN_JOB_CGROUP_HPP
#define PIDFD_RUN_JOB_CGROUP_HPP

#include <pidfd_util/cgroup.hpp>

#include <cstdint>
#include <optional>
#include <string>

/// The cgroup of the option --cgroup, or that of --new-cgroup, which is made and removed.
class job_cgroup {
public:
    job_cgroup() = default;
    job_cgroup(const job_cgroup&) = delete;
    job_cgroup& operator=(const job_cgroup&) = delete;
    /// Removes the cgroup that was made. Prints a message if processes are still in it.
    ~job_cgroup();

    /// Opens the cgroup with this directory, or makes one below that of this process. Return what is
    /// wrong; empty if nothing is.
    std::string open(const char* directory);
    std::string make();

    [[nodiscard]] pidfd_util::cgroup_view view() const { return pidfd_util::cgroup_view(group_); }
    [[nodiscard]] explicit operator bool() const { return static_cast<bool>(group_); }
    /// Returns the largest amount of memory, in bytes, that its processes have used together. Empty if
    /// the kernel does not count this: before Linux 5.19, or without the memory controller.
    [[nodiscard]] std::optional<std::uint64_t> peak_memory() const;

private:
    pidfd_util::cgroup parent_; // if the cgroup was made
    std::string parent_path_;
    std::string name_;
    pidfd_util::cgroup group_;
};

#endif
