// SPDX-License-Identifier: MIT
// A pidfd that can be compared, ordered and hashed, as the key of a map.
#ifndef PIDFD_UTIL_IDENTIFIED_PIDFD_HPP
#define PIDFD_UTIL_IDENTIFIED_PIDFD_HPP

#include <pidfd_util/pidfd.hpp>

#include <cstdint>
#include <utility>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {

/// A `pidfd` together with the id of its process, as the key of a map or of a set. Two objects are
/// equal if they refer to the same process, even if their file descriptors are different. A pidfd of
/// the first thread of a process is equal to one of the process, because the kernel gives both one
/// id. A container with the order `std::less<>` also finds a key by the id alone.
class [[nodiscard]] identified_pidfd {
public:
    /// Takes over a pidfd, and gets its id once. On failure, `process` keeps the pidfd.
    /// Linux 6.9. See pidfd_open(2).
    ///
    /// \errors as for `get_id`
    [[nodiscard]] static expected<identified_pidfd> make(pidfd&& process) noexcept {
        const auto id = process.get_id();
        if (!id)
            return unexpected(id.error());
        return identified_pidfd((std::move)(process), *id);
    }

    /// Returns the pidfd, which this object keeps.
    [[nodiscard]] const pidfd& process() const& noexcept { return process_; }
    /// Returns the pidfd, which this object gives away.
    [[nodiscard]] pidfd process() && noexcept { return (std::move)(process_); }
    /// Returns the inode number, as `get_id` does.
    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

    /// Returns whether both refer to the same process.
    [[nodiscard]] friend bool operator==(const identified_pidfd& a,
                                         const identified_pidfd& b) noexcept {
        return a.id_ == b.id_;
    }
    /// Returns whether they refer to different processes.
    [[nodiscard]] friend bool operator!=(const identified_pidfd& a,
                                         const identified_pidfd& b) noexcept {
        return a.id_ != b.id_;
    }
    /// Orders processes in the order in which the kernel assigned their ids.
    [[nodiscard]] friend bool operator<(const identified_pidfd& a,
                                        const identified_pidfd& b) noexcept {
        return a.id_ < b.id_;
    }
    /// Compares with an id.
    [[nodiscard]] friend bool operator<(const identified_pidfd& a, std::uint64_t b) noexcept {
        return a.id_ < b;
    }
    /// Compares with an id.
    [[nodiscard]] friend bool operator<(std::uint64_t a, const identified_pidfd& b) noexcept {
        return a < b.id_;
    }

private:
    identified_pidfd(pidfd&& process, std::uint64_t id) noexcept
        : process_((std::move)(process)), id_(id) {}

    pidfd process_;
    std::uint64_t id_;
};

} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

template <>
struct std::hash<pidfd_util::identified_pidfd> {
    /// Returns the hash.
    std::size_t operator()(const pidfd_util::identified_pidfd& p) const noexcept {
        return std::hash<std::uint64_t>()(p.id());
    }
};

#endif
