// SPDX-License-Identifier: MIT
// The probe layer: which paths this kernel and sandbox has, and which one to take.
#ifndef PIDFD_UTIL_LIB_PROBE_HPP
#define PIDFD_UTIL_LIB_PROBE_HPP

#include "answer.hpp"
#include "identify.hpp"

#include <pidfd_util/answer_path.hpp>
#include <pidfd_util/feature_kinds.hpp>

namespace pidfd_util::probe {

/// Tries the feature out on the calling process, without side effects. Answers an errno only where
/// it could not be tried.
int try_out(feature f, availability& result) noexcept;

/// 0 where the calling process has the feature; EOPNOTSUPP or ERFKILL where it has not; or why it
/// could not be tried out.
int require(feature f) noexcept;

/// Whether the kernel, or what poses as one, is known not to have the feature. That does not change,
/// and is worth remembering. That a feature is there, or forbidden, is not: a sandbox may come later,
/// and may be one thread's alone.
bool known_missing(feature f) noexcept;

/// Called where the feature failed on a good pidfd: finds out whether it fails on the calling
/// process too, twice, and remembers it then.
void learn_missing(feature f) noexcept;

/// A path: its name, and how it is asked. The function answers as answer.hpp says.
template <class Ask>
struct path {
    answer_path name;
    Ask ask;
};
template <class Ask>
path(answer_path, Ask) -> path<Ask>;

/// Whether it was not the process that made the path fail.
constexpr bool lacks_means(int error) noexcept {
    return error == EMFILE || error == ENFILE || error == EACCES || error == EBADMSG;
}

template <class Ask>
path_result ask(path<Ask>& p, answer_path* answered) noexcept {
    const path_result result = p.ask();
    const int error = result.error_or(EOPNOTSUPP);
    // That no parent can be seen is something to know of the process, too.
    if ((error == 0 || error == EADDRNOTAVAIL) && answered != nullptr)
        *answered = p.name;
    return result;
}

/// The answer of the best path, which needs the feature, or else that of the other.
template <class Best, class Other>
int choose(int fd, answer_path* answered, feature f, path<Best> best, path<Other> other) noexcept {
    if (answered != nullptr)
        *answered = answer_path::none;
    const bool skip = known_missing(f);
    path_result first = EOPNOTSUPP;
    if (!skip) {
        first = ask(best, answered);
        if (is_answer(first))
            return first.error_or(EOPNOTSUPP);
        // What is no pidfd has no path, and must not teach that the path is missing.
        if (const int error = identify::fault_of(fd); error != 0)
            return error;
        if (!first.is_undecided())
            learn_missing(f);
    }
    const int second = ask(other, answered).error_or(EOPNOTSUPP);
    if (is_answer(second) && !(skip && lacks_means(second)))
        return second;
    if (skip) {
        // What poses as an older kernel can be one thread's filter: it need not hold here.
        first = ask(best, answered);
        if (is_answer(first))
            return first.error_or(EOPNOTSUPP);
        if (const int error = identify::fault_of(fd); error != 0)
            return error;
        if (is_answer(second))
            return second;
    }
    return first.error_or(EOPNOTSUPP) == ERFKILL || second == ERFKILL ? ERFKILL : EOPNOTSUPP;
}

} // namespace pidfd_util::probe

#endif
