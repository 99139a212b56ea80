// SPDX-License-Identifier: MIT
// Which system calls an operation makes, by the word of the kernel: a child performs it between two
// calls that nothing else makes, while it is traced.
#include "support/attempts.hpp"
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"
#include "support/tracer.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <iterator>
#include <map>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

using namespace pidfd_util;
using namespace support;

namespace {

/// An operation as a caller performs it who keeps what it is given, so that closing is not counted.
struct traced {
    const char* name;
    void (*on)(pidfd_view, unique_fd& made);
};

template <class Owner>
void keep(expected<Owner> result, unique_fd& made) {
    if (result)
        made = unique_fd(result->release());
}

pid_t tracer = 0;

constexpr traced operations[] = {
    {"get_pid", [](pidfd_view p, unique_fd&) { (void)p.get_pid(); }},
    {"get_ppid", [](pidfd_view p, unique_fd&) { (void)p.get_ppid(); }},
    {"get_id", [](pidfd_view p, unique_fd&) { (void)p.get_id(); }},
    {"get_creds", [](pidfd_view p, unique_fd&) { (void)p.get_creds(); }},
    {"get_cgroupid", [](pidfd_view p, unique_fd&) { (void)p.get_cgroupid(); }},
    {"get_info", [](pidfd_view p, unique_fd&) { (void)p.get_info(); }},
    {"get_namespace",
     [](pidfd_view p, unique_fd& made) { keep(p.get_namespace(namespace_type::net), made); }},
    {"get_namespace user",
     [](pidfd_view p, unique_fd& made) { keep(p.get_namespace(namespace_type::user), made); }},
    {"open_proc", [](pidfd_view p, unique_fd& made) { keep(p.open_proc(), made); }},
    {"access_proc", [](pidfd_view p, unique_fd&) { (void)p.access_proc([](int) {}); }},
    {"send_signal", [](pidfd_view p, unique_fd&) { (void)p.send_signal(0); }},
    {"set_namespace",
     [](pidfd_view p, unique_fd&) { (void)p.set_namespace(namespace_flags::uts); }},
    {"get_remote_fd", [](pidfd_view p, unique_fd& made) { keep(p.get_remote_fd(2), made); }},
    {"is_alive", [](pidfd_view p, unique_fd&) { (void)p.is_alive(); }},
    {"try_wait", [](pidfd_view p, unique_fd&) { (void)p.try_wait(); }},
    {"wait", [](pidfd_view p, unique_fd&) { (void)p.wait(); }},
    {"duplicate", [](pidfd_view p, unique_fd& made) { keep(p.duplicate(), made); }},
    {"from_self", [](pidfd_view, unique_fd& made) { keep(pidfd::from_self(), made); }},
    {"from_pid", [](pidfd_view, unique_fd& made) { keep(pidfd::from_pid(tracer), made); }},
};

using sequence = std::map<std::string, std::string>; // by operation

[[noreturn]] void perform_all(const profile& kernel, int fd) {
    if (!be_traced() || !install(kernel.rules))
        _exit(1);
    for (std::size_t i = 0; i < std::size(operations); ++i) {
        unique_fd first;
        unique_fd second;
        operations[i].on(pidfd_view(fd), first); // what there is to learn is learnt
        make(mark::begin, i);
        operations[i].on(pidfd_view(fd), second);
        make(mark::end, i);
    }
    _exit(0);
}

/// The calls of each operation, in their order, with a blank between. Where a list of mounts is
/// read, however long it is, a run of readings counts as one. Empty if nothing can be traced here.
sequence trace(const profile& kernel, int fd) {
    sequence calls;
    tracer = getpid();
    const pid_t child = fork();
    if (child == 0)
        perform_all(kernel, fd);
    tracee performer(child);
    if (!performer.traced())
        return {};
    std::string* current = nullptr;
    bool mounts = false;
    while (const auto call = performer.next_call()) {
        if (is(*call, mark::begin)) {
            const std::string name = operations[value_of_mark(*call)].name;
            current = &calls[name];
            mounts = name == "get_cgroupid" || name == "get_info";
        } else if (is(*call, mark::end)) {
            current = nullptr;
        } else if (current != nullptr) {
            const std::string name = name_of(*call);
            const bool again =
                mounts && name == "read" && current->compare(current->size() - 4, 4, "read") == 0;
            if (!again)
                *current += (current->empty() ? "" : " ") + name;
        }
    }
    CHECK(performer.wait_for_end() == 0);
    return calls;
}

bool has(feature f) {
    return query(f) == availability::available;
}

surroundings of(const profile& kernel) {
    surroundings around;
    around.kernel = kernel;
    return around;
}

/// What every path through /proc begins with: /proc, whether it is procfs, and the pid that it
/// shows.
const std::string find = "openat fstatfs openat2 pread";
/// A namespace: its link, what that leads to, and whether the two agree.
const std::string namespace_link = " openat2 openat fstatfs statx readlinkat close";

/// The expected calls, for those that `calls` has.
void check(const sequence& calls, const sequence& expected) {
    for (const auto& [name, list] : expected) {
        CAPTURE(name);
        REQUIRE(calls.count(name) == 1);
        CHECK(calls.at(name) == list);
    }
}

/// Whether the kernel has openat2, in the place of which many other calls are made.
bool opens_on_mount() {
    return syscall(SYS_openat2, -1, "", nullptr, 0) != -1 || errno != ENOSYS;
}
constexpr const char* no_openat2 = "this kernel has no openat2";

} // namespace

TEST_CASE("every query and every action is one system call where the kernel has it all") {
    for (feature f : {feature::info_ioctl, feature::pidfs, feature::namespace_ioctl})
        if (!has(f))
            SKIP_TEST(std::string("this kernel or sandbox does not have ") + to_string(f));
    const test_child target = test_child::running();
    const sequence calls = trace(native(), target.fd().fd());
    if (calls.empty())
        SKIP_TEST("nothing can be traced here");
    check(calls, {
                     {"get_pid", "ioctl"},
                     {"get_ppid", "ioctl"},
                     // A 32-bit process has to know whether its kernel is one too.
                     {"get_id", sizeof(long) < 8 ? "statx uname" : "statx"},
                     {"get_creds", "ioctl"},
                     {"get_cgroupid", "ioctl"},
                     {"get_info", "ioctl"},
                     {"get_namespace", "ioctl"},
                     {"get_namespace user", "ioctl"},
                     {"send_signal", "pidfd_send_signal"},
                     {"get_remote_fd", "pidfd_getfd"},
                     {"try_wait", "waitid"},
                     {"wait", "waitid"},
                     {"duplicate", "waitid fcntl"},
                     {"from_pid", "pidfd_open"},
                 });
}

TEST_CASE("what cannot be one system call is as few as a right answer allows") {
    if (!opens_on_mount())
        SKIP_TEST(no_openat2);
    const test_child target = test_child::running();
    const sequence calls = trace(native(), target.fd().fd());
    if (calls.empty())
        SKIP_TEST("nothing can be traced here");
    check(calls, {
                     // The pid of a threaded, forked program is asked for, never remembered.
                     {"from_self", "getpid pidfd_open"},
                     // What is no pidfd can be polled too.
                     {"is_alive", "waitid ppoll"},
                     // The directory, the pid again, and two of the three fds closed.
                     {"open_proc", find + " openat2 pread close close"},
                     {"access_proc", find + " openat2 pread close close ppoll close"},
                 });
    // setns would also take what is no pidfd.
    if (geteuid() == 0)
        check(calls, {{"set_namespace", "waitid setns"}});
}

TEST_CASE("the fallbacks make as few system calls as a right answer allows") {
    if (!opens_on_mount())
        SKIP_TEST(no_openat2);
    const test_child target = test_child::running();
    const sequence calls = trace(linux_5_10(), target.fd().fd());
    if (calls.empty())
        SKIP_TEST("nothing can be traced here");
    // Each begins with `find`; reads files, which are open, read and close; and looks at the pid
    // again, before it closes the pid's file and /proc.
    const std::string file = " openat2 read close";
    check(calls, {
                     // The caller's own status tells whether this /proc is of its namespace.
                     {"get_pid", find + file + " close close"},
                     {"get_ppid", find + file + " openat2 read pread close close close"},
                     {"get_creds", find + file + " openat2 read pread close close close"},
                     {"get_namespace", find + namespace_link + " pread close close"},
                     // This one outlives its process, of which ns/mnt tells whether it has ended.
                     {"get_namespace user",
                      find + namespace_link + " openat2 readlinkat close pread close close"},
                     {"open_proc", find + " openat2 pread close close"},
                     {"send_signal", "pidfd_send_signal"},
                     {"get_remote_fd", "pidfd_getfd"},
                     {"is_alive", "waitid ppoll"},
                     {"try_wait", "waitid"},
                 });
    const auto cgroup =
        isolated(of(linux_5_10()), [&] { return bool(target.fd().get_cgroupid()); });
    if (!*cgroup)
        SKIP_TEST("no cgroup2 mount shows the cgroup: how many calls it takes is not seen");
    // Its path, the mounts with the directory's id, and the path again.
    const std::string id = file + " openat2 read name_to_handle_at close" + file;
    check(calls, {
                     {"get_cgroupid", find + file + id + " pread close close"},
                     {"get_info",
                      find + file + " openat2 read pread close" + id + " pread pread close close"},
                 });
}
