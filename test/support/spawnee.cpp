// SPDX-License-Identifier: MIT
// The program that the tests of spawn start. Its arguments are commands, each with its own
// arguments, done one after the other: it tells about itself on standard output, without libstdc++
// and without /proc. It ends with 0, or as a command says.
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT: the name is POSIX's

namespace {

constexpr int last_signal = 64;
constexpr int most_fds = 5000;

void print_ids() {
    uid_t ruid = 0;
    uid_t euid = 0;
    uid_t suid = 0;
    gid_t rgid = 0;
    gid_t egid = 0;
    gid_t sgid = 0;
    (void)getresuid(&ruid, &euid, &suid);
    (void)getresgid(&rgid, &egid, &sgid);
    std::printf("uid %u %u %u\n", ruid, euid, suid);
    std::printf("gid %u %u %u\n", rgid, egid, sgid);
    gid_t groups[64];
    const int count = getgroups(64, groups);
    std::printf("groups");
    for (int i = 0; i < count; ++i)
        std::printf(" %u", groups[i]);
    std::printf("\n");
}

/// Raw: libc hides two signals of its own.
void print_signals() {
    std::uint64_t blocked = 0;
    std::uint64_t ignored = 0;
    std::uint64_t handled = 0;
    sigset_t mask;
    sigprocmask(SIG_SETMASK, nullptr, &mask);
    for (int signal = 1; signal <= last_signal; ++signal) {
        struct sigaction action {};
        const std::uint64_t bit = std::uint64_t{1} << (signal - 1);
        if (sigismember(&mask, signal) == 1)
            blocked |= bit;
        if (sigaction(signal, nullptr, &action) != 0)
            continue;
        if (action.sa_handler == SIG_IGN)
            ignored |= bit;
        else if (action.sa_handler != SIG_DFL)
            handled |= bit;
    }
    std::printf("blocked %llx\nignored %llx\nhandled %llx\n",
                static_cast<unsigned long long>(blocked), static_cast<unsigned long long>(ignored),
                static_cast<unsigned long long>(handled));
}

void print_facts() {
    std::printf("pid %d\nppid %d\npgid %d\nsid %d\n", getpid(), getppid(), getpgid(0), getsid(0));
    std::printf("nice %d\n", getpriority(PRIO_PROCESS, 0));
    std::printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    int death = 0;
    prctl(PR_GET_PDEATHSIG, &death);
    std::printf("parent_death_signal %d\n", death);
    print_ids();
    print_signals();
}

/// Number, device and inode of everything that is open.
void print_fds() {
    for (int fd = 0; fd < most_fds; ++fd) {
        struct stat st {};
        if (fstat(fd, &st) == 0)
            std::printf("fd %d %llu %llu\n", fd, static_cast<unsigned long long>(st.st_dev),
                        static_cast<unsigned long long>(st.st_ino));
    }
}

void print_limit(int resource) {
    rlimit limit{};
    // An enumeration in C libraries that have one for it, else a number.
    getrlimit(static_cast<decltype(RLIMIT_CORE)>(resource), &limit);
    std::printf("limit %lld %lld\n", static_cast<long long>(limit.rlim_cur),
                static_cast<long long>(limit.rlim_max));
}

void print_cwd() {
    char path[4096];
    std::printf("%s\n", getcwd(path, sizeof path) != nullptr ? path : "?");
}

void print_link(const char* name) {
    char target[4096];
    const ssize_t size = readlink(name, target, sizeof target - 1);
    target[size > 0 ? size : 0] = '\0';
    std::printf("%s\n", target);
}

void copy_to_output(int fd) {
    char buffer[4096];
    ssize_t size = 0;
    std::fflush(stdout);
    while ((size = read(fd, buffer, sizeof buffer)) > 0)
        (void)!write(1, buffer, static_cast<std::size_t>(size));
}

void print_file(const char* name) {
    const int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        copy_to_output(fd);
        close(fd);
    }
}

void sleep_for_ever() {
    for (;;)
        pause();
}

bool is(const char* command, const char* name) {
    return std::strcmp(command, name) == 0;
}

void print_thread() {
    std::printf("tid %ld\n", syscall(SYS_gettid));
    std::fflush(stdout);
}

/// Waits for a byte of standard input, or its end.
void read_byte() {
    char byte = 0;
    while (read(0, &byte, 1) < 0 && errno == EINTR) {
    }
}

/// Ends this thread alone.
[[noreturn]] void end_thread(int code) {
    for (;;)
        syscall(SYS_exit, code);
}

void print_fork() {
    std::fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0)
        _exit(77);
    int status = -1;
    const bool waited = waitpid(pid, &status, 0) == pid;
    std::printf("forked %d\n", waited && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    std::fflush(stdout);
}

[[noreturn]] void run_all(char** commands);

void begin_thread(char** commands) {
    pthread_t thread;
    const auto run_them = [](void* all) -> void* { run_all(static_cast<char**>(all)); };
    if (pthread_create(&thread, nullptr, run_them, commands) != 0)
        std::exit(98);
}

/// Starts this program anew, with the commands.
[[noreturn]] void execute(char** commands) {
    std::fflush(stdout);
    static char name[] = "spawnee";
    commands[-1] = name;
    execv(reinterpret_cast<const char*>(getauxval(AT_EXECFN)), commands - 1);
    std::exit(97);
}

/// How many arguments it took, or -1 for an unknown command.
int run(const char* command, char** arguments) {
    if (is(command, "facts"))
        return print_facts(), 0;
    if (is(command, "fds"))
        return print_fds(), 0;
    if (is(command, "cwd"))
        return print_cwd(), 0;
    if (is(command, "environment")) {
        for (char** e = environ; *e != nullptr; ++e)
            std::printf("%s\n", *e);
        return 0;
    }
    if (is(command, "ready")) // whoever reads the output knows that it has come so far
        return std::printf("ready\n"), std::fflush(stdout), 0;
    if (is(command, "sleep"))
        return sleep_for_ever(), 0;
    if (is(command, "tid"))
        return print_thread(), 0;
    if (is(command, "read"))
        return read_byte(), 0;
    if (is(command, "fork"))
        return print_fork(), 0;
    if (is(command, "limit"))
        return print_limit(std::atoi(arguments[0])), 1;
    if (is(command, "link"))
        return print_link(arguments[0]), 1;
    if (is(command, "file"))
        return print_file(arguments[0]), 1;
    if (is(command, "copy"))
        return copy_to_output(std::atoi(arguments[0])), 1;
    if (is(command, "ignore"))
        return std::signal(std::atoi(arguments[0]), SIG_IGN), 1;
    if (is(command, "raise"))
        return std::raise(std::atoi(arguments[0])), 1;
    if (is(command, "exit"))
        std::exit(std::atoi(arguments[0]));
    if (is(command, "end_thread"))
        end_thread(std::atoi(arguments[0]));
    // These take all that follows.
    if (is(command, "thread"))
        begin_thread(arguments), sleep_for_ever();
    if (is(command, "last_thread")) // the first one ends with another code than the process will
        begin_thread(arguments), end_thread(3);
    if (is(command, "exec"))
        execute(arguments);
    return -1;
}

void run_all(char** commands) {
    while (*commands != nullptr) {
        const int taken = run(*commands, commands + 1);
        if (taken < 0)
            std::exit(99);
        commands += 1 + taken;
    }
    std::exit(0);
}

} // namespace

int main(int argc, char** argv) {
    if (argc > 1 && is(argv[1], "arguments")) {
        for (char** a = argv; *a != nullptr; ++a)
            std::printf("%s\n", *a);
        return 0;
    }
    run_all(argv + 1);
}
