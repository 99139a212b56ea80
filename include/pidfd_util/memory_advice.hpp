// SPDX-License-Identifier: MIT
// Advice to the kernel about the memory of a process.
#ifndef PIDFD_UTIL_MEMORY_ADVICE_HPP
#define PIDFD_UTIL_MEMORY_ADVICE_HPP

#include <pidfd_util/detail/names.hpp>

namespace pidfd_util {

/// Advice that process_madvise(2) accepts about another process. The values are those of madvise(2).
enum class memory_advice : int {
    will_need = 3, ///< MADV_WILLNEED: read the pages in. Linux 5.13
    cold = 20,     ///< MADV_COLD: reclaim the pages before others when memory is short. Linux 5.10
    page_out = 21, ///< MADV_PAGEOUT: write the pages out, and reclaim them now. Linux 5.10
    collapse = 25, ///< MADV_COLLAPSE: make huge pages of them. Linux 6.1
};

namespace names {

inline constexpr row<memory_advice> memory_advices[] = {
    {memory_advice::will_need, "will_need"},
    {memory_advice::cold, "cold"},
    {memory_advice::page_out, "page_out"},
    {memory_advice::collapse, "collapse"},
};

} // namespace names

/// Returns the name of the enumerator.
[[nodiscard]] constexpr const char* to_string(memory_advice a) noexcept {
    return names::name_of(names::memory_advices, a);
}

} // namespace pidfd_util

#endif
