// SPDX-License-Identifier: MIT
// The cost of the paths through /proc, which the library takes before Linux 6.13, compared with
// reading the same files by hand, and with what people use: iostreams and stdio. A seccomp filter
// refuses the ioctls. The reads by hand find the files by pid and check nothing: they are not safe
// against pid reuse, mounts and other pid namespaces.
//
//   bench-fallbacks [--json]
#include "../support/seccomp.hpp"
#include "compare.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;

namespace {

constexpr int calls = 400;

/// Opens a file of /proc, reads it once, and closes it.
bool read_file(const char* path) {
    char text[4096];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text);
    close(fd);
    return size > 0;
}

/// The files of a process, and the fdinfo of its pidfd.
struct files {
    char fdinfo[64];
    char status[64];
    char cgroup[64];
    char comm[64];

    files(int fd, pid_t pid) {
        std::snprintf(fdinfo, sizeof fdinfo, "/proc/self/fdinfo/%d", fd);
        std::snprintf(status, sizeof status, "/proc/%d/status", pid);
        std::snprintf(cgroup, sizeof cgroup, "/proc/%d/cgroup", pid);
        std::snprintf(comm, sizeof comm, "/proc/%d/comm", pid);
    }
    bool read_status_in_between() const {
        return read_file(fdinfo) && read_file(status) && read_file(fdinfo);
    }
};

// How programs usually read /proc/PID/status.

bool ppid_by_iostreams(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    std::string line;
    while (std::getline(file, line))
        if (line.rfind("PPid:", 0) == 0)
            return std::stoi(line.substr(5)) >= 0;
    return false;
}

bool creds_by_iostreams(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    std::string line;
    while (std::getline(file, line)) {
        std::istringstream words(line);
        std::string name;
        unsigned ids[4]; // real, effective, saved, file system
        words >> name;
        if (name != "Uid:" && name != "Gid:")
            continue;
        for (unsigned& id : ids)
            words >> id;
        if (!words)
            return false;
        if (name == "Gid:")
            return true;
    }
    return false;
}

/// Calls `matches` with each line, until it returns true.
template <class Matches>
bool find_by_stdio(pid_t pid, Matches matches) {
    char path[32];
    char line[256];
    std::snprintf(path, sizeof path, "/proc/%d/status", pid);
    std::FILE* const file = std::fopen(path, "re");
    bool found = false;
    while (file != nullptr && !found && std::fgets(line, sizeof line, file) != nullptr)
        found = matches(line);
    if (file != nullptr)
        std::fclose(file);
    return found;
}

bool ppid_by_stdio(pid_t pid) {
    return find_by_stdio(pid, [](const char* line) {
        int ppid = 0;
        return std::sscanf(line, "PPid: %d", &ppid) == 1;
    });
}

bool creds_by_stdio(pid_t pid) {
    int found = 0;
    return find_by_stdio(pid, [&found](const char* line) {
        unsigned i[4];
        if (std::sscanf(line, "Uid: %u %u %u %u", i, i + 1, i + 2, i + 3) == 4 ||
            std::sscanf(line, "Gid: %u %u %u %u", i, i + 1, i + 2, i + 3) == 4)
            ++found;
        return found == 2;
    });
}

} // namespace

int main(int argc, char** argv) {
    const bool json = bench::json_is_wanted(argc, argv);
    const auto self = pidfd::from_self();
    if (!self || !support::install({support::rule::pidfd_ioctls(ENOTTY)})) {
        std::fprintf(stderr, "no pidfd, or no seccomp filter, here\n");
        return 77;
    }
    const pid_t pid = getpid();
    const files of(self->fd(), pid);
    const auto get_ppid = [&] { return self->get_ppid().has_value(); };
    const auto get_creds = [&] { return self->get_creds().has_value(); };
    const bench::comparisons table("fallbacks", json);
    table.compare(
        calls, "get_pid", [&] { return self->get_pid().has_value(); }, "fdinfo",
        [&] { return read_file(of.fdinfo); });
    table.compare(calls, "get_ppid", get_ppid, "status, with fdinfo before and after",
                  [&] { return of.read_status_in_between(); });
    table.compare(calls, "get_creds", get_creds, "status, with fdinfo before and after",
                  [&] { return of.read_status_in_between(); });
    table.compare(
        calls, "get_cgroupid", [&] { return self->get_cgroupid().has_value(); }, "cgroup",
        [&] { return read_file(of.cgroup); });
    table.compare(
        calls, "get_info", [&] { return self->get_info().has_value(); }, "status and cgroup",
        [&] { return read_file(of.status) && read_file(of.cgroup); });
    table.compare(
        calls, "access_proc",
        [&] {
            return self
                ->access_proc([](int dir) {
                    char text[64];
                    const int fd = openat(dir, "comm", O_RDONLY | O_CLOEXEC);
                    const ssize_t size = read(fd, text, sizeof text);
                    close(fd);
                    return size;
                })
                .has_value();
        },
        "comm", [&] { return read_file(of.comm); });
    table.compare(calls, "get_ppid", get_ppid, "status, by iostreams",
                  [=] { return ppid_by_iostreams(pid); });
    table.compare(calls, "get_ppid", get_ppid, "status, by stdio",
                  [=] { return ppid_by_stdio(pid); });
    table.compare(calls, "get_creds", get_creds, "status, by iostreams",
                  [=] { return creds_by_iostreams(pid); });
    table.compare(calls, "get_creds", get_creds, "status, by stdio",
                  [=] { return creds_by_stdio(pid); });
    return 0;
}
