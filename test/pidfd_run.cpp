// SPDX-License-Identifier: MIT
// The example tool pidfd-run, run as a user would.
#include "support/catch.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace pidfd_util;

namespace {

struct result {
    int code = -1; // of the tool; it is never killed itself
    std::string out;
    std::string err;

    bool says(const std::string& text) const { return err.find(text) != std::string::npos; }
};

/// The tool while it runs.
class tool {
public:
    explicit tool(std::vector<std::string> arguments, spawn_options options = {},
                  const char* program = PIDFD_RUN, int input = STDIN_FILENO) {
        std::vector<const char*> argv{program};
        for (const std::string& a : arguments)
            argv.push_back(a.c_str());
        argv.push_back(nullptr);
        int ends[2];
        REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
        out_.reset(ends[0]);
        const unique_fd in(ends[1]);
        err_.reset(memfd_create("stderr", MFD_CLOEXEC));
        const fd_mapping fds[] = {
            {input, STDIN_FILENO}, {in.get(), STDOUT_FILENO}, {err_.get(), STDERR_FILENO}};
        if (options.fds.size() == 0)
            options.fds = fds;
        auto started = spawn(program, argv.data(), options);
        REQUIRE(started);
        process_ = std::move(*started);
    }
    ~tool() {
        if (process_ && !process_.status()) {
            (void)process_.kill();
            (void)process_.wait();
        }
    }

    /// Until the command has written a line.
    void wait_for_line() {
        char c = 0;
        while (c != '\n' && read(out_.get(), &c, 1) == 1)
            out_text_ += c;
        REQUIRE(c == '\n');
    }

    pidfd_view process() const { return pidfd_view(process_); }

    result finish() {
        result r;
        r.out = out_text_;
        std::array<char, 4096> buffer;
        ssize_t n = 0;
        while ((n = read(out_.get(), buffer.data(), buffer.size())) > 0)
            r.out.append(buffer.data(), static_cast<std::size_t>(n));
        const auto status = process_.wait();
        REQUIRE(status);
        r.code = status->code().value_or(-1);
        while ((n = pread(err_.get(), buffer.data(), buffer.size(),
                          static_cast<off_t>(r.err.size()))) > 0)
            r.err.append(buffer.data(), static_cast<std::size_t>(n));
        return r;
    }

private:
    child process_;
    unique_fd out_;
    unique_fd err_;
    std::string out_text_;
};

result run(std::vector<std::string> arguments, const spawn_options& options = {}) {
    return tool(std::move(arguments), options).finish();
}

constexpr char setsid_program[] = "/usr/bin/setsid";

/// A terminal, as the one that controls a session.
class pseudo_terminal {
public:
    pseudo_terminal() : keys_(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
        char name[64];
        if (keys_ && access(setsid_program, X_OK) == 0 && grantpt(keys_.get()) == 0 &&
            unlockpt(keys_.get()) == 0 && ptsname_r(keys_.get(), name, sizeof name) == 0)
            input_.reset(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC));
    }
    explicit operator bool() const { return static_cast<bool>(input_); }
    int input() const { return input_.get(); }
    void press_interrupt() const { REQUIRE(write(keys_.get(), "\003", 1) == 1); }

    /// What setsid(1) is to run for the tool to run this in a session on the terminal.
    static std::vector<std::string> with_control(std::vector<std::string> command) {
        command.insert(command.begin(), {"-c", PIDFD_RUN});
        return command;
    }

private:
    unique_fd keys_;
    unique_fd input_;
};

/// A cgroup2 hierarchy: where it usually is, else mounted for as long as this lives.
struct cgroup2 {
    cgroup2() {
        for (const char* usual : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
            struct statfs fs {};
            if (statfs(usual, &fs) == 0 && fs.f_type == 0x63677270) {
                path = usual;
                return;
            }
        }
        char directory[] = "/tmp/pidfd-run-cgroup-XXXXXX";
        if (mkdtemp(directory) == nullptr)
            return;
        if (mount("none", directory, "cgroup2", 0, nullptr) == 0)
            path = mounted = directory;
        else
            rmdir(directory);
    }
    ~cgroup2() {
        if (!mounted.empty()) {
            umount(mounted.c_str());
            rmdir(mounted.c_str());
        }
    }
    cgroup2(const cgroup2&) = delete;
    cgroup2& operator=(const cgroup2&) = delete;

    std::string path;
    std::string mounted;
};

} // namespace

TEST_CASE("pidfd-run exits as the command does") {
    CHECK(run({"true"}).code == 0);
    CHECK(run({"sh", "-c", "exit 3"}).code == 3);
    CHECK(run({"--", "sh", "-c", "exit 255"}).code == 255);
    CHECK(run({"sh", "-c", "kill -KILL $$"}).code == 128 + SIGKILL);
    CHECK(run({"sh", "-c", "kill -USR1 $$"}).code == 128 + SIGUSR1);
}

TEST_CASE("pidfd-run hands standard input and output on, and says nothing itself") {
    const auto r = run({"--timeout=1h", "sh", "-c", "echo out; echo err >&2"});
    CHECK(r.code == 0);
    CHECK(r.out == "out\n");
    CHECK(r.err == "err\n");
}

TEST_CASE("pidfd-run says why a command does not start, as shells do by the exit code") {
    const auto missing = run({"/no/such/command"});
    CHECK(missing.code == 127);
    CHECK(missing.err == "pidfd-run: cannot run '/no/such/command': No such file or directory\n");
    // A directory on the PATH that may not be searched would be another reason.
    const char* const environment[] = {"PATH=/usr/bin:/bin", nullptr};
    spawn_options options;
    options.environment = environment;
    CHECK(run({"no-such-command-anywhere"}, options).code == 127);
    const auto refused = run({"/etc/passwd"});
    CHECK(refused.code == 126);
    CHECK(refused.says("Permission denied"));
    CHECK(run({"/"}).code == 126);
}

TEST_CASE("pidfd-run refuses wrong arguments with 125 and one line") {
    const std::vector<std::string> wrong[] = {
        {},
        {"--"},
        {"--timeout"},
        {"--timeout=1x", "true"},
        {"--timeout=-1", "true"},
        {"--timeout= 1", "true"},
        {"--timeout=0x10", "true"},
        {"--timeout=inf", "true"},
        {"--timeout=nan", "true"},
        {"--timeout=1e3", "true"},
        {"--timeout=.", "true"},
        {"--timeout=", "true"},
        {"--stop=", "true"},
        {"--stop=NONSENSE", "true"},
        {"--stop=5s", "true"},
        {"--stop=TERM,5s,5s", "true"},
        {"--stop=TERM,,KILL", "true"},
        {"--stop=TERM,", "true"},
        {"--stop=0", "true"},
        {"--stop=65", "true"},
        {"--nonsense", "true"},
        {"--report=file", "true"},
        {"--cgroup=/no/such/directory", "true"},
        {"--cgroup=/tmp", "true"},
    };
    for (const auto& arguments : wrong) {
        std::string line;
        for (const auto& a : arguments)
            line += a + " ";
        CAPTURE(line);
        const auto r = run(arguments);
        CHECK(r.code == 125);
        CHECK(r.out.empty());
        CHECK(r.err.rfind("pidfd-run: ", 0) == 0);
        CHECK(r.err.find('\n') == r.err.size() - 1);
    }
}

TEST_CASE("pidfd-run says that a directory is no cgroup, where cgroups can be told at all") {
    const auto r = run({"--cgroup=/tmp", "true"});
    if (r.says("not supported"))
        SKIP_TEST("no CLONE_INTO_CGROUP: Linux before 5.7, or not on this machine");
    CHECK(r.err == "pidfd-run: '/tmp' is no directory of a cgroup2\n");
}

TEST_CASE("pidfd-run stops a command that runs into the timeout") {
    const auto r = run({"--timeout", "20ms", "--report", "sleep", "1000"});
    CHECK(r.code == 124);
    CHECK(r.says("status     killed by SIGTERM\n"));
    CHECK(r.says("timeout    yes, sent SIGTERM SIGCONT\n"));
}

TEST_CASE("pidfd-run stops a command that is stopped") {
    const auto r = run({"--timeout=50ms", "--report", "sh", "-c", "kill -STOP $$; exit 0"});
    CHECK(r.code == 124);
    CHECK(r.says("killed by SIGTERM"));
}

TEST_CASE("pidfd-run goes through the steps of its policy") {
    // Ignored from birth: the tool takes SIGTERM itself, and the command inherits that.
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    spawn_options deaf;
    deaf.ignored_signals = &term;
    const auto killed =
        run({"--timeout=1ms", "--stop=TERM,1ms,15,1ms,KILL", "--report", "sleep", "1000"}, deaf);
    CHECK(killed.code == 124);
    CHECK(killed.says("status     killed by SIGKILL\n"));
    CHECK(killed.says("timeout    yes, sent SIGTERM SIGTERM SIGKILL\n"));
    const auto gentle =
        run({"--timeout=1ms", "--stop=TERM,1h,KILL", "--report", "sh", "-c", "sleep 0.1; exit 4"},
            deaf);
    CHECK(gentle.code == 124);
    CHECK(gentle.says("status     exited with code 4\n"));
    CHECK(gentle.says("timeout    yes, sent SIGTERM\n"));
    CHECK(run({"--timeout=1ms", "--stop=SIGINT", "--report", "sleep", "1000"})
              .says("killed by SIGINT"));
}

TEST_CASE("pidfd-run knows the units of time") {
    for (const char* ample :
         {"0", "1000", "1000.5s", "60000ms", "10m", "1h", "1d", "99999999999d"}) {
        CAPTURE(ample);
        CHECK(run({"--timeout", ample, "sh", "-c", "exit 3"}).code == 3);
    }
    for (const char* short_time : {".01", "0.01s", "10ms", "0.0001m", "0.000001h", "0.0000001d"}) {
        CAPTURE(short_time);
        CHECK(run({"--timeout", short_time, "sleep", "1000"}).code == 124);
    }
}

TEST_CASE("pidfd-run passes signals on") {
    const std::pair<int, const char*> passed[] = {
        {SIGHUP, "HUP"},   {SIGINT, "INT"},     {SIGQUIT, "QUIT"},
        {SIGUSR1, "USR1"}, {SIGUSR2, "USR2"},   {SIGALRM, "ALRM"},
        {SIGTERM, "TERM"}, {SIGWINCH, "WINCH"}, {SIGCONT, "CONT"}};
    for (const auto& [signal, name] : passed) {
        CAPTURE(name);
        const std::string script =
            std::string("trap 'exit 7' ") + name + "; echo ready; while :; do sleep 0.01; done";
        tool t({"sh", "-c", script});
        t.wait_for_line();
        REQUIRE(t.process().send_signal(signal));
        CHECK(t.finish().code == 7);
    }
}

TEST_CASE("pidfd-run tells that a signal which it passed on killed the command") {
    tool t({"--report", "sh", "-c", "echo ready; exec sleep 1000"});
    t.wait_for_line();
    REQUIRE(t.process().send_signal(SIGTERM));
    const auto r = t.finish();
    CHECK(r.code == 128 + SIGTERM);
    CHECK(r.says("status     killed by SIGTERM\n"));
    CHECK(r.says("timeout    no\n"));
}

TEST_CASE("pidfd-run reports how the command ended and what it used") {
    const auto r = run({"--report", "sh", "-c", "exit 3"});
    CHECK(r.code == 3);
    CHECK(r.out.empty());
    CHECK(r.says("status     exited with code 3\n"));
    CHECK(r.says("core       none\n"));
    CHECK(r.says("timeout    no\n"));
    for (const char* field : {"wall time  ", "user       ", "system     ", "memory     ",
                              "faults     ", "blocks     ", "switches   "})
        CHECK(r.says(std::string("\n") + field));
    // A process has memory, and takes page faults for it.
    CHECK(!r.says("memory     0 KiB"));
    CHECK(!r.says("faults     0 minor"));
}

TEST_CASE("pidfd-run reports a core dump where there is one") {
    const unique_fd pattern(open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC));
    char first = 0;
    if (!pattern || read(pattern.get(), &first, 1) != 1 || first == '\n')
        SKIP_TEST("cores are not dumped here");
    char directory[] = "/tmp/pidfd-run-core-XXXXXX";
    REQUIRE(mkdtemp(directory) != nullptr);
    const resource_limit limits[] = {{RLIMIT_CORE, {RLIM_INFINITY, RLIM_INFINITY}}};
    spawn_options options;
    options.limits = limits;
    options.directory = directory;
    const auto r = run({"--report", "sh", "-c", "kill -SEGV $$"}, options);
    CHECK(r.code == 128 + SIGSEGV);
    CHECK(r.says("status     killed by SIGSEGV\n"));
    const bool dumped = r.says("core       dumped\n");
    (void)!system(("rm -r " + std::string(directory)).c_str());
    if (!dumped)
        SKIP_TEST("the kernel dumps no core into a directory here");
}

TEST_CASE("pidfd-run has a status for a caller that ignores SIGCHLD") {
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    spawn_options options;
    options.ignored_signals = &chld;
    CHECK(run({"sh", "-c", "exit 3"}, options).code == 3);
}

TEST_CASE("pidfd-run leaves the command its signals as they were") {
    CHECK(run({"grep", "SigBlk", "/proc/self/status"}).out == "SigBlk:\t0000000000000000\n");
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    spawn_options options;
    options.signal_mask = &usr1;
    CHECK(run({"grep", "SigBlk", "/proc/self/status"}, options).out ==
          "SigBlk:\t0000000000000200\n");
}

TEST_CASE("pidfd-run starts the command in a cgroup") {
    const cgroup2 hierarchy;
    if (hierarchy.path.empty())
        SKIP_TEST("no cgroup2 hierarchy, and no right to mount it");
    const std::string name = "pidfd-run-test-" + std::to_string(getpid());
    const std::string directory = hierarchy.path + "/" + name;
    if (mkdir(directory.c_str(), 0755) != 0)
        SKIP_TEST("no right to make a cgroup");
    const auto r = run({"--cgroup", directory, "grep", "^0::", "/proc/self/cgroup"});
    // Only a cgroup without processes can be removed.
    CHECK(rmdir(directory.c_str()) == 0);
    if (r.code == 125 && r.says("not supported"))
        SKIP_TEST("this kernel has no CLONE_INTO_CGROUP");
    CHECK(r.code == 0);
    CHECK(r.out.find("/" + name + "\n") != std::string::npos);
}

TEST_CASE("pidfd-run does not pass on a key of the terminal that the command gets itself") {
    pseudo_terminal terminal;
    if (!terminal)
        SKIP_TEST("no pseudo-terminals, or no setsid(1), here");
    // A second SIGINT may mean more than one to a command.
    tool t(terminal.with_control({"sh", "-c",
                                  "trap 'echo int' INT; trap 'exit 7' USR1; echo ready; "
                                  "while :; do sleep 0.01; done"}),
           {}, setsid_program, terminal.input());
    t.wait_for_line();
    // So that the command has dealt with the one of the terminal before it could get another.
    REQUIRE(t.process().send_signal(SIGSTOP));
    REQUIRE(t.process().wait_change(wait_flags::stopped));
    terminal.press_interrupt();
    t.wait_for_line();
    REQUIRE(t.process().send_signal(SIGUSR1));
    REQUIRE(t.process().send_signal(SIGCONT));
    const auto once = t.finish();
    CHECK(once.code == 7);
    CHECK(once.out == "ready\nint\n");
}

TEST_CASE("pidfd-run passes a key of the terminal on to a command that left its foreground") {
    pseudo_terminal terminal;
    if (!terminal)
        SKIP_TEST("no pseudo-terminals, or no setsid(1), here");
    tool away(terminal.with_control({setsid_program, "sh", "-c",
                                     "trap 'exit 7' INT; echo ready; "
                                     "while :; do sleep 0.01; done"}),
              {}, setsid_program, terminal.input());
    away.wait_for_line();
    terminal.press_interrupt();
    CHECK(away.finish().code == 7);
}

TEST_CASE("pidfd-run has help and a version, and tells when they cannot be written") {
    const auto help = run({"--help"});
    CHECK(help.code == 0);
    CHECK(help.out.rfind("Usage: pidfd-run ", 0) == 0);
    CHECK(help.err.empty());
    const auto version = run({"--version"});
    CHECK(version.code == 0);
    CHECK(version.out.rfind("pidfd-run ", 0) == 0);
    const unique_fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
    const fd_mapping fds[] = {{full.get(), STDOUT_FILENO}, {full.get(), STDERR_FILENO}};
    spawn_options options;
    options.fds = fds;
    CHECK(run({"--help"}, options).code == 125);
}
