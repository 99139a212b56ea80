// SPDX-License-Identifier: MIT
// Trying out which features this kernel and this sandbox have, and remembering those that are
// missing.
#ifndef PIDFD_UTIL_LIB_CHOOSE_PROBE_HPP
#define PIDFD_UTIL_LIB_CHOOSE_PROBE_HPP

#include <pidfd_util/feature_kinds.hpp>

#include <atomic>
#include <cstdint>

namespace pidfd_util::probe {

/// The features that were found to be missing, one bit for each.
[[gnu::visibility("hidden")]] extern std::atomic<std::uint32_t> missing;
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

[[nodiscard]] constexpr std::uint32_t bit(feature f) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(f);
}

/// Tries the feature out on the calling process, without side effects. Returns an errno only if it
/// could not be tried.
[[nodiscard, gnu::cold]] int try_out(feature f, availability& result) noexcept;

/// Returns 0 if the feature is available, EOPNOTSUPP if it is missing, ERFKILL if it is forbidden,
/// or the errno with which it could not be tried.
[[nodiscard]] int require(feature f) noexcept;

/// Returns whether the feature was found to be missing, from the kernel or by a filter that
/// imitates an older one. Only this is remembered. Whether a feature is available or forbidden can
/// change, as a sandbox may be set up later, and for one thread alone.
[[nodiscard]] inline bool known_missing(feature f) noexcept {
    return (missing.load(std::memory_order_relaxed) & bit(f)) != 0;
}

/// Call it when the feature failed on a pidfd. Tries the feature on the calling process, twice, and
/// remembers if it is missing there too.
void learn_missing(feature f) noexcept;

} // namespace pidfd_util::probe

#endif
