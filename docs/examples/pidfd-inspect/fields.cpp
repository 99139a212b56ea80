// SPDX-License-Identifier: MIT
#include "fields.hpp"

#include "../tool-parts/names.hpp"
#include "../tool-parts/text.hpp"
#include "../tool-parts/utc_time.hpp"
#include "formats.hpp"

#include <algorithm>
#include <utility>

using namespace pidfd_util;

namespace {

/// A value for people, and for scripts.
struct shown_value {
    std::string text;
    std::string plain;
};

shown_value both(const std::string& text) {
    return {text, text};
}

// No shell word is equal to one of them.
constexpr char nothing[] = "(none)"; // the process has no such thing
constexpr char no_answer[] = "-";

/// Shows an answer: its value with `show`, or the reason for its absence.
template <class T, class F>
cell show_answer(const answer<T>& a, F show) {
    if (!a.value)
        return {no_answer, a.value.error().message(), no_answer, a.value.error()};
    auto [text, plain] = show(*a.value);
    return {to_string(a.path), std::move(text), std::move(plain), {}};
}

template <class T, class F>
std::function<cell(const facts&)> showing(answer<T> facts::*member, F show) {
    return [member, show](const facts& f) { return show_answer(f.*member, show); };
}

template <class T>
shown_value number(T n) {
    return both(std::to_string(n));
}

shown_value word(std::string_view bytes) {
    return both(bytes == no_answer ? "'-'" : shell_word(bytes));
}

shown_value command_line(std::string_view line) {
    // A process that changes its title often leaves NULs at the end.
    line = line.substr(0, line.find_last_not_of('\0') + 1);
    std::string words;
    for_each_argument(line, [&](std::string_view argument) {
        (words += words.empty() ? "" : " ") += shell_word(argument);
    });
    return both(words.empty() ? nothing : words == no_answer ? "'-'" : words);
}

shown_value path(const path_name& name) {
    std::string text = shell_word(name.path);
    return {text + (name.removed ? ", which was removed" : ""), text};
}

shown_value executable(const std::optional<path_name>& name) {
    return name ? path(*name) : both(nothing);
}

shown_value alive(bool is) {
    return is ? both("yes") : shown_value{"no: it has ended", "no"};
}

template <class Name>
shown_value name(const Name& of) {
    return both(std::string(to_text(of)));
}

shown_value start(const start_time& at) {
    const auto since_boot = std::chrono::duration_cast<std::chrono::seconds>(at.since_boot);
    std::string wall = utc_time(at.wall);
    return {wall + ", " + std::to_string(since_boot.count()) + " s after boot", wall};
}

shown_value cpu_time(const process_usage& usage) {
    std::string sum = in_seconds(usage.user_time + usage.system_time);
    return {sum + " s: " + in_seconds(usage.user_time) + " s in user mode, " +
                in_seconds(usage.system_time) + " s in the kernel",
            sum};
}

shown_value resident_memory(const process_usage& usage) {
    if (!usage.memory)
        return both(nothing);
    const std::uint64_t bytes = usage.memory->resident;
    const char* const units[] = {"KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    std::uint64_t tenths = bytes * 10 / 1024;
    for (; tenths >= 10240 && unit + 1 < std::size(units); tenths /= 1024)
        ++unit;
    return {std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " " + units[unit],
            std::to_string(bytes)};
}

template <class Id>
std::string id_and_name(Id id, const std::optional<std::string>& name) {
    return std::to_string(id) + (name ? " (" + shell_word(*name) + ")" : "");
}

shown_value ids(uid_t uid, gid_t gid) {
    return {"uid " + id_and_name(uid, user_name(uid)) + ", gid " +
                id_and_name(gid, group_name(gid)),
            std::to_string(uid) + ":" + std::to_string(gid)};
}

shown_value name_space(const namespace_id& id) {
    const char* const whose = !id.own ? "" : *id.own ? ", the caller's own" : ", not the caller's";
    return {std::to_string(id.inode) + whose, std::to_string(id.inode)};
}

std::vector<field> make_fields() {
    std::vector<field> list = {
        {"comm", "comm", "comm", "the name of the process", showing(&facts::comm, word)},
        {"command_line", "command line", "command_line", "the arguments of the program",
         showing(&facts::command_line, command_line)},
        {"executable", "executable", "executable", "the path of the file that it executes",
         showing(&facts::executable, executable)},
        {"alive", "alive", "alive", "yes, or no if it has ended", showing(&facts::alive, alive)},
        {"state", "state", "state", "what the first thread is doing",
         showing(&facts::state, [](process_state s) { return both(to_string(s)); })},
        {"pid", "pid", "pid", "the pid", showing(&facts::pid, number<pid_t>)},
        {"tgid", "tgid", "tgid", "the id of the thread group",
         showing(&facts::tgid, number<pid_t>)},
        {"ppid", "ppid", "ppid", "the pid of the parent", showing(&facts::ppid, number<pid_t>)},
        {"id", "id", "id", "the inode number of the pidfd",
         showing(&facts::id, number<std::uint64_t>)},
        {"process_id", "process id", "process_id", "the name of the process for all time",
         showing(&facts::process_id, name<process_id>)},
        {"stamp", "stamp", "stamp", "the weaker name, for kernels before Linux 6.9",
         showing(&facts::stamp, name<process_stamp>)},
        {"start_time", "started", "start_time", "when it started, in UTC",
         showing(&facts::started, start)},
        {"threads", "threads", "threads", "the number of threads",
         showing(&facts::usage, [](const process_usage& u) { return number(u.threads); })},
        {"cpu_time", "cpu time", "cpu_time", "the CPU time, in seconds",
         showing(&facts::usage, cpu_time)},
        {"resident_memory", "resident memory", "resident_memory", "the resident memory, in bytes",
         showing(&facts::usage, resident_memory)},
        {"real_ids", "real ids", "credentials", "UID:GID, the real ids",
         showing(&facts::creds, [](const credentials& c) { return ids(c.ruid, c.rgid); })},
        {"effective_ids", "effective ids", "credentials", "UID:GID, the effective ids",
         showing(&facts::creds, [](const credentials& c) { return ids(c.euid, c.egid); })},
        {"saved_ids", "saved ids", "credentials", "UID:GID, the saved ids",
         showing(&facts::creds, [](const credentials& c) { return ids(c.suid, c.sgid); })},
        {"file_system_ids", "file system ids", "credentials",
         "UID:GID, the ids for access to files",
         showing(&facts::creds, [](const credentials& c) { return ids(c.fsuid, c.fsgid); })},
        {"cgroupid", "cgroup id", "cgroupid", "the id of the cgroup",
         showing(&facts::cgroupid, number<std::uint64_t>)},
        {"cgroup", "cgroup", "cgroup", "the path of the cgroup", showing(&facts::cgroup, path)},
    };
    for (std::size_t i = 0; i < std::size(all_namespace_types); ++i) {
        const std::string type = to_string(all_namespace_types[i]);
        list.push_back({"ns_" + type, "ns " + type, "namespaces",
                        "the inode number of the namespace " + type,
                        [i](const facts& f) { return show_answer(f.namespaces[i], name_space); }});
    }
    return list;
}

} // namespace

const std::vector<field>& all_fields() {
    static const std::vector<field> list = make_fields();
    return list;
}

const field* find_field(std::string_view name) {
    const auto& list = all_fields();
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const field& f) { return f.name == name; });
    return found != list.end() ? &*found : nullptr;
}
