// SPDX-License-Identifier: MIT
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/processes.hpp"

#include <pidfd_util/features.hpp>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <fcntl.h>
#include <map>
#include <sched.h>
#include <sstream>
#include <string>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

#ifdef SYS_mmap2
constexpr long sys_mmap = SYS_mmap2;
#else
constexpr long sys_mmap = SYS_mmap;
#endif

using identity = std::pair<unsigned long long, unsigned long long>;
using table = std::map<int, identity>;

/// Files that differ from each other.
class marked {
public:
    explicit marked(int flags = O_CLOEXEC)
        : fd_(open(d_.file("mark", "", 0644).c_str(), O_RDONLY | flags)) {
        REQUIRE(fd_ >= 0);
    }
    ~marked() {
        if (fd_ >= 0)
            ::close(fd_);
    }
    marked(const marked&) = delete;
    marked& operator=(const marked&) = delete;
    /// Moves it to another number.
    void move_to(int fd) {
        REQUIRE(dup3(fd_, fd, O_CLOEXEC) == fd);
        ::close(fd_);
        fd_ = fd;
    }
    int fd() const { return fd_; }
    identity id() const {
        struct stat st {};
        REQUIRE(fstat(fd_, &st) == 0);
        return {st.st_dev, st.st_ino};
    }

private:
    temporary_directory d_;
    int fd_;
};

table parse(const std::string& output) {
    table t;
    std::istringstream in(output);
    std::string word;
    int fd = 0;
    identity id;
    while (in >> word >> fd >> id.first >> id.second)
        t[fd] = id;
    return t;
}

/// The file descriptors of the child, which it writes to standard output, a pipe.
table fds_of_child(std::vector<fd_mapping> map, bool close_others = true) {
    spawn_options o;
    o.fds = map;
    o.close_other_fds = close_others;
    const run_result r = run({"fds"}, o);
    CHECK(r.error == 0);
    return parse(r.output);
}

std::vector<int> numbers(const table& t) {
    std::vector<int> all;
    for (const auto& [fd, id] : t)
        all.push_back(fd);
    return all;
}

int error_of(const std::vector<fd_mapping>& map) {
    spawn_options o;
    o.fds = map;
    spawn_step step{};
    const int before = count_fds();
    const int children = count_children();
    auto c = spawn(spawnee(), arguments({}), o, &step);
    if (c) {
        CHECK(c->wait());
        return 0;
    }
    CHECK(step ==
          (c.error().value() == EINVAL ? spawn_step::options : spawn_step::file_descriptors));
    CHECK(count_fds() == before);
    CHECK(count_children() == children);
    return c.error().value();
}

int lowest_free() {
    const int fd = dup(0);
    REQUIRE(fd >= 0);
    close(fd);
    return fd;
}

} // namespace

TEST_CASE("a child has standard input, output and error and nothing else") {
    const marked inherited(0);
    CHECK(numbers(fds_of_child({})) == std::vector<int>{0, 1, 2});
}

TEST_CASE("without close_other_fds a child keeps every file descriptor that lacks close-on-exec") {
    const marked inherited(0);
    const marked closed;
    const table t = fds_of_child({}, false);
    REQUIRE(t.count(inherited.fd()) == 1);
    CHECK(t.at(inherited.fd()) == inherited.id());
    CHECK(t.count(closed.fd()) == 0);
}

TEST_CASE(
    "a mapped file descriptor has its target number in the child, and stays open after exec") {
    const marked a;
    const marked b;
    const table t = fds_of_child({{a.fd(), 0}, {b.fd(), 7}});
    CHECK(numbers(t) == std::vector<int>{0, 1, 2, 7});
    CHECK(t.at(0) == a.id());
    CHECK(t.at(7) == b.id());
    CHECK((fcntl(a.fd(), F_GETFD) & FD_CLOEXEC) != 0); // the caller's is as it was
}

TEST_CASE("mappings may swap and rotate numbers") {
    marked a;
    marked b;
    marked c;
    a.move_to(100);
    b.move_to(101);
    c.move_to(102);
    const table swapped = fds_of_child({{100, 101}, {101, 100}});
    CHECK(numbers(swapped) == std::vector<int>{0, 1, 2, 100, 101});
    CHECK(swapped.at(101) == a.id());
    CHECK(swapped.at(100) == b.id());
    const table rotated = fds_of_child({{100, 101}, {101, 102}, {102, 100}});
    CHECK(rotated.at(101) == a.id());
    CHECK(rotated.at(102) == b.id());
    CHECK(rotated.at(100) == c.id());
    const table shifted = fds_of_child({{102, 103}, {101, 102}, {100, 101}, {102, 100}});
    CHECK(shifted.at(103) == c.id());
    CHECK(shifted.at(102) == b.id());
    CHECK(shifted.at(101) == a.id());
    CHECK(shifted.at(100) == c.id());
}

TEST_CASE("a file descriptor that is mapped to its own number is open in the child") {
    const marked a;
    const table t = fds_of_child({{a.fd(), a.fd()}});
    REQUIRE(t.count(a.fd()) == 1);
    CHECK(t.at(a.fd()) == a.id());
    CHECK(t.size() == 4);
    CHECK((fcntl(a.fd(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(fds_of_child({{a.fd(), a.fd()}}, false).count(a.fd()) == 1);
}

TEST_CASE("one file descriptor may be mapped to several numbers, including its own") {
    const marked a;
    const table t = fds_of_child({{a.fd(), 0}, {a.fd(), a.fd()}, {a.fd(), 2}, {a.fd(), 40}});
    CHECK(numbers(t) == std::vector<int>{0, 1, 2, a.fd(), 40});
    for (const int fd : {0, 2, a.fd(), 40})
        CHECK(t.at(fd) == a.id());
}

TEST_CASE("standard output and error may be swapped, or one may replace the other") {
    const marked a;
    const table t = fds_of_child({{a.fd(), 2}, {2, 3}});
    CHECK(t.at(2) == a.id());
    struct stat err {};
    REQUIRE(fstat(2, &err) == 0);
    CHECK(t.at(3) == identity(err.st_dev, err.st_ino));
}

TEST_CASE("mapping a closed file descriptor fails with EBADF, whichever number it had") {
    const marked a;
    CHECK(error_of({{-1, 5}}) == EBADF);
    CHECK(error_of({{9999, 5}}) == EBADF);
    CHECK(error_of({{INT_MIN, 5}}) == EBADF);
    CHECK(error_of({{a.fd(), 5}, {9999, 6}}) == EBADF);
    // The numbers that copies for other mappings would get.
    for (int fd = lowest_free(); fd < lowest_free() + 5; ++fd) {
        CAPTURE(fd);
        CHECK(error_of({{a.fd(), 0}, {fd, 5}}) == EBADF);
        CHECK(error_of({{a.fd(), 0}, {0, a.fd()}, {fd, 5}}) == EBADF);
        CHECK(error_of({{a.fd(), 0}, {0, a.fd()}, {fd, fd}}) == EBADF);
        CHECK(error_of({{a.fd(), fd}, {fd, 0}}) == EBADF);
    }
    for (int fd = 50; fd < 60; ++fd)
        CHECK(error_of({{a.fd(), 49}, {49, a.fd()}, {fd, 5}}) == EBADF);
}

TEST_CASE("a target may be as high as the limit allows, and no higher") {
    rlimit old{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &old) == 0);
    rlimit limit{std::min<rlim_t>(1024, old.rlim_max), old.rlim_max};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    const int last = static_cast<int>(limit.rlim_cur) - 1;
    const marked a;
    const marked b;
    const table t = fds_of_child({{a.fd(), last}, {b.fd(), last - 1}});
    CHECK(numbers(t) == std::vector<int>{0, 1, 2, last - 1, last});
    CHECK(t.at(last) == a.id());
    CHECK(error_of({{a.fd(), last + 1}}) == EBADF);
    CHECK(error_of({{a.fd(), INT_MAX}}) == EBADF);
    CHECK(error_of({{a.fd(), -1}}) == EINVAL);
    CHECK(error_of({{a.fd(), INT_MIN}}) == EINVAL);
    if (old.rlim_max >= 4096) {
        limit.rlim_cur = 4096;
        REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        const table high = fds_of_child({{a.fd(), 3000}, {b.fd(), 1001}});
        CHECK(numbers(high) == std::vector<int>{0, 1, 2, 1001, 3000});
    }
    setrlimit(RLIMIT_NOFILE, &old);
}

TEST_CASE("the number of mappings has no limit other than that of file descriptors") {
    rlimit old{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &old) == 0);
    marked a;
    marked b;
    int round = 0;
    for (const int count : {15, 16, 17, 300, 1000}) {
        if (old.rlim_max < 2000 && count > 300)
            continue;
        CAPTURE(count);
        const rlimit enough{std::min<rlim_t>(2000, old.rlim_max), old.rlim_max};
        REQUIRE(setrlimit(RLIMIT_NOFILE, &enough) == 0);
        a.move_to(static_cast<int>(enough.rlim_cur) - 2 * ++round); // no targets
        b.move_to(static_cast<int>(enough.rlim_cur) - 2 * round - 1);
        std::vector<fd_mapping> map;
        for (int i = count; i > 0; --i) // with standard output it is one more
            map.push_back({i % 2 == 0 ? a.fd() : b.fd(), 2 + i});
        const table t = fds_of_child(map);
        CHECK(t.size() == static_cast<std::size_t>(count) + 3);
        for (int i = 1; i <= count; ++i)
            CHECK(t.at(2 + i) == (i % 2 == 0 ? a.id() : b.id()));
        map.push_back({a.fd(), 3});
        CHECK(error_of(map) == EINVAL);
    }
    setrlimit(RLIMIT_NOFILE, &old);
}

TEST_CASE("for many mappings spawn needs memory, and fails with ENOMEM if there is none") {
    surroundings around;
    around.kernel = {"no memory", {{sys_mmap, ENOMEM}}};
    struct facts {
        int many;
        spawn_step step;
    };
    const auto got = isolated(around, [] {
        facts f{};
        fd_mapping map[40];
        for (int i = 0; i < 40; ++i)
            map[i] = {0, 3 + i};
        spawn_options o;
        o.fds = map;
        const auto c = spawn(spawnee(), arguments({}), o, &f.step);
        f.many = c ? 0 : c.error().value();
        return f;
    });
    REQUIRE(got);
    CHECK(got->many == ENOMEM);
    CHECK(got->step == spawn_step::file_descriptors);
}

TEST_CASE("mappings that do not overwrite each other need no free number") {
    struct facts {
        int simple;
        int swap;
    };
    const auto got = isolated({}, [] {
        facts f{};
        const int a = open("/dev/null", O_RDWR | O_CLOEXEC);
        const int b = open("/dev/null", O_RDWR | O_CLOEXEC);
        const int spare = open("/dev/null", O_RDWR | O_CLOEXEC); // for the pidfd
        int fill = 0;
        while (fill >= 0 && fill < 490) // the test's own pipe is above
            fill = open("/dev/null", O_RDWR | O_CLOEXEC);
        rlimit limit{};
        getrlimit(RLIMIT_NOFILE, &limit);
        const auto attempt = [&](std::vector<fd_mapping> map) {
            // Only one number below the limit is free, and the pidfd takes it.
            const rlimit low{rlim_t(std::max(fill, spare)) + 1, limit.rlim_max};
            setrlimit(RLIMIT_NOFILE, &low);
            close(spare);
            spawn_options o;
            o.fds = map;
            o.close_other_fds = true;
            auto c = spawn(spawnee(), arguments({}), o);
            const int error = c ? 0 : c.error().value();
            if (c)
                (void)!c->wait();
            c = pidfd_util::child();
            (void)!dup3(a, spare, O_CLOEXEC);
            setrlimit(RLIMIT_NOFILE, &limit);
            return error;
        };
        f.simple = attempt({{a, 0}, {b, 2}, {a, a}});
        f.swap = attempt({{a, b}, {b, a}});
        return f;
    });
    REQUIRE(got);
    CHECK(got->simple == 0);
    CHECK((got->swap == 0 || got->swap == EMFILE)); // the child's pidfd number is free in the child
}

TEST_CASE("two mappings to one number are EINVAL") {
    const marked a;
    const marked b;
    CHECK(error_of({{a.fd(), 5}, {b.fd(), 5}}) == EINVAL);
    CHECK(error_of({{a.fd(), b.fd()}, {b.fd(), b.fd()}}) == EINVAL);
    CHECK(error_of({{a.fd(), 5}, {b.fd(), 6}, {a.fd(), 5}}) == EINVAL);
}

TEST_CASE("all other file descriptors are closed even where close_range is missing or refused") {
    for (const bool without_proc : {false, true}) {
        for (const int error : {ENOSYS, EINVAL, EPERM}) {
            CAPTURE(error, without_proc);
            surroundings around;
            if (without_proc && geteuid() != 0)
                around.user_namespace = true;
            around.mount_namespace = without_proc;
            around.proc = without_proc ? "none" : "";
            around.kernel.rules = {{SYS_close_range, error}};
            struct facts {
                int error;
                int extra;
                bool mapped;
            };
            static const std::string program = spawnee(); // while there is /proc
            const auto got = isolated(around, [] {
                facts f{};
                for (int i = 0; i < 70; ++i) // more than one buffer of /proc's list
                    (void)!open("/dev/null", O_RDONLY);
                const int high = open("/dev/null", O_RDONLY);
                (void)!dup2(high, 900);
                // Lower than an open file descriptor, which is allowed.
                const rlimit limit{512, 4096};
                setrlimit(RLIMIT_NOFILE, &limit);
                const fd_mapping map[] = {{high, 5}};
                spawn_options o;
                o.fds = map;
                const run_result r = run({"fds"}, o);
                f.error = r.error;
                const table t = parse(r.output);
                f.extra = static_cast<int>(t.size()) - 4;
                f.mapped = t.count(5) == 1;
                return f;
            });
            if (!got)
                SKIP_TEST(got.missing);
            CHECK(got->error == 0);
            CHECK(got->extra == 0);
            CHECK(got->mapped);
        }
    }
}

TEST_CASE("the /proc of a mount namespace that the child enters does not decide what is closed") {
    if (availability_of(feature::setns) != availability::available)
        SKIP_TEST("setns takes no pidfd here: Linux before 5.8");
    static const std::string program = spawnee();
    surroundings around;
    around.user_namespace = geteuid() != 0;
    around.mount_namespace = true;
    around.kernel = {"no close_range", {{SYS_close_range, ENOSYS}}};
    struct facts {
        bool made;
        int error;
        int count;
    };
    const auto got = isolated(around, [] {
        facts f{};
        int ready[2];
        (void)!pipe2(ready, O_CLOEXEC);
        const pid_t host = fork();
        if (host == 0) {
            const bool made = unshare(CLONE_NEWNS) == 0 &&
                              mount("none", "/proc", "tmpfs", 0, nullptr) == 0 &&
                              mkdir("/proc/self", 0755) == 0 && mkdir("/proc/self/fd", 0755) == 0;
            (void)!write(ready[1], &made, 1);
            for (;;)
                pause();
        }
        (void)!read(ready[0], &f.made, 1);
        (void)!dup2(0, 50);
        const auto process = pidfd::from_pid(host);
        spawn_options o;
        o.enter_process = process ? process->fd() : -1;
        o.enter_namespaces = namespace_flags::mnt;
        const run_result r = run({"fds"}, o);
        f.error = r.error;
        f.count = static_cast<int>(parse(r.output).size());
        kill_made(host);
        waitpid(host, nullptr, 0);
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->made)
        SKIP_TEST("no mount namespace with a /proc of its own may be made");
    CHECK(got->error == 0);
    CHECK(got->count == 3);
}

TEST_CASE("spawn does not change the caller's file descriptors and their flags") {
    const marked a;
    const marked b(0);
    const int before = count_fds();
    const int flags = fcntl(9, F_GETFD); // -1 if it is closed
    fds_of_child({{a.fd(), 9}, {b.fd(), a.fd()}, {a.fd(), b.fd()}});
    CHECK(count_fds() == before);
    CHECK(fcntl(a.fd(), F_GETFD) == FD_CLOEXEC);
    CHECK(fcntl(b.fd(), F_GETFD) == 0);
    CHECK(fcntl(9, F_GETFD) == flags);
}
