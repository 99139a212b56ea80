// SPDX-License-Identifier: MIT
// Finding and stopping the processes of a tree.
#ifndef PIDFD_UTIL_LIB_OPERATIONS_TREE_SEARCH_HPP
#define PIDFD_UTIL_LIB_OPERATIONS_TREE_SEARCH_HPP

#include "../paths/procfs.hpp"
#include "../paths/visible_process.hpp"
#include "tree_members.hpp"

#include <cstddef>
#include <cstdint>

namespace pidfd_util {

class tree_search {
public:
    explicit tree_search(tree_members& members) noexcept : members_(members) {}

    /// Stops the first process. EINVAL: it is not one that can be killed like this. EDEADLK: it traces
    /// the calling thread.
    [[nodiscard]] int begin(int fd) noexcept;
    /// Finds and stops descendants, until there can be no others.
    [[nodiscard]] int close(std::int64_t deadline) noexcept;

private:
    [[nodiscard]] int check_root(const visible_process& process,
                                 process_stat::record& stat) noexcept;
    [[nodiscard]] int stop(std::size_t i, char state, std::uint64_t start) noexcept;
    [[nodiscard]] int stop_again(std::size_t i) noexcept;
    [[nodiscard]] int add_children(std::size_t of, bool& added) noexcept;
    [[nodiscard]] int add_child(const procfs::process& files, std::size_t of, pid_t number,
                                pid_t thread, bool& added) noexcept;
    [[nodiscard]] int look(std::size_t i, bool& lost) noexcept;
    [[nodiscard]] int look_at_threads(const procfs::process& files, std::size_t i) noexcept;
    [[nodiscard]] int look_at_all(bool& quiet) noexcept;
    [[nodiscard]] int list_all(bool& quiet) noexcept;
    [[nodiscard]] bool waits_for_stopped_child(const procfs::process& files, std::size_t i,
                                               pid_t thread) noexcept;

    tree_members& members_;
    pid_t tracer_ = 0;        // of the calling thread
    std::uint64_t begin_ = 0; // the clock ticks before the first SIGSTOP; 0: unknown
};

} // namespace pidfd_util

#endif
