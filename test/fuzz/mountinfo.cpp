// SPDX-License-Identifier: MIT
// The lines of mountinfo, and the paths that are made of them. Any line is handled safely, and a
// line in the kernel's format gives the correct path.
#include "paths/cgroup_mount.hpp"

#include "input.hpp"

using namespace pidfd_util;

namespace {

bool climbs(std::string_view path) {
    return (std::string(path) + "/").find("/../") != std::string::npos;
}

void check_any(std::string_view line) {
    cgroup::mount m{};
    if (!cgroup::parse_mount(line, m))
        return;
    fuzz::require(!m.type.empty(), "a mount has a type");
    for (const std::string_view part : {m.root, m.point, m.type})
        fuzz::require(part.data() >= line.data() &&
                          part.data() + part.size() <= line.data() + line.size(),
                      "the parts lie in the line");
    cgroup::path_buffer buffer;
    (void)cgroup::join(m.point, line, buffer);
    std::string_view path = "/a/b";
    (void)cgroup::take_root(path, m.root);
}

void check_kernel_line(const std::string& root, const std::string& point, const std::string& rest) {
    const std::string line = "36 35 0:33 " + fuzz::escaped(root) + " " + fuzz::escaped(point) +
                             " rw,noatime shared:7 - cgroup2 cgroup rw";
    cgroup::mount m{};
    fuzz::require(cgroup::parse_mount(line, m) && m.id == 36 && m.type == "cgroup2",
                  "a line of the kernel's is understood");

    const std::string path = root == "/" ? rest : root + rest;
    std::string_view left = path;
    const bool taken = cgroup::take_root(left, m.root);
    fuzz::require(taken == !climbs(rest), "what lies below the root is found, unless it climbs");
    fuzz::require(!taken || left == rest, "the root is taken off, and nothing else");

    cgroup::path_buffer buffer;
    const std::string joined = point + rest;
    const bool fits = joined.size() < sizeof buffer.text;
    fuzz::require(cgroup::join(m.point, rest, buffer) == fits, "a path is joined if it fits");
    fuzz::require(!fits || joined == std::string_view(buffer.text, joined.size()),
                  "the path is that of the directory");
    fuzz::require(!fits || buffer.text[joined.size()] == '\0', "the path has an end");
}

} // namespace

/// A line; or a root, a mount point, and what is below it, with bars between them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    check_any(input);
    const std::string root = "/" + std::string(fuzz::take_until(input, '|'));
    const std::string point = "/" + std::string(fuzz::take_until(input, '|'));
    std::string rest(fuzz::take_until(input, '|'));
    if (!rest.empty())
        rest.insert(0, "/");
    if (root != "/" || !rest.empty())
        check_kernel_line(root, point, rest);
    return 0;
}
