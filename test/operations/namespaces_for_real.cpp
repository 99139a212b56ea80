// SPDX-License-Identifier: MIT
// Callers in separate namespaces, roots and views of /proc, as root and as the user nobody. Each
// answer equals that of the parent outside, or is an error that explains why there is none.
#include "support/answers.hpp"
#include "support/end_with.hpp"
#include "support/fds.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <grp.h>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// A file system of the caller's own, which goes with its mount namespace.
bool empty_tmp() {
    return keep_mounts_here() && mount("none", "/tmp", "tmpfs", 0, nullptr) == 0;
}

/// A root directory that is empty, or has only a /proc.
bool change_root(bool with_proc) {
    return empty_tmp() &&
           (!with_proc || (mkdir("/tmp/proc", 0755) == 0 &&
                           mount("/proc", "/tmp/proc", nullptr, MS_BIND, nullptr) == 0)) &&
           chroot("/tmp") == 0 && chdir("/") == 0;
}

bool chroot_without_proc() {
    return change_root(false);
}

bool chroot_with_proc() {
    return change_root(true);
}

/// The caller's own /proc, which is then replaced by the parent's.
bool parents_proc_again() {
    return empty_tmp() && mkdir("/tmp/kept", 0755) == 0 &&
           mount("/proc", "/tmp/kept", nullptr, MS_BIND, nullptr) == 0 &&
           mount("proc", "/proc", "proc", 0, nullptr) == 0 &&
           mount("/tmp/kept", "/proc", nullptr, MS_BIND, nullptr) == 0;
}

/// A /proc in which the caller is not visible.
bool childs_proc() {
    int ready[2];
    if (!keep_mounts_here() || pipe(ready) != 0)
        return false;
    const pid_t parent = getpid();
    if (fork() == 0) {
        end_with(parent);
        if (unshare(CLONE_NEWPID) == 0 && fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            const char mounted = mount("proc", "/proc", "proc", 0, nullptr) == 0 ? 'y' : 'n';
            (void)!write(ready[1], &mounted, 1);
        }
        for (;;)
            pause();
    }
    close(ready[1]);
    char mounted = 'n';
    const bool received = read(ready[0], &mounted, 1) == 1;
    close(ready[0]);
    return received && mounted == 'y';
}

bool hide_pids() {
    return keep_mounts_here() && mount("proc", "/proc", "proc", 0, "hidepid=2") == 0;
}

bool cgroup_namespace() {
    return unshare(CLONE_NEWCGROUP) == 0;
}

bool nothing() {
    return true;
}

struct place {
    const char* name;
    bool (*enter)();
    bool pid_namespace;
    bool user_namespace;
    bool sees_itself;   // in /proc
    bool sees_everyone; // there; root at least
};

constexpr place places[] = {
    {"a chroot without /proc", chroot_without_proc, false, false, false, false},
    {"a chroot with a /proc", chroot_with_proc, false, false, true, true},
    {"a pid namespace, below the parent's /proc", parents_proc_again, true, false, true, false},
    {"the /proc of a child's pid namespace", childs_proc, false, false, false, false},
    {"a /proc with hidepid=2", hide_pids, false, false, true, true},
    {"a cgroup namespace", cgroup_namespace, false, false, true, true},
    {"a user namespace", nothing, false, true, true, true},
};

bool become_nobody() {
    return setgroups(0, nullptr) == 0 && setresgid(65534, 65534, 65534) == 0 &&
           setresuid(65534, 65534, 65534) == 0 && prctl(PR_SET_DUMPABLE, 1) == 0;
}

struct view {
    answer<pid_t> pid;
    answer<pid_t> ppid;
    answer<credentials> creds;
    answer<std::uint64_t> cgroupid;
    answer<process_info> info;
    int ns_error;
    unsigned long long ns;
    int dir_error;
    pid_t shown; // in the directory, as that /proc numbers it
    bool alive;
};

view look_at(pidfd_view fd) {
    view v{};
    v.pid = ask(fd.fd(), &pidfd_view::get_pid);
    v.ppid = ask(fd.fd(), &pidfd_view::get_ppid);
    v.creds = ask(fd.fd(), &pidfd_view::get_creds);
    v.cgroupid = ask(fd.fd(), &pidfd_view::get_cgroupid);
    v.info = ask(fd.fd(), &pidfd_view::get_info);
    const auto ns = fd.get_namespace(namespace_type::net);
    v.ns_error = ns ? 0 : ns.error().value();
    v.ns = ns ? inode_of(ns->get()) : 0;
    const auto dir = fd.open_proc();
    v.dir_error = dir ? 0 : dir.error().value();
    v.shown = dir ? static_cast<pid_t>(
                        std::atoi(field(read_file_at(dir->get(), "status"), "Pid:").c_str()))
                  : 0;
    v.alive = fd.is_alive().value_or(false);
    return v;
}

struct views {
    bool entered;
    pid_t own_pid;
    view self;
    view child;    // of the test
    view stranger; // one of the user nobody
};

/// An id as a user namespace shows it that maps root alone.
uid_t seen(uid_t id, const place& p) {
    return p.user_namespace && id != 0 ? 65534 : id;
}

void check_child(const view& got, const view& outside, const place& p, const profile& kernel,
                 bool nobody) {
    const bool by_ioctl = kernel.rules.empty() && has(feature::info_ioctl);
    CHECK(got.alive);
    // The errors that are allowed where the process has no number.
    const auto allowed = [&](int error) {
        return (error == EREMOTE && p.pid_namespace) ||
               (error == EOPNOTSUPP && !by_ioctl && !p.sees_itself) ||
               (error == EACCES && nobody && !by_ioctl && p.enter == hide_pids);
    };
    const auto check = [&](int error, bool right) {
        CAPTURE(error, std::strerror(error));
        CHECK((error == 0 ? right : allowed(error)));
        if (!p.pid_namespace && (by_ioctl || (p.sees_everyone && !nobody)))
            CHECK(error == 0);
    };
    check(got.pid.error, got.pid.value == outside.pid.value);
    check(got.ppid.error, got.ppid.value == outside.ppid.value);
    check(got.creds.error, got.creds.value.ruid == seen(outside.creds.value.ruid, p) &&
                               got.creds.value.fsgid == seen(outside.creds.value.fsgid, p));
    const process_info& info = got.info.value;
    check(got.info.error, info.pid == outside.pid.value && info.ppid == outside.ppid.value &&
                              info.creds && info.creds->euid == seen(outside.creds.value.euid, p));
    // Cgroups need a mount that shows them, namespaces need a permission, and directories need a
    // /proc.
    const bool no_cgroup = got.cgroupid.error == EOPNOTSUPP && !by_ioctl;
    CHECK((got.cgroupid.error == 0 ? got.cgroupid.value == outside.cgroupid.value
                                   : no_cgroup || allowed(got.cgroupid.error)));
    const bool no_right = got.ns_error == EACCES && (nobody || p.user_namespace);
    const bool no_path = got.ns_error == EOPNOTSUPP && !p.sees_itself;
    CHECK(
        (got.ns_error == 0 ? got.ns == outside.ns : no_right || no_path || allowed(got.ns_error)));
    const bool no_directory = got.dir_error == EOPNOTSUPP || got.dir_error == EREMOTE ||
                              (got.dir_error == EACCES && nobody);
    CHECK((got.dir_error == 0 ? got.shown == outside.shown : no_directory));
}

void check_self(const views& v, const place& p, const profile& kernel) {
    const bool by_ioctl = kernel.rules.empty() && has(feature::info_ioctl);
    const int error = by_ioctl || p.sees_itself ? 0 : EOPNOTSUPP;
    CHECK(v.self.alive);
    CHECK(v.self.pid.error == error);
    CHECK(v.self.creds.error == error);
    CHECK(v.self.info.error == error);
    CHECK(v.self.dir_error == (p.sees_itself ? 0 : EOPNOTSUPP));
    if (error == 0) {
        CHECK(v.self.pid.value == v.own_pid);
        CHECK(v.self.info.value.pid == v.own_pid);
    }
}

} // namespace

TEST_CASE(
    "in every namespace, root and view of /proc an answer equals the parent's, or is an error") {
    if (geteuid() != 0)
        SKIP_TEST("only root may make all of these places");
    const test_child child = test_child::running();
    const test_child stranger = test_child::ready(become_nobody);
    REQUIRE(stranger.prepared());
    const view child_outside = look_at(child.fd());
    const view stranger_outside = look_at(stranger.fd());
    CHECK(stranger_outside.creds.value.ruid == 65534);

    for (const place& p : places) {
        for (const bool nobody : {false, true}) {
            for (const profile& kernel : {native(), linux_5_10()}) {
                CAPTURE(p.name, nobody, kernel.name);
                if (nobody && p.user_namespace)
                    continue; // the user nobody has no id there
                surroundings around;
                around.mount_namespace = true;
                around.pid_namespace = p.pid_namespace;
                around.user_namespace = p.user_namespace;
                const auto got = isolated(around, [&] {
                    views v{};
                    v.entered = p.enter() && (!nobody || become_nobody()) && install(kernel.rules);
                    const auto self = pidfd::from_self();
                    if (!v.entered || !self)
                        return v;
                    v.own_pid = getpid();
                    v.self = look_at(*self);
                    v.child = look_at(child.fd());
                    v.stranger = look_at(stranger.fd());
                    return v;
                });
                if (!got)
                    SKIP_TEST(got.missing);
                if (!got->entered)
                    SKIP_TEST(std::string("cannot be had here: ") + p.name);
                check_self(*got, p, kernel);
                check_child(got->child, child_outside, p, kernel, nobody);
                check_child(got->stranger, stranger_outside, p, kernel, nobody);
            }
        }
    }
}
