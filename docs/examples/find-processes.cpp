// SPDX-License-Identifier: MIT
// Prints the processes whose name contains a text, as pgrep(1) does, each with the number of its
// children; or kills them with their descendants. A process that is found is the one that is killed:
// pkill(1) kills whatever has its pid by then.
//
//     find-processes [--kill] TEXT
#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace pidfd_util;

namespace {

int fail(const char* what, const std::error_code& why) {
    std::fprintf(stderr, "find-processes: %s: %s\n", what, why.message().c_str());
    return 2;
}

/// Returns how many children the process has.
expected<std::size_t> count_children(const pidfd& process) {
    std::vector<pidfd> found(64);
    for (;;) {
        const auto listed = children(process, found);
        if (!listed)
            return unexpected(listed.error());
        if (listed->complete)
            return listed->count;
        found = std::vector<pidfd>(2 * found.size());
    }
}

std::error_code print(const pidfd& process, std::string_view name) {
    const auto pid = process.get_pid();
    if (!pid)
        return pid.error();
    const auto count = count_children(process);
    if (!count)
        return count.error();
    std::printf("%d %.*s %zu\n", *pid, static_cast<int>(name.size()), name.data(), *count);
    return {};
}

std::error_code kill_all_of(const pidfd& process, std::vector<pidfd>& descendants) {
    const auto killed = kill_tree(process, descendants);
    return killed ? std::error_code() : killed.error();
}

} // namespace

int main(int argc, char** argv) {
    const bool kill = argc == 3 && std::string_view(argv[1]) == "--kill";
    if (argc != 2 && !kill) {
        std::fprintf(stderr, "usage: find-processes [--kill] TEXT\n");
        return 2;
    }
    const std::string_view text = argv[argc - 1];
    const auto self = pidfd::from_self();
    if (!self)
        return fail("cannot open a pidfd", self.error());

    bool found = false;
    std::error_code failed;
    std::vector<pidfd> descendants(256);
    const auto listed = for_each_process([&](pidfd process) {
        char buffer[64];
        const auto name = process.get_comm(buffer); // an error: it has ended, or is hidden
        if (!name || name->find(text) == name->npos || same_process(process, *self) == true)
            return true;
        found = true;
        const std::error_code error =
            kill ? kill_all_of(process, descendants) : print(process, *name);
        if (error && error != pidfd_errc::not_found) // not_found: it has ended
            failed = error;
        return true;
    });
    if (!listed)
        return fail("cannot list the processes", listed.error());
    if (failed)
        return fail(kill ? "cannot kill a process" : "cannot print a process", failed);
    return found ? EXIT_SUCCESS : EXIT_FAILURE;
}
