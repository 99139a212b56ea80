// SPDX-License-Identifier: MIT
#include "tree_kill.hpp"

#include <csignal>

namespace pidfd_util::tree_kill {

namespace {

/// Returns whether the end of this member can leave a process group without a parent in its session,
/// which makes the kernel continue the stopped processes of the group.
bool links_group(tree_members& members, std::size_t i) noexcept {
    const auto links = [](const tree_member& child, const tree_member& parent) {
        return child.group != parent.group && child.session == parent.session;
    };
    if (i == 0 || links(members.at(i), members.at(members.at(i).parent)))
        return true;
    for (std::size_t child = 1; child < members.count(); ++child)
        if (members.at(child).parent == i && links(members.at(child), members.at(i)))
            return true;
    return false;
}

/// A member that was in execve when it got SIGSTOP may have changed its user id after that. None can
/// any more.
int check_rights(tree_members& members) noexcept {
    for (std::size_t i = 0; i < members.count(); ++i) {
        bool sent = false;
        if (members.at(i).ended)
            continue;
        if (const int error = members.signal(i, 0, sent); error != 0)
            return error;
    }
    return 0;
}

bool is_first_of_session(tree_members& members, std::size_t i) noexcept {
    for (std::size_t before = 0; before < i; ++before)
        if (members.at(before).session == members.at(i).session)
            return false;
    return true;
}

struct progress {
    int failed;
    std::size_t killed;
};

/// Kills the members of one session, the first of which is given. The end of a process can continue
/// the groups of its session: so those that connect a group with the session come last, and children
/// before their parents.
void kill_session(tree_members& members, std::size_t first, progress& p) noexcept {
    const pid_t session = members.at(first).session;
    for (const bool links : {false, true})
        for (std::size_t i = members.count(); i-- > first;) {
            if (members.at(i).ended || members.at(i).session != session ||
                links_group(members, i) != links)
                continue;
            bool sent = false;
            const int error = members.signal(i, SIGKILL, sent);
            p.killed += sent ? 1 : 0;
            if (p.failed == 0)
                p.failed = error;
        }
}

} // namespace

int kill_all(tree_members& members, std::size_t& killed) noexcept {
    if (const int error = check_rights(members); error != 0)
        return error;
    // A member that the kernel continues could make another child before it is killed. The end of the
    // process that holds the master of a pseudo-terminal continues the leader of the session that the
    // terminal controls. Usually the leader is a child of that process, or a sibling, and the process
    // has no terminal.
    progress p{};
    for (const bool has_terminal : {true, false})
        for (std::size_t i = members.count(); i-- > 0;)
            if (members.at(i).has_terminal == has_terminal && is_first_of_session(members, i))
                kill_session(members, i, p);
    killed = p.killed;
    return p.failed;
}

} // namespace pidfd_util::tree_kill
