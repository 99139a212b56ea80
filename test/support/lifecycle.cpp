// SPDX-License-Identifier: MIT
#include "lifecycle.hpp"

#include "processes.hpp"
#include "readiness.hpp"

#include "catch.hpp"
#include "emulated.hpp"
#include "rounds.hpp"

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace support {

using namespace pidfd_util;

namespace {

const pid_t test_runner = getpid();

std::string read_all(int fd) {
    std::string text;
    char buffer[4096];
    for (;;) {
        const ssize_t size = read(fd, buffer, sizeof buffer);
        if (size > 0)
            text.append(buffer, static_cast<std::size_t>(size));
        else if (size == 0 || errno != EINTR)
            return text;
    }
}

/// The options with one mapping more.
struct with_output {
    with_output(const spawn_options& options, int to) : o(options) {
        maps.assign(options.fds.begin(), options.fds.end());
        maps.push_back({to, 1});
        o.fds = maps;
    }
    std::vector<fd_mapping> maps;
    spawn_options o;
};

std::atomic<long> storms{0};

} // namespace

std::string this_program() {
    char path[PATH_MAX];
    const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
    return {path, size > 0 ? static_cast<std::size_t>(size) : 0};
}

const char* spawnee() {
    // QEMU's user mode makes no child with a pidfd. Only the whole test case can be skipped.
    static const bool missing = emulated() && [] {
        auto c = spawn("/bin/true", arguments({}));
        return !c || !c->wait();
    }();
    if (missing && getpid() == test_runner)
        skip_at_once("no spawn under this emulator of system calls");
    static const std::string path = [] {
        const std::string self = this_program();
        const std::string folder = self.substr(0, self.rfind('/') + 1);
        const std::string beside = folder + "pidfd-util-spawnee";
        return access(beside.c_str(), F_OK) == 0 ? beside : folder + "../pidfd-util-spawnee";
    }();
    return path.c_str();
}

std::string run_result::operator[](const std::string& word) const {
    std::istringstream lines(output);
    std::string line;
    while (std::getline(lines, line))
        if (line.compare(0, word.size() + 1, word + " ") == 0)
            return line.substr(word.size() + 1);
    return "?";
}

run_result run_program(const char* file, const char* const* argv, const spawn_options& options) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    run_result result;
    with_output wired(options, ends[1]);
    auto c = spawn(file, argv, wired.o, &result.step);
    close(ends[1]);
    if (c) {
        result.output = read_all(ends[0]);
        if (const auto status = c->wait(); status)
            result.status = *status;
    } else {
        result.error = c.error().value();
    }
    close(ends[0]);
    return result;
}

run_result run(std::initializer_list<const char*> commands, const spawn_options& options) {
    return run_program(spawnee(), arguments(commands), options);
}

pidfd_util::child sleeping(std::initializer_list<const char*> commands) {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    std::vector<const char*> argv{"spawnee"};
    argv.insert(argv.end(), commands);
    for (const char* word : {"ready", "sleep"})
        argv.push_back(word);
    argv.push_back(nullptr);
    const fd_mapping map[] = {{ends[1], 1}};
    spawn_options o;
    o.fds = map;
    auto c = spawn(spawnee(), argv.data(), o);
    close(ends[1]);
    char byte = 0;
    const bool ready = c && read(ends[0], &byte, 1) == 1;
    close(ends[0]);
    REQUIRE(ready);
    return std::move(*c);
}

pid_t fork_with_pidfd(int (*run)(void*), void* argument, int& pidfd) {
    constexpr int clone_pidfd = 0x1000;
    alignas(16) static thread_local char stack[64 * 1024];
    pid_t pid = clone(run, stack + sizeof stack, clone_pidfd | SIGCHLD, argument, &pidfd);
    if (pid < 0) {
        // An emulator knows no such flag.
        pid = clone(run, stack + sizeof stack, SIGCHLD, argument);
        pidfd = pid > 0 ? static_cast<int>(syscall(SYS_pidfd_open, pid, 0)) : -1;
    }
    if (pidfd < 0)
        std::abort(); // the result of this is not used
    return pid;
}

pid_t fork_exiting(int code, int& pidfd) {
    // The child returns instead of calling _exit, which address sanitizers intercept to look for
    // the stack that they know.
    const auto exit_now = [](void* c) -> int { return *static_cast<int*>(c); };
    return fork_with_pidfd(exit_now, &code, pidfd);
}

pid_t fork_sleeping(int& pidfd) {
    const auto sleep_for_ever = [](void*) -> int {
        for (;;)
            pause();
    };
    return fork_with_pidfd(sleep_for_ever, nullptr, pidfd);
}

int wait_for(pidfd_view fd) {
    const auto status = fd.wait();
    return status ? status->wait_status() : -status.error().value();
}

int try_wait_for(pidfd_view fd) {
    const auto status = fd.try_wait();
    if (!status)
        return -status.error().value();
    return *status ? (*status)->wait_status() : not_yet;
}

int count_children() {
    int count = 0;
    DIR* const tasks = opendir("/proc/self/task");
    REQUIRE(tasks != nullptr);
    while (const dirent* entry = readdir(tasks)) {
        std::ifstream children(std::string("/proc/self/task/") + entry->d_name + "/children");
        for (pid_t pid = 0; children >> pid;)
            ++count;
    }
    closedir(tasks);
    return count;
}

signal_storm::signal_storm() {
    struct sigaction action {};
    action.sa_handler = [](int) { ++storms; };
    sigaction(SIGALRM, &action, nullptr);
    storms = 0;
    // A slow machine would do nothing but handle them.
    const suseconds_t microseconds = slow_machine() ? 10'000 : 1000;
    const itimerval every{{0, microseconds}, {0, microseconds}};
    setitimer(ITIMER_REAL, &every, nullptr);
}

signal_storm::~signal_storm() {
    const itimerval none{};
    setitimer(ITIMER_REAL, &none, nullptr);
    std::signal(SIGALRM, SIG_IGN); // one may be on its way
    std::signal(SIGALRM, SIG_DFL);
}

long signal_storm::count() {
    return storms;
}

temporary_directory::temporary_directory() {
    const char* const base = std::getenv("TMPDIR");
    path_ = std::string(base != nullptr ? base : "/tmp") + "/pidfd-util-XXXXXX";
    REQUIRE(mkdtemp(path_.data()) != nullptr);
    REQUIRE(chmod(path_.c_str(), 0755) == 0);
}

namespace {

void remove_tree(const std::string& path) {
    if (DIR* const d = opendir(path.c_str()); d != nullptr) {
        while (const dirent* entry = readdir(d)) {
            const std::string name = entry->d_name;
            if (name != "." && name != ".." && unlinkat(dirfd(d), name.c_str(), 0) != 0)
                remove_tree(path + "/" + name);
        }
        closedir(d);
    }
    rmdir(path.c_str());
}

} // namespace

temporary_directory::~temporary_directory() {
    remove_tree(path_);
}

std::string temporary_directory::file(const std::string& name, const std::string& text,
                                      mode_t mode) const {
    const std::string full = path_ + "/" + name;
    std::ofstream(full) << text;
    REQUIRE(chmod(full.c_str(), mode) == 0);
    return full;
}

std::string temporary_directory::directory(const std::string& name) const {
    const std::string full = path_ + "/" + name;
    REQUIRE(mkdir(full.c_str(), 0755) == 0);
    return full;
}

pidfd_util::child exiting(int code) {
    int fd = -1;
    REQUIRE(fork_exiting(code, fd) > 0);
    return owner_of(fd);
}

pidfd_util::child owner_of(int fd) {
    return pidfd_util::child(*pidfd_util::pidfd::adopt(pidfd_util::unique_fd(fd)));
}

bool keeps_exits() {
    return test_child::reaped().fd().get_exit_status().has_value();
}

std::optional<pidfd_util::exit_status> status_after_end(pidfd_util::pidfd_view fd) {
    if ((events_of(fd.fd(), long_time) & POLLIN) == 0)
        return std::nullopt;
    for (int i = 0; i < long_time; ++i) {
        const auto status = fd.get_exit_status();
        if (!status || *status)
            return status ? *status : std::nullopt;
        usleep(1000);
    }
    return std::nullopt;
}

variable::variable(const char* name, const char* value) : name_(name) {
    if (const char* const old = std::getenv(name); old != nullptr)
        old_ = old;
    if (value != nullptr)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

variable::~variable() {
    if (old_)
        setenv(name_.c_str(), old_->c_str(), 1);
    else
        unsetenv(name_.c_str());
}

} // namespace support
