// SPDX-License-Identifier: MIT
// The program that the tests of spawn start. Its arguments are commands, each with its own
// arguments, executed in turn. It describes itself on standard output, without libstdc++ and
// without /proc. It ends with 0, or as a command says.
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
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

/// A direct system call, because libc hides two signals that it reserves.
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

void print_cpus() {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    sched_getaffinity(0, sizeof cpus, &cpus);
    std::printf("cpus");
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(static_cast<unsigned>(cpu), &cpus))
            std::printf(" %d", cpu);
    std::printf("\n");
}

void print_facts() {
    std::printf("pid %d\nppid %d\npgid %d\nsid %d\n", getpid(), getppid(), getpgid(0), getsid(0));
    std::printf("nice %d\n", getpriority(PRIO_PROCESS, 0));
    const mode_t mask = umask(0);
    umask(mask);
    std::printf("umask %o\n", static_cast<unsigned>(mask));
    sched_param scheduling{};
    sched_getparam(0, &scheduling);
    std::printf("policy %ld\nrt_priority %d\n", syscall(SYS_sched_getscheduler, 0),
                scheduling.sched_priority);
    std::printf("io_priority %ld\n", syscall(SYS_ioprio_get, 1, 0));
    print_cpus();
    std::printf("no_new_privs %d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    int death = 0;
    prctl(PR_GET_PDEATHSIG, &death);
    std::printf("parent_death_signal %d\n", death);
    print_ids();
    print_signals();
}

/// Prints the number, device and inode of each open file descriptor.
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
    // An enumeration in C libraries that have one for it, and otherwise a number.
    getrlimit(static_cast<decltype(RLIMIT_CORE)>(resource), &limit);
    std::printf("limit %lld %lld\n", static_cast<long long>(limit.rlim_cur),
                static_cast<long long>(limit.rlim_max));
}

/// Prints the foreground group and the session of a terminal, as this process sees them.
void print_terminal(int fd) {
    std::printf("foreground %d\nterminal_session %d\n", tcgetpgrp(fd), tcgetsid(fd));
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

/// Writes this many bytes: the numbers of the bytes, modulo 251.
void write_bytes(int fd, long count) {
    static unsigned char bytes[251 * 256];
    for (std::size_t i = 0; i < sizeof bytes; ++i)
        bytes[i] = static_cast<unsigned char>(i % 251);
    std::fflush(stdout);
    for (long done = 0; done < count;) {
        const std::size_t first = static_cast<std::size_t>(done) % sizeof bytes;
        const std::size_t most = sizeof bytes - first;
        const std::size_t left = static_cast<std::size_t>(count - done);
        const ssize_t size = write(fd, bytes + first, left < most ? left : most);
        if (size < 0 && errno != EINTR)
            std::exit(96);
        done += size > 0 ? size : 0;
    }
}

void say(int fd, const char* text) {
    std::fflush(stdout);
    (void)!write(fd, text, std::strlen(text));
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

/// Ends at once. A child of its own executes the commands.
[[noreturn]] void leave_behind(char** commands) {
    std::fflush(stdout);
    if (const pid_t pid = fork(); pid != 0)
        _exit(pid > 0 ? 0 : 95);
    run_all(commands);
}

/// Sleeps, while a child of its own executes the commands.
void sleep_beside(char** commands) {
    std::fflush(stdout);
    if (const pid_t pid = fork(); pid == 0)
        run_all(commands);
    sleep_for_ever();
}

/// Makes a child that traces this process and never waits for it, until it reads the end of `fd`. The
/// parent of this process cannot reap it meanwhile. The child holds no standard stream.
void be_traced(int fd, bool by_another_session) {
    std::fflush(stdout);
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0)
        std::exit(94);
    const pid_t traced = getpid();
    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0); // an error: Yama is not there
    if (fork() == 0) {
        alarm(60);
        if (by_another_session)
            (void)setsid();
        for (int stream = 0; stream < 3; ++stream)
            close(stream);
        if (ptrace(PTRACE_SEIZE, traced, nullptr, nullptr) == 0)
            (void)!write(ready[1], "+", 1);
        close(ready[0]);
        close(ready[1]);
        char byte = 0;
        while (read(fd, &byte, 1) != 0) {
        }
        _exit(0);
    }
    close(ready[1]);
    char byte = 0;
    if (read(ready[0], &byte, 1) != 1)
        std::exit(94);
    close(ready[0]);
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
    if (is(command, "terminal"))
        return print_terminal(std::atoi(arguments[0])), 1;
    if (is(command, "executed")) // by which path
        return std::printf("executed %s\n", reinterpret_cast<const char*>(getauxval(AT_EXECFN))), 0;
    if (is(command, "cwd"))
        return print_cwd(), 0;
    if (is(command, "environment")) {
        for (char** e = environ; *e != nullptr; ++e)
            std::printf("%s\n", *e);
        return 0;
    }
    if (is(command, "ready")) // a reader of the output sees how far the program has come
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
    if (is(command, "write"))
        return write_bytes(std::atoi(arguments[0]), std::atol(arguments[1])), 2;
    if (is(command, "say"))
        return say(std::atoi(arguments[0]), arguments[1]), 2;
    if (is(command, "shut"))
        return std::fflush(stdout), close(std::atoi(arguments[0])), 1;
    if (is(command, "ignore"))
        return std::signal(std::atoi(arguments[0]), SIG_IGN), 1;
    if (is(command, "setsid"))
        return (void)setsid(), 0;
    if (is(command, "raise"))
        return std::raise(std::atoi(arguments[0])), 1;
    if (is(command, "be_traced"))
        return be_traced(std::atoi(arguments[0]), is(arguments[1], "session")), 2;
    if (is(command, "exit"))
        std::exit(std::atoi(arguments[0]));
    if (is(command, "end_thread"))
        end_thread(std::atoi(arguments[0]));
    // These take all that follows.
    if (is(command, "thread"))
        begin_thread(arguments), sleep_for_ever();
    if (is(command, "last_thread")) // the first one ends with another code than the process will
        begin_thread(arguments), end_thread(3);
    if (is(command, "leave_behind"))
        leave_behind(arguments);
    if (is(command, "sleep_beside"))
        sleep_beside(arguments);
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
