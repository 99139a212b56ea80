// SPDX-License-Identifier: MIT
#include "names.hpp"
#include "render.hpp"
#include "text.hpp"

using namespace pidfd_util;

namespace {

class object {
public:
    /// `json` is JSON already.
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

/// Many readers of JSON keep numbers as doubles, exact to 2^53: what may be larger is a string,
/// always, so that its type does not depend on its value.
std::string large_number(std::uint64_t n) {
    return json_string(std::to_string(n));
}

const char* boolean(bool b) {
    return b ? "true" : "false";
}

object failure(const std::error_code& error) {
    object o;
    o.add("errno", small_number(error.value()));
    o.add("reason", json_string(error.message()));
    return o;
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

/// Of a text that JSON cannot hold as it is, the bytes are told too.
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

std::string show_namespace(const namespace_id& id) {
    object o;
    o.add("inode", large_number(id.inode)).add("own", id.own ? boolean(*id.own) : "null");
    return o.text();
}

} // namespace

std::string facts_as_json(const facts& f) {
    object namespaces;
    for (const namespace_fact& n : f.namespaces)
        namespaces.add(n.name, fact(n.id, show_namespace).text());
    object o;
    o.add("comm", text_fact(f.comm, json_string).text());
    o.add("command_line", text_fact(f.command_line, show_command_line).text());
    o.add("alive", fact(f.alive, boolean).text());
    o.add("pid", fact(f.pid, small_number<pid_t>).text());
    o.add("tgid", fact(f.tgid, small_number<pid_t>).text());
    o.add("ppid", fact(f.ppid, small_number<pid_t>).text());
    o.add("id", fact(f.id, large_number).text());
    o.add("credentials", fact(f.creds, show_credentials).text());
    o.add("cgroupid", fact(f.cgroupid, large_number).text());
    o.add("namespaces", namespaces.text());
    return o.text() + '\n';
}

std::string features_as_json() {
    object features;
    for (const feature f : all_features) {
        const auto found = query(f);
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
