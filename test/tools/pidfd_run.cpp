// SPDX-License-Identifier: MIT
// The example tool pidfd-run, run as a user would.
#include "support/catch.hpp"
#include "tools/run_tool.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <utility>
#include <vector>

using namespace pidfd_util;
using namespace run_tool;

namespace {

/// A cgroup2 hierarchy: where it usually is, or mounted for the lifetime of this object.
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
}

TEST_CASE("pidfd-run passes standard input and output on, and prints nothing itself") {
    const auto r = run({"--timeout=1h", "sh", "-c", "echo out; echo err >&2"});
    CHECK(r.code == 0);
    CHECK(r.out == "out\n");
    CHECK(r.err == "err\n");
}

TEST_CASE("pidfd-run reports why a command does not start, with the exit codes of shells") {
    const auto missing = run({"/no/such/command"});
    CHECK(missing.code == 127);
    CHECK(missing.err == "pidfd-run: cannot run /no/such/command: No such file or directory\n");
    // A directory in PATH that may not be searched would also cause this error.
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
        {"--signal=NONSENSE", "true"},
        {"--kill-after=x", "true"},
        {"--stop=TERM", "--signal=INT", "true"},
        {"--stop=TERM", "--kill-after=1", "true"},
        {"--cgroup=/tmp", "--new-cgroup", "true"},
        {"--init", "--foreground", "true"},
        {"--report-file=/no/such/directory/file", "true"},
        {"--user=no-such-user-anywhere", "true"},
        {"--user=4294967294", "true"},
        {"--user=4294967295", "true"},
        {"--group=no-such-group-anywhere", "true"},
        {"--groups=,", "true"},
        {"--env=NAME", "true"},
        {"--env==value", "true"},
        {"--unset-env=A=b", "true"},
        {"--limit=nofile", "true"},
        {"--limit=nofile=1:", "true"},
        {"--limit=nonsense=1", "true"},
        {"--nice=20", "true"},
        {"--cpus=", "true"},
        {"--cpus=2-1", "true"},
        {"--cpus=8192", "true"},
        {"--umask=8", "true"},
        {"--umask=1000", "true"},
        {"--namespaces=", "true"},
        {"--namespaces=time", "true"},
        {"--namespaces=user", "--groups=", "true"},
        {"--enter=0", "true"},
        {"--enter=1,pid", "true"},
        {"--enter=1,net", "--namespaces=net", "true"},
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

TEST_CASE("pidfd-run names the option that is wrong") {
    CHECK(run({"--nonsense", "true"}).err == "pidfd-run: there is no option --nonsense\n");
    CHECK(run({"--report", "-x", "true"}).err == "pidfd-run: there is no option -x\n");
    CHECK(run({"-xy", "true"}).err == "pidfd-run: there is no option -x\n");
    CHECK(run({"--new-cgroup=1", "true"}).err == "pidfd-run: there is no option --new-cgroup=1\n");
    CHECK(run({"--report=1", "true"}).err ==
          "pidfd-run: 1 is not a form of a report: text or json\n");
    CHECK(run({"--timeout=a\nb\x1b[31m", "true"}).err ==
          "pidfd-run: $'a\\x0ab\\x1b[31m' is not a time\n");
    CHECK(run({"--report", "--timeout"}).err == "pidfd-run: --timeout needs a value\n");
    CHECK(run({"--timeout", "x", "true"}).err == "pidfd-run: x is not a time\n");
}

TEST_CASE("pidfd-run leaves the options after the command to the command") {
    CHECK(run({"echo", "--report", "--help", "--", "-x"}).out == "--report --help -- -x\n");
    CHECK(run({"--", "sh", "-c", "echo \"$1\"", "sh", "--version"}).out == "--version\n");
}

TEST_CASE("pidfd-run accepts an abbreviated option") {
    CHECK(run({"--time=1h", "--st", "TERM", "sh", "-c", "exit 3"}).code == 3);
}

TEST_CASE("pidfd-run refuses a directory that is not a cgroup") {
    CHECK(run({"--cgroup=/tmp", "true"}).err == "pidfd-run: /tmp is not a cgroup2 directory\n");
}

TEST_CASE("pidfd-run stops a command that exceeds the time limit") {
    const auto r = run({"--timeout", "20ms", "--report", "sleep", "1000"});
    CHECK(r.code == 124);
    CHECK(r.says("status     killed by SIGTERM\n"));
    CHECK(r.says("timeout    yes, sent SIGTERM SIGCONT\n"));
}

TEST_CASE("pidfd-run ends a command that is stopped by a signal") {
    const auto r = run({"--timeout=50ms", "--report", "sh", "-c", "kill -STOP $$; exit 0"});
    CHECK(r.code == 124);
    CHECK(r.says("killed by SIGTERM"));
}

TEST_CASE("pidfd-run takes the steps of its stop policy in order") {
    // Ignored from the start, and the command inherits that, although the tool handles SIGTERM
    // itself.
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
    const auto gentle = run(
        {"--timeout=1ms", "--stop=TERM,1h,KILL", "--report", "sh", "-c", "sleep 1; exit 4"}, deaf);
    CHECK(gentle.code == 124);
    CHECK(gentle.says("status     exited with code 4\n"));
    CHECK(gentle.says("timeout    yes, sent SIGTERM\n"));
    CHECK(run({"--timeout=1ms", "--stop=SIGINT", "--report", "sleep", "1000"})
              .says("killed by SIGINT"));
}

TEST_CASE("pidfd-run accepts every unit of time") {
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

TEST_CASE("pidfd-run reports the status even if its caller ignores SIGCHLD") {
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    spawn_options options;
    options.ignored_signals = &chld;
    CHECK(run({"sh", "-c", "exit 3"}, options).code == 3);
}

TEST_CASE("pidfd-run does not change the command's signal mask and actions") {
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

TEST_CASE("pidfd-run prints help and a version, and reports when they cannot be written") {
    const auto help = run({"--help"});
    CHECK(help.code == 0);
    CHECK(help.out.rfind("Usage: pidfd-run ", 0) == 0);
    CHECK(help.err.empty());
    CHECK(run({"-h"}).out == help.out);
    const auto version = run({"--version"});
    CHECK(version.code == 0);
    CHECK(run({"-V"}).out == version.out);
    CHECK(version.out.rfind("pidfd-run ", 0) == 0);
    const unique_fd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
    const fd_mapping fds[] = {{full.get(), STDOUT_FILENO}, {full.get(), STDERR_FILENO}};
    spawn_options options;
    options.fds = fds;
    CHECK(run({"--help"}, options).code == 125);
}
