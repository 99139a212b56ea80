// SPDX-License-Identifier: MIT
// The numbers of file descriptors that the library opens for a start are closed for the caller: no
// path and no option leads to them.
#include "support/answers.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/talking.hpp"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// The number that the next file descriptor will have, after `others` more.
int next_number(int others = 0) {
    const unique_fd next(dup(0));
    return others == 0 ? next.get() : next_number(others - 1);
}

struct refusal {
    int error;
    spawn_step step;
};

bool operator==(const refusal& a, const refusal& b) {
    return a.error == b.error && a.step == b.step;
}

refusal start(const char* file, const spawn_options& o) {
    refusal r{};
    const auto c = spawn(file, arguments({}), o, &r.step);
    r.error = c ? 0 : c.error().value();
    return r;
}

/// The places in which a path leads through the next number.
struct refusals {
    refusal directory, inside, root, file, searched, file_inside;
};

refusals try_paths(const spawn_options& options) {
    const std::string path = "/proc/self/fd/" + std::to_string(next_number());
    const std::string inside = path + "/.";
    const auto with = [&](const char* spawn_options::*member, const std::string& value) {
        spawn_options o = options;
        o.*member = value.c_str();
        return start(spawnee(), o);
    };
    refusals r{};
    r.directory = with(&spawn_options::directory, path);
    r.inside = with(&spawn_options::directory, inside);
    r.root = with(&spawn_options::root, path);
    r.file = start(path.c_str(), options);
    r.file_inside = start((path + "/tool").c_str(), options);
    spawn_options searching = options;
    searching.search_path = true;
    const variable v("PATH", path.c_str());
    r.searched = start("tool", searching);
    return r;
}

} // namespace

TEST_CASE("a path through a closed number fails in the same way with die_with_parent") {
    for (const namespace_flags more : {namespace_flags::none, namespace_flags::pid}) {
        for (const bool close_others : {true, false}) {
            CAPTURE(more, close_others);
            struct pair {
                refusals plain, dying;
            };
            surroundings around;
            around.user_namespace = geteuid() != 0;
            const auto got = isolated(around, [&] {
                spawn_options o;
                o.new_namespaces = more;
                o.close_other_fds = close_others;
                pair p{};
                p.plain = try_paths(o);
                o.die_with_parent = true;
                p.dying = try_paths(o);
                return p;
            });
            if (!got)
                SKIP_TEST(got.missing);
            if (got->plain.directory.step == spawn_step::clone)
                SKIP_TEST("this user may not make pid namespaces");
            CHECK(got->plain.directory == refusal{ENOENT, spawn_step::directory});
            CHECK(got->dying.directory == got->plain.directory);
            CHECK(got->dying.inside == got->plain.inside);
            CHECK(got->plain.root == refusal{ENOENT, spawn_step::root});
            CHECK(got->dying.root == got->plain.root);
            CHECK(got->plain.file == refusal{ENOENT, spawn_step::exec});
            CHECK(got->dying.file == got->plain.file);
            CHECK(got->dying.file_inside == got->plain.file_inside);
            CHECK(got->dying.searched == got->plain.searched);
        }
    }
}

TEST_CASE("an open file descriptor on a path is followed with die_with_parent") {
    const temporary_directory d;
    const unique_fd opened(open(d.path().c_str(), O_PATH | O_CLOEXEC));
    spawn_options o;
    o.die_with_parent = true;
    const std::string path = "/proc/self/fd/" + std::to_string(opened.get());
    o.directory = path.c_str();
    const run_result r = run({"cwd"}, o);
    CHECK(r.error == 0);
    CHECK(r.output == d.path() + "\n");
}

TEST_CASE("a closed number is no mapping, program or terminal beside a process whose first thread "
          "has exited") {
    if (!has(feature::setns))
        SKIP_TEST("setns takes no pidfd here: Linux before 5.8");
    spawn_options made;
    made.new_namespaces = namespace_flags::uts;
    if (geteuid() != 0)
        made.new_namespaces = made.new_namespaces | namespace_flags::user;
    talking_child host({"last_thread", "tid", "sleep"}, made);
    if (host.error() != 0)
        SKIP_TEST("this user may not make namespaces");
    REQUIRE(host.number("tid") > 0);
    host.wait_for_end_of_first_thread();
    for (int above = 0; above < 6; ++above) {
        CAPTURE(above);
        struct all {
            refusal right, mapping, program, terminal, file;
        };
        const auto got = isolated({}, [&] {
            spawn_options entering;
            entering.enter_process = host.fd().fd();
            entering.enter_namespaces =
                geteuid() == 0 ? namespace_flags::uts : namespace_flags::user;
            const int number = next_number(above);
            all a{};
            a.right = start(spawnee(), entering);
            const fd_mapping map[] = {{number, 47}};
            spawn_options o = entering;
            o.fds = map;
            a.mapping = start(spawnee(), o);
            o = entering;
            o.program = number;
            a.program = start(nullptr, o);
            o = entering;
            o.new_session = true;
            o.terminal = number;
            a.terminal = start(spawnee(), o);
            a.file = start(("/proc/self/fd/" + std::to_string(number)).c_str(), entering);
            return a;
        });
        REQUIRE(got);
        if (got->right.step == spawn_step::enter_namespaces)
            SKIP_TEST("this process cannot be entered here");
        CHECK(got->right == refusal{0, {}});
        CHECK(got->mapping == refusal{EBADF, spawn_step::file_descriptors});
        CHECK(got->program == refusal{EBADF, spawn_step::file_descriptors});
        CHECK(got->terminal == refusal{EBADF, spawn_step::terminal});
        CHECK(got->file == refusal{ENOENT, spawn_step::exec});
    }
}
