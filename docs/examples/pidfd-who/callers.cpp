// SPDX-License-Identifier: MIT
#include "callers.hpp"

#include "../tool-parts/names.hpp"
#include "../tool-parts/text.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_openat2 // headers before Linux 5.6
#define SYS_openat2 437
#endif

using namespace pidfd_util;

namespace {

unexpected last_error() {
    return unexpected(std::error_code(errno, pidfd_category()));
}

/// Opens the link `name` itself. Fails if something is mounted over it.
unique_fd open_link(int directory, const char* name) {
    constexpr std::uint64_t no_mounts = 1; // RESOLVE_NO_XDEV
    const std::uint64_t how[] = {O_PATH | O_NOFOLLOW | O_CLOEXEC, 0, no_mounts};
    return unique_fd(static_cast<int>(syscall(SYS_openat2, directory, name, how, sizeof how)));
}

expected<std::string> read_executable(int directory) {
    const unique_fd link = open_link(directory, "exe");
    if (!link)
        return last_error();
    std::string path(PATH_MAX, '\0');
    const ssize_t size = readlinkat(link.get(), "", path.data(), path.size());
    if (size < 0)
        return last_error();
    path.resize(static_cast<std::size_t>(size));
    return path;
}

constexpr char ended[] = "the caller has ended";

std::string explain(const std::string& unknown, const std::error_code& error) {
    return error == pidfd_errc::not_found ? ended : unknown + ": " + error.message();
}

std::string explain_unknown_peer(const std::error_code& error) {
    if (error == pidfd_errc::unsupported)
        return "the kernel does not show which process calls: Linux 6.5 is needed";
    return explain("the caller is not known", error);
}

/// A set-user-ID program that drops its rights for a while keeps them in a saved id.
bool runs_only_as(const credentials& now, const socket_credentials& then) {
    const auto same = [](auto id, auto... others) { return ((id == others) && ...); };
    return same(then.uid, now.ruid, now.euid, now.suid, now.fsuid) &&
           same(then.gid, now.rgid, now.egid, now.sgid, now.fsgid);
}

} // namespace

caller look_at(const connected& peer) {
    if (!peer) {
        const unexpected why(peer.error());
        return {why, why, why, why};
    }
    const pidfd& process = peer->process;
    caller found;
    found.id = process.get_process_id();
    found.executable = process.access_proc(read_executable);
    found.cgroup = process.get_cgroupid();
    found.ids = process.get_creds(); // last: the decision rests on them
    return found;
}

std::string describe(const connected& peer, const caller& found) {
    std::string user = "-";
    if (peer) {
        user = std::to_string(peer->creds.uid);
        if (const auto name = user_name(peer->creds.uid))
            user += " (" + shell_word(*name) + ")";
    }
    std::string text = "process ";
    text += found.id ? std::string(to_text(*found.id)) : "-";
    text += ", user " + user;
    text += ", executable " + (found.executable ? shell_word(*found.executable) : "-");
    text += ", cgroup " + (found.cgroup ? std::to_string(*found.cgroup) : "-");
    return text;
}

bool is_allowed(const connected& peer, const std::vector<uid_t>& allowed) {
    return peer && std::find(allowed.begin(), allowed.end(), peer->creds.uid) != allowed.end();
}

refusal check_sender(const connected& peer, const expected<pidfd>& sender) {
    if (!peer)
        return explain_unknown_peer(peer.error());
    const expected<bool> same =
        sender.and_then([&](const pidfd& process) { return same_process(peer->process, process); });
    if (!same && same.error() != pidfd_errc::not_found)
        return "the sender of the request is not known: " + same.error().message();
    // If the sender was reaped, it was not the caller; or the caller has ended too, which check_peer
    // finds out.
    if (!same || !*same)
        return "another process than the caller sent the request";
    return std::nullopt;
}

refusal check_peer(const connected& peer, const caller& found, const std::vector<uid_t>& allowed) {
    if (!peer)
        return explain_unknown_peer(peer.error());
    if (!is_allowed(peer, allowed))
        return "user " + std::to_string(peer->creds.uid) + " is not allowed";
    if (!found.ids)
        return explain("the caller's ids are not known", found.ids.error());
    if (!runs_only_as(*found.ids, peer->creds))
        return "the caller runs with other ids than it connected with";
    // Last: if it has not ended by now, the answers above are about a living process.
    const auto alive = peer->process.is_alive();
    if (!alive)
        return explain("the caller is not known", alive.error());
    return *alive ? std::nullopt : refusal(ended);
}
