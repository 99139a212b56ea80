// SPDX-License-Identifier: MIT
// The choice between standalone Asio and Boost.Asio, and the differences between them.
#ifndef PIDFD_UTIL_DETAIL_ASIO_FLAVOUR_HPP
#define PIDFD_UTIL_DETAIL_ASIO_FLAVOUR_HPP

#if defined(PIDFD_UTIL_USE_STANDALONE_ASIO) && defined(PIDFD_UTIL_USE_BOOST_ASIO)
#error "define one of PIDFD_UTIL_USE_STANDALONE_ASIO and PIDFD_UTIL_USE_BOOST_ASIO, not both"
#elif !defined(PIDFD_UTIL_USE_BOOST_ASIO) && __has_include(<asio/version.hpp>)
#define PIDFD_UTIL_ASIO_IS_BOOST 0
#elif !defined(PIDFD_UTIL_USE_STANDALONE_ASIO) && __has_include(<boost/asio/version.hpp>)
#define PIDFD_UTIL_ASIO_IS_BOOST 1
#elif defined(PIDFD_UTIL_USE_STANDALONE_ASIO)
#error                                                                                             \
    "PIDFD_UTIL_USE_STANDALONE_ASIO is defined, but <asio.hpp> is not found (Debian: libasio-dev)"
#elif defined(PIDFD_UTIL_USE_BOOST_ASIO)
#error                                                                                             \
    "PIDFD_UTIL_USE_BOOST_ASIO is defined, but <boost/asio.hpp> is not found (Debian: libboost-dev)"
#else
#error                                                                                             \
    "pidfd_util/asio.hpp needs Asio: standalone (Debian: libasio-dev) or with Boost (Debian: libboost-dev)"
#endif

#if PIDFD_UTIL_ASIO_IS_BOOST
#include <boost/asio/compose.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/version.hpp>
#if BOOST_ASIO_VERSION >= 102700
#include <boost/asio/associated_immediate_executor.hpp>
#endif
#define PIDFD_UTIL_ASIO_VERSION BOOST_ASIO_VERSION
#define PIDFD_UTIL_ASIO_NAMESPACE with_boost_asio
#else
#include <asio/compose.hpp>
#include <asio/dispatch.hpp>
#include <asio/error.hpp>
#include <asio/execution_context.hpp>
#include <asio/posix/basic_stream_descriptor.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/version.hpp>
#if ASIO_VERSION >= 102700
#include <asio/associated_immediate_executor.hpp>
#endif
#define PIDFD_UTIL_ASIO_VERSION ASIO_VERSION
#define PIDFD_UTIL_ASIO_NAMESPACE with_standalone_asio
#endif

#if PIDFD_UTIL_ASIO_VERSION < 101800
#error "pidfd_util/asio.hpp needs Asio 1.18 or later, which is in Boost from 1.74 on"
#endif

#include <pidfd_util/error.hpp>
#include <pidfd_util/expected.hpp>

#include <string>
#include <system_error>
#include <type_traits>

namespace pidfd_util {
inline namespace PIDFD_UTIL_INLINE_NAMESPACE {
// Named after the choice, so that sources of both kinds may be linked into one program.
inline namespace PIDFD_UTIL_ASIO_NAMESPACE {

#if PIDFD_UTIL_ASIO_IS_BOOST

namespace asio_detail {

namespace net = ::boost::asio;
using asio_error = ::boost::system::error_code;

/// Whether Boost.System can hold a `std::error_code` unchanged: from version 1.76 on.
inline constexpr bool holds_std_error = std::is_constructible_v<asio_error, std::error_code>;

/// The counterpart of `pidfd_category()` for versions of Boost.System before that.
class boost_category final : public ::boost::system::error_category {
public:
    // Copies of the category are equal by this number: each shared object may have a copy of its
    // own.
    constexpr boost_category() noexcept
        : ::boost::system::error_category(0x70696466642d7574) {} // "pidfd-ut"
    const char* name() const noexcept override { return "pidfd"; }
    std::string message(int error) const override { return pidfd_category().message(error); }
    ::boost::system::error_condition default_error_condition(int error) const noexcept override {
        return {pidfd_category().default_error_condition(error).value(),
                ::boost::system::generic_category()};
    }
};

inline constexpr boost_category the_boost_category;

template <class Error = asio_error>
[[nodiscard]] Error to_asio(const std::error_code& error) noexcept {
    if constexpr (holds_std_error)
        return Error(error);
    else
        return Error(error.value(), the_boost_category);
}

template <class Error>
using if_needs_comparison =
    std::enable_if_t<std::is_same_v<Error, asio_error> && !holds_std_error, int>;

} // namespace asio_detail

// Comparisons of the `error_code` of a handler with a condition.

template <class Error, asio_detail::if_needs_comparison<Error> = 0>
[[nodiscard]] bool operator==(const Error& error, pidfd_errc meaning) noexcept {
    return error.category() == asio_detail::the_boost_category &&
           std::error_code(error.value(), pidfd_category()) == meaning;
}
template <class Error, asio_detail::if_needs_comparison<Error> = 0>
[[nodiscard]] bool operator==(pidfd_errc meaning, const Error& error) noexcept {
    return error == meaning;
}
template <class Error, asio_detail::if_needs_comparison<Error> = 0>
[[nodiscard]] bool operator!=(const Error& error, pidfd_errc meaning) noexcept {
    return !(error == meaning);
}
template <class Error, asio_detail::if_needs_comparison<Error> = 0>
[[nodiscard]] bool operator!=(pidfd_errc meaning, const Error& error) noexcept {
    return !(error == meaning);
}

#else

namespace asio_detail {

namespace net = ::asio;
using asio_error = std::error_code;

[[nodiscard]] inline asio_error to_asio(const std::error_code& error) noexcept {
    return error;
}

} // namespace asio_detail

#endif

} // namespace PIDFD_UTIL_ASIO_NAMESPACE
} // namespace PIDFD_UTIL_INLINE_NAMESPACE
} // namespace pidfd_util

#endif
