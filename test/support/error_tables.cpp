// SPDX-License-Identifier: MIT
#include "error_tables.hpp"

#include <algorithm>
#include <cerrno>
#include <map>
#include <vector>

namespace support {

namespace {

constexpr int any_errno = -1;

const std::map<std::string, std::vector<int>>& tables() {
    static const std::map<std::string, std::vector<int>> all = {
#include "documented_errors.hpp"
    };
    return all;
}

bool has(const std::string& name, int error) {
    const auto found = tables().find(name);
    if (found == tables().end())
        return false;
    const std::vector<int>& named = found->second;
    return std::any_of(named.begin(), named.end(),
                       [error](int n) { return n == error || n == any_errno; });
}

} // namespace

std::string documented_name(const operation_row& o) {
    const std::string name = o.name;
    const std::string function = name.substr(0, name.find(' '));
    if (o.errors_title != nullptr)
        return o.errors_title;
    for (const char* scope :
         {o.kind == role::about_child ? "child::" : "pidfd::", "pidfd_waits::", ""})
        if (tables().count(scope + function) != 0)
            return scope + function;
    return {};
}

bool is_documented(const std::string& name, int error, bool through_proc) {
    if (name.rfind("cgroup::", 0) == 0)
        return has(name, error) || has("cgroup", error);
    return has(name, error) || has("every operation", error) ||
           (through_proc && has("/proc", error));
}

} // namespace support
