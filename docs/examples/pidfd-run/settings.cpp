// SPDX-License-Identifier: MIT
#include "settings.hpp"

#include "../tool-parts/number.hpp"
#include "../tool-parts/target.hpp"
#include "../tool-parts/text.hpp"
#include "words.hpp"

#include <algorithm>
#include <string_view>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;

namespace {

std::string is_not(std::string_view value, const std::string& expected) {
    return shell_word(value) + " is not " + expected;
}

/// Returns the name of a variable NAME=VALUE.
std::string name_of(const std::string& variable) {
    return variable.substr(0, variable.find('='));
}

bool has(namespace_flags set, namespace_flags flag) {
    return (set & flag) != namespace_flags::none;
}

} // namespace

std::string start_settings::user(const char* value) {
    account_ = find_account(value);
    return account_ ? "" : is_not(value, "a user");
}

std::string start_settings::group(const char* value) {
    const auto found = find_group(value);
    if (!found)
        return is_not(value, "a group");
    options_.gid = *found;
    return {};
}

std::string start_settings::groups(const char* value) {
    groups_.emplace();
    for (const std::string& name : split_list(value)) {
        const auto found = find_group(name);
        if (!found)
            return is_not(name, "a group");
        groups_->push_back(*found);
    }
    return {};
}

std::string start_settings::directory(const char* value) {
    options_.directory = value;
    return {};
}

void start_settings::copy_environment() {
    if (environment_)
        return;
    environment_.emplace();
    for (char** variable = environ; *variable != nullptr; ++variable)
        environment_->emplace_back(*variable);
}

void start_settings::remove_variable(const std::string& name) {
    copy_environment();
    environment_->erase(std::remove_if(environment_->begin(), environment_->end(),
                                       [&](const std::string& v) { return name_of(v) == name; }),
                        environment_->end());
}

std::string start_settings::variable(const char* value) {
    const std::string text = value;
    if (text.find('=') == 0 || text.find('=') == std::string::npos)
        return is_not(value, "a variable: NAME=VALUE");
    remove_variable(name_of(text));
    environment_->push_back(text);
    return {};
}

std::string start_settings::unset_variable(const char* value) {
    if (*value == '\0' || std::string(value).find('=') != std::string::npos)
        return is_not(value, "the name of a variable");
    remove_variable(value);
    return {};
}

std::string start_settings::clear_variables(const char*) {
    environment_.emplace();
    return {};
}

std::string start_settings::limit(const char* value) {
    const auto found = parse_limit(value);
    if (!found)
        return is_not(value, "a limit: RESOURCE=SOFT:HARD such as nofile=1024:4096 or core=0");
    limits_.push_back(*found);
    return {};
}

std::string start_settings::nice(const char* value) {
    const auto found = parse_number<int>(value);
    if (!found || *found < -20 || *found > 19)
        return is_not(value, "a nice value from -20 to 19");
    options_.priority = *found;
    return {};
}

std::string start_settings::cpus(const char* value) {
    auto found = parse_cpus(value);
    if (!found)
        return is_not(value, "a list of CPUs such as 0,2-5");
    cpus_ = std::move(*found);
    return {};
}

std::string start_settings::umask(const char* value) {
    const auto found = parse_number<mode_t>(value, 8);
    if (!found || *found > 0777)
        return is_not(value, "an octal mask from 0 to 777");
    options_.umask = *found;
    return {};
}

std::string start_settings::no_new_privs(const char*) {
    options_.no_new_privs = true;
    return {};
}

std::string start_settings::die_with_parent(const char*) {
    options_.die_with_parent = true;
    return {};
}

std::string start_settings::namespaces(const char* value) {
    const auto names = split_list(value);
    for (const std::string& name : names) {
        const auto flag = parse_namespace(name);
        if (!flag || *flag == namespace_flags::time)
            return is_not(name, "one of cgroup, ipc, mnt, net, pid, user, uts");
        options_.new_namespaces |= *flag;
    }
    return names.empty() ? is_not(value, "a list of namespaces such as net,uts") : "";
}

std::string start_settings::enter(const char* value) {
    auto names = split_list(value);
    const auto target = names.empty() ? std::nullopt : parse_process_name(names[0]);
    if (!target)
        return is_not(value, "PROCESS or PROCESS,NAMESPACE... such as 4711,net,uts");
    auto process = open_process(*target);
    if (!process)
        return names[0] + ": " + why_not_opened(process.error());
    entered_ = std::move(*process);
    names.erase(names.begin());
    if (names.empty())
        names = {"cgroup", "ipc", "mnt", "net", "uts"};
    options_.enter_namespaces = namespace_flags::none;
    for (const std::string& name : names) {
        const auto flag = parse_namespace(name);
        if (!flag || *flag == namespace_flags::pid || *flag == namespace_flags::time)
            return is_not(name, "one of cgroup, ipc, mnt, net, user, uts");
        options_.enter_namespaces |= *flag;
    }
    return {};
}

std::string start_settings::contradiction() const {
    if (account_ && !account_->gid && (!options_.gid.has_value() || !groups_))
        return "the system does not know this user: --user also needs --group and --groups";
    const bool sets_ids = account_ || options_.gid.has_value() || groups_;
    if (sets_ids && has(options_.new_namespaces, namespace_flags::user))
        return "a new user namespace has no ids: --user, --group and --groups have no meaning "
               "there";
    if ((options_.new_namespaces & options_.enter_namespaces) != namespace_flags::none)
        return "--enter and --namespaces name the same namespace";
    return {};
}

void start_settings::apply(spawn_options& options) {
    options = options_;
    if (account_) {
        options.uid = account_->uid;
        if (account_->gid && !options_.gid.has_value())
            options.gid = *account_->gid;
        options.groups = account_->groups;
    }
    if (groups_)
        options.groups = *groups_;
    options.limits = limits_;
    options.cpus = cpus_;
    if (entered_)
        options.enter_process = entered_.fd();
    if (!environment_)
        return;
    environment_pointers_.clear();
    for (const std::string& variable : *environment_)
        environment_pointers_.push_back(variable.c_str());
    environment_pointers_.push_back(nullptr);
    options.environment = environment_pointers_.data();
}
