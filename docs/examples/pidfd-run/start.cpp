// SPDX-License-Identifier: MIT
#include "start.hpp"

#include "../tool-parts/text.hpp"
#include "messages.hpp"

#include <pidfd_util/spawn.hpp>

using namespace pidfd_util;

namespace {

/// Returns the option that asks for a step; null if it needs none.
const char* option_of(spawn_step step) {
    switch (step) {
    case spawn_step::clone:
        return "--namespaces, --cgroup or --new-cgroup";
    case spawn_step::enter_namespaces:
        return "--enter";
    case spawn_step::limits:
        return "--limit";
    case spawn_step::priority:
        return "--nice";
    case spawn_step::cpus:
        return "--cpus";
    case spawn_step::umask:
        return "--umask";
    case spawn_step::groups:
        return "--groups";
    case spawn_step::gid:
        return "--group";
    case spawn_step::uid:
        return "--user";
    case spawn_step::directory:
        return "--directory";
    case spawn_step::no_new_privs:
        return "--no-new-privs";
    case spawn_step::parent_death:
        return "--die-with-parent";
    default:
        return nullptr;
    }
}

int explain(const arguments& args, const std::error_code& error, spawn_step step) {
    const std::string name = shell_word(args.command[0]);
    if (step != spawn_step::exec) {
        const char* option = option_of(step);
        return complain(exit_failed, "cannot start " + name + ", step " + to_string(step) +
                                         (option ? " (" + std::string(option) + ")" : "") + ": " +
                                         error.message());
    }
    const bool missing = error == std::errc::no_such_file_or_directory;
    return complain(missing ? exit_not_found : exit_cannot_run,
                    "cannot run " + name + ": " + error.message());
}

} // namespace

std::optional<child> start(arguments& args, const incoming_signals& signals,
                           const job_cgroup& group, int& code) {
    spawn_options options;
    args.settings.apply(options);
    signals.restore_for_command(options);
    options.search_path = true;
    options.run_scripts_by_shell = true;
    options.close_other_fds = false; // the caller may have opened them for the command
    if (group)
        options.cgroup = group.view().fd();
    spawn_step step{};
    auto command = spawn(args.command[0], args.command, options, &step);
    if (command)
        return std::move(*command);
    code = explain(args, command.error(), step);
    return std::nullopt;
}
