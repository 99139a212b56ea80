// SPDX-License-Identifier: MIT
#include "names.hpp"
#include "render.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <sys/utsname.h>

using namespace pidfd_util;

namespace {

/// Columns as wide as they must be; the last one runs free.
class table {
public:
    void add(std::string a, std::string b, std::string c) {
        rows_.push_back({std::move(a), std::move(b), std::move(c)});
    }

    /// An answer's row: its value in the words of `show`, or the reason why there is none.
    template <class T, class F>
    void add(const std::string& name, const answer<T>& a, F show) {
        if (a.value)
            add(name, to_string(a.path), show(*a.value));
        else
            add(name, "-", a.value.error().message());
    }

    [[nodiscard]] std::string text() const {
        std::size_t widths[2] = {};
        for (const auto& row : rows_)
            for (std::size_t i = 0; i < 2; ++i)
                widths[i] = std::max(widths[i], row[i].size());
        std::string lines;
        for (const auto& row : rows_) {
            std::string line;
            for (std::size_t i = 0; i < 2; ++i)
                (line += row[i]).append(widths[i] - row[i].size() + 2, ' ');
            line += row[2];
            line.erase(line.find_last_not_of(' ') + 1);
            lines += line + '\n';
        }
        return lines;
    }

private:
    std::vector<std::array<std::string, 3>> rows_;
};

template <class T>
std::string number(T n) {
    return std::to_string(n);
}

std::string show_command_line(std::string_view line) {
    // A process that changes its title often leaves NULs behind it.
    line = line.substr(0, line.find_last_not_of('\0') + 1);
    std::string words;
    for_each_argument(line, [&](std::string_view argument) {
        (words += words.empty() ? "" : " ") += shell_word(argument);
    });
    return words.empty() ? "(none)" : words;
}

template <class Id>
std::string show_id(Id id, const std::optional<std::string>& name) {
    return number(id) + (name ? " (" + shell_word(*name) + ")" : "");
}

std::string show_ids(uid_t uid, gid_t gid) {
    return "uid " + show_id(uid, user_name(uid)) + ", gid " + show_id(gid, group_name(gid));
}

std::string show_namespace(const namespace_id& id) {
    const char* whose = !id.own ? "" : *id.own ? ", the caller's own" : ", not the caller's";
    return number(id.inode) + whose;
}

} // namespace

std::string kernel_name() {
    utsname name{};
    uname(&name);
    return std::string(name.sysname) + ' ' + name.release + ' ' + name.machine;
}

std::string facts_as_table(const facts& f) {
    table t;
    t.add("FIELD", "PATH", "VALUE");
    t.add("comm", f.comm, shell_word);
    t.add("command line", f.command_line, show_command_line);
    t.add("alive", f.alive, [](bool alive) { return alive ? "yes" : "no: it has ended"; });
    t.add("pid", f.pid, number<pid_t>);
    t.add("tgid", f.tgid, number<pid_t>);
    t.add("ppid", f.ppid, number<pid_t>);
    t.add("id", f.id, number<std::uint64_t>);
    t.add("real ids", f.creds, [](const auto& c) { return show_ids(c.ruid, c.rgid); });
    t.add("effective ids", f.creds, [](const auto& c) { return show_ids(c.euid, c.egid); });
    t.add("saved ids", f.creds, [](const auto& c) { return show_ids(c.suid, c.sgid); });
    t.add("file system ids", f.creds, [](const auto& c) { return show_ids(c.fsuid, c.fsgid); });
    t.add("cgroup id", f.cgroupid, number<std::uint64_t>);
    for (const namespace_fact& n : f.namespaces)
        t.add(std::string("ns ") + n.name, n.id, show_namespace);
    return t.text();
}

std::string features_as_table() {
    table features;
    features.add("FEATURE", "SINCE", "HERE");
    for (const feature f : all_features) {
        const auto found = query(f);
        const char* since = *first_kernel(f) != '\0' ? first_kernel(f) : "-";
        features.add(to_string(f), since, found ? to_string(*found) : found.error().message());
    }
    table operations;
    operations.add("OPERATION", "PATH", "");
    for (const operation op : all_operations) {
        const auto path = answering_path(op);
        operations.add(to_string(op), path ? to_string(*path) : "-",
                       path ? "" : path.error().message());
    }
    return kernel_name() + "\n\n" + features.text() + '\n' + operations.text();
}
