// SPDX-License-Identifier: MIT
// Options in combination: every pair of options that spawn accepts does what each of them does, or
// fails at the step of one of them.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/pseudo_terminal.hpp"

#include <csignal>
#include <functional>
#include <sched.h>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

int nothing(void*) noexcept {
    return 0;
}

struct option {
    const char* name;
    std::function<void(spawn_options&)> set;
    const char* fact; // null: none
    std::string value;
};

std::vector<option> options_of_facts() {
    static const int cpu[] = {sched_getcpu()};
    static const resource_limit core[] = {{RLIMIT_CORE, {0, 0}}};
    return {
        {"priority", [](spawn_options& o) { o.priority = 19; }, "nice", "19"},
        {"scheduling", [](spawn_options& o) { o.scheduling_policy = SCHED_IDLE; }, "policy", "5"},
        {"cpus", [](spawn_options& o) { o.cpus = cpu; }, "cpus", std::to_string(cpu[0])},
        {"io_priority", [](spawn_options& o) { o.io_priority = idle_io(); }, "io_priority",
         std::to_string(idle_io())},
        {"umask", [](spawn_options& o) { o.umask = 0123; }, "umask", "123"},
        {"oom_score_adj", [](spawn_options& o) { o.oom_score_adj = 1000; }, nullptr, {}},
        {"limits", [](spawn_options& o) { o.limits = core; }, nullptr, {}},
        {"no_new_privs", [](spawn_options& o) { o.no_new_privs = true; }, "no_new_privs", "1"},
        {"die_with_parent", [](spawn_options& o) { o.die_with_parent = true; },
         "parent_death_signal", std::to_string(SIGKILL)},
        {"signal_mask", [](spawn_options& o) { o.signal_mask = {SIGHUP}; }, "blocked", "1"},
        {"before_exec", [](spawn_options& o) { o.before_exec = nothing; }, nullptr, {}},
        {"copy_memory", [](spawn_options& o) { o.copy_memory = true; }, nullptr, {}},
        {"by_shell", [](spawn_options& o) { o.run_scripts_by_shell = true; }, nullptr, {}},
        {"session", [](spawn_options& o) { o.new_session = true; }, nullptr, {}},
        {"root",
         [](spawn_options& o) {
             if (geteuid() == 0)
                 o.root = "/.";
         },
         nullptr,
         {}},
        {"gid",
         [](spawn_options& o) {
             if (geteuid() == 0)
                 o.gid = 4321;
         },
         geteuid() == 0 ? "gid" : nullptr, "4321 4321 4321"},
    };
}

} // namespace

TEST_CASE("every pair of options has the effects of both") {
    const std::vector<option> all = options_of_facts();
    for (const option& a : all) {
        for (const option& b : all) {
            CAPTURE(a.name, b.name);
            spawn_options o;
            a.set(o);
            b.set(o);
            const run_result r = run({"facts"}, o);
            CHECK(r.error == 0);
            for (const option* each : {&a, &b})
                if (each->fact != nullptr)
                    CHECK(r[each->fact] == each->value);
        }
    }
}

TEST_CASE("all options together have the effects of each") {
    spawn_options o;
    const std::vector<option> all = options_of_facts();
    for (const option& each : all)
        each.set(o);
    const pseudo_terminal terminal;
    if (terminal)
        o.terminal = terminal.slave();
    const run_result r = run({"facts"}, o);
    CHECK(r.error == 0);
    CHECK(r["sid"] == r["pid"]);
    for (const option& each : all)
        if (each.fact != nullptr)
            CHECK(r[each.fact] == each.value);
}
