// SPDX-License-Identifier: MIT
// Asks the error categories for their type, as Boost.System does.
#include <pidfd_util/error.hpp>

#include <typeinfo>

namespace {

class other_category : public std::error_category {};

} // namespace

int main() {
    using namespace pidfd_util;
    for (const std::error_category* c : {&pidfd_category(), &pidfd_errc_category()})
        if (dynamic_cast<const other_category*>(c) != nullptr ||
            typeid(*c) == typeid(other_category))
            return 1;
    return 0;
}
