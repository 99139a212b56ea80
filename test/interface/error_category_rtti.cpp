// SPDX-License-Identifier: MIT
// The library does not use RTTI, but programs query the type of its categories. Boost.System from
// 1.76 on does so whenever it makes a `boost::system::error_code` of a `std::error_code`.
#include "support/catch.hpp"

#include <pidfd_util/error.hpp>

#include <typeinfo>

using namespace pidfd_util;

namespace {

class other_category : public std::error_category {};

} // namespace

TEST_CASE("a program can query the dynamic type of the categories") {
    for (const std::error_category* c : {&pidfd_category(), &pidfd_errc_category()}) {
        CHECK(dynamic_cast<const other_category*>(c) == nullptr);
        CHECK(typeid(*c) != typeid(other_category));
    }
}
