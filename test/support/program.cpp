// SPDX-License-Identifier: MIT
#include "program.hpp"

#include "catch.hpp"

#include <cerrno>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace support {

namespace {

constexpr int cannot_execute = 127;
constexpr int foreign = 126; // built for another machine

std::string whole_file(int fd) {
    std::string text;
    char buffer[4096];
    ssize_t n = 0;
    while ((n = pread(fd, buffer, sizeof buffer, static_cast<off_t>(text.size()))) > 0)
        text.append(buffer, static_cast<std::size_t>(n));
    close(fd);
    return text;
}

/// Whether the program can be reached in these surroundings: another user may not enter the
/// directory that it was built in.
bool reachable(const char* program) {
    return access(program, X_OK) == 0;
}

} // namespace

finished run(const surroundings& s, const std::string& program,
             const std::vector<std::string>& arguments, preparation prepare) {
    const int out = memfd_create("stdout", MFD_CLOEXEC);
    const int err = memfd_create("stderr", MFD_CLOEXEC);
    REQUIRE((out >= 0 && err >= 0));
    std::vector<char*> argv{const_cast<char*>(program.c_str())};
    for (const std::string& argument : arguments)
        argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);

    const auto status = isolated(s, [&] {
        if (!reachable(program.c_str()))
            return -1;
        const pid_t child = fork();
        if (child == 0) {
            dup2(out, STDOUT_FILENO);
            dup2(err, STDERR_FILENO);
            if (prepare != nullptr)
                prepare();
            execv(program.c_str(), argv.data());
            _exit(errno == ENOEXEC ? foreign : cannot_execute);
        }
        int result = 0;
        while (waitpid(child, &result, 0) < 0 && errno == EINTR) {
        }
        return WIFEXITED(result) ? WEXITSTATUS(result) : 128 + WTERMSIG(result);
    });

    finished f;
    f.out = whole_file(out);
    f.err = whole_file(err);
    if (!status)
        f.missing = status.missing;
    else if (*status == -1)
        f.missing = "the program cannot be reached by that user";
    else if (*status == foreign)
        f.missing = "the tests run in an emulator, which runs no other programs of its machine";
    else
        f.status = *status;
    return f;
}

} // namespace support
