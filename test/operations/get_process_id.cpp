// SPDX-License-Identifier: MIT
// get_process_id and get_boot_id.
#include "support/answers.hpp"
#include "support/boot.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/lifecycle.hpp"

#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr const char* another_boot = "01234567-89ab-cdef-0123-456789abcdef\n";
constexpr const char* no_mounts = "nothing can be mounted over /proc here";

struct answer_of_boot {
    bool prepared;
    int error;
    boot_id id;
};

answer_of_boot ask_boot() {
    const auto boot = get_boot_id();
    return {true, error_of(boot), boot.value_or(boot_id{})};
}

/// The file's text without its newline.
std::optional<boot_id> boot_in_file() {
    const std::string text = read_file_at(AT_FDCWD, boot_file);
    return text.empty() ? std::nullopt : parse_boot_id({text.data(), text.size() - 1});
}

/// With openat2, and with only what is older.
std::vector<profile> openers() {
    constexpr long openat2_number = 437;
    return {native(), {"no openat2", {{openat2_number, ENOSYS}}}};
}

bool bind(const std::string& what, const char* where) {
    return mount(what.c_str(), where, nullptr, MS_BIND | MS_REC, nullptr) == 0;
}

/// Asks for the boot id after `prepare`, which mounts something, in a separate mount namespace.
void after_mount(const std::function<bool()>& prepare,
                 const std::function<void(const answer_of_boot&)>& judge) {
    for (const profile& kernel : openers()) {
        CAPTURE(kernel.name);
        surroundings around;
        around.user_namespace = geteuid() != 0;
        around.mount_namespace = true;
        const auto got = isolated(around, [&] {
            if (!keep_mounts_here() || !prepare() || !install(kernel.rules))
                return answer_of_boot{};
            return ask_boot();
        });
        if (!got)
            SKIP_TEST(got.missing);
        if (!got->prepared)
            SKIP_TEST(no_mounts);
        judge(*got);
    }
}

void check_refused(const std::function<bool()>& prepare) {
    after_mount(prepare, [](const answer_of_boot& got) { CHECK(got.error == EOPNOTSUPP); });
}

struct answer_of_id {
    int error;
    process_id id;
};

answer_of_id ask_id(int fd) {
    const auto id = pidfd_view(fd).get_process_id();
    return {error_of(id), id.value_or(process_id{})};
}

} // namespace

TEST_CASE("get_boot_id returns the boot id, to every user and again and again") {
    if (!boot_id_is_readable())
        SKIP_TEST(no_boot_id);
    const auto expected = boot_in_file();
    const auto got = get_boot_id();
    REQUIRE((expected && got));
    CHECK(*got == *expected);
    CHECK(*get_boot_id() == *expected);
    for (const profile& kernel : openers()) {
        surroundings stranger = on(kernel);
        stranger.uid = 65534;
        const auto as_stranger = isolated(stranger, ask_boot);
        if (!as_stranger)
            SKIP_TEST(as_stranger.missing);
        CHECK(as_stranger->error == 0);
        CHECK(as_stranger->id == *expected);
    }
}

TEST_CASE("get_boot_id does not believe a file that is mounted over the boot id") {
    const temporary_directory place;
    const std::string file = place.file("boot_id", another_boot, 0644);
    check_refused([&] { return bind(file, boot_file); });
}

TEST_CASE("get_boot_id does not believe another file of /proc that is mounted over the boot id") {
    // A random id again, and another one at each read.
    check_refused([] { return bind("/proc/sys/kernel/random/uuid", boot_file); });
}

TEST_CASE("get_boot_id does not wait for a writer of a FIFO that is mounted over the boot id") {
    const temporary_directory place;
    const std::string fifo = place.path() + "/fifo";
    REQUIRE(mkfifo(fifo.c_str(), 0644) == 0);
    check_refused([&] { return bind(fifo, boot_file); });
    unlink(fifo.c_str());
}

TEST_CASE("get_boot_id does not believe a directory that is mounted over one of /proc/sys") {
    const temporary_directory place;
    const std::string file = place.file("boot_id", another_boot, 0644);
    check_refused([&] { return bind(place.path(), "/proc/sys/kernel/random"); });
    // A directory of procfs, but another one.
    check_refused([] { return bind("/proc/self/fdinfo", "/proc/sys/kernel/random"); });
    check_refused([] { return mount("none", "/proc/sys", "tmpfs", 0, nullptr) == 0; });
}

TEST_CASE("get_boot_id is possible where /proc/sys is mounted over itself, read-only") {
    if (!boot_id_is_readable())
        SKIP_TEST(no_boot_id);
    const auto expected = get_boot_id();
    REQUIRE(expected);
    after_mount(
        [] {
            return bind("/proc/sys", "/proc/sys") &&
                   mount("none", "/proc/sys", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) ==
                       0;
        },
        [&](const answer_of_boot& got) {
            CHECK(got.error == 0);
            CHECK(got.id == *expected);
        });
}

TEST_CASE("get_boot_id is unsupported without /proc/sys") {
    for (const char* proc : {"none", "subset=pid"}) {
        CAPTURE(proc);
        const auto got = isolated(with_proc(proc), ask_boot);
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->error == EOPNOTSUPP);
    }
}

TEST_CASE("get_boot_id is the same in every namespace") {
    if (!boot_id_is_readable())
        SKIP_TEST(no_boot_id);
    const auto expected = get_boot_id();
    REQUIRE(expected);
    for (const char* proc : {"", "fresh", "hidepid=2"}) {
        CAPTURE(proc);
        const auto got = isolated(in_pid_namespace(proc), ask_boot);
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->error == 0);
        CHECK(got->id == *expected);
    }
}

TEST_CASE("get_boot_id reports a sandbox that refuses to open files") {
    for (const int error : {EPERM, EACCES}) {
        CAPTURE(error);
        surroundings around;
        around.kernel = {"no openat", {{SYS_openat, error}}};
        const auto got = isolated(around, ask_boot);
        REQUIRE(got);
        CHECK(got->error == ERFKILL);
    }
}

TEST_CASE("get_boot_id does not mistake a filter's success for an open file") {
    struct result {
        int error;
        bool zero_is_open;
    };
    surroundings around;
    around.kernel = {"no file is opened", {{SYS_openat, 0}}};
    const auto got = isolated(around, [] {
        return result{ask_boot().error, is_open(STDIN_FILENO)};
    });
    REQUIRE(got);
    CHECK(got->error != 0);
    CHECK(got->zero_is_open == is_open(STDIN_FILENO));
}

TEST_CASE("get_boot_id and get_process_id need two file descriptors") {
    if (!boot_id_is_readable())
        SKIP_TEST(no_boot_id);
    struct result {
        int boot;
        int id;
    };
    for (const int left : {0, 1, 2}) {
        CAPTURE(left);
        surroundings around;
        around.file_limit = 64;
        const auto got = isolated(around, [=] {
            const pidfd self = *pidfd::from_self();
            fill_fds(left);
            return result{error_of(get_boot_id()), error_of(self.get_process_id())};
        });
        REQUIRE(got);
        // Before Linux 5.8, finding the mount takes one more.
        if (left < 2)
            CHECK(got->boot == EMFILE);
        else
            CHECK((got->boot == 0 || (!has(feature::nonblock) && got->boot == EMFILE)));
        if (has(feature::pidfs))
            CHECK(got->id == got->boot);
    }
}

TEST_CASE("get_process_id is the inode number together with the boot") {
    if (!boot_id_is_readable())
        SKIP_TEST(no_boot_id);
    const auto boot = get_boot_id();
    REQUIRE(boot);
    std::vector<subject> all = living();
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : all) {
            CAPTURE(kernel.name, s.name);
            const auto got = isolated(on(kernel), [&] { return ask_id(s.fd); });
            const auto inode =
                ask_in(on(kernel), s.fd, question<std::uint64_t>(&pidfd_view::get_id));
            REQUIRE(got);
            REQUIRE(inode);
            CHECK(got->error == inode->error);
            if (got->error == 0) {
                CHECK(got->id == process_id{inode->value, *boot});
                const auto text = to_text(got->id);
                CHECK((parse_process_id(text) == got->id));
            }
        }
    }
}

TEST_CASE("get_process_id returns the same id to every caller, also when the process has ended") {
    if (!has(feature::pidfs))
        SKIP_TEST("no pidfs: processes have no ids");
    if (!boot_id_is_readable())
        SKIP_TEST(no_boot_id);
    test_child c = test_child::running();
    const auto id = c.fd().get_process_id();
    REQUIRE(id);
    surroundings stranger;
    stranger.uid = 65534;
    for (const surroundings& around : {stranger, in_pid_namespace(""), in_pid_namespace("fresh")}) {
        const auto got = isolated(around, [&] { return ask_id(c.fd().fd()); });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->error == 0);
        CHECK(got->id == *id);
    }
    c.reap();
    CHECK(*c.fd().get_process_id() == *id);
}

TEST_CASE("get_process_id is unsupported without a boot id, although there is an inode number") {
    const test_child c = test_child::running();
    for (const char* proc : {"none", "subset=pid"}) {
        CAPTURE(proc);
        const auto got = isolated(with_proc(proc), [&] { return ask_id(c.fd().fd()); });
        if (!got)
            SKIP_TEST(got.missing);
        CHECK(got->error == EOPNOTSUPP);
    }
}

TEST_CASE("get_process_id refuses what is not a pidfd, as get_id does") {
    for (const subject& s : impostors()) {
        CAPTURE(s.name);
        if (s.name != "the place of a pidfd") // has the pidfd's own inode
            CHECK(ask_id(s.fd).error == EBADFD);
    }
    for (const int closed : {-1, 9999})
        CHECK(ask_id(closed).error == EBADF);
}
