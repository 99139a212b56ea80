// SPDX-License-Identifier: MIT
// Who a caller is, and whether its request may be granted. Everything is asked through its pidfd.
#ifndef PIDFD_WHO_CALLERS_HPP
#define PIDFD_WHO_CALLERS_HPP

#include <pidfd_util/pidfd_util.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// The process that connected, or why it is not known.
using connected = pidfd_util::expected<pidfd_util::peer>;

/// What the pidfd of a caller shows now.
struct caller {
    pidfd_util::expected<pidfd_util::process_id> id;
    pidfd_util::expected<std::string> executable;
    pidfd_util::expected<std::uint64_t> cgroup;
    pidfd_util::expected<pidfd_util::credentials> ids;
};

/// Asks for all of it. If the peer is not known, all of it is unknown for the same reason.
caller look_at(const connected& peer);

/// Returns the caller's id, user, executable and cgroup as text that is safe for a terminal, with "-"
/// for what is not known.
std::string describe(const connected& peer, const caller& found);

/// Why a request is refused; empty if it is not.
using refusal = std::optional<std::string>;

/// Returns whether the user that connected is allowed.
bool is_allowed(const connected& peer, const std::vector<uid_t>& allowed);

/// Refuses a message that another process than the peer sent: the peer may have passed the socket on.
refusal check_sender(const connected& peer, const pidfd_util::expected<pidfd_util::pidfd>& sender);

/// Refuses a peer that is not known, has ended, is not allowed, or has other ids than it had when it
/// connected.
refusal check_peer(const connected& peer, const caller& found, const std::vector<uid_t>& allowed);

#endif
