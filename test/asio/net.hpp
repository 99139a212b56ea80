// SPDX-License-Identifier: MIT
// The Asio that the test is compiled for, as `net`. The same tests are built for each.
#ifndef PIDFD_UTIL_TEST_NET_HPP
#define PIDFD_UTIL_TEST_NET_HPP

#include <pidfd_util/asio.hpp>

#if PIDFD_UTIL_ASIO_IS_BOOST
#include <boost/asio.hpp>
namespace net = boost::asio;
using net_error = boost::system::error_code;
using net_system_error = boost::system::system_error;
#else
#include <asio.hpp>
namespace net = asio;
using net_error = std::error_code;
using net_system_error = std::system_error;
#endif

#endif
