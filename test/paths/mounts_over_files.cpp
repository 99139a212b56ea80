// SPDX-License-Identifier: MIT
// One file or directory of a process in /proc is covered by that of another process. Every query that
// reads it says that it cannot answer.
#include "support/catch.hpp"
#include "support/covered_proc.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/nested.hpp"
#include "support/process_pair.hpp"
#include "support/processes.hpp"

#include <pidfd_util/enumeration.hpp>
#include <pidfd_util/pidfd.hpp>

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;
using namespace support::covered_proc;

namespace {

struct covered_entry {
    const char* path; // below /proc/PID; '*' is the thread
    const char* name; // of the query
    int (*ask)(pidfd_view);
    bool has_other_path = false; // through other files
};

int ask_children(pidfd_view p) {
    pidfd found[4];
    const auto listed = children(p, found);
    return listed && listed->count != 0 ? EEXIST
                                        : error_of(listed); // only the other one has a child
}

int ask_environment(pidfd_view p) {
    char buffer[64];
    return error_of(p.read_proc("environ", buffer));
}

constexpr covered_entry covered_entries[] = {
    {"stat", "get_state", [](pidfd_view p) { return error_of(p.get_state()); }},
    {"stat", "get_start_time", [](pidfd_view p) { return error_of(p.get_start_time()); }},
    {"stat", "get_stamp", [](pidfd_view p) { return error_of(p.get_stamp()); }},
    {"stat", "get_usage", [](pidfd_view p) { return error_of(p.get_usage()); }},
    {"status", "get_usage", [](pidfd_view p) { return error_of(p.get_usage()); }},
    {"comm", "get_comm",
     [](pidfd_view p) {
         char buffer[64];
         return error_of(p.get_comm(buffer));
     }},
    {"cmdline", "get_command_line",
     [](pidfd_view p) {
         char buffer[64];
         return error_of(p.get_command_line(buffer));
     }},
    {"environ", "read_proc of the environment", ask_environment},
    {"limits", "get_limit", [](pidfd_view p) { return error_of(p.get_limit(RLIMIT_CORE)); }},
    {"oom_score_adj", "get_oom_score_adj",
     [](pidfd_view p) { return error_of(p.get_oom_score_adj()); }},
    {"oom_score_adj", "set_oom_score_adj",
     [](pidfd_view p) { return error_of(p.set_oom_score_adj(1000)); }},
    {"exe", "get_executable", [](pidfd_view p) { return error_of(p.get_executable()); }},
    {"root", "get_root", [](pidfd_view p) { return error_of(p.get_root()); }},
    {"task", "children", ask_children, true},
    {"task/*", "children", ask_children, true},
    {"task/*/children", "children", ask_children, true},
};

std::string entry_of(pid_t pid, std::string path) {
    if (const auto at = path.find('*'); at != std::string::npos)
        path.replace(at, 1, std::to_string(pid));
    return proc_of(pid) + "/" + path;
}

} // namespace

TEST_CASE("a query says that it cannot answer if the file that it reads is another process's") {
    struct result {
        bool prepared;
        int before;
        int error;
        int oom_of_stranger;
    };
    for (const profile& kernel : kernels())
        for (const covered_entry& entry : covered_entries) {
            CAPTURE(kernel.name, entry.path, entry.name);
            const auto got = isolated(of(native()), [&] {
                result r{};
                const relative asked = make_child();
                const process_pair stranger = fork_pair();
                r.before = entry.ask(pidfd_view(asked.fd));
                r.prepared =
                    asked.pid > 0 && stranger.root > 0 &&
                    cover(entry_of(asked.pid, entry.path), entry_of(stranger.root, entry.path)) &&
                    install(kernel.rules);
                if (r.prepared)
                    r.error = entry.ask(pidfd_view(asked.fd));
                r.oom_of_stranger = std::atoi(
                    read_file_at(AT_FDCWD, entry_of(stranger.root, "oom_score_adj").c_str())
                        .c_str());
                kill_made(asked.pid);
                end_pair(stranger);
                return r;
            });
            if (!got)
                SKIP_TEST(got.missing);
            // This kernel does not have the file.
            if (!got->prepared || got->before != 0)
                continue;
            CHECK((got->error == EOPNOTSUPP || (entry.has_other_path && got->error == 0)));
            CHECK(got->oom_of_stranger != 1000);
        }
}
