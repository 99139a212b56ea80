// SPDX-License-Identifier: MIT
#include "support/catch.hpp"
#include "support/error_of.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/piped.hpp"
#include "support/processes.hpp"
#include "support/spawn_steps.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

std::string read_end(const unique_fd& end) {
    std::string text;
    char buffer[4096];
    for (;;) {
        const ssize_t size = ::read(end.get(), buffer, sizeof buffer);
        if (size <= 0)
            return text;
        text.append(buffer, static_cast<std::size_t>(size));
    }
}

struct refusal {
    int error;
    spawn_step step;
};

refusal refused(const standard_streams& streams, const spawn_options& options = {}) {
    spawn_step step{};
    auto c = spawn_with_streams(spawnee(), arguments({"exit", "0"}), options, streams, &step);
    if (c)
        (void)c->process.wait();
    return {c ? 0 : c.error().value(), step};
}

/// The output of a program whose three streams are the same pipe, and what it said on them.
std::string merged(stream_choice output, stream_choice error) {
    auto c = piped({"say", "1", "a", "say", "2", "b", "say", "1", "c"},
                   {stream_choice::inherited(), output, error});
    const std::string text = read_end(c.ends.output ? c.ends.output : c.ends.error);
    CHECK(c.process.wait()->code() == 0);
    return text;
}

} // namespace

TEST_CASE("a child with three pipes reads its input and writes its outputs") {
    auto c = piped({"copy", "0", "say", "2", "error"});
    CHECK(has_cloexec(c.ends.input.get()));
    CHECK(has_cloexec(c.ends.output.get()));
    CHECK(has_cloexec(c.ends.error.get()));
    REQUIRE(write(c.ends.input.get(), "text", 4) == 4);
    c.ends.input.reset();
    CHECK(read_end(c.ends.output) == "text");
    CHECK(read_end(c.ends.error) == "error");
    CHECK(c.process.wait()->code() == 0);
}

TEST_CASE("only pipes have an end for the caller") {
    const unique_fd file(open("/dev/zero", O_RDWR | O_CLOEXEC));
    REQUIRE(file);
    auto c = piped({"exit", "3"},
                   {stream_choice::null_device(), stream_choice::from_fd(file.get()), {}});
    CHECK(!c.ends.input);
    CHECK(!c.ends.output);
    CHECK(!c.ends.error);
    CHECK(c.process.wait()->code() == 3);
    CHECK(is_open(file.get()));
}

TEST_CASE("the null device reads as empty and is the machine's null device") {
    auto c = piped(
        {"copy", "0", "say", "2", "lost", "fds"},
        {stream_choice::null_device(), stream_choice::new_pipe(), stream_choice::null_device()});
    const std::string text = read_end(c.ends.output);
    struct stat null {};
    REQUIRE(stat("/dev/null", &null) == 0);
    const std::string id = std::to_string(null.st_dev) + " " + std::to_string(null.st_ino);
    CHECK(text.find("fd 0 " + id + "\n") == 0);
    CHECK(text.find("fd 2 " + id + "\n") != std::string::npos);
    CHECK(text.find("fd 3 ") == std::string::npos);
    CHECK(c.process.wait()->code() == 0);
}

TEST_CASE("a stream that is the same as another keeps the order of what is written to both") {
    CHECK(merged(stream_choice::new_pipe(), stream_choice::same_as(standard_stream::output)) ==
          "abc");
    CHECK(merged(stream_choice::same_as(standard_stream::error), stream_choice::new_pipe()) ==
          "abc");
}

TEST_CASE("a chain of streams that are the same as others ends at the file") {
    const gate file;
    const standard_streams streams{stream_choice::same_as(standard_stream::output),
                                   stream_choice::same_as(standard_stream::error),
                                   stream_choice::from_fd(file.closed.get())};
    auto c = piped({"copy", "0", "exit", "5"}, streams);
    CHECK(refused(streams).error == 0);
    // The writing end is closed: the child reads the end of the file.
    const_cast<unique_fd&>(file.open).reset();
    CHECK(c.process.wait()->code() == 5);
}

TEST_CASE("a stream that is the same as a mapped one gets the file of the mapping") {
    const gate g;
    const fd_mapping map[] = {{g.open.get(), 1}};
    spawn_options options;
    options.fds = map;
    auto c = piped({"say", "2", "via error"},
                   {{}, {}, stream_choice::same_as(standard_stream::output)}, options);
    CHECK(c.process.wait()->code() == 0);
    char text[16] = {};
    CHECK(read(g.closed.get(), text, sizeof text) == 9);
    CHECK(std::string(text) == "via error");
}

TEST_CASE("the caller's own mappings stay, next to the streams") {
    const gate g;
    const fd_mapping map[] = {{g.closed.get(), 7}, {g.open.get(), 3}};
    spawn_options options;
    options.fds = map;
    auto c = piped({"say", "3", "three", "shut", "3", "copy", "7"}, three_pipes(), options);
    const_cast<unique_fd&>(g.open).reset();
    CHECK(read_end(c.ends.output) == "three");
    CHECK(c.process.wait()->code() == 0);
}

TEST_CASE("streams that make no sense are refused before anything is done") {
    const int fds = count_fds();
    const stream_choice output = stream_choice::same_as(standard_stream::output);
    const stream_choice error = stream_choice::same_as(standard_stream::error);
    const stream_choice input = stream_choice::same_as(standard_stream::input);
    const fd_mapping map[] = {{0, 1}};
    spawn_options mapped;
    mapped.fds = map;
    const standard_streams wrong[] = {
        {{}, output, {}},                        // the same as itself
        {{}, error, output},                     // a circle
        {output, error, input},                  // a longer one
        {output, stream_choice::new_pipe(), {}}, // a writing end for reading
        {stream_choice::new_pipe(), {}, input},  // a reading end for writing
        {stream_choice::from_fd(-1), {}, {}},
        {stream_choice::same_as(static_cast<standard_stream>(3)), {}, {}},
        {stream_choice::same_as(static_cast<standard_stream>(-1)), {}, {}},
    };
    for (const standard_streams& streams : wrong) {
        const refusal r = refused(streams);
        CHECK(r.error == EINVAL);
        CHECK(r.step == spawn_step::options);
    }
    const refusal r = refused({{}, stream_choice::new_pipe(), {}}, mapped); // twice the same target
    CHECK(r.error == EINVAL);
    CHECK(r.step == spawn_step::options);
    CHECK(count_fds() == fds);
}

TEST_CASE("a closed source is an error, and never becomes one of the new pipes") {
    // The lowest free number is the one that the first pipe gets.
    const int closed = lowest_free_fd();
    const fd_mapping map[] = {{closed, 9}};
    spawn_options options;
    options.fds = map;
    for (const refusal& r :
         {refused({stream_choice::new_pipe(), stream_choice::from_fd(closed), {}}),
          refused(three_pipes(), options)}) {
        CHECK(r.error == EBADF);
        CHECK(r.step == spawn_step::file_descriptors);
    }
    const auto got = isolated(on(native()), [] {
        close(1);
        return refused(
            {stream_choice::new_pipe(), {}, stream_choice::same_as(standard_stream::output)});
    });
    REQUIRE(got);
    CHECK(got->error == EBADF);
    CHECK(got->step == spawn_step::file_descriptors);
}

TEST_CASE(
    "a closed program, terminal or process is an error of its step, and never becomes a pipe") {
    const int closed = lowest_free_fd();
    spawn_options process;
    process.enter_process = closed;
    process.enter_namespaces = namespace_flags::uts;
    spawn_options terminal;
    terminal.terminal = closed;
    terminal.new_session = true;
    spawn_options program;
    program.program = closed;
    struct wrong {
        spawn_options& options;
        spawn_step step;
    };
    const int fds = count_fds();
    for (const wrong& w :
         {wrong{process, spawn_step::enter_namespaces}, wrong{terminal, spawn_step::terminal},
          wrong{program, spawn_step::file_descriptors}}) {
        spawn_step step{};
        const char* const file = w.options.program.has_value() ? nullptr : spawnee();
        const auto c = spawn_with_streams(file, arguments({}), w.options, three_pipes(), &step);
        CHECK(error_of(c) == EBADF);
        CHECK(step == w.step);
        CHECK(count_fds() == fds);
    }
}

TEST_CASE("a caller without standard streams gets ends above them, and the child the right ones") {
    struct facts {
        int error;
        bool above;
        char text[8];
        int code;
    };
    for (unsigned closed = 1; closed < 8; ++closed) {
        CAPTURE(closed);
        const auto got = isolated(on(native()), [closed] {
            for (int fd = 0; fd < 3; ++fd)
                if ((closed & 1U << fd) != 0)
                    close(fd);
            facts f{};
            auto c = spawn_with_streams(spawnee(), arguments({"copy", "0", "say", "2", "e"}), {},
                                        three_pipes());
            if (!c) {
                f.error = c.error().value();
                return f;
            }
            f.above =
                c->ends.input.get() > 2 && c->ends.output.get() > 2 && c->ends.error.get() > 2;
            (void)!write(c->ends.input.get(), "in", 2);
            c->ends.input.reset();
            (void)!read(c->ends.output.get(), f.text, 2);
            (void)!read(c->ends.error.get(), f.text + 2, 1);
            f.code = c->process.wait()->code().value_or(-1);
            return f;
        });
        REQUIRE(got);
        CHECK(got->error == 0);
        CHECK(got->above);
        CHECK(std::string(got->text) == "ine");
        CHECK(got->code == 0);
    }
}

TEST_CASE("a stream that is inherited closed stays closed, whatever number the pipes got") {
    const auto got = isolated(on(native()), [] {
        close(0);
        close(2);
        std::array<char, 512> text{};
        auto c = spawn_with_streams(spawnee(), arguments({"fds"}), {},
                                    {{}, stream_choice::new_pipe(), {}});
        if (c) {
            (void)!read(c->ends.output.get(), text.data(), text.size() - 1);
            (void)c->process.wait();
        }
        return text;
    });
    REQUIRE(got);
    const std::string text = got->data();
    CHECK(text.find("fd 1 ") == 0);
    CHECK(text.find('\n') == text.size() - 1); // it is the only one
}

TEST_CASE("without enough file descriptors nothing is started, at any step") {
    struct facts {
        int error;
        int left;
        bool leaked;
        bool child;
    };
    // Three pipes and the pidfd.
    for (int left = 0; left < 8; ++left) {
        CAPTURE(left);
        const auto got = isolated(on(native()), [left] {
            rlimit low{64, 64};
            setrlimit(RLIMIT_NOFILE, &low);
            fill_fds(left);
            const int before = open_fds();
            auto c = spawn_with_streams(spawnee(), arguments({"exit", "0"}), {}, three_pipes());
            facts f{};
            f.error = c ? 0 : c.error().value();
            f.child = bool(c);
            if (c) {
                (void)c->process.wait();
                c = unexpected(std::error_code());
            }
            f.leaked = open_fds() != before;
            return f;
        });
        REQUIRE(got);
        CHECK(got->error == (left < 7 ? EMFILE : 0));
        CHECK(!got->leaked);
    }
}

TEST_CASE("a failed start closes all ends") {
    const int fds = count_fds();
    spawn_step step{};
    const auto c = spawn_with_streams("/nonexistent", arguments({}), {}, three_pipes(), &step);
    CHECK(error_of(c) == ENOENT);
    CHECK(step == spawn_step::exec);
    CHECK(count_fds() == fds);
}

TEST_CASE("a file in place of the null device is refused") {
    if (geteuid() != 0)
        SKIP_TEST("needs root, to mount a file over /dev/null");
    struct facts {
        bool mounted;
        int missing;
        int other;
        int directory;
    };
    surroundings s = on(native());
    s.mount_namespace = true;
    const auto got = isolated(s, [] {
        facts f{};
        const standard_streams null{stream_choice::null_device(), {}, {}};
        f.mounted = keep_mounts_here() && mount("none", "/dev", "tmpfs", 0, nullptr) == 0;
        f.missing = refused(null).error;
        close(open("/dev/null", O_RDWR | O_CREAT | O_CLOEXEC, 0666));
        f.other = refused(null).error;
        unlink("/dev/null");
        (void)!symlink("null", "/dev/null");
        f.directory = refused(null).error;
        return f;
    });
    if (!got)
        SKIP_TEST(got.missing);
    if (!got->mounted)
        SKIP_TEST("nothing can be mounted here");
    CHECK(got->missing == ENOENT);
    CHECK(got->other == ENODEV);
    CHECK(got->directory == ENODEV);
}

TEST_CASE("all kernels and sandboxes start a child with pipes, as far as they start one at all") {
    for (const profile& kernel : all_profiles()) {
        CAPTURE(kernel.name);
        struct facts {
            int plain;
            int piped;
            char text[4];
        };
        const auto got = isolated(on(kernel), [] {
            facts f{};
            auto plain = spawn(spawnee(), arguments({"exit", "0"}));
            f.plain = error_of(plain);
            auto c = spawn_with_streams(spawnee(), arguments({"say", "1", "yes"}), {},
                                        {{}, stream_choice::new_pipe(), {}});
            f.piped = error_of(c);
            if (c)
                (void)!read(c->ends.output.get(), f.text, 3);
            return f;
        });
        REQUIRE(got);
        CHECK(got->piped == got->plain);
        if (got->piped == 0)
            CHECK(std::string(got->text) == "yes");
    }
}

TEST_CASE("a sandbox that refuses or fakes the preparation is named, and nothing leaks") {
    struct facts {
        int error;
        bool leaked;
    };
    const standard_streams streams{stream_choice::null_device(), stream_choice::new_pipe(), {}};
    for (const long number : {SYS_pipe2, SYS_statx}) {
        for (const int error : {EPERM, ENOSYS, 0}) {
            CAPTURE(number, error);
            const profile kernel{"one call refused", {{number, error}}};
            const auto got = isolated(on(kernel), [&streams] {
                const int before = open_fds();
                const facts f{refused(streams).error, false};
                return facts{f.error, open_fds() != before};
            });
            REQUIRE(got);
            CHECK(got->error == (error == EPERM ? ERFKILL : ENOSYS));
            CHECK(!got->leaked);
        }
    }
}
