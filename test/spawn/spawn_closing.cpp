// SPDX-License-Identifier: MIT
// When and how spawn closes the file descriptors that the program must not have.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"
#include "support/rounds.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// The ways in which a child closes: as this kernel can, and without close_range.
std::vector<profile> ways() {
    return {native(), {"no close_range", {{SYS_close_range, ENOSYS}}}};
}

surroundings under(const profile& kernel) {
    surroundings around;
    around.kernel = kernel;
    return around;
}

/// Counts how often an epoll instance reports a child whose pidfd was closed right after another
/// child was started with these options. Negative: an errno.
int late_reports(const char* file, const spawn_options& options, int count) {
    int late = 0;
    for (int i = 0; i < count; ++i) {
        const unique_fd epoll(epoll_create1(EPOLL_CLOEXEC));
        auto first = spawn(spawnee(), arguments({}));
        if (!first)
            return -first.error().value();
        epoll_event event{};
        event.events = EPOLLIN;
        if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, first->fd(), &event) != 0 || !first->wait())
            return -EIO;
        const auto second = spawn(file, arguments({}), options);
        first->release().reset();
        late += epoll_wait(epoll.get(), &event, 1, 0);
        if (!second)
            return -second.error().value();
    }
    return late;
}

/// Counts how often a pipe has no end of file although the caller's only writing end was closed
/// right after a child was started.
int late_pipes(int count) {
    int late = 0;
    for (int i = 0; i < count; ++i) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
            return -errno;
        const auto c = spawn(spawnee(), arguments({}));
        close(ends[1]);
        char byte = 0;
        late += read(ends[0], &byte, 1) == 0 ? 0 : 1;
        close(ends[0]);
        if (!c)
            return -c.error().value();
    }
    return late;
}

int count_lines(const std::string& text) {
    return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

struct listed {
    int error;
    int fds; // that the program has, the pipe for its output among them
};

/// A program that lists its file descriptors.
listed list_fds() {
    const run_result r = run({"fds"});
    return {r.error, count_lines(r.output)};
}

/// A file that has the close-on-exec flag.
unique_fd opened(const std::string& path, int flags = O_RDONLY) {
    unique_fd fd(open(path.c_str(), flags | O_CLOEXEC));
    REQUIRE(fd);
    return fd;
}

/// The symbolic link to it that most systems have.
std::string dev_fd() {
    return access("/dev/fd", F_OK) == 0 ? "/dev/fd" : "/proc/self/fd";
}

std::string numbered(const std::string& directory, int fd) {
    return directory + "/" + std::to_string(fd);
}

std::string directory_of_spawnee() {
    const std::string path = spawnee();
    return path.substr(0, path.rfind('/'));
}

} // namespace

TEST_CASE("a standard stream with close-on-exec is closed in the child when spawn returns") {
    const auto got = isolated({}, [] {
        int late = 0;
        const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        for (int i = 0; i < 100; ++i) {
            int ends[2];
            if (dup2(null, 0) != 0 || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0 ||
                dup3(ends[1], 0, O_CLOEXEC) != 0)
                return -errno;
            close(ends[1]);
            const auto c = spawn(spawnee(), arguments({}));
            close(0);
            char byte = 0;
            late += read(ends[0], &byte, 1) == 0 ? 0 : 1;
            close(ends[0]);
            if (!c)
                return -c.error().value();
        }
        return late;
    });
    REQUIRE(got);
    CHECK(*got == 0);
}

TEST_CASE("when spawn returns, its child has no copy of the caller's other pidfds and pipes") {
    for (const profile& kernel : ways()) {
        CAPTURE(kernel.name);
        struct facts {
            int reports;
            int reports_by_fd;
            int pipes;
        };
        const auto got = isolated(under(kernel), [] {
            facts f{};
            f.reports = late_reports(spawnee(), {}, rounds(500));
            // Also if the program itself is reached through a file descriptor.
            const int program = open(spawnee(), O_RDONLY | O_CLOEXEC);
            f.reports_by_fd = late_reports(numbered(dev_fd(), program).c_str(), {}, rounds(200));
            f.pipes = late_pipes(rounds(200));
            return f;
        });
        REQUIRE(got);
        CHECK(got->reports == 0);
        CHECK(got->reports_by_fd == 0);
        CHECK(got->pipes == 0);
    }
}

TEST_CASE("a program can be started through a file descriptor, which is not open in the program") {
    const temporary_directory d;
    const unique_fd program = opened(spawnee());
    const unique_fd path_only = opened(spawnee(), O_PATH);
    const unique_fd directory = opened(directory_of_spawnee(), O_RDONLY | O_DIRECTORY);
    const std::string name = std::string(spawnee()).substr(directory_of_spawnee().size());
    const std::string link = d.path() + "/link";
    const std::string second_link = d.path() + "/second";
    REQUIRE(symlink(numbered("/proc/self/fd", program.get()).c_str(), link.c_str()) == 0);
    REQUIRE(symlink("link", second_link.c_str()) == 0);
    const std::string directory_link = d.path() + "/directory";
    REQUIRE(symlink(numbered(dev_fd(), directory.get()).c_str(), directory_link.c_str()) == 0);
    const std::string files[] = {
        numbered("/proc/self/fd", program.get()),
        numbered("/proc/self/fd", path_only.get()),
        numbered("/proc/thread-self/fd", program.get()),
        numbered("//proc/self/../self/./fd/", program.get()),
        numbered(dev_fd(), program.get()),
        link,
        second_link,
        numbered("/proc/self/fd", directory.get()) + name,
        numbered(dev_fd(), directory.get()) + "/." + name,
        directory_link + name,
    };
    for (const std::string& file : files) {
        CAPTURE(file);
        const run_result r = run_program(file.c_str(), arguments({"fds"}), {});
        CHECK(r.error == 0);
        CHECK(count_lines(r.output) == 3);
    }
}

TEST_CASE("a program is looked up in directories that are reached through a file descriptor") {
    const temporary_directory d;
    const unique_fd directory = opened(directory_of_spawnee(), O_RDONLY | O_DIRECTORY);
    const unique_fd empty = opened(d.path(), O_RDONLY | O_DIRECTORY);
    const std::string path = "/nonexistent:" + numbered(dev_fd(), empty.get()) + ":" +
                             numbered("/proc/self/fd", directory.get());
    const variable v("PATH", path.c_str());
    spawn_options o;
    o.search_path = true;
    const run_result r = run_program("pidfd-util-spawnee", arguments({"fds"}), o);
    CHECK(r.error == 0);
    CHECK(count_lines(r.output) == 3);
}

TEST_CASE("the directory may be reached through a file descriptor, and a relative program name "
          "begins there") {
    const unique_fd program = opened(spawnee());
    const unique_fd directory = opened(directory_of_spawnee(), O_RDONLY | O_DIRECTORY);
    const std::string name = std::string(".") + (spawnee() + directory_of_spawnee().size());
    const auto check = [](const std::string& where, const std::string& file) {
        CAPTURE(where, file);
        spawn_options o;
        o.directory = where.c_str();
        const run_result r = run_program(file.c_str(), arguments({"fds"}), o);
        CHECK(r.error == 0);
        CHECK(count_lines(r.output) == 3);
    };
    check(numbered("/proc/self/fd", directory.get()), spawnee());
    check(numbered(dev_fd(), directory.get()), name);
    check("/proc/self/fd", std::to_string(program.get()));
    check("/proc/self", numbered("fd", program.get()));
}

TEST_CASE("a script whose interpreter is reached through a file descriptor needs a mapping of it") {
    const temporary_directory d;
    const unique_fd shell = opened("/bin/sh");
    const std::string script =
        d.file("script", "#!" + numbered("/proc/self/fd", shell.get()) + "\nexit 4\n", 0755);
    const run_result closed = run_program(script.c_str(), arguments({}), {});
    CHECK(closed.error == ENOENT);
    CHECK(closed.step == spawn_step::exec);
    const fd_mapping map[] = {{shell.get(), shell.get()}};
    spawn_options o;
    o.fds = map;
    const run_result mapped = run_program(script.c_str(), arguments({}), o);
    CHECK(mapped.error == 0);
    REQUIRE(mapped.status);
    CHECK(mapped.status->code() == 4);
}

TEST_CASE(
    "without close_range a file descriptor of any number is closed, and a mapped one is not") {
    static const std::string program = spawnee();
    surroundings around;
    around.kernel = {"no close_range", {{SYS_close_range, EPERM}}};
    // At the limits of table sizes. The set for the highest number does not fit on the stack.
    for (const int number : {63, 64, 127, 128, 255, 256, 1023, 1024, 4095, 4096, 4999, 16384}) {
        CAPTURE(number);
        struct facts {
            bool made;
            bool open;
            bool kept;
            int error;
        };
        const auto got = isolated(around, [number] {
            facts f{};
            rlimit limit{};
            getrlimit(RLIMIT_NOFILE, &limit);
            const rlimit all{limit.rlim_max, limit.rlim_max};
            setrlimit(RLIMIT_NOFILE, &all);
            f.made = dup2(0, number) == number;
            const std::string path = numbered("/proc/self/fd", number);
            const auto is_open = [&](const spawn_options& o) {
                const run_result r = run({"link", path.c_str()}, o);
                f.error |= r.error;
                return !r.output.empty() && r.output != "\n";
            };
            f.open = is_open({});
            const fd_mapping map[] = {{number, number}};
            spawn_options o;
            o.fds = map;
            f.kept = is_open(o);
            return f;
        });
        REQUIRE(got);
        if (!got->made)
            SKIP_TEST("no file descriptor may have so high a number");
        CHECK(got->error == 0);
        CHECK_FALSE(got->open);
        CHECK(got->kept);
    }
}

TEST_CASE("a /proc that shows another process as the caller does not decide what is closed") {
    static const std::string program = spawnee();
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.mount_namespace = true;
    around.kernel = {"no close_range", {{SYS_close_range, ENOSYS}}};
    struct facts {
        bool mounted;
        listed found;
    };
    const auto got = isolated(around, [] {
        facts f{};
        const temporary_directory d;
        int other = -1;
        const pid_t pid = fork_sleeping(other);
        (void)!dup2(0, 50);
        // A symbolic link to another process, mounted over /proc/self and its like.
        f.mounted = mount("none", d.path().c_str(), "tmpfs", 0, nullptr) == 0;
        const auto cover = [&](const char* name, const std::string& target) {
            const std::string link = d.path() + "/" + name;
            const int over =
                open((std::string("/proc/") + name).c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
            f.mounted = f.mounted && symlink(target.c_str(), link.c_str()) == 0;
            const int source = open(link.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);
            const std::string own = "/proc/" + std::to_string(getpid()) + "/fd";
            f.mounted =
                f.mounted && mount(numbered(own, source).c_str(), numbered(own, over).c_str(),
                                   nullptr, MS_BIND, nullptr) == 0;
            close(source);
            close(over);
        };
        const std::string process = std::to_string(pid);
        cover("self", process);
        cover("thread-self", process + "/task/" + process);
        if (f.mounted)
            f.found = list_fds();
        umount2("/proc/self", MNT_DETACH | UMOUNT_NOFOLLOW);
        umount2("/proc/thread-self", MNT_DETACH | UMOUNT_NOFOLLOW);
        umount2(d.path().c_str(), MNT_DETACH);
        kill_made(pid);
        waitpid(pid, nullptr, 0);
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->mounted)
        SKIP_TEST("nothing can be mounted over a symbolic link of /proc here");
    CHECK(got->found.error == 0);
    CHECK(got->found.fds == 3);
}

TEST_CASE("a script that is reached through a file descriptor needs a mapping of it, as it is "
          "opened again") {
    const temporary_directory d;
    const unique_fd script = opened(d.file("script", "#!/bin/sh\nexit 4\n", 0755));
    const unique_fd directory = opened(d.path(), O_RDONLY | O_DIRECTORY);
    const auto exit_code = [](const std::string& file, array_view<fd_mapping> map) {
        spawn_options o;
        o.fds = map;
        const run_result r = run_program(file.c_str(), arguments({}), o);
        return r.status ? r.status->code().value_or(-1) : -r.error;
    };
    struct example {
        int fd;
        std::string file;
    };
    for (const example& e :
         {example{script.get(), numbered("/proc/self/fd", script.get())},
          example{script.get(), numbered(dev_fd(), script.get())},
          example{directory.get(), numbered("/proc/self/fd", directory.get()) + "/script"}}) {
        CAPTURE(e.file);
        const fd_mapping map[] = {{e.fd, e.fd}};
        CHECK(exit_code(e.file, map) == 4);
        CHECK(exit_code(e.file, {}) != 4); // the shell does not find it
        CHECK(exit_code(e.file, {}) > 0);
    }
}

TEST_CASE("where a sandbox refuses every way to close, no program is started") {
    for (const int error : {EPERM, ENOSYS}) {
        CAPTURE(error);
        surroundings around;
        around.kernel = {"cannot close", {{SYS_close_range, error}, {SYS_pselect6, error}}};
        struct facts {
            int error;
            spawn_step step;
            int with_others;
        };
        const auto got = isolated(around, [] {
            facts f{};
            const auto c = spawn(spawnee(), arguments({}), {}, &f.step);
            f.error = c ? 0 : c.error().value();
            spawn_options o;
            o.close_other_fds = false;
            const auto open = spawn(spawnee(), arguments({}), o);
            f.with_others = open ? 0 : open.error().value();
            return f;
        });
        REQUIRE(got);
        CHECK(got->error == (error == EPERM ? ERFKILL : EOPNOTSUPP));
        CHECK(got->step == spawn_step::file_descriptors);
        CHECK(got->with_others == 0);
    }
}
