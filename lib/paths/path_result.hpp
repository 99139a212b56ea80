// SPDX-License-Identifier: MIT
// The result of one path among several.
#ifndef PIDFD_UTIL_LIB_PATHS_PATH_RESULT_HPP
#define PIDFD_UTIL_LIB_PATHS_PATH_RESULT_HPP

#include "../kernel/explain.hpp"

#include <cerrno>

namespace pidfd_util {

/// Holds 0, an errno, or `ask_another`: this path exists, but cannot answer about this process.
/// `ask_another` has no number, so that it cannot leave the library as an errno. A path that always
/// decides returns an int.
class [[nodiscard]] path_result {
public:
    // cppcheck-suppress noExplicitConstructor
    constexpr path_result(int error) noexcept : error_(error) {}
    static constexpr path_result undecided() noexcept { return {no_errno}; }

    [[nodiscard]] constexpr bool is_undecided() const noexcept { return error_ == no_errno; }
    /// Returns 0 or the errno, and `otherwise` instead of `ask_another`.
    [[nodiscard]] constexpr int error_or(int otherwise) const noexcept {
        return is_undecided() ? otherwise : error_;
    }

private:
    static constexpr int no_errno = -1; // one register is enough for the result

    int error_;
};

inline constexpr path_result ask_another = path_result::undecided();

[[nodiscard]] constexpr bool is_answer(path_result result) noexcept {
    return is_answer(result.error_or(EOPNOTSUPP));
}

} // namespace pidfd_util

#endif
