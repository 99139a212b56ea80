// SPDX-License-Identifier: MIT
#include "../tool-parts/names.hpp"
#include "../tool-parts/text.hpp"
#include "../tool-parts/utc_time.hpp"
#include "errors.hpp"
#include "formats.hpp"
#include "render.hpp"

#include <algorithm>

using namespace pidfd_util;

namespace {

/// Builds a JSON object.
class object {
public:
    /// Adds a member. `json` must be valid JSON.
    object& add(std::string_view name, std::string_view json) {
        members_ += members_.empty() ? "" : ", ";
        members_ += json_string(name);
        members_ += ": ";
        members_ += json;
        return *this;
    }

    [[nodiscard]] std::string text() const { return "{" + members_ + "}"; }

private:
    std::string members_;
};

template <class T>
std::string small_number(T n) {
    static_assert(sizeof n <= 4);
    return std::to_string(n);
}

/// Returns a number as a string. Many JSON readers store numbers as doubles, which are exact up to 2^53.
/// Smaller numbers are strings too, so that the type does not depend on the value.
std::string large_number(std::uint64_t n) {
    return json_string(std::to_string(n));
}

const char* boolean(bool b) {
    return b ? "true" : "false";
}

std::string show_error(const std::error_code& error) {
    object o;
    o.add("code", small_number(error.value()));
    o.add("name", json_string(error_name(error)));
    o.add("message", json_string(error.message()));
    return o.text();
}

object failure(const std::error_code& error) {
    return object().add("error", show_error(error));
}

template <class T, class F>
object fact(const answer<T>& a, F show) {
    if (!a.value)
        return failure(a.value.error());
    object o;
    o.add("value", show(*a.value));
    o.add("path", json_string(to_string(a.path)));
    return o;
}

/// Adds the bytes in hexadecimal if the text is not UTF-8, because JSON cannot represent it exactly.
template <class F>
object text_fact(const answer<std::string>& a, F show) {
    object o = fact(a, show);
    if (a.value && !is_utf8(*a.value))
        o.add("hex", json_string(hex(*a.value)));
    return o;
}

std::string show_command_line(std::string_view line) {
    std::string array;
    for_each_argument(line, [&](std::string_view argument) {
        (array += array.empty() ? "" : ", ") += json_string(argument);
    });
    return "[" + array + "]";
}

std::string show_ids(uid_t uid, gid_t gid) {
    const auto user = user_name(uid);
    const auto group = group_name(gid);
    object o;
    o.add("uid", small_number(uid)).add("user", user ? json_string(*user) : "null");
    o.add("gid", small_number(gid)).add("group", group ? json_string(*group) : "null");
    return o.text();
}

std::string show_credentials(const credentials& c) {
    object o;
    o.add("real", show_ids(c.ruid, c.rgid)).add("effective", show_ids(c.euid, c.egid));
    o.add("saved", show_ids(c.suid, c.sgid)).add("file_system", show_ids(c.fsuid, c.fsgid));
    return o.text();
}

template <class Name>
std::string show_name(const Name& name) {
    return json_string(std::string(to_text(name)));
}

std::string show_start(const start_time& start) {
    object o;
    o.add("since_boot", large_number(static_cast<std::uint64_t>(start.since_boot.count())));
    o.add("wall", json_string(utc_time(start.wall)));
    return o.text();
}

std::string show_path(const path_name& name) {
    object o;
    o.add("path", json_string(name.path)).add("removed", boolean(name.removed));
    if (!is_utf8(name.path))
        o.add("hex", json_string(hex(name.path)));
    return o.text();
}

std::string show_executable(const std::optional<path_name>& name) {
    return name ? show_path(*name) : "null";
}

std::string show_threads(const process_usage& usage) {
    return small_number(usage.threads);
}

std::string show_cpu_time(const process_usage& usage) {
    object o;
    o.add("user", in_seconds(usage.user_time)).add("system", in_seconds(usage.system_time));
    return o.text();
}

/// Returns a number: no memory has 2^53 bytes.
std::string show_resident_memory(const process_usage& usage) {
    return usage.memory ? std::to_string(usage.memory->resident) : "null";
}

std::string show_state(process_state state) {
    return json_string(to_string(state));
}

std::string show_namespace(const namespace_id& id) {
    object o;
    o.add("inode", large_number(id.inode)).add("own", id.own ? boolean(*id.own) : "null");
    return o.text();
}

std::string show_namespaces(const facts& f) {
    object namespaces;
    for (std::size_t i = 0; i < std::size(all_namespace_types); ++i)
        namespaces.add(to_string(all_namespace_types[i]),
                       fact(f.namespaces[i], show_namespace).text());
    return namespaces.text();
}

struct member {
    std::string_view key;
    std::string (*show)(const facts&);
};

// In the order of the table.
constexpr member members[] = {
    {"comm", [](const facts& f) { return text_fact(f.comm, json_string).text(); }},
    {"command_line",
     [](const facts& f) { return text_fact(f.command_line, show_command_line).text(); }},
    {"executable", [](const facts& f) { return fact(f.executable, show_executable).text(); }},
    {"alive", [](const facts& f) { return fact(f.alive, boolean).text(); }},
    {"state", [](const facts& f) { return fact(f.state, show_state).text(); }},
    {"pid", [](const facts& f) { return fact(f.pid, small_number<pid_t>).text(); }},
    {"tgid", [](const facts& f) { return fact(f.tgid, small_number<pid_t>).text(); }},
    {"ppid", [](const facts& f) { return fact(f.ppid, small_number<pid_t>).text(); }},
    {"id", [](const facts& f) { return fact(f.id, large_number).text(); }},
    {"process_id", [](const facts& f) { return fact(f.process_id, show_name<process_id>).text(); }},
    {"stamp", [](const facts& f) { return fact(f.stamp, show_name<process_stamp>).text(); }},
    {"start_time", [](const facts& f) { return fact(f.started, show_start).text(); }},
    {"threads", [](const facts& f) { return fact(f.usage, show_threads).text(); }},
    {"cpu_time", [](const facts& f) { return fact(f.usage, show_cpu_time).text(); }},
    {"resident_memory", [](const facts& f) { return fact(f.usage, show_resident_memory).text(); }},
    {"credentials", [](const facts& f) { return fact(f.creds, show_credentials).text(); }},
    {"cgroupid", [](const facts& f) { return fact(f.cgroupid, large_number).text(); }},
    {"cgroup", [](const facts& f) { return fact(f.cgroup, show_path).text(); }},
    {"namespaces", show_namespaces},
};

} // namespace

std::string facts_as_json(const std::string& process, const facts& f, const field_list& fields) {
    object o;
    o.add("process", json_string(process));
    for (const auto& [key, show] : members) {
        const auto in_member = [key = key](const field* wanted) { return wanted->key == key; };
        if (fields.empty() || std::any_of(fields.begin(), fields.end(), in_member))
            o.add(key, show(f));
    }
    return o.text() + '\n';
}

std::string failure_as_json(const std::string& process, const std::error_code& error) {
    object o;
    o.add("process", json_string(process)).add("error", show_error(error));
    return o.text() + '\n';
}

std::string features_as_json() {
    object features;
    for (const feature f : all_features) {
        const auto found = availability_of(f);
        object o = found ? object().add("availability", json_string(to_string(*found)))
                         : failure(found.error());
        o.add("since", *first_kernel(f) != '\0' ? json_string(first_kernel(f)) : "null");
        features.add(to_string(f), o.text());
    }
    object operations;
    for (const operation op : all_operations) {
        const auto path = answering_path(op);
        operations.add(to_string(op),
                       path ? object().add("path", json_string(to_string(*path))).text()
                            : failure(path.error()).text());
    }
    object o;
    o.add("kernel", json_string(kernel_name()));
    o.add("features", features.text()).add("operations", operations.text());
    return o.text() + '\n';
}
