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

std::string documented_name(const std::string& operation) {
    if (operation == "send_signal to the thread group")
        return "pidfd::send_signal(signal, scope)";
    const std::string function = operation.substr(0, operation.find(' '));
    const bool by_owner = operation.find("owner") != std::string::npos;
    for (const char* scope : {by_owner ? "child::" : "pidfd::", "pidfd_waits::", ""})
        if (tables().count(scope + function) != 0)
            return scope + function;
    return {};
}

bool is_documented(const std::string& name, int error, bool through_proc) {
    return has(name, error) || has("every operation", error) ||
           (through_proc && has("/proc", error));
}

} // namespace support
