// SPDX-License-Identifier: MIT
// Starts programs by Boost.Process, in the version with boost::process::child.
#include "starts.hpp"

// Boost.Process has vfork only for programs that ask for it.
#define BOOST_POSIX_HAS_VFORK 1
#include <boost/process/child.hpp>
#include <boost/process/error.hpp>
#include <boost/process/exe.hpp>
#include <boost/process/posix.hpp>
#include <boost/version.hpp>

#include <system_error>

namespace bench {

namespace {

namespace bp = boost::process;

std::string reap(bp::child& child, std::error_code error) {
    if (!error)
        child.wait(error);
    if (error)
        return error.message();
    return child.exit_code() == 0 ? std::string() : "the program failed";
}

std::string one() {
    std::error_code error;
    bp::child child(bp::exe = program, error);
    return reap(child, error);
}

std::string one_by_vfork() {
    std::error_code error;
    bp::child child(bp::exe = program, error, bp::posix::use_vfork);
    return reap(child, error);
}

} // namespace

void add_boost(all_ways& to) {
    to.one.push_back({"Boost.Process, use_vfork", leftover::nothing, time_one<one_by_vfork>});
    to.one.push_back({"Boost.Process", leftover::shared_pages, time_one<one>});
}

std::string boost_version() {
    return std::to_string(BOOST_VERSION / 100000) + '.' +
           std::to_string(BOOST_VERSION / 100 % 1000) + '.' + std::to_string(BOOST_VERSION % 100);
}

} // namespace bench
