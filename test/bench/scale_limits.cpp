// SPDX-License-Identifier: MIT
// The limits of a machine on processes, from /proc and from the cgroups.
#include "scale_limits.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>
#include <sys/resource.h>
#include <unistd.h>

namespace bench {

namespace {

// The kernel's structures of a sleeping process, with its pidfd, its watches and its small stack.
constexpr std::int64_t bytes_per_process = 40 * 1024;
// The kernel skips the first numbers when it starts over.
constexpr std::int64_t reserved_pids = 300;
// For the benchmark itself, and for what else the system starts meanwhile.
constexpr std::int64_t spare = 200;

const char* const pid_max_path = "/proc/sys/kernel/pid_max";
const char* const threads_max_path = "/proc/sys/kernel/threads-max";
const char* const nr_open_path = "/proc/sys/fs/nr_open";
const char* const watches_path = "/proc/sys/fs/epoll/max_user_watches";

/// Reads a file of one number. There is none if the file is missing or says "max".
std::optional<std::int64_t> read_number(const std::string& path) {
    std::ifstream file(path);
    std::int64_t value = 0;
    if (file >> value)
        return value;
    return std::nullopt;
}

bool write_number(const std::string& path, std::int64_t value) {
    std::ofstream file(path);
    file << value << std::flush;
    return file.good();
}

/// Returns how many threads the system has, from "0.10 0.20 0.30 2/77 1234".
std::int64_t threads_now() {
    std::ifstream file("/proc/loadavg");
    std::string word;
    for (int i = 0; i < 4; ++i)
        file >> word;
    const std::size_t slash = word.find('/');
    return slash == std::string::npos ? 0 : std::atoll(word.c_str() + slash + 1);
}

std::optional<std::int64_t> available_memory() {
    std::ifstream file("/proc/meminfo");
    std::string key;
    std::int64_t kib = 0;
    std::string unit;
    while (file >> key >> kib) {
        if (key == "MemAvailable:")
            return kib * 1024;
        std::getline(file, unit);
    }
    return std::nullopt;
}

class room_finder {
public:
    void limit(std::int64_t processes, const std::string& reason) {
        processes = std::max<std::int64_t>(processes, 0);
        if (processes < best_.processes)
            best_ = {processes, reason};
    }

    /// Asks the cgroups of this process, in every hierarchy, from its own up to the root.
    void ask_cgroups() {
        std::ifstream file("/proc/self/cgroup");
        std::string line;
        while (std::getline(file, line)) {
            const std::size_t first = line.find(':');
            const std::size_t second = line.find(':', first + 1);
            if (first == std::string::npos || second == std::string::npos)
                continue;
            const std::string controllers = line.substr(first + 1, second - first - 1);
            std::string path = line.substr(second + 1);
            for (;;) {
                if (controllers.empty()) {
                    ask_cgroup("/sys/fs/cgroup" + path, "memory.max", "memory.current");
                } else {
                    ask_cgroup("/sys/fs/cgroup/" + controllers + path, "memory.limit_in_bytes",
                               "memory.usage_in_bytes");
                }
                if (path.size() <= 1)
                    break;
                path.resize(std::max<std::size_t>(path.rfind('/'), 0));
            }
        }
    }

    [[nodiscard]] const room& best() const { return best_; }

private:
    void ask_cgroup(const std::string& folder, const char* memory_limit, const char* memory_used) {
        if (const auto most = read_number(folder + "/pids.max"))
            limit(*most - read_number(folder + "/pids.current").value_or(0) - spare,
                  "pids.max of the cgroup is " + std::to_string(*most));
        if (const auto most = read_number(folder + '/' + memory_limit))
            limit((*most - read_number(folder + '/' + memory_used).value_or(0)) / bytes_per_process,
                  "the memory limit of the cgroup is " + std::to_string(*most >> 20) +
                      " MiB, at about 40 KiB for each process");
    }

    room best_{std::int64_t{1} << 30, "no limit was found"};
};

} // namespace

room find_room(unsigned fds, unsigned watches) {
    room_finder finder;
    const std::int64_t threads = threads_now();
    const std::string existing = ", and " + std::to_string(threads) + " threads exist already";
    if (const auto most = read_number(pid_max_path))
        finder.limit(*most - reserved_pids - threads - spare,
                     "kernel.pid_max is " + std::to_string(*most) + existing);
    if (const auto most = read_number(threads_max_path))
        finder.limit(*most - threads - spare,
                     "kernel.threads-max is " + std::to_string(*most) + existing);
    rlimit most{};
    if (getuid() != 0 && getrlimit(RLIMIT_NPROC, &most) == 0 && most.rlim_cur != RLIM_INFINITY)
        finder.limit(static_cast<std::int64_t>(most.rlim_cur) - spare,
                     "RLIMIT_NPROC is " + std::to_string(most.rlim_cur) + " and cannot be raised");
    if (getrlimit(RLIMIT_NOFILE, &most) == 0 && most.rlim_cur != RLIM_INFINITY)
        finder.limit((static_cast<std::int64_t>(most.rlim_cur) - spare) / fds,
                     "RLIMIT_NOFILE is " + std::to_string(most.rlim_cur) +
                         ", and a process takes " + std::to_string(fds));
    if (const auto all = read_number(watches_path); all && watches != 0)
        finder.limit(*all / watches, "fs.epoll.max_user_watches is " + std::to_string(*all) +
                                         ", and a process takes " + std::to_string(watches));
    if (const auto memory = available_memory())
        finder.limit(*memory / bytes_per_process, "only " + std::to_string(*memory >> 20) +
                                                      " MiB of memory are available, at about "
                                                      "40 KiB for each process");
    finder.ask_cgroups();
    return finder.best();
}

void raise_own_limits() {
    rlimit limit{};
    const auto most = read_number(nr_open_path);
    if (most && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        const auto all = static_cast<rlim_t>(*most);
        const rlimit raised{all, std::max(limit.rlim_max, all)};
        if (setrlimit(RLIMIT_NOFILE, &raised) != 0) { // not privileged
            limit.rlim_cur = limit.rlim_max;
            (void)setrlimit(RLIMIT_NOFILE, &limit);
        }
    }
    if (getrlimit(RLIMIT_NPROC, &limit) == 0) {
        const rlimit raised{RLIM_INFINITY, RLIM_INFINITY};
        if (setrlimit(RLIMIT_NPROC, &raised) != 0) {
            limit.rlim_cur = limit.rlim_max;
            (void)setrlimit(RLIMIT_NPROC, &limit);
        }
    }
}

raised_settings::raised_settings(std::int64_t processes) {
    const std::int64_t tasks = processes + threads_now() + reserved_pids + 10 * spare;
    const std::int64_t fds = 3 * processes + 10 * spare;
    const struct {
        const char* path;
        std::int64_t need;
    } needs[] = {
        {pid_max_path, tasks},
        {threads_max_path, tasks},
        {nr_open_path, (fds + 1023) / 1024 * 1024},
        {watches_path, 3 * processes},
    };
    for (const auto& each : needs)
        if (const auto old = read_number(each.path);
            old && *old < each.need && write_number(each.path, each.need))
            changed_.push_back({each.path, *old});
}

raised_settings::~raised_settings() {
    for (const setting& changed : changed_)
        (void)write_number(changed.path, changed.old);
}

} // namespace bench
