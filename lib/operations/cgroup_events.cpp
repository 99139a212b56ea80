// SPDX-License-Identifier: MIT
// The events of a cgroup: whether it is empty, and whether it is frozen.
#include "../kernel/sys.hpp"
#include "../paths/cgroup_directory.hpp"

#include <pidfd_util/abi_cgroup.hpp>
#include <pidfd_util/abi_types.hpp>

#include <cerrno>
#include <fcntl.h>
#include <poll.h>

namespace pidfd_util {

namespace {

using cgroup_directory::state;

bool shows_empty(const state& s) noexcept {
    return !s.populated;
}
bool shows_frozen(const state& s) noexcept {
    return s.frozen;
}

/// Reads the events until `holds` does, or the deadline has passed.
int wait_for_event(int dir, std::int64_t deadline, bool (*holds)(const state&) noexcept,
                   bool& held) noexcept {
    held = false;
    unique_fd events;
    if (const int error = cgroup_directory::open_control(dir, "cgroup.events", O_RDONLY, events);
        error != 0)
        return error;
    for (;;) {
        // First the read: poll reports what has changed since.
        state now{};
        if (const int error = cgroup_directory::read_events(events.get(), now); error != 0)
            return error;
        held = holds(now);
        std::int64_t left = 0;
        if (held)
            return 0;
        if (const int error = sys::time_until(deadline, left); error != 0 || left == 0)
            return error;
        struct pollfd change {
            events.get(), POLLPRI, 0
        };
        std::size_t ready = 0;
        if (const int error = sys::poll(&change, 1, deadline, ready); error != 0)
            return error;
    }
}

/// A cgroup that was removed is empty.
int empty_if_removed(int error, bool& empty) noexcept {
    if (error != ENODEV)
        return error;
    empty = true;
    return 0;
}

} // namespace

namespace abi {

int cgroup_set_frozen(int dir, bool frozen) noexcept {
    const int error = cgroup_directory::write_to(dir, "cgroup.freeze", frozen ? "1" : "0");
    // The kernel freezes a threaded cgroup, too.
    return error == cgroup_directory::threaded ? EOPNOTSUPP : error;
}

int cgroup_is_frozen(int dir, bool& frozen) noexcept {
    return cgroup_wait_frozen(dir, at_once, frozen);
}

int cgroup_is_empty(int dir, bool& empty) noexcept {
    return cgroup_wait_empty(dir, at_once, empty);
}

int cgroup_wait_empty(int dir, std::int64_t deadline, bool& empty) noexcept {
    return empty_if_removed(wait_for_event(dir, deadline, shows_empty, empty), empty);
}

int cgroup_wait_frozen(int dir, std::int64_t deadline, bool& frozen) noexcept {
    return wait_for_event(dir, deadline, shows_frozen, frozen);
}

int cgroup_open_events(int dir, int& events) noexcept {
    unique_fd file;
    const int error = cgroup_directory::open_control(dir, "cgroup.events", O_RDONLY, file);
    if (error == 0)
        events = file.release();
    return error;
}

} // namespace abi
} // namespace pidfd_util
