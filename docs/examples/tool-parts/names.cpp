// SPDX-License-Identifier: MIT
#include "names.hpp"

#include "number.hpp"

#include <cerrno>
#include <grp.h>
#include <pwd.h>

namespace {

/// Calls `function`, such as getpwuid_r, with a growing buffer while it returns ERANGE. Returns the
/// result of `get` for the entry that was found.
template <class Entry, class Key, class Get>
auto look_up(Key key, int (*function)(Key, Entry*, char*, std::size_t, Entry**), Get get)
    -> std::optional<decltype(get(Entry()))> {
    constexpr std::size_t largest = 1 << 20; // a group may have many members
    Entry entry{};
    Entry* found = nullptr;
    std::string buffer(1024, '\0');
    int error = 0;
    while ((error = function(key, &entry, buffer.data(), buffer.size(), &found)) == ERANGE &&
           buffer.size() < largest)
        buffer.resize(2 * buffer.size());
    if (error != 0 || found == nullptr)
        return std::nullopt;
    return get(*found);
}

struct entry_of_user {
    std::string name;
    uid_t uid;
    gid_t gid;
};

entry_of_user copy(const passwd& user) {
    return {user.pw_name, user.pw_uid, user.pw_gid};
}

} // namespace

std::optional<id_t> parse_id(std::string_view text) {
    constexpr auto no_id = static_cast<id_t>(-1);
    const auto id = parse_number<id_t>(text);
    return id && *id != no_id ? id : std::nullopt;
}

std::optional<std::string> user_name(uid_t uid) {
    return look_up(uid, getpwuid_r, [](const passwd& user) { return std::string(user.pw_name); });
}

std::optional<std::string> group_name(gid_t gid) {
    return look_up(gid, getgrgid_r, [](const group& g) { return std::string(g.gr_name); });
}

std::optional<account> find_account(const std::string& text) {
    auto user = look_up(text.c_str(), getpwnam_r, copy);
    if (const auto id = parse_id(text); !user && id) {
        user = look_up(*id, getpwuid_r, copy);
        if (!user)
            return account{*id, std::nullopt, {}};
    }
    if (!user)
        return std::nullopt;
    account found{user->uid, user->gid, std::vector<gid_t>(64)};
    auto count = static_cast<int>(found.groups.size());
    while (getgrouplist(user->name.c_str(), user->gid, found.groups.data(), &count) < 0)
        found.groups.resize(static_cast<std::size_t>(count));
    found.groups.resize(static_cast<std::size_t>(count));
    return found;
}

std::optional<uid_t> find_user(const std::string& text) {
    const auto uid = look_up(text.c_str(), getpwnam_r, [](const passwd& u) { return u.pw_uid; });
    return uid ? uid : parse_id(text);
}

std::optional<gid_t> find_group(const std::string& text) {
    const auto gid = look_up(text.c_str(), getgrnam_r, [](const group& g) { return g.gr_gid; });
    return gid ? gid : parse_id(text);
}
