// SPDX-License-Identifier: MIT
// Every option of spawn, each with a proof in the output of the program that it took effect.
#ifndef PIDFD_UTIL_TEST_OPTION_CAST_HPP
#define PIDFD_UTIL_TEST_OPTION_CAST_HPP

#include "catch.hpp"
#include "cgroups.hpp"
#include "lifecycle.hpp"
#include "processes.hpp"
#include "pseudo_terminal.hpp"
#include "shared_object.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <iterator>
#include <optional>
#include <sched.h>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace support {

using namespace pidfd_util;

inline constexpr uid_t other_id = 65534;
inline constexpr gid_t other_groups[] = {4321};
inline constexpr rlim_t from_before_exec = 1'000'000'000'000;
inline constexpr int unmarked = 50; // without close-on-exec
inline constexpr int script_target = 42;
inline constexpr const char* kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};

/// What before_exec writes to: memory that the child shares in any case, and the caller's memory.
struct counters {
    int* shared;
    int own;
};

inline int count_call(void* argument) noexcept {
    auto& c = *static_cast<counters*>(argument);
    ++*c.shared;
    ++c.own;
    const rlimit limit{from_before_exec, from_before_exec};
    return setrlimit(RLIMIT_FSIZE, &limit) == 0 ? 0 : errno;
}

inline std::string link_of(const std::string& path) {
    char target[256];
    const ssize_t size = readlink(path.c_str(), target, sizeof target);
    return {target, size > 0 ? static_cast<std::size_t>(size) : 0};
}

/// A start in the making. Options that choose the file add to each other.
struct option_start {
    spawn_options o;
    std::vector<fd_mapping> fds;
    bool by_fd = false;
    bool is_script = false;
};

struct option_proof {
    const run_result& r;
    bool has_line(const std::string& text) const {
        return ("\n" + r.output).find("\n" + text + "\n") != std::string::npos;
    }
    bool is(const char* word, const std::string& value) const { return r[word] == value; }
    bool is_open(int fd) const { return r["fd " + std::to_string(fd)] != "?"; }
    bool has_signal(const char* word, int signal) const {
        return (std::stoull("0" + r[word], nullptr, 16) >> (signal - 1) & 1) != 0;
    }
};

struct named_option {
    std::string name;
    std::function<void(option_start&)> set;
    std::function<bool(const option_proof&)> shows; // whether it has had its effect
};

/// The options, and what they refer to.
class option_cast {
public:
    explicit option_cast(const pseudo_terminal& own_terminal)
        : own_terminal_(own_terminal), program_(open(spawnee(), O_PATH | O_CLOEXEC)),
          null_(open("/dev/null", O_RDWR | O_CLOEXEC)),
          host_(test_child::ready([] { return unshare(CLONE_NEWUTS) == 0; })),
          path_("PATH", (folder_of(spawnee()) + ":" + scripts_.path()).c_str()),
          group_(test_cgroup::make("-together")) {
        (void)chmod(scripts_.path().c_str(), 0755);
        script_file_ = scripts_.file(
            "together-script", "BY_SHELL=1 exec '" + std::string(spawnee()) + "' \"$@\"\n", 0755);
        script_.reset(open(script_file_.c_str(), O_RDONLY | O_CLOEXEC));
        if (group_)
            cgroup_.reset(open(group_->path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        counters_.shared = &make_shared_object<int>();
        (void)!chdir(scripts_.path().c_str());
        (void)std::signal(SIGUSR1, SIG_IGN);
        (void)dup2(null_.get(), unmarked);
        add_files();
        add_attributes();
        add_places();
    }
    option_cast(const option_cast&) = delete;
    option_cast& operator=(const option_cast&) = delete;

    const std::vector<named_option>& all() const { return all_; }

    run_result run(const std::vector<const named_option*>& chosen) {
        option_start s;
        counters_ = {counters_.shared, 0};
        *counters_.shared = 0;
        for (const named_option* each : chosen)
            each->set(s);
        std::string file = s.is_script ? script_file_ : spawnee();
        if (s.o.search_path)
            file = file.substr(file.rfind('/') + 1);
        if (s.by_fd)
            s.o.program = s.is_script ? script_.get() : program_.get();
        if (s.by_fd && s.is_script)
            s.fds.push_back({script_.get(), script_target});
        s.o.fds = array_view<fd_mapping>(s.fds.data(), s.fds.size());
        return run_program(s.by_fd ? nullptr : file.c_str(), words_, s.o);
    }

private:
    static std::string folder_of(const std::string& path) {
        return path.substr(0, path.rfind('/'));
    }

    void add(const std::string& name, std::function<void(option_start&)> set,
             std::function<bool(const option_proof&)> shows) {
        all_.push_back({name, std::move(set), std::move(shows)});
    }

    void add_fact(const char* name, std::function<void(spawn_options&)> set, const char* word,
                  const std::string& value) {
        add(
            name, [set](option_start& s) { set(s.o); },
            [word, value](const option_proof& p) { return p.is(word, value); });
    }

    void add_files() {
        add(
            "program", [](option_start& s) { s.by_fd = true; },
            [](const option_proof& p) {
                return p.r["executed"].compare(0, 8, "/dev/fd/") == 0 || p.is_open(script_target);
            });
        add(
            "search_path", [](option_start& s) { s.o.search_path = true; },
            [](const option_proof& p) { return p.r["pid"] != "?"; });
        add(
            "run_scripts_by_shell",
            [](option_start& s) { s.is_script = s.o.run_scripts_by_shell = true; },
            [](const option_proof& p) { return p.has_line("BY_SHELL=1"); });
        add(
            "environment", [this](option_start& s) { s.o.environment = environment_; },
            [](const option_proof& p) {
                return p.has_line("TOGETHER=1") && p.r.output.find("\nHOME=") == std::string::npos;
            });
        add(
            "fds",
            [this](option_start& s) {
                s.fds.push_back({null_.get(), 40});
            },
            [](const option_proof& p) { return p.is_open(40); });
        add(
            "close_other_fds", [](option_start& s) { s.o.close_other_fds = false; },
            [](const option_proof& p) { return p.is_open(unmarked); });
        add(
            "before_exec",
            [this](option_start& s) {
                s.o.before_exec = count_call;
                s.o.before_exec_argument = &counters_;
            },
            [this](const option_proof& p) {
                const std::string limit = std::to_string(from_before_exec);
                return *counters_.shared == 1 && p.has_line("limit " + limit + " " + limit);
            });
        add(
            "copy_memory",
            [this](option_start& s) {
                s.o.copy_memory = true;
                s.o.before_exec = count_call;
                s.o.before_exec_argument = &counters_;
            },
            [this](const option_proof&) { return *counters_.shared == 1 && counters_.own == 0; });
    }

    void add_attributes() {
        add_fact(
            "priority", [](spawn_options& o) { o.priority = 19; }, "nice", "19");
        add_fact(
            "scheduling_policy", [](spawn_options& o) { o.scheduling_policy = SCHED_BATCH; },
            "policy", std::to_string(SCHED_BATCH));
        add_fact(
            "scheduling_priority",
            [](spawn_options& o) { o.scheduling_policy = SCHED_RR, o.scheduling_priority = 2; },
            "rt_priority", "2");
        add_fact(
            "cpus", [this](spawn_options& o) { o.cpus = cpu_; }, "cpus", std::to_string(cpu_[0]));
        add_fact(
            "io_priority", [](spawn_options& o) { o.io_priority = idle_io(); }, "io_priority",
            std::to_string(idle_io()));
        add_fact(
            "umask", [](spawn_options& o) { o.umask = 0123; }, "umask", "123");
        add_fact(
            "no_new_privs", [](spawn_options& o) { o.no_new_privs = true; }, "no_new_privs", "1");
        add_fact(
            "die_with_parent", [](spawn_options& o) { o.die_with_parent = true; },
            "parent_death_signal", std::to_string(SIGKILL));
        add_fact(
            "parent_death_signal", [](spawn_options& o) { o.parent_death_signal = SIGTERM; },
            "parent_death_signal", std::to_string(SIGTERM));
        add(
            "oom_score_adj", [](option_start& s) { s.o.oom_score_adj = 987; },
            [](const option_proof& p) { return p.has_line("987"); });
        add(
            "limits", [this](option_start& s) { s.o.limits = limits_; },
            [](const option_proof& p) { return p.has_line("limit 256 256"); });
        add(
            "signal_mask", [](option_start& s) { s.o.signal_mask = {SIGHUP}; },
            [](const option_proof& p) { return p.is("blocked", "1"); });
        add(
            "default_signals", [](option_start& s) { s.o.default_signals = {SIGUSR1}; },
            [](const option_proof& p) { return !p.has_signal("ignored", SIGUSR1); });
        add(
            "ignored_signals", [](option_start& s) { s.o.ignored_signals = {SIGUSR2}; },
            [](const option_proof& p) { return p.has_signal("ignored", SIGUSR2); });
        add_fact(
            "groups", [](spawn_options& o) { o.groups = other_groups; }, "groups", "4321");
        const std::string ids = "65534 65534 65534";
        add_fact(
            "gid", [](spawn_options& o) { o.gid = other_id; }, "gid", ids);
        add(
            "uid",
            [](option_start& s) {
                s.o.uid = other_id, s.o.gid = other_id, s.o.groups = other_groups;
            },
            [ids](const option_proof& p) {
                return p.is("uid", ids) && p.is("gid", ids) && p.is("groups", "4321");
            });
    }

    void add_places() {
        add(
            "new_session", [](option_start& s) { s.o.new_session = true; },
            [](const option_proof& p) { return p.is("sid", p.r["pid"]); });
        add(
            "process_group", [](option_start& s) { s.o.process_group = 0; },
            [](const option_proof& p) { return p.is("pgid", p.r["pid"]); });
        add(
            "terminal",
            [this](option_start& s) {
                s.o.new_session = true, s.o.terminal = other_terminal_.slave();
                s.fds.push_back({other_terminal_.slave(), 41});
            },
            [](const option_proof& p) { return p.is("terminal_session", p.r["pid"]); });
        add(
            "foreground",
            [this](option_start& s) {
                s.o.process_group = 0, s.o.terminal = own_terminal_.slave();
                s.fds.push_back({own_terminal_.slave(), 41});
            },
            [](const option_proof& p) { return p.is("foreground", p.r["pid"]); });
        add(
            "directory", [](option_start& s) { s.o.directory = "/dev"; },
            [](const option_proof& p) { return p.has_line("/dev"); });
        add(
            "root", [](option_start& s) { s.o.root = "/."; },
            [](const option_proof& p) { return p.has_line("/") || p.has_line("/dev"); });
        add(
            "cgroup", [this](option_start& s) { s.o.cgroup = cgroup_.get(); },
            [this](const option_proof& p) {
                // In a new cgroup namespace, it is the root.
                return p.r.output.find("/" + group_->name() + "\n") != std::string::npos ||
                       (!p.has_line(link_of("/proc/self/ns/cgroup")) && p.has_line("0::/"));
            });
        const std::string host_uts = link_of("/proc/" + std::to_string(host_.pid()) + "/ns/uts");
        add(
            "enter_namespaces",
            [this](option_start& s) {
                s.o.enter_process = host_.fd().fd(), s.o.enter_namespaces = namespace_flags::uts;
            },
            [host_uts](const option_proof& p) { return p.has_line(host_uts); });
        constexpr namespace_flags flags[] = {namespace_flags::cgroup, namespace_flags::ipc,
                                             namespace_flags::mnt,    namespace_flags::net,
                                             namespace_flags::pid,    namespace_flags::user,
                                             namespace_flags::uts};
        for (std::size_t i = 0; i < std::size(kinds); ++i) {
            const std::string kind = kinds[i];
            const std::string own = link_of("/proc/self/ns/" + kind);
            add(
                "new " + kind,
                [flag = flags[i]](option_start& s) {
                    s.o.new_namespaces = s.o.new_namespaces | flag;
                },
                [kind, own](const option_proof& p) {
                    return p.r.output.find("\n" + kind + ":[") != std::string::npos &&
                           !p.has_line(own);
                });
        }
    }

    const pseudo_terminal& own_terminal_;
    const pseudo_terminal other_terminal_;
    const temporary_directory scripts_;
    std::string script_file_;
    unique_fd program_, null_, script_, cgroup_;
    const test_child host_;
    const variable path_;
    const std::optional<test_cgroup> group_;
    counters counters_{};
    const int cpu_[1] = {sched_getcpu()};
    const resource_limit limits_[1] = {{RLIMIT_NOFILE, {256, 256}}};
    const char* environment_[2] = {"TOGETHER=1", nullptr};
    const arguments words_{"facts",
                           "executed",
                           "fds",
                           "cwd",
                           "environment",
                           "terminal",
                           "41",
                           "limit",
                           "7",
                           "limit",
                           "1",
                           "file",
                           "/proc/self/oom_score_adj",
                           "file",
                           "/proc/self/cgroup",
                           "link",
                           "/proc/self/ns/cgroup",
                           "link",
                           "/proc/self/ns/ipc",
                           "link",
                           "/proc/self/ns/mnt",
                           "link",
                           "/proc/self/ns/net",
                           "link",
                           "/proc/self/ns/pid",
                           "link",
                           "/proc/self/ns/user",
                           "link",
                           "/proc/self/ns/uts"};
    std::vector<named_option> all_;
};

} // namespace support

#endif
