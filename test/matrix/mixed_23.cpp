// SPDX-License-Identifier: MIT
#include "mixed.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <expected>
#include <type_traits>

using namespace pidfd_util;

static_assert(std::is_same_v<expected<int>, std::expected<int, std::error_code>>);

facts ask_23(int fd) {
    const pidfd_view view(fd);
    facts result{view.get_info().value_or(process_info{}), {}, view.wait().error()};
    if (auto ns = view.get_namespace(namespace_type::mnt))
        result.fd = std::move(*ns);
    return result;
}
