// SPDX-License-Identifier: MIT
// The options that change how the command starts.
#ifndef PIDFD_RUN_SETTINGS_HPP
#define PIDFD_RUN_SETTINGS_HPP

#include "../tool-parts/names.hpp"

#include <pidfd_util/pidfd.hpp>
#include <pidfd_util/spawn_options.hpp>

#include <optional>
#include <string>
#include <vector>

class start_settings {
public:
    /// Set one option from its value. Return what is wrong with the value; empty if nothing is.
    std::string user(const char* value);
    std::string group(const char* value);
    std::string groups(const char* value);
    std::string directory(const char* value);
    std::string variable(const char* value);
    std::string unset_variable(const char* value);
    std::string clear_variables(const char* value);
    std::string limit(const char* value);
    std::string nice(const char* value);
    std::string cpus(const char* value);
    std::string umask(const char* value);
    std::string no_new_privs(const char* value);
    std::string die_with_parent(const char* value);
    std::string namespaces(const char* value);
    std::string enter(const char* value);

    /// Returns why the options cannot be used together; empty if they can.
    [[nodiscard]] std::string contradiction() const;

    /// Sets the options of `spawn`, which refer to this object.
    void apply(pidfd_util::spawn_options& options);

private:
    void remove_variable(const std::string& name);
    /// The environment is the caller's until an option changes it.
    void copy_environment();

    pidfd_util::spawn_options options_;
    /// The group and the groups of this user are used if no others are set.
    std::optional<account> account_;
    std::optional<std::vector<gid_t>> groups_;
    std::optional<std::vector<std::string>> environment_;
    std::vector<const char*> environment_pointers_;
    std::vector<pidfd_util::resource_limit> limits_;
    std::vector<int> cpus_;
    pidfd_util::pidfd entered_;
};

struct setting_option {
    const char* name;
    bool has_value;
    std::string (start_settings::*set)(const char* value);
};

inline constexpr setting_option setting_options[] = {
    {"user", true, &start_settings::user},
    {"group", true, &start_settings::group},
    {"groups", true, &start_settings::groups},
    {"directory", true, &start_settings::directory},
    {"env", true, &start_settings::variable},
    {"unset-env", true, &start_settings::unset_variable},
    {"clear-env", false, &start_settings::clear_variables},
    {"limit", true, &start_settings::limit},
    {"nice", true, &start_settings::nice},
    {"cpus", true, &start_settings::cpus},
    {"umask", true, &start_settings::umask},
    {"no-new-privs", false, &start_settings::no_new_privs},
    {"die-with-parent", false, &start_settings::die_with_parent},
    {"namespaces", true, &start_settings::namespaces},
    {"enter", true, &start_settings::enter},
};

#endif
