// SPDX-License-Identifier: MIT
// The callers that were here before, also before this server was restarted.
#ifndef PIDFD_WHO_KNOWN_HPP
#define PIDFD_WHO_KNOWN_HPP

#include <pidfd_util/pidfd_util.hpp>

#include <set>
#include <string>

/// A set of process ids, and a file with one id on each line. A pid in their place would be that of
/// another process after a while.
class known_callers {
public:
    /// Reads the file, if there is one, and forgets the ids of other boots and of processes that have
    /// ended. Returns why the file cannot be used, or an empty text.
    std::string load(const char* file);

    [[nodiscard]] bool contains(const pidfd_util::process_id& id) const {
        return ids_.count(id) != 0;
    }

    /// Adds an id, and writes the file if there is one. On failure, the id is still remembered until
    /// the server ends.
    pidfd_util::expected<void> add(const pidfd_util::process_id& id);

private:
    [[nodiscard]] pidfd_util::expected<void> save() const;
    void forget_ended();

    std::string file_; // empty: none
    std::set<pidfd_util::process_id> ids_;
};

#endif
