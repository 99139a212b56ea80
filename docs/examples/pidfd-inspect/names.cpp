// SPDX-License-Identifier: MIT
#include "names.hpp"

#include <cerrno>
#include <grp.h>
#include <pwd.h>

namespace {

/// `look_up` is getpwuid_r or getgrgid_r: it says ERANGE until its buffer is large enough.
template <class Entry, class Id>
std::optional<std::string> name_of(Id id, int (*look_up)(Id, Entry*, char*, std::size_t, Entry**),
                                   char* Entry::*name) {
    constexpr std::size_t largest = 1 << 20; // a group may have many members
    Entry entry{};
    Entry* found = nullptr;
    std::string buffer(1024, '\0');
    int error = 0;
    while ((error = look_up(id, &entry, buffer.data(), buffer.size(), &found)) == ERANGE &&
           buffer.size() < largest)
        buffer.resize(2 * buffer.size());
    if (error != 0 || found == nullptr)
        return std::nullopt;
    return found->*name;
}

} // namespace

std::optional<std::string> user_name(uid_t uid) {
    return name_of(uid, getpwuid_r, &passwd::pw_name);
}

std::optional<std::string> group_name(gid_t gid) {
    return name_of(gid, getgrgid_r, &group::gr_name);
}
