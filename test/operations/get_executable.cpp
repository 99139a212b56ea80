// SPDX-License-Identifier: MIT
// get_executable, get_directory and get_root.
#include "support/answers.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/lifecycle.hpp"
#include "support/nested.hpp"
#include "support/talking.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

struct places {
    unsigned long long executable;
    unsigned long long directory;
    unsigned long long root;
};

unsigned long long inode_behind(const expected<unique_fd>& file) {
    return file ? inode_of(file->get()) : 0;
}
places places_of(pidfd_view p) {
    return {inode_behind(p.get_executable()), inode_behind(p.get_directory()),
            inode_behind(p.get_root())};
}
unsigned long long inode_at(const char* path) {
    struct stat st {};
    return stat(path, &st) == 0 ? st.st_ino : 0;
}

/// A kernel on which openat2 works, and one on which it is missing.
std::vector<profile> both_ways() {
    return {native(), profile{"without openat2", {{437, ENOSYS}}}, linux_5_10(), linux_5_4()};
}

} // namespace

TEST_CASE("the executable, the directory and the root are those of the process") {
    const test_child c = test_child::ready([] { return chdir("/dev") == 0; });
    talking_child other({"ready", "sleep"});
    REQUIRE(other.line() == "ready"); // it executes its program
    for (const profile& kernel : both_ways()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] { return places_of(c.fd()); });
        const auto of_other = isolated(on(kernel), [&] { return places_of(other.fd()); });
        REQUIRE((got && of_other));
        CHECK(got->executable == inode_at("/proc/self/exe"));
        CHECK(got->directory == inode_at("/dev"));
        CHECK(got->root == inode_at("/"));
        CHECK(of_other->executable == inode_at(spawnee()));
        CHECK(of_other->directory == inode_at("."));
    }
}

TEST_CASE("the files are opened with O_PATH and close-on-exec") {
    const auto self = pidfd::from_self();
    const expected<unique_fd> opened[] = {self->get_executable(), self->get_directory(),
                                          self->get_root()};
    for (const auto& file : opened) {
        REQUIRE(file);
        CHECK((fcntl(file->get(), F_GETFL) & O_PATH) != 0);
        CHECK(has_cloexec(file->get()));
    }
}

TEST_CASE("get_root returns the root that chroot has set") {
    if (geteuid() != 0)
        SKIP_TEST("no right to change the root");
    const test_child c = test_child::ready([] { return chroot("/dev") == 0 && chdir("/") == 0; });
    REQUIRE(c.prepared());
    CHECK(places_of(c.fd()).root == inode_at("/dev"));
    CHECK(places_of(c.fd()).directory == inode_at("/dev"));
}

TEST_CASE("the executable can be opened after it was removed") {
    const temporary_directory place;
    const std::string program = place.path() + "/program";
    {
        std::ofstream copy(program, std::ios::binary);
        copy << std::ifstream(spawnee(), std::ios::binary).rdbuf();
        REQUIRE(copy.flush());
    }
    REQUIRE(chmod(program.c_str(), 0755) == 0);
    auto c = spawn(program.c_str(), arguments({"sleep"}));
    REQUIRE(c);
    const unsigned long long inode = inode_at(program.c_str());
    REQUIRE(unlink(program.c_str()) == 0);
    // execve lets the caller of `spawn` continue before the process has the new memory.
    unsigned long long found = 0;
    for (int i = 0; i < 2000 && found != inode; ++i) {
        found = places_of(pidfd_view(*c)).executable;
        usleep(found == inode ? 0 : 1000);
    }
    CHECK(found == inode);
    (void)c->stop();
}

TEST_CASE("a process whose first thread has exited still has its files") {
    talking_child c({"last_thread", "tid", "sleep"});
    REQUIRE(c.number("tid") > 0);
    c.wait_for_end_of_first_thread();
    for (const profile& kernel : both_ways()) {
        CAPTURE(kernel.name);
        const auto got = isolated(on(kernel), [&] { return places_of(c.fd()); });
        REQUIRE(got);
        CHECK(got->executable == inode_at(spawnee()));
        CHECK(got->directory == inode_at("."));
        CHECK(got->root == inode_at("/"));
    }
}

TEST_CASE("a kernel thread has a directory and a root, but no executable") {
    if (geteuid() != 0)
        SKIP_TEST("no right to inspect a kernel thread");
    for (const subject& s : living()) {
        if (s.name != "a kernel thread")
            continue;
        CHECK(error_of(pidfd_view(s.fd).get_executable()) == ENOENT);
        CHECK(error_of(pidfd_view(s.fd).get_directory()) == 0);
        CHECK(error_of(pidfd_view(s.fd).get_root()) == 0);
        return;
    }
    SKIP_TEST("no kernel thread is visible here");
}

TEST_CASE("a process that is not dumpable does not show its files to others") {
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    const test_child c = test_child::ready(
        [] { return setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0; });
    REQUIRE(c.prepared());
    surroundings around;
    around.uid = 65534;
    const auto got = isolated(around, [&] { return error_of(c.fd().get_executable()); });
    REQUIRE(got);
    CHECK(*got == EACCES);
    CHECK(error_of(c.fd().get_executable()) == 0); // to root
}

TEST_CASE("the files that a link leads to belong to the process although mounts change meanwhile") {
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.mount_namespace = true;
    const auto got = isolated(around, [] {
        struct {
            int prepared, wrong, answers;
        } r{};
        const relative child = make_child();
        const pid_t mounter = fork();
        if (mounter == 0)
            for (;;) { // a thread of the same mount namespace
                mount("none", "/tmp", "tmpfs", 0, nullptr);
                umount2("/tmp", MNT_DETACH);
            }
        r.prepared = child.pid > 0 && mounter > 0 ? 1 : 0;
        const unsigned long long right = inode_at("/proc/self/exe");
        for (int i = 0; i < 200; ++i) {
            const auto file = pidfd_view(child.fd).get_executable();
            if (file)
                ++r.answers;
            if (file ? inode_of(file->get()) != right : error_of(file) != EAGAIN)
                ++r.wrong;
        }
        kill_made(mounter);
        kill_made(child.pid);
        return r;
    });
    if (!got)
        SKIP_TEST(got.missing);
    CHECK(got->prepared == 1);
    CHECK(got->wrong == 0);
}

TEST_CASE("a filter that fakes or refuses the poll of mounts gets no file") {
    const test_child c = test_child::running();
    for (const int error : {0, EPERM, ENOSYS}) {
        CAPTURE(error);
        const auto got = isolated(on({"poll", {{SYS_ppoll, error}}}),
                                  [&] { return error_of(c.fd().get_executable()); });
        REQUIRE(got);
        CHECK(*got != 0);
    }
}
