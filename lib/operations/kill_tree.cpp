// SPDX-License-Identifier: MIT
#include "../paths/identify.hpp"
#include "tree_kill.hpp"
#include "tree_members.hpp"
#include "tree_search.hpp"

#include <pidfd_util/abi_kill_tree.hpp>

namespace pidfd_util {

int abi::kill_tree(int fd, std::size_t& killed, std::int64_t deadline, void* where,
                   void (*store)(void*, std::size_t, int), std::size_t capacity) noexcept {
    tree_members members(capacity);
    tree_search search(members);
    if (const int error = search.begin(fd); error != 0) {
        members.resume();
        return identify::explain(fd, error);
    }
    int error = search.close(deadline);
    if (error == 0)
        error = tree_kill::kill_all(members, killed);
    if (error != 0)
        members.resume();
    else
        members.hand_over(where, store);
    return error;
}

} // namespace pidfd_util
