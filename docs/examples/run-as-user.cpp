// SPDX-License-Identifier: MIT
// run-as-user USER: runs id(1) as another user, with the user's groups.
#include <pidfd_util/run.hpp>

#include <cstdio>
#include <grp.h>
#include <pwd.h>
#include <vector>

int main(int argc, char** argv) {
    const passwd* const user = argc == 2 ? getpwnam(argv[1]) : nullptr;
    if (user == nullptr) {
        std::fprintf(stderr, "there is no such user\n");
        return 1;
    }
    int count = 64;
    std::vector<gid_t> groups(64);
    if (getgrouplist(user->pw_name, user->pw_gid, groups.data(), &count) < 0)
        return 1;
    groups.resize(static_cast<std::size_t>(count));

    pidfd_util::run_options options;
    options.spawn.uid = user->pw_uid;
    options.spawn.gid = user->pw_gid;
    options.spawn.groups = groups;
    options.spawn.directory = "/";
    pidfd_util::spawn_step step{};
    const auto done = pidfd_util::run({"id", "-un"}, options, &step);
    if (!done) {
        std::fprintf(stderr, "%s: %s\n", to_string(step), done.error().message().c_str());
        return 1;
    }
    std::fputs(done->output.c_str(), stdout);
    return done->succeeded() ? 0 : 1;
}

// Output of "run-as-user nobody", as root:
//     nobody
