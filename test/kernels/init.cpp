// SPDX-License-Identifier: MIT
// The first process of a guest: sets up a small system, runs the programs named in /guest, reports
// on the console how each of them ended, and switches the machine off.
//
// It reports on lines that begin with the word in /guest/nonce. The programs cannot know
// it, as the file is gone before the first of them runs.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

void complain(const char* what) {
    std::fprintf(stderr, "init: %s: %s\n", what, std::strerror(errno));
}

void mount_on(const char* place, const char* type, const char* options = nullptr) {
    mkdir(place, 0755);
    // The kernel may have mounted /dev already.
    if (mount(type, place, type, 0, options) != 0 && errno != EBUSY)
        complain(place);
}

void set_up_files() {
    mount_on("/dev", "devtmpfs");
    // The kernel makes devices, but not the links that every distribution has.
    for (const auto& [place, target] : {std::pair{"/dev/fd", "/proc/self/fd"},
                                        {"/dev/stdin", "/proc/self/fd/0"},
                                        {"/dev/stdout", "/proc/self/fd/1"},
                                        {"/dev/stderr", "/proc/self/fd/2"}}) {
        if (symlink(target, place) != 0 && errno != EEXIST)
            complain(place);
    }
    mount_on("/dev/shm", "tmpfs", "mode=1777");
    mount_on("/dev/pts", "devpts", "ptmxmode=0666");
    mount_on("/proc", "proc");
    mount_on("/sys", "sysfs");
    (void)!symlink("/proc/self/fd", "/dev/fd");
    mount_on("/sys/fs/cgroup", "cgroup2");
}

/// Sets the raw mode: line ends do not change, and no character has a special meaning.
void set_up_console() {
    const int console = open("/dev/console", O_RDWR | O_NOCTTY);
    for (int fd = 0; fd <= 2 && console >= 0; ++fd)
        dup2(console, fd);
    if (console > 2)
        close(console);
    termios settings{};
    if (tcgetattr(STDOUT_FILENO, &settings) != 0)
        return;
    cfmakeraw(&settings);
    tcsetattr(STDOUT_FILENO, TCSANOW, &settings);
}

bool read_file(const std::string& path, std::string& text) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    char part[4096];
    text.clear();
    for (ssize_t n = 0; (n = read(fd, part, sizeof part)) > 0;)
        text.append(part, static_cast<std::size_t>(n));
    close(fd);
    return true;
}

/// Appends pointers to the words, each of which ends with a null byte.
void split(const std::string& words, std::vector<char*>& pointers) {
    for (std::size_t at = 0; at < words.size(); at += std::strlen(&words[at]) + 1)
        pointers.push_back(const_cast<char*>(&words[at]));
}

[[noreturn]] void execute(const std::string& command) {
    std::vector<char*> arguments;
    split(command, arguments);
    arguments.push_back(nullptr);
    setsid();
    const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    dup2(null, STDIN_FILENO);
    if (chdir("/tmp") != 0)
        complain("/tmp");
    static char path[] = "PATH=/usr/bin:/bin";
    static char home[] = "HOME=/root";
    static char slow[] = "PIDFD_UTIL_SLOW=1"; // an emulated processor
    std::vector<char*> environment = {path, home, slow};
    std::string more;
    if (!read_file("/guest/environment", more))
        complain("/guest/environment");
    split(more, environment);
    environment.push_back(nullptr);
    execve(arguments[0], arguments.data(), environment.data());
    complain(arguments[0]);
    _exit(127);
}

/// Returns the exit status, or 128 plus the signal, as in a shell.
int run(const std::string& command) {
    const pid_t program = fork();
    if (program == 0)
        execute(command);
    int result = 127;
    for (;;) {
        int status = 0;
        const pid_t ended = wait(&status);
        if (ended < 0 && errno != EINTR)
            return result;
        if (ended == program) {
            result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            // Its remaining processes must not disturb the next program, or write into our lines.
            kill(-1, SIGKILL);
        }
    }
}

void tell(const std::string& nonce, const std::string& what) {
    const std::string line = "\n" + nonce + " " + what + "\n";
    (void)!write(STDOUT_FILENO, line.data(), line.size());
}

} // namespace

int main() {
    if (getpid() != 1)
        return 1;
    set_up_files();
    set_up_console();
    std::string nonce;
    if (!read_file("/guest/nonce", nonce) || unlink("/guest/nonce") != 0)
        complain("/guest/nonce");
    std::string command;
    for (int i = 0; read_file("/guest/program." + std::to_string(i), command); ++i) {
        tell(nonce, "begin");
        tell(nonce, "exit " + std::to_string(run(command)));
    }
    tell(nonce, "end");
    tcdrain(STDOUT_FILENO);
    reboot(RB_POWER_OFF);
    return 1; // a panic, which ends the emulator as well
}
