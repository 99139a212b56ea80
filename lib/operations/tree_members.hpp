// SPDX-License-Identifier: MIT
// The processes of a tree that kill_tree has found.
#ifndef PIDFD_UTIL_LIB_OPERATIONS_TREE_MEMBERS_HPP
#define PIDFD_UTIL_LIB_OPERATIONS_TREE_MEMBERS_HPP

#include "../kernel/local_array.hpp"
#include "../paths/process_stat.hpp"

#include <cstddef>
#include <sys/types.h>

namespace pidfd_util {

/// A process of the tree. The first one is the process that the caller has named.
struct tree_member {
    int fd;              // owned, except that of the first
    pid_t number;        // in this /proc; 0 once it was reaped
    std::size_t parent;  // the index of its parent
    pid_t parent_thread; // that had it when it was found; 0: unknown
    pid_t group;
    pid_t session;
    bool continues : 1; // if the call fails: the library has stopped it
    bool stopped : 1;   // all its threads are, or have exited
    bool ended : 1;
    bool has_executed : 1; // a program, since it was forked
    bool has_terminal : 1; // a controlling terminal
    bool adopted : 1;      // by another process or thread since it was found

    /// Takes what can change during the call.
    void update(const process_stat::record& stat) noexcept {
        group = stat.group;
        session = stat.session;
        has_terminal = stat.has_terminal;
        has_executed = (stat.flags & process_stat::has_not_executed) == 0;
    }
};
static_assert(sizeof(tree_member) <= 32); // as kill_tree.hpp says

/// Children come after their parents, unless they were adopted.
class tree_members {
public:
    /// `capacity` descendants.
    explicit tree_members(std::size_t capacity) noexcept : capacity_(capacity) {}
    ~tree_members();
    tree_members(const tree_members&) = delete;
    tree_members& operator=(const tree_members&) = delete;

    /// Call it once, before anything else. ENOMEM, EAGAIN: there is not enough memory.
    [[nodiscard]] int make() noexcept;

    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    [[nodiscard]] bool full() const noexcept { return count_ > capacity_; }
    [[nodiscard]] tree_member& at(std::size_t i) noexcept { return members_.get()[i]; }
    /// Adds a process to members that are not full, and returns it.
    tree_member& add(int fd, pid_t number, const process_stat::record& stat) noexcept;

    /// Sends a signal. `sent` is not set if the process was reaped.
    [[nodiscard]] int signal(std::size_t i, int signal, bool& sent) noexcept;
    /// Continues the processes that the library has stopped.
    void resume() noexcept;
    /// Gives the descendants away.
    void hand_over(void* where, void (*store)(void*, std::size_t, int)) noexcept;

private:
    local_array<tree_member, 32> members_;
    std::size_t capacity_;
    std::size_t count_ = 0;
};

} // namespace pidfd_util

#endif
