// SPDX-License-Identifier: MIT
// Choosing between the two paths of a query, at each call.
#ifndef PIDFD_UTIL_LIB_CHOOSE_CHOOSE_HPP
#define PIDFD_UTIL_LIB_CHOOSE_CHOOSE_HPP

#include "../kernel/explain.hpp"
#include "../paths/identify.hpp"
#include "../paths/info_ioctl.hpp"
#include "../paths/path_result.hpp"
#include "probe.hpp"

#include <pidfd_util/answer_path.hpp>

namespace pidfd_util::choose {

/// A path: its name, and a function that asks the kernel on it, stores the answer, and returns a
/// path_result or an int. The function has no state of its own, so that the fast path needs to prepare
/// nothing for the other one.
template <class Ask>
struct path {
    answer_path name;
    Ask ask;
};
template <class Ask>
path(answer_path, Ask) -> path<Ask>;

/// The subject of a query, and where its answer goes.
template <class T>
struct query {
    int fd;
    T& answer;
    answer_path* answered; // or null
};

/// Returns whether the caller lacked resources (fds, access to /proc), so that the failure says
/// nothing about the process.
[[nodiscard]] constexpr bool is_lack_of_resources(int error) noexcept {
    return error == EMFILE || error == ENFILE || error == EACCES || error == EBADMSG;
}

/// Asks on one path, and stores its name in `*answered` if it answers.
template <class T, class Ask>
[[gnu::always_inline]] inline path_result ask(query<T> q, path<Ask> p) noexcept {
    const path_result result = p.ask(q.fd, q.answer);
    const int error = result.error_or(EOPNOTSUPP);
    // That the process has no visible parent is an answer, too.
    if ((error == 0 || error == EADDRNOTAVAIL) && q.answered != nullptr)
        *q.answered = p.name;
    return result;
}

/// Combines the results of two paths if neither is an answer.
[[nodiscard]] constexpr int explain_no_answer(path_result best, path_result other) noexcept {
    return best.error_or(0) == ERFKILL || other.error_or(0) == ERFKILL ? ERFKILL : EOPNOTSUPP;
}

/// Asks on the other path after the best one did not answer, `first` being its result. Remembers if
/// the kernel lacks the feature.
template <class T, class Other>
[[nodiscard, gnu::noinline, gnu::cold]] int ask_other(query<T> q, feature f, path_result first,
                                                      path<Other> other) noexcept {
    // Every path fails on a non-pidfd: do not conclude that the kernel lacks this one.
    if (const int error = identify::fault_of(q.fd); error != 0)
        return error;
    if (!first.is_undecided())
        probe::learn_missing(f);
    const path_result second = ask(q, other);
    return is_answer(second) ? second.error_or(EOPNOTSUPP) : explain_no_answer(first, second);
}

/// Asks on the path that every kernel has, then on the best one, which may be missing only under
/// another thread's seccomp filter.
template <class T, class Best, class Other>
[[nodiscard, gnu::noinline]] int best_last(query<T> q, path<Best> best,
                                           path<Other> other) noexcept {
    const path_result first = ask(q, other);
    const int error = first.error_or(EOPNOTSUPP);
    if (is_answer(first) && !is_lack_of_resources(error))
        return error;
    const path_result second = ask(q, best);
    if (is_answer(second))
        return second.error_or(EOPNOTSUPP);
    if (const int fault = identify::fault_of(q.fd); fault != 0)
        return fault;
    return is_answer(first) ? error : explain_no_answer(second, first);
}

/// Returns the answer of the best path, which needs the feature, or of the other one. What a current
/// kernel executes is inline, and short.
template <class T, class Best, class Other>
[[nodiscard]] int between(query<T> q, feature f, path<Best> best, path<Other> other) noexcept {
    if (q.answered != nullptr)
        *q.answered = answer_path::none;
    if (probe::known_missing(f))
        return best_last(q, best, other);
    const path_result first = ask(q, best);
    return is_answer(first) ? first.error_or(EOPNOTSUPP) : ask_other(q, f, first, other);
}

/// Returns the answer from one field of PIDFD_GET_INFO, or that of the other path. `from_info` takes
/// the answer out of the structure, stores it, and returns 0 or an errno.
template <std::uint64_t field, class T, class FromInfo, class Other>
[[nodiscard]] int info_or(query<T> q, FromInfo from_info, path<Other> other) noexcept {
    const auto by_ioctl = [from_info](int fd, T& answer) {
        uapi::pidfd_info info;
        const path_result got = info_ioctl::get(fd, field, field, info);
        return got.error_or(EOPNOTSUPP) != 0 ? got : path_result(from_info(info, answer));
    };
    return between(q, feature::info_ioctl, path{answer_path::ioctl, by_ioctl}, other);
}

} // namespace pidfd_util::choose

#endif
