// SPDX-License-Identifier: MIT
// Something is mounted over entries of /proc, as the creator of a container or any user in a user
// namespace can do. No answer is about another process.
#include "support/catch.hpp"
#include "support/covered_proc.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/nested.hpp"
#include "support/processes.hpp"
#include "support/tracer.hpp"

#include <pidfd_util/spawn.hpp>

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;
using namespace support::covered_proc;

namespace {

/// Mounts links to a stranger over /proc/self and /proc/thread-self.
bool cover_self(pid_t stranger) {
    const temporary_directory place;
    const std::string link = place.path() + "/link";
    const std::string target = proc_of(stranger) + "/task/" + std::to_string(stranger);
    const bool covered = symlink(target.c_str(), link.c_str()) == 0 && cover("/proc/self", link) &&
                         cover("/proc/thread-self", link);
    unlink(link.c_str());
    return covered;
}

/// The processes: the subject, and a stranger with another parent and namespace.
struct couple {
    pid_t asked;
    int fd;
    pid_t stranger;
    pid_t strangers_parent;
};

struct findings {
    bool prepared;
    pid_t expected;
    int ppid_error;
    pid_t ppid;
    int dir_error;
    pid_t pid_below_dir;
    int ns_error;
    bool ns_is_strangers;
    int directory_error;
    bool directory_is_strangers;
    int state_error;
};

unsigned long long strangers_uts(const couple& c) {
    const int fd = open((proc_of(c.stranger) + "/ns/uts").c_str(), O_RDONLY | O_CLOEXEC);
    const unsigned long long inode = fd < 0 ? 0 : inode_of(fd);
    close(fd);
    return inode;
}

unsigned long long strangers_directory() {
    struct stat st {};
    return stat("/dev", &st) == 0 ? st.st_ino : 0;
}

findings ask(const couple& c, unsigned long long uts_of_stranger) {
    findings t{};
    t.expected = c.asked;
    const pidfd_view p(c.fd);
    const auto ppid = p.get_ppid();
    t.ppid_error = ppid ? 0 : ppid.error().value();
    t.ppid = ppid.value_or(-1);
    const auto below =
        p.access_proc([](int dir) { return std::atoi(read_file_at(dir, "stat").c_str()); });
    t.dir_error = below ? 0 : below.error().value();
    t.pid_below_dir = below.value_or(0);
    const auto ns = p.get_namespace(namespace_type::uts);
    t.ns_error = ns ? 0 : ns.error().value();
    t.ns_is_strangers = ns && inode_of(ns->get()) == uts_of_stranger;
    const auto directory = p.get_directory();
    t.directory_error = directory ? 0 : directory.error().value();
    t.directory_is_strangers = directory && inode_of(directory->get()) == strangers_directory();
    const auto state = p.get_state();
    t.state_error = state ? 0 : state.error().value();
    return t;
}

/// Makes a child, and a grandchild in another uts namespace, mounts the cover, and queries the
/// child.
findings ask_after(const std::function<bool(const couple&)>& prepare) {
    const relative child = make_child();
    int ready[2];
    if (child.pid <= 0 || pipe(ready) != 0)
        return {};
    const pid_t parent = fork();
    if (parent == 0) {
        const pid_t stranger = fork();
        if (stranger == 0) {
            (void)!unshare(CLONE_NEWUTS);
            (void)!chdir("/dev");
            const pid_t self = getpid();
            (void)!write(ready[1], &self, sizeof self);
        }
        for (;;)
            pause();
    }
    couple c{child.pid, child.fd, 0, parent};
    findings t{};
    if (read(ready[0], &c.stranger, sizeof c.stranger) == sizeof c.stranger) {
        const unsigned long long uts = strangers_uts(c);
        if (prepare(c)) {
            t = ask(c, uts);
            t.prepared = true;
        }
    }
    for (const pid_t pid : {c.stranger, parent, child.pid})
        kill_made(pid);
    while (waitpid(-1, nullptr, 0) > 0)
        continue;
    return t;
}

void check_no_answer_is_about_the_stranger(const findings& t) {
    CAPTURE(t.ppid_error, t.ppid, t.dir_error, t.pid_below_dir, t.ns_error);
    CHECK((t.ppid_error == EOPNOTSUPP || (t.ppid_error == 0 && t.ppid != 0)));
    CHECK((t.dir_error == EOPNOTSUPP || t.dir_error == 0));
    if (t.dir_error == 0)
        CHECK(t.pid_below_dir == t.expected);
    CHECK((t.ns_error == EOPNOTSUPP || t.ns_error == 0));
    CHECK_FALSE(t.ns_is_strangers);
    CAPTURE(t.directory_error, t.state_error);
    CHECK((t.directory_error == EOPNOTSUPP || t.directory_error == 0));
    CHECK_FALSE(t.directory_is_strangers);
    CHECK((t.state_error == EOPNOTSUPP || t.state_error == 0));
}

/// `prepare` mounts the cover, in a separate mount namespace.
void attack(const std::function<bool(const couple&)>& prepare) {
    for (const profile& kernel : kernels()) {
        CAPTURE(kernel.name);
        surroundings around = of(native());
        const auto got = isolated(around, [&] {
            struct result {
                findings t;
                pid_t self;
            } r{};
            r.self = getpid();
            r.t = ask_after([&](const couple& c) { return prepare(c) && install(kernel.rules); });
            return r;
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->t.prepared)
            SKIP_TEST("nothing can be mounted over /proc here");
        check_no_answer_is_about_the_stranger(got->t);
        if (got->t.ppid_error == 0)
            CHECK(got->t.ppid == got->self);
    }
}

} // namespace

TEST_CASE("a directory mounted over /proc/PID does not change which process an answer is about") {
    attack([](const couple& c) { return cover(proc_of(c.asked), proc_of(c.stranger)); });
}

TEST_CASE("a file mounted over the status of a process is not believed") {
    attack([](const couple& c) {
        return cover(proc_of(c.asked) + "/status", proc_of(c.stranger) + "/status");
    });
}

TEST_CASE("a link mounted over a namespace of a process is not followed") {
    attack([](const couple& c) {
        return cover(proc_of(c.asked) + "/ns/uts", proc_of(c.stranger) + "/ns/uts");
    });
}

TEST_CASE("a link or a directory mounted over the working directory of a process is not followed") {
    attack([](const couple& c) {
        return cover(proc_of(c.asked) + "/cwd", proc_of(c.stranger) + "/cwd");
    });
    attack([](const couple& c) { return cover(proc_of(c.asked) + "/cwd", "/dev/null"); });
}

TEST_CASE("a directory mounted over the namespaces of a process is not entered") {
    attack([](const couple& c) {
        return cover(proc_of(c.asked) + "/ns", proc_of(c.stranger) + "/ns");
    });
}

TEST_CASE("a link mounted over /proc/thread-self is not followed") {
    attack([](const couple& c) { return cover_self(c.stranger); });
}

TEST_CASE("spawn does not use another process's list of file descriptors") {
    struct result {
        bool prepared;
        int error;
        bool left_open;
    };
    constexpr long close_range_number = 436;
    for (const bool has_openat2 : {true, false}) {
        CAPTURE(has_openat2);
        const auto got = isolated(of(native()), [=] {
            result r{};
            const relative stranger = make_child();
            std::vector<rule> rules{{close_range_number, ENOSYS}};
            if (!has_openat2)
                rules.push_back(without_openat2());
            // Without close-on-exec: only a list of file descriptors shows that it is open.
            const int left = fcntl(0, F_DUPFD, 200);
            r.prepared =
                stranger.pid > 0 && left >= 0 && cover_self(stranger.pid) && install(rules);
            if (r.prepared) {
                auto process = spawn(spawnee(), arguments({"sleep"}));
                r.error = process ? 0 : process.error().value();
                if (process) {
                    const std::string number = "/fd/" + std::to_string(left);
                    const pid_t pid = process->get_pid().value_or(-1);
                    const auto is_there = [&] {
                        return faccessat(AT_FDCWD, (proc_of(pid) + number).c_str(), F_OK,
                                         AT_SYMLINK_NOFOLLOW) == 0;
                    };
                    // execve lets the caller continue a moment before it closes anything.
                    for (int tries = 0; tries < 2000 && is_there(); ++tries)
                        usleep(1000);
                    r.left_open = is_there();
                    (void)process->kill();
                    (void)process->wait();
                }
            }
            kill_made(stranger.pid);
            return r;
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->prepared)
            SKIP_TEST("nothing can be mounted over /proc here");
        // spawn tries every number instead, or starts nothing if there are too many.
        CHECK((got->error == 0 || got->error == EOPNOTSUPP));
        CHECK_FALSE(got->left_open);
    }
}

TEST_CASE("a FIFO mounted over a file of /proc is refused, and no call blocks on it") {
    for (const char* const name : {"/status", "/cgroup", "/fdinfo"}) {
        CAPTURE(name);
        attack([name](const couple& c) {
            const temporary_directory place;
            const std::string fifo = place.path() + "/fifo";
            const bool covered = mkfifo(fifo.c_str(), 0600) == 0 &&
                                 cover(proc_of(c.asked) + name, fifo) &&
                                 cover(proc_of(getpid()) + "/status", fifo);
            unlink(fifo.c_str());
            return covered || std::string(name) == "/fdinfo";
        });
    }
}

namespace {

/// Whether the call follows this link: opens it other than as a place.
bool follows(const system_call& call, pid_t caller, const std::string& link) {
    constexpr std::uint64_t as_place = O_PATH | O_NOFOLLOW;
    if (call.number != SYS_openat || (call.arguments[2] & as_place) != 0)
        return false;
    char path[64] = {};
    iovec here{path, sizeof path - 1};
    // The path may be near the end of a page.
    iovec there{reinterpret_cast<void*>(call.arguments[1]), link.size() + 1};
    return process_vm_readv(caller, &here, 1, &there, 1, 0) > 0 && link == path;
}

} // namespace

TEST_CASE("a FIFO that is mounted over a namespace just before it is opened blocks no call") {
    struct result {
        bool traced;
        bool covered;
        bool ended;
        int error;
    };
    const auto got = isolated(of(native()), [] {
        result r{};
        const relative asked = make_child();
        const temporary_directory place;
        const std::string fifo = place.path() + "/fifo";
        const std::string link = std::to_string(asked.pid) + "/ns/uts";
        const pid_t asking = mkfifo(fifo.c_str(), 0600) == 0 ? fork() : -1;
        if (asking == 0) {
            constexpr unsigned limit = 20;
            alarm(limit);
            if (!install(linux_5_10().rules) || !be_traced())
                _exit(1);
            const auto ns = pidfd_view(asked.fd).get_namespace(namespace_type::uts);
            _exit(ns ? 0 : ns.error().value());
        }
        if (asking > 0) {
            tracee traced(asking);
            r.traced = traced.traced();
            while (r.traced && !r.covered) {
                const auto call = traced.next_call();
                if (!call)
                    break;
                if (follows(*call, asking, link))
                    r.covered = cover("/proc/" + link, fifo);
            }
            if (r.traced) {
                traced.let_go();
                const int status = traced.wait_for_end();
                r.ended = WIFEXITED(status);
                r.error = WEXITSTATUS(status);
            }
        }
        kill_made(asked.pid);
        unlink(fifo.c_str());
        return r;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->traced || !got->covered)
        SKIP_TEST("nothing can be traced, or mounted over /proc here");
    CHECK(got->ended);
    CHECK(got->error == EOPNOTSUPP);
}
