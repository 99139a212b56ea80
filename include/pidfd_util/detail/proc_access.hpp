// SPDX-License-Identifier: MIT
// The implementation of `access_proc`. If the callback returns an `expected`, the result is not
// nested in another one.
#ifndef PIDFD_UTIL_DETAIL_PROC_ACCESS_HPP
#define PIDFD_UTIL_DETAIL_PROC_ACCESS_HPP

#include <pidfd_util/detail/result.hpp>

#include <type_traits>
#include <utility>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {
namespace detail {

template <class T>
struct flattened {
    using type = expected<T>;
};
template <class T>
struct flattened<expected<T>> {
    using type = expected<T>;
};

template <class F>
using proc_result = typename flattened<std::decay_t<std::invoke_result_t<F, int>>>::type;

template <class F, class Check>
proc_result<F> call_with_dir(F&& f, int dir, Check same_process) {
    if constexpr (std::is_void_v<std::invoke_result_t<F, int>>) {
        std::forward<F>(f)(dir);
        return result(same_process());
    } else {
        proc_result<F> value = std::forward<F>(f)(dir);
        if (const int error = same_process(); error != 0)
            return failure(error);
        return value;
    }
}

} // namespace detail
} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
