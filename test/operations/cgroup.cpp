// SPDX-License-Identifier: MIT
// Opening, making and removing cgroups.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/lifecycle.hpp"
#include "support/opened_cgroup.hpp"
#include "support/operations.hpp"

#include <pidfd_util/cgroup.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr long openat2_number = 437; // which older headers do not have

} // namespace

TEST_CASE("a cgroup is opened by its path, and has the inode number of its directory as its id") {
    const auto made = test_cgroup::make("-opened");
    if (!made)
        SKIP_TEST(no_cgroup);
    const int fds = count_fds();
    {
        handle opened = open_made(*made);
        CHECK(opened.get_id().value() == made->id());
        CHECK((fcntl(opened.fd(), F_GETFD) & FD_CLOEXEC) != 0);
        const cgroup_view view(opened);
        CHECK(view.get_id().value() == made->id());
        handle moved = std::move(opened);
        CHECK_FALSE(opened);
        CHECK(error_of(opened.get_id()) == EBADF);
        CHECK(moved.get_id().value() == made->id());
        unique_fd raw(moved.release());
        CHECK(fcntl(raw.get(), F_SETFD, 0) == 0);
        const auto adopted = handle::adopt(std::move(raw));
        REQUIRE(adopted);
        CHECK_FALSE(raw);
        CHECK((fcntl(adopted->fd(), F_GETFD) & FD_CLOEXEC) != 0);
    }
    CHECK(count_fds() == fds);
}

TEST_CASE("what is not a cgroup2 directory is refused with an error of its own") {
    for (const char* path : {"/", "/proc", "/sys/fs/cgroup/pids", "/dev/null"}) {
        CAPTURE(path);
        struct stat st {};
        if (stat(path, &st) != 0 || path == cgroup2_mount())
            continue;
        const auto opened = handle::open(path);
        REQUIRE_FALSE(opened);
        CHECK(opened.error() == pidfd_errc::not_a_cgroup);
    }
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        const cgroup_view view(s.fd);
        CHECK(error_of(view.get_id()) == EMEDIUMTYPE);
        CHECK(error_of(view.kill()) == EMEDIUMTYPE);
        CHECK(error_of(view.is_empty()) == EMEDIUMTYPE);
        CHECK(error_of(view.freeze()) == EMEDIUMTYPE);
        CHECK(error_of(view.create("none")) == EMEDIUMTYPE);
        CHECK(error_of(view.remove("none")) == EMEDIUMTYPE);
        CHECK(error_of(view.members({})) == EMEDIUMTYPE);
        CHECK(error_of(view.open_events()) == EMEDIUMTYPE);
        unique_fd copy(dup(s.fd));
        CHECK(error_of(handle::adopt(std::move(copy))) == EMEDIUMTYPE);
        CHECK(copy); // kept
    }
    // AT_FDCWD is no handle, even if the working directory is a cgroup.
    const std::string mount = cgroup2_mount();
    for (const int closed : {-1, 9999, AT_FDCWD}) {
        CAPTURE(closed);
        const auto got = isolated({}, [&] {
            (void)!chdir(mount.c_str());
            const cgroup_view view(closed);
            return error_of(view.get_id()) == EBADF && error_of(view.kill()) == EBADF &&
                   error_of(view.is_empty()) == EBADF && error_of(view.create("n")) == EBADF;
        });
        REQUIRE(got);
        CHECK(*got);
    }
    CHECK(error_of(handle::open("/nonexistent")) == ENOENT);
    CHECK(error_of(handle::open(nullptr)) == EINVAL);
}

TEST_CASE("a file of a cgroup is not its directory") {
    const auto made = test_cgroup::make("-file");
    if (!made)
        SKIP_TEST(no_cgroup);
    const std::string file = made->path() + "/cgroup.procs";
    CHECK(error_of(handle::open(file.c_str())) == EMEDIUMTYPE);
    const unique_fd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    const cgroup_view view(fd.get());
    CHECK(error_of(view.get_id()) == EMEDIUMTYPE);
    CHECK(error_of(view.kill()) == EMEDIUMTYPE);
    CHECK(error_of(view.is_empty()) == EMEDIUMTYPE);
}

TEST_CASE("a threaded cgroup is refused with an error of its own") {
    const auto made = test_cgroup::make("-threads");
    if (!made)
        SKIP_TEST(no_cgroup);
    const auto threaded = made->make_below("threaded");
    REQUIRE(threaded);
    const handle before = open_made(*threaded);
    REQUIRE(threaded->write("cgroup.type", "threaded"));
    const auto opened = handle::open(threaded->path().c_str());
    REQUIRE_FALSE(opened);
    CHECK(opened.error() == pidfd_errc::threaded_cgroup);
    CHECK(error_of(open_made(*made).open_below("threaded")) == EPROTOTYPE);
    // It was opened while it was not threaded yet.
    CHECK(error_of(before.members({})) == EPROTOTYPE);
    CHECK(error_of(before.kill()) == EPROTOTYPE);
}

TEST_CASE("a cgroup is made below another one, opened, and removed") {
    const auto made = test_cgroup::make("-above");
    if (!made)
        SKIP_TEST(no_cgroup);
    const int fds = count_fds();
    {
        const handle above = open_made(*made);
        auto below = above.create("job 1");
        REQUIRE(below);
        CHECK(below->get_id().value() == inode_of(made->path() + "/job 1"));
        CHECK(error_of(above.create("job 1")) == EEXIST);
        CHECK(above.open_below("job 1").value().get_id() == below->get_id());
        for (const char* name : {"", ".", "..", "a/b", "/", "new\nline"}) {
            CAPTURE(name);
            CHECK(error_of(above.create(name)) == EINVAL);
        }
        CHECK(error_of(above.create(nullptr)) == EINVAL);
        CHECK(error_of(above.create(std::string(5000, 'n').c_str())) == ENAMETOOLONG);
        CHECK(error_of(above.remove("../x")) == EINVAL);
        CHECK(error_of(above.remove("none")) == ENOENT);
        CHECK(error_of(above.remove("cgroup.procs")) == EMEDIUMTYPE);
        auto deeper = below->create("deeper");
        REQUIRE(deeper);
        CHECK(error_of(above.remove("job 1")) == EBUSY);
        CHECK(error_of(below->remove("deeper")) == 0);
        CHECK(error_of(above.remove("job 1")) == 0);
        CHECK(error_of(above.remove("job 1")) == ENOENT);
        // The handles refer to what was removed, also once there is another one of the same name.
        const auto successor = above.create("job 1");
        REQUIRE(successor);
        CHECK(error_of(below->kill()) == ENODEV);
        CHECK(error_of(below->freeze()) == ENODEV);
        CHECK(error_of(below->is_frozen()) == ENODEV);
        CHECK(below->is_empty().value());
        CHECK(below->wait_empty());
        CHECK(error_of(below->members({})) == ENODEV);
        CHECK(error_of(below->create("lost")) == ENODEV);
        CHECK(error_of(above.remove("job 1")) == 0);
    }
    CHECK(count_fds() == fds);
}

TEST_CASE("a path or a name of a cgroup that is too long is ENAMETOOLONG") {
    const std::string name(5000, 'n');
    CHECK(error_of(handle::open(name.c_str())) == ENAMETOOLONG);
    const auto made = test_cgroup::make("-long");
    if (!made)
        SKIP_TEST(no_cgroup);
    const handle above = open_made(*made);
    profile without_openat2{"without openat2", {{openat2_number, ENOSYS}}};
    for (const profile& kernel : {native(), without_openat2}) {
        CAPTURE(kernel.name);
        struct errors {
            int create;
            int open_below;
            int remove;
        };
        const auto got = isolated(on(kernel), [&] {
            return errors{error_of(above.create(name.c_str())),
                          error_of(above.open_below(name.c_str())),
                          error_of(above.remove(name.c_str()))};
        });
        REQUIRE(got);
        CHECK(got->create == ENAMETOOLONG);
        CHECK(got->open_below == ENAMETOOLONG);
        CHECK(got->remove == ENAMETOOLONG);
    }
}

TEST_CASE("a cgroup with a process that runs is not removed, and one with zombies is") {
    auto made = test_cgroup::make("-busy");
    if (!made)
        SKIP_TEST(no_cgroup);
    const handle above = open_made(*made);
    const auto below = above.create("job");
    REQUIRE(below);
    auto c = test_child::that([] { return 0; });
    {
        const int procs = openat(below->fd(), "cgroup.procs", O_WRONLY | O_CLOEXEC);
        const std::string pid = std::to_string(c.pid());
        REQUIRE(write(procs, pid.data(), pid.size()) > 0);
        close(procs);
    }
    CHECK(error_of(above.remove("job")) == EBUSY);
    c.go();
    c.wait_for_end();
    CHECK(error_of(above.remove("job")) == 0);
}

TEST_CASE("a handle follows nothing that is mounted over an entry of the cgroup") {
    const auto made = test_cgroup::make("-covered");
    const auto other = test_cgroup::make("-cover");
    if (!made || !other)
        SKIP_TEST(no_cgroup);
    const test_child victim = test_child::running();
    REQUIRE(other->add(victim.pid()));
    const test_child member = test_child::running();
    REQUIRE(made->add(member.pid()));
    const temporary_directory scratch;
    const std::string fifo = scratch.path() + "/fifo";
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    struct facts {
        bool prepared;
        int events;
        int members;
        int freeze;
    };
    for (const profile& kernel : {native(), profile{"no openat2", {{437, ENOSYS}}}}) {
        for (const std::string& from : {other->path(), std::string("/dev/null"), fifo}) {
            CAPTURE(kernel.name, from);
            const auto got = isolated({}, [&]() -> facts {
                facts f{};
                f.prepared = keep_mounts_here();
                for (const char* file : {"/cgroup.events", "/cgroup.procs", "/cgroup.freeze"}) {
                    const std::string source = from == other->path() ? from + file : from;
                    f.prepared = f.prepared && mount(source.c_str(), (made->path() + file).c_str(),
                                                     nullptr, MS_BIND, nullptr) == 0;
                }
                install(kernel.rules);
                const auto opened = handle::open(made->path().c_str());
                pidfd found[2];
                f.events = error_of(opened->is_empty());
                f.members = error_of(opened->members(found));
                f.freeze = error_of(opened->freeze());
                return f;
            });
            if (!got)
                SKIP_TEST(got.missing);
            REQUIRE(got->prepared);
            CHECK(got->events == EOPNOTSUPP);
            CHECK(got->members == EOPNOTSUPP);
            CHECK(got->freeze == EOPNOTSUPP);
        }
    }
    CHECK(*victim.fd().is_alive());
}

TEST_CASE("a delegated cgroup works for the user to whom it belongs") {
    const auto made = test_cgroup::make("-delegated");
    if (!made)
        SKIP_TEST(no_cgroup);
    if (geteuid() != 0)
        SKIP_TEST("only root can delegate");
    constexpr uid_t nobody = 65534;
    REQUIRE(chown(made->path().c_str(), nobody, nobody) == 0);
    for (const char* file : {"/cgroup.procs", "/cgroup.threads", "/cgroup.subtree_control"})
        REQUIRE(chown((made->path() + file).c_str(), nobody, nobody) == 0);
    const handle opened = open_made(*made);
    const test_child outside = test_child::running();
    struct facts {
        int created;
        int killed;
        int emptied;
        int removed;
        int not_delegated;
        bool ended;
    };
    const auto got = isolated({}, [&]() -> facts {
        facts f{};
        if (!made->add(0) || setgid(nobody) != 0 || setuid(nobody) != 0)
            return {-1, -1, -1, -1, -1, false};
        // The change of ids made it undumpable, which hides its own files in /proc before Linux 5.14.
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        // The kernel does not delegate cgroup.kill and cgroup.freeze of the cgroup itself.
        f.not_delegated = error_of(opened.freeze());
        const auto job = opened.create("job");
        f.created = error_of(job);
        if (!job)
            return f;
        int fd = -1;
        const pid_t pid = fork_sleeping(fd);
        auto c = owner_of(fd);
        const int procs = openat(job->fd(), "cgroup.procs", O_WRONLY | O_CLOEXEC);
        const std::string text = std::to_string(pid);
        (void)!write(procs, text.data(), text.size());
        close(procs);
        f.killed = error_of(job->kill());
        f.emptied = error_of(job->wait_empty_for(std::chrono::seconds(20)));
        if (f.killed != 0)
            kill_made(pid);
        const auto status = c.wait();
        f.ended = status && status->signal() == SIGKILL;
        f.removed = error_of(opened.remove("job"));
        return f;
    });
    REQUIRE(got);
    CHECK(got->not_delegated == EACCES);
    CHECK(got->created == 0);
    CHECK(got->killed == 0);
    CHECK(got->emptied == 0);
    CHECK(got->ended);
    CHECK(got->removed == 0);
    CHECK(*outside.fd().is_alive());
}
