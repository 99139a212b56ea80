// SPDX-License-Identifier: MIT
// The example tool pidfd-kill: the checks of the process before the signal.
#include "support/catch.hpp"
#include "support/cgroups.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

constexpr char not_signalled[] = ": not signalled: ";

std::string name_of(const test_child& c) {
    return std::to_string(c.pid());
}

finished send(const std::vector<std::string>& arguments, const surroundings& s = {}) {
    return support::run(s, PIDFD_KILL, arguments);
}

/// Sends no signal, but makes the checks.
finished check(const std::string& option, const test_child& c, const surroundings& s = {}) {
    return send({"-0", option, name_of(c)}, s);
}

std::string own_executable() {
    char path[4096];
    const auto length = readlink("/proc/self/exe", path, sizeof path);
    REQUIRE(length > 0);
    return {path, static_cast<std::size_t>(length)};
}

std::string utc(std::time_t seconds) {
    char text[32];
    std::tm parts{};
    REQUIRE(gmtime_r(&seconds, &parts) != nullptr);
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::time_t start_of(const test_child& c) {
    const auto start = c.fd().get_start_time();
    REQUIRE(start);
    return std::chrono::system_clock::to_time_t(start->wall);
}

/// A directory that is removed at the end, with its files.
class directory {
public:
    directory() { REQUIRE(mkdtemp(path_) != nullptr); }
    directory(const directory&) = delete;
    directory& operator=(const directory&) = delete;
    ~directory() {
        for (const std::string& file : files_)
            unlink(file.c_str());
        rmdir(path_);
    }

    std::string file(const std::string& name, const std::string& text) {
        files_.push_back(std::string(path_) + "/" + name);
        std::ofstream(files_.back()) << text;
        return files_.back();
    }

private:
    char path_[32] = "/tmp/pidfd-kill-XXXXXX";
    std::vector<std::string> files_;
};

/// Sets the time of the file, relative to the present.
void set_age(const std::string& file, std::time_t seconds) {
    const timespec then{std::time(nullptr) - seconds, 0};
    const timespec times[] = {then, then};
    REQUIRE(utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
}

} // namespace

TEST_CASE("pidfd-kill --exe signals only a process that executes the file") {
    test_child c = test_child::running();
    const auto other = send({"-KILL", "--exe", "/bin/sh", name_of(c)});
    CHECK(other.status == 1);
    CHECK(other.err == "pidfd-kill: " + name_of(c) + not_signalled + "the executable is " +
                           own_executable() + ", not /bin/sh\n");
    CHECK(c.fd().is_alive() == true);
    CHECK(check("--exe=" + own_executable(), c).status == 0);
    // Another name of the file is as good.
    directory d;
    const std::string link = d.file("link", "");
    REQUIRE(unlink(link.c_str()) == 0);
    REQUIRE(symlink(own_executable().c_str(), link.c_str()) == 0);
    CHECK(check("--exe=" + link, c).status == 0);
}

TEST_CASE("pidfd-kill --exe reports an executable that was replaced") {
    directory d;
    const std::string program = d.file("program", "");
    const std::string replacement = d.file("replacement", "");
    REQUIRE(std::system(("cp /bin/sleep " + program).c_str()) == 0);
    REQUIRE(chmod(program.c_str(), 0700) == 0);
    const char* const command[] = {program.c_str(), "1000", nullptr};
    auto sleeper = spawn(command[0], command);
    if (!sleeper)
        SKIP_TEST("no program in /tmp can be executed");
    const std::string pid = std::to_string(*sleeper->get_pid());
    CHECK(send({"-0", "--exe", program, pid}).status == 0);
    REQUIRE(rename(replacement.c_str(), program.c_str()) == 0);
    const auto got = send({"-KILL", "--exe", program, pid});
    CHECK(got.status == 1);
    CHECK(got.err == "pidfd-kill: " + pid + not_signalled +
                         "its executable was removed or replaced since it started: '" + program +
                         " (deleted)'\n");
    CHECK(sleeper->is_alive() == true);
    REQUIRE(sleeper->stop());
}

TEST_CASE("pidfd-kill --exe reports a kernel thread") {
    const auto thread = pidfd::from_pid(2);
    char comm[64];
    const auto name = thread ? thread->get_comm(comm) : unexpected(thread.error());
    if (!name || *name != "kthreadd")
        SKIP_TEST("no kernel thread is visible here");
    if (geteuid() != 0)
        SKIP_TEST("no right to look at the executable of a kernel thread");
    const auto got = send({"-0", "--exe=/bin/sh", "2"});
    CHECK(got.status == 1);
    CHECK(got.err == "pidfd-kill: 2: not signalled: it has no executable: it is a kernel thread\n");
}

TEST_CASE("pidfd-kill --user signals only a process of the user") {
    const test_child c = test_child::running();
    const std::string own = std::to_string(geteuid());
    CHECK(check("--user=" + own, c).status == 0);
    CHECK(check("--user=54321", c).status == 1);
    CHECK(check("--user=54321", c).err.find(", not 54321\n") != std::string::npos);
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    CHECK(check("--user=root", c).status == 0);
    const test_child other =
        test_child::ready([] { return setgid(54321) == 0 && setuid(54321) == 0; });
    REQUIRE(other.prepared());
    const auto got = check("--user=root", other);
    CHECK(got.status == 1);
    CHECK(got.err ==
          "pidfd-kill: " + name_of(other) + not_signalled + "the user is 54321, not root\n");
}

TEST_CASE("pidfd-kill --started signals only a process that started at this time") {
    const test_child c = test_child::running();
    const std::time_t start = start_of(c);
    CHECK(check("--started=" + utc(start), c).status == 0);
    CHECK(check("--started=@" + std::to_string(start), c).status == 0);
    for (const std::time_t wrong : {start - 5, start + 5, std::time_t{0}}) {
        const auto got = check("--started=" + utc(wrong), c);
        CHECK(got.status == 1);
        CHECK(got.err.find(", not at " + utc(wrong) + "\n") != std::string::npos);
    }
}

TEST_CASE("pidfd-kill --started-before does not signal a process that started later") {
    const test_child c = test_child::running();
    const std::time_t start = start_of(c);
    for (const std::time_t good : {start, start + 1, start + 100'000})
        CHECK(check("--started-before=" + utc(good), c).status == 0);
    for (const std::time_t wrong : {start - 5, std::time_t{0}}) {
        const auto got = check("--started-before=" + utc(wrong), c);
        CHECK(got.status == 1);
        CHECK(got.err.find(", after " + utc(wrong) + "\n") != std::string::npos);
    }
}

TEST_CASE("pidfd-kill --pid-file takes the pid from the file") {
    test_child c = test_child::running();
    directory d;
    const std::string file = d.file("pid", " " + name_of(c) + " \nother lines\n");
    const auto got = send({"-v", "-0", "--pid-file", file});
    CHECK(got.status == 0);
    CHECK(got.out == file + ": " + name_of(c) + ": a signal could be sent\n");
    CHECK(send({"-0", "--pid-file", file, "--exe=/bin/sh"}).status == 1);
    CHECK(send({"-0", "--pid-file", file, "--pid-file", file + "x"}).status == 64);
    c.reap();
    const auto gone = send({"--pid-file", file});
    CHECK(gone.status == 1);
    CHECK(gone.err == "pidfd-kill: " + file + ": " + name_of(c) + ": no such process\n");
}

TEST_CASE("pidfd-kill does not signal a process that is younger than its pid file") {
    const test_child c = test_child::running();
    directory d;
    const std::string file = d.file("pid", name_of(c));
    set_age(file, 3600);
    const auto got = send({"-KILL", "--pid-file", file});
    CHECK(got.status == 1);
    CHECK(got.err.find("pidfd-kill: " + file + ": " + name_of(c) + not_signalled +
                       "it started at ") == 0);
    CHECK(got.err.find(", when the pid file was written\n") != std::string::npos);
    CHECK(c.fd().is_alive() == true);
}

TEST_CASE("pidfd-kill refuses a pid file that has no pid") {
    directory d;
    for (const char* text : {"", "\n", "0", "-1", "abc", "1 2", "99999999999", "\n1"}) {
        CAPTURE(text);
        const std::string file = d.file("pid", text);
        const auto got = send({"-0", "--pid-file", file});
        CHECK(got.status == 1);
        CHECK(got.err == "pidfd-kill: " + file + ": this is not a pid file\n");
    }
    const std::string fifo = d.file("fifo", "");
    REQUIRE(unlink(fifo.c_str()) == 0);
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    CHECK(send({"--pid-file", fifo}).err == "pidfd-kill: " + fifo + ": this is not a pid file\n");
    CHECK(send({"--pid-file", "/no/such"}).err ==
          "pidfd-kill: /no/such: cannot read the pid file: No such file or directory\n");
}

TEST_CASE("pidfd-kill --cgroup signals only a process in the cgroup or below it") {
    const auto group = test_cgroup::make("-tool");
    if (!group)
        SKIP_TEST(no_cgroup);
    const auto below = group->make_below("below");
    REQUIRE(below);
    const test_child c = test_child::running();
    REQUIRE(below->add(c.pid()));
    char buffer[4096];
    const auto path = c.fd().get_cgroup_path(buffer);
    REQUIRE(path);
    const std::string inner(path->path);
    const std::string outer = inner.substr(0, inner.rfind('/'));
    for (const std::string& good : {inner, inner + "/", outer, std::string("/")})
        CHECK(check("--cgroup=" + good, c).status == 0);
    for (const std::string& wrong : {inner + "x", outer + "/b", inner + "/further"}) {
        const auto got = check("--cgroup=" + wrong, c);
        CHECK(got.status == 1);
        CHECK(got.err == "pidfd-kill: " + name_of(c) + not_signalled + "the cgroup is " + inner +
                             ", not " + wrong + "\n");
    }
}

TEST_CASE("pidfd-kill requires every check to succeed") {
    const test_child c = test_child::running();
    const std::string exe = "--exe=" + own_executable();
    const std::string user = "--user=" + std::to_string(geteuid());
    const std::string started = "--started=@" + std::to_string(start_of(c));
    CHECK(send({"-0", exe, user, started, name_of(c)}).status == 0);
    CHECK(send({"-0", "--exe=/bin/sh", user, started, name_of(c)}).status == 1);
    CHECK(send({"-0", exe, "--user=54321", started, name_of(c)}).status == 1);
    CHECK(send({"-0", exe, user, "--started=@1", name_of(c)}).status == 1);
    CHECK(send({"-0", exe, user, "--started-before=@1", name_of(c)}).status == 1);
}

TEST_CASE("pidfd-kill sends nothing if it cannot make a check") {
    test_child c = test_child::running();
    const std::string checks[] = {"--exe=" + own_executable(), "--cgroup=/",
                                  "--started=@" + std::to_string(start_of(c))};
    surroundings without;
    without.mount_namespace = true;
    without.proc = "none";
    surroundings hidden;
    hidden.mount_namespace = true;
    hidden.proc = "hidepid=2";
    hidden.uid = 65534;
    for (const surroundings& s : {without, hidden}) {
        for (const std::string& option : checks) {
            CAPTURE(s.proc, option);
            // The loader finds the library beside the program only with /proc.
            setenv("LD_LIBRARY_PATH", LIBRARIES, 1);
            const auto got = send({"-KILL", option, name_of(c)}, s);
            unsetenv("LD_LIBRARY_PATH");
            if (!got.missing.empty())
                SKIP_TEST(got.missing);
            CHECK(got.status == 1);
            CHECK(got.err.find(not_signalled + std::string("cannot check its ")) !=
                  std::string::npos);
            CHECK(c.fd().is_alive() == true);
        }
    }
}

TEST_CASE("pidfd-kill needs no /proc if it makes no check") {
    test_child c = test_child::running();
    surroundings without;
    without.mount_namespace = true;
    without.proc = "none";
    setenv("LD_LIBRARY_PATH", LIBRARIES, 1);
    const auto got = send({"-v", "-CONT", name_of(c)}, without);
    unsetenv("LD_LIBRARY_PATH");
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == 0);
    CHECK(got.out == name_of(c) + ": sent SIGCONT\n");
}

TEST_CASE("pidfd-kill without the right to look at the executable sends nothing") {
    if (geteuid() != 0)
        SKIP_TEST("no right to change ids");
    const test_child c = test_child::running();
    surroundings s;
    s.uid = 65534;
    const auto got = check("--exe=/bin/sh", c, s);
    if (!got.missing.empty())
        SKIP_TEST(got.missing);
    CHECK(got.status == 1);
    CHECK(got.err == "pidfd-kill: " + name_of(c) + not_signalled +
                         "cannot check its executable: Permission denied\n");
}

TEST_CASE("pidfd-kill makes its checks on the paths for older kernels too") {
    const test_child c = test_child::running();
    surroundings s;
    for (const profile& kernel : {linux_6_12(), linux_5_10()}) {
        s.kernel = kernel;
        const auto good = send(
            {"-0", "--exe", own_executable(), "--user", std::to_string(geteuid()), name_of(c)}, s);
        if (!good.missing.empty())
            SKIP_TEST(good.missing);
        CHECK(good.status == 0);
        CHECK(check("--user=54321", c, s).status == 1);
    }
}
