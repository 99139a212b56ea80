// SPDX-License-Identifier: MIT
// Every operation about a living process whose first thread has exited: no answer says that the
// process is gone, or that it has nothing, where another thread answers.
#include "support/answers.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/lifecycle.hpp"
#include "support/operations.hpp"
#include "support/talking.hpp"

#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <functional>
#include <string>
#include <string_view>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr uid_t nobody = 65534;

std::size_t hash_of(std::string_view text) {
    return std::hash<std::string_view>()(text);
}

spawn_options as_user(uid_t uid) {
    spawn_options o;
    if (uid != geteuid()) {
        o.uid = uid;
        o.gid = uid;
        o.groups = no_groups;
    }
    return o;
}

/// Whether the user may execute the program, and search the directories on the way.
bool can_start(uid_t uid) {
    return spawn(spawnee(), arguments({"exit", "0"}), as_user(uid)).has_value();
}

std::vector<uid_t> users() {
    if (geteuid() != 0)
        return {geteuid()};
    if (can_start(nobody))
        return {0, nobody};
    skip("another user may not execute the program of the tests");
    return {0};
}

surroundings as(uid_t uid, const profile& kernel) {
    surroundings around = on(kernel);
    if (uid != geteuid())
        around.uid = uid;
    return around;
}

/// A process with two threads, both of which run, or of which only the second does.
class subject_process {
public:
    subject_process(const char* first, uid_t uid)
        : process_({first, "tid", "sleep"}, as_user(uid)) {
        REQUIRE(process_.error() == 0);
        tid_ = process_.number("tid");
        REQUIRE(tid_ > 0);
        if (first == std::string("last_thread"))
            process_.wait_for_end_of_first_thread();
    }
    pidfd_view fd() const { return process_.fd(); }
    pid_t pid() const { return process_.pid(); }
    /// The file of the second thread.
    std::string file(const char* name) const {
        const std::string path =
            "/proc/" + std::to_string(pid()) + "/task/" + std::to_string(tid_) + "/" + name;
        return read_file_at(AT_FDCWD, path.c_str());
    }

private:
    talking_child process_;
    pid_t tid_ = -1;
};

bool is_asked(const operation_row& o) {
    return !o.changes_shared && !o.kills && o.blocks != blocking::on_process &&
           (o.kind == role::about_process || o.kind == role::opens);
}

/// The errno of every operation about the process.
by_operation<int> ask_all(pidfd_view p, pid_t pid) {
    by_operation<int> errors{};
    for (const operation_row& o : operation_table()) {
        if (!is_asked(o))
            continue;
        scene s(p, pid);
        errors[o] = perform(o, s).error;
    }
    return errors;
}

/// What the process has, as the files of another thread show it too.
constexpr const char* files[] = {"cmdline", "environ", "auxv", "maps", "mountinfo", "fdinfo/0"};
constexpr std::size_t file_count = sizeof files / sizeof *files;

struct text {
    int error;
    bool complete;
    std::size_t hash;

    bool operator==(const text& o) const {
        return error == o.error && complete == o.complete && hash == o.hash;
    }
};

constexpr std::size_t longest = std::size_t{1} << 16;

struct possessions {
    text command_line;
    text environment;
    text files[file_count];
    bool memory;
    std::uint64_t size;
};

possessions look(pidfd_view p) {
    static char buffer[longest];
    const auto of_list = [](const expected<text_list>& list) {
        if (!list)
            return text{error_of(list), false, 0};
        std::string all;
        for (const std::string_view s : *list)
            all.append(s).push_back('\0');
        return text{0, list->complete(), hash_of(all)};
    };
    possessions found{};
    found.command_line = of_list(p.get_command_line(buffer));
    found.environment = of_list(p.get_environment(buffer));
    for (std::size_t i = 0; i < file_count; ++i) {
        const auto got = p.read_proc(files[i], buffer);
        found.files[i] =
            got ? text{0, got->complete, hash_of(got->text)} : text{error_of(got), false, 0};
    }
    const auto usage = p.get_usage();
    found.memory = usage && usage->memory;
    found.size = found.memory ? usage->memory->virtual_size : 0;
    return found;
}

} // namespace

TEST_CASE("no operation reports a living process as gone because its first thread has exited") {
    if (emulated())
        SKIP_TEST(in_emulator);
    for (const uid_t uid : users()) {
        const subject_process ordinary("thread", uid);
        const subject_process headless("last_thread", uid);
        for (const profile& kernel : all_profiles()) {
            const auto ask = [&](const subject_process& p) {
                return isolated(as(uid, kernel), [&] { return ask_all(p.fd(), p.pid()); });
            };
            const auto usual = ask(ordinary);
            const auto got = ask(headless);
            REQUIRE((usual && got));
            for (const operation_row& o : operation_table()) {
                CAPTURE(uid, kernel.name, o.name);
                const int error = (*got)[o];
                // Every table of errors has the errnos that say that there is no way to another thread.
                // Where the kernel has pidfds of threads, only `advise` has none.
                const bool may_differ = !kernel.rules.empty() || !has(feature::thread) ||
                                        std::string(o.name) == "advise";
                CHECK((error == (*usual)[o] || (may_differ && refused(error))));
            }
        }
    }
}

TEST_CASE("what a process has is read from another thread once its first thread has exited") {
    if (emulated())
        SKIP_TEST(in_emulator);
    for (const uid_t uid : users()) {
        const subject_process headless("last_thread", uid);
        for (const profile& kernel : all_profiles()) {
            const auto got = isolated(as(uid, kernel), [&] { return look(headless.fd()); });
            REQUIRE(got);
            const auto right = [&](const char* name) {
                const std::string shown = headless.file(name);
                CHECK_FALSE(shown.empty());
                return text{0, true, hash_of(shown)};
            };
            CAPTURE(uid, kernel.name);
            CHECK(got->command_line == right("cmdline"));
            CHECK(got->environment == right("environ"));
            for (std::size_t i = 0; i < file_count; ++i) {
                CAPTURE(files[i], got->files[i].error);
                CHECK(got->files[i] == right(files[i]));
            }
            CHECK(got->memory);
            const std::string size = field(headless.file("status"), "VmSize:");
            CHECK(got->size / 1024 == std::strtoull(size.c_str(), nullptr, 10));
        }
    }
}

TEST_CASE("a user may not read the environment of another user's process whose first thread has "
          "exited") {
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    const subject_process headless("last_thread", 0);
    const auto got = isolated(as(nobody, native()), [&] { return look(headless.fd()); });
    REQUIRE(got);
    CHECK(got->environment.error == EACCES);
    CHECK(got->command_line.error == 0);
}

TEST_CASE("the command line and the memory of an exited first thread are those of its process, and "
          "its files are its own") {
    if (!has(feature::thread))
        SKIP_TEST("no pidfds of threads in this kernel");
    const subject_process headless("last_thread", geteuid());
    const auto first = pidfd::from_tid(headless.pid());
    REQUIRE(first);
    const possessions of_thread = look(pidfd_view(*first));
    const possessions of_process = look(headless.fd());
    CHECK(of_thread.command_line == of_process.command_line);
    CHECK(of_thread.environment == of_process.environment);
    CHECK(of_thread.memory);
    char buffer[64];
    const auto fd = first->read_proc("fdinfo/0", buffer);
    CHECK(error_of(fd) == ENOENT);
}

TEST_CASE("a process that ends, and one that has no memory, has no command line and no memory") {
    const test_child zombie = test_child::zombie();
    const possessions got = look(zombie.fd());
    CHECK(got.command_line == text{0, true, hash_of("")});
    CHECK(got.environment == text{0, true, hash_of("")});
    CHECK_FALSE(got.memory);
}
