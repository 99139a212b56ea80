// SPDX-License-Identifier: MIT
// The parsers of mountinfo and of the paths of cgroups, on malicious text. See parsers.cpp.
#include "support/catch.hpp"

#include "paths/cgroup_directory.hpp"
#include "paths/cgroup_mount.hpp"

#include <string>
#include <string_view>

using namespace pidfd_util;

namespace {

bool take_root(const std::string& path, const std::string& root, std::string& rest) {
    std::string_view left = path;
    const bool taken = cgroup::take_root(left, root);
    rest = left;
    return taken;
}

bool join(const std::string& point, const std::string& rest, std::string& joined) {
    cgroup::path_buffer buffer;
    if (!cgroup::join(point, rest, buffer))
        return false;
    joined = buffer.text;
    return true;
}

} // namespace

TEST_CASE("a line of mountinfo is parsed, with and without optional fields") {
    cgroup::mount m{};
    REQUIRE(cgroup::parse_mount("36 35 98:0 /root /mnt/x rw,noatime master:1 propagate_from:2 - "
                                "cgroup2 /dev/root rw",
                                m));
    CHECK(m.id == 36);
    CHECK(m.root == "/root");
    CHECK(m.point == "/mnt/x");
    CHECK(m.type == "cgroup2");
    REQUIRE(cgroup::parse_mount("36 35 98:0 / /mnt rw - ext3 /dev/root rw", m));
    CHECK(m.root == "/");
    CHECK(m.type == "ext3");
    REQUIRE(cgroup::parse_mount("36 35 0:1 / /a\\040-\\040cgroup2 rw shared:1 - tmpfs none rw", m));
    CHECK(m.point == "/a\\040-\\040cgroup2");
    CHECK(m.type == "tmpfs");
    REQUIRE(cgroup::parse_mount("36 35 0:1 - - - - fuse.cgroup2 - -", m)); // names that are a dash
    CHECK((m.root == "-" && m.point == "-" && m.type == "fuse.cgroup2"));
    REQUIRE(cgroup::parse_mount("36 35 0:1 / /mnt rw - cgroup2", m)); // cut behind the type
    CHECK(m.type == "cgroup2");
}

TEST_CASE("a line of mountinfo that is cut off has no type") {
    cgroup::mount m{};
    const std::string line = "36 35 98:0 /root /mnt/x rw,noatime master:1 - cgroup2 /dev/root rw";
    for (std::size_t length = 0; length <= line.find("cgroup2"); ++length) {
        CAPTURE(length);
        CHECK_FALSE(cgroup::parse_mount(line.substr(0, length), m));
    }
    CHECK_FALSE(cgroup::parse_mount("x 35 0:1 / /mnt rw - cgroup2 a b", m));
    CHECK_FALSE(cgroup::parse_mount("99999999999 35 0:1 / /mnt rw - cgroup2 a b", m));
}

TEST_CASE("the events of a cgroup are 0 or 1, in any order and with lines that are not known") {
    cgroup_directory::state s{};
    REQUIRE(cgroup_directory::parse_events("populated 1\nfrozen 0\n", s));
    CHECK((s.populated && !s.frozen));
    REQUIRE(cgroup_directory::parse_events("later 7 8\nfrozen 1\npopulated 0\n", s));
    CHECK((!s.populated && s.frozen));
    REQUIRE(cgroup_directory::parse_events("populated 1\n", s)); // before Linux 5.2
    CHECK((s.populated && !s.frozen));
}

TEST_CASE("an event of a cgroup that is neither 0 nor 1 is not taken for an answer") {
    cgroup_directory::state s{};
    for (const char* text :
         {"", "frozen 0\n", "populated\n", "populated \n", "populated 2\n", "populated 10\n",
          "populated 01\n", "populated x\n", "populated -1\n", "populated 1 \n", "populated  1\n",
          "populated 1\nfrozen\n", "populated 1\nfrozen 2\n", "frozen x\npopulated 0\n"}) {
        CAPTURE(text);
        CHECK_FALSE(cgroup_directory::parse_events(text, s));
    }
}

TEST_CASE("the root of a cgroup mount is removed only if it ends at the end of a name") {
    std::string rest;
    CHECK((take_root("/a/b", "/", rest) && rest == "/a/b"));
    CHECK((take_root("/", "/", rest) && rest == "/"));
    CHECK((take_root("/a/b", "/a", rest) && rest == "/b"));
    CHECK((take_root("/a", "/a", rest) && rest.empty()));
    CHECK_FALSE(take_root("/ab", "/a", rest));
    CHECK(rest == "/ab"); // untouched
    CHECK_FALSE(take_root("/a", "/ab", rest));
    CHECK_FALSE(take_root("/", "/a", rest));
    CHECK_FALSE(take_root("/b/a", "/a", rest));
}

TEST_CASE("the escapes of a cgroup mount's root are undone") {
    std::string rest;
    CHECK((take_root("/a b/c", "/a\\040b", rest) && rest == "/c"));
    CHECK((take_root("/a\tb/c", "/a\\011b", rest) && rest == "/c"));
    CHECK((take_root("/a\\b/c", "/a\\134b", rest) && rest == "/c"));
    CHECK((take_root("/a\\040b/c", "/a\\134040b", rest) && rest == "/c")); // undone once only
    CHECK_FALSE(take_root("/a\\040b/c", "/a\\040b", rest));
    CHECK((take_root("/a\\/c", "/a\\", rest) && rest == "/c"));       // no escape
    CHECK((take_root("/a\\09x/c", "/a\\09x", rest) && rest == "/c")); // none either
}

TEST_CASE("a path that begins with .. is not looked up") {
    std::string rest;
    for (const char* root : {"/", "/a"})
        for (const char* path :
             {"/..", "/../..", "/../a", "/a/..", "/a/../b", "/a/b/..", "/a/../../b"})
            CHECK_FALSE(take_root(path, root, rest));
    // The root of a mount from outside of the caller's cgroup namespace.
    CHECK((take_root("/../x/y", "/../x", rest) && rest == "/y"));
    CHECK((take_root("/../..", "/../..", rest) && rest.empty()));
    CHECK_FALSE(take_root("/a", "/..", rest));
    CHECK_FALSE(take_root("/../..", "/..", rest));
    // Names with dots that are not "..".
    for (const char* path : {"/...", "/..a", "/a..", "/a/..b/c", "/. .", "/.. (deleted)"})
        CHECK(take_root(path, "/", rest));
}

TEST_CASE("a mount point and a path are joined, with the escapes undone") {
    std::string joined;
    CHECK((join("/sys/fs/cgroup", "/a b", joined) && joined == "/sys/fs/cgroup/a b"));
    CHECK((join("/m\\040n\\011o\\012p\\134q", "", joined) && joined == "/m n\to\np\\q"));
    CHECK((join("/m", "/a\\040b", joined) && joined == "/m/a\\040b")); // this part has none
    CHECK((join("/m\\04", "/x", joined) && joined == "/m\\04/x"));
    CHECK((join("/m\\", "", joined) && joined == "/m\\"));
    CHECK((join("", "", joined) && joined.empty()));
}

TEST_CASE("a joined path that is too long is refused, and the longest is not") {
    std::string joined;
    const std::string longest(PATH_MAX - 1, 'x');
    CHECK((join(longest, "", joined) && joined == longest));
    CHECK((join("", longest, joined) && joined == longest));
    CHECK((join("/", longest.substr(1), joined) && joined.size() == longest.size()));
    CHECK_FALSE(join(longest + "x", "", joined));
    CHECK_FALSE(join("", longest + "x", joined));
    CHECK_FALSE(join("/", longest, joined));
    CHECK_FALSE(join(longest, "x", joined));
    // An escape of four characters counts as one character.
    std::string escaped;
    for (int i = 0; i < PATH_MAX - 1; ++i)
        escaped += "\\040";
    CHECK((join(escaped, "", joined) && joined == std::string(PATH_MAX - 1, ' ')));
}
