// SPDX-License-Identifier: MIT
// The system calls of each operation, as a tracer sees them: a child calls the operation between
// two system calls that mark its beginning and its end.
#include "support/catch.hpp"
#include "support/cgroups.hpp"
#include "support/operations.hpp"
#include "support/processes.hpp"
#include "support/seccomp.hpp"
#include "support/time_namespace.hpp"
#include "support/tracer.hpp"

#include "kernel/uapi.hpp"

#include <pidfd_util/features.hpp>

#include <cerrno>
#include <map>
#include <string>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

using namespace pidfd_util;
using namespace support;

namespace {

using sequences = std::map<const operation_row*, std::string>;

bool makes_a_promise(const operation_row& o) {
    return o.calls != nullptr || o.fallback_calls != nullptr;
}

[[noreturn]] void perform_all(const profile& kernel, int fd) {
    if (!be_traced() || !install(kernel.rules))
        _exit(1);
    for (const operation_row* o : operations_that(makes_a_promise)) {
        // A new file descriptor is closed later, so that closing it is not counted.
        scene first(pidfd_view(fd), getppid());
        scene second(pidfd_view(fd), getppid());
        plain_answer answer;
        o->call(first, answer); // what there is to learn is learnt
        answer = {};
        make(mark::begin, index_of(*o));
        o->call(second, answer);
        make(mark::end, index_of(*o));
    }
    _exit(0);
}

/// The calls of each operation, in their order, separated by blanks. Empty if nothing can be traced
/// here.
sequences trace(const profile& kernel, int fd) {
    sequences calls;
    const pid_t child = fork();
    if (child == 0)
        perform_all(kernel, fd);
    tracee performer(child);
    if (!performer.traced())
        return {};
    std::string* current = nullptr;
    while (const auto call = performer.next_call()) {
        if (is(*call, mark::begin)) {
            const operation_row& o = operation_table().begin()[value_of_mark(*call)];
            current = &calls[&o];
        } else if (is(*call, mark::end)) {
            current = nullptr;
        } else if (current != nullptr) {
            *current += (current->empty() ? "" : " ") + name_of(*call);
        }
    }
    CHECK(performer.wait_for_end() == 0);
    return calls;
}

bool has(feature f) {
    return availability_of(f) == availability::available;
}

/// Whether the hierarchy of cgroups is mounted where nearly every machine has it.
bool cgroups_are_at_usual_place() {
    const std::string place = cgroup2_mount();
    char ns[64] = {};
    return (place == "/sys/fs/cgroup" || place == "/sys/fs/cgroup/unified") &&
           readlink("/proc/self/ns/cgroup", ns, sizeof ns - 1) > 0 &&
           std::string(ns) == "cgroup:[4026531835]";
}

/// The calls that find the directory of a cgroup, mounted at the usual place.
std::string calls_for_cgroup() {
    const std::string before = "openat fstatfs ";
    std::string calls = "openat2 readlinkat close " + before;
    if (cgroup2_mount() == "/sys/fs/cgroup/unified") // the first place has another file system
        calls += "close " + before;
    calls += "name_to_handle_at ";
    if (shown_cgroup(getpid()) != inode_of(cgroup2_mount())) // below the root
        calls += "openat2 name_to_handle_at close ";
    else
        calls += "name_to_handle_at ";
    return calls + "close";
}

/// The abbreviations that the table of operations uses.
std::string expand(std::string calls) {
    const std::pair<std::string, std::string> abbreviations[] = {
        // Every path through /proc begins with these: open /proc, check that it is procfs, read the
        // pid that it shows.
        {"<find>", "openat fstatfs openat2 pread"},
        {"<near>", "pidfd_send_signal pidfd_send_signal"},
        // The path of a cgroup, the id of its directory, and the path again.
        {"<cgroup>", "openat2 lseek read " + calls_for_cgroup() + " lseek read pread close"},
        // The link to a namespace, its target, and whether the two agree.
        {"<namespace>", "openat2 openat fstatfs statx readlinkat close"},
        // Whether the caller is in the first time namespace, if /proc shows starts on its clock only.
        {"<clock>", starts_follow_clock() ? "" : "uname openat2 readlinkat close "},
        // A 32-bit process has to know whether its kernel is one too.
        {"<id>", sizeof(long) < 8       ? "statx uname"
                 : uapi::sys_fstat != 0 ? "fstat"
                                        : "statx"},
    };
    for (const auto& [short_form, long_form] : abbreviations)
        for (std::size_t at = 0; (at = calls.find(short_form)) != std::string::npos;)
            calls.replace(at, short_form.size(), long_form);
    return calls;
}

void check(const sequences& calls, const operation_row& o, const char* promised) {
    CAPTURE(o.name);
    REQUIRE(calls.count(&o) == 1);
    CHECK(calls.at(&o) == expand(promised));
}

bool by_one_call(const operation_row& o) {
    return std::string(o.calls).find(' ') == std::string::npos;
}

bool mentions(std::string_view calls, std::string_view call) {
    return calls.find(call) != calls.npos;
}

/// Whether the kernel has openat2. Without it, the library makes many other calls.
bool opens_on_mount() {
    return syscall(SYS_openat2, -1, "", nullptr, 0) != -1 || errno != ENOSYS;
}
constexpr const char* no_openat2 = "this kernel has no openat2";

} // namespace

TEST_CASE("most operations make one system call on a kernel with every feature") {
    for (feature f : {feature::info_ioctl, feature::pidfs, feature::namespace_ioctl})
        if (!has(f))
            SKIP_TEST(std::string("this kernel or sandbox does not have ") + to_string(f));
    const test_child target = test_child::running();
    const sequences calls = trace(native(), target.fd().fd());
    if (calls.empty())
        SKIP_TEST("nothing can be traced here");
    int count = 0;
    for (const operation_row& o : operation_table())
        if (o.calls != nullptr && by_one_call(o)) {
            check(calls, o, o.calls);
            ++count;
        }
    CHECK(count > 10);
}

TEST_CASE("an operation that needs several system calls makes as few as a correct answer allows") {
    if (!opens_on_mount())
        SKIP_TEST(no_openat2);
    const test_child target = test_child::running();
    const sequences calls = trace(native(), target.fd().fd());
    if (calls.empty())
        SKIP_TEST("nothing can be traced here");
    for (const operation_row& o : operation_table())
        if (o.calls != nullptr && !by_one_call(o) && (!o.enters || geteuid() == 0) &&
            (!o.needs_feature || has(o.feature)) &&
            (!mentions(o.calls, "ioctl") || has(feature::info_ioctl)))
            check(calls, o, o.calls);
}

TEST_CASE("the fallbacks make as few system calls as a correct answer allows") {
    if (!opens_on_mount())
        SKIP_TEST(no_openat2);
    const test_child target = test_child::running();
    const sequences calls = trace(linux_5_10(), target.fd().fd());
    if (calls.empty())
        SKIP_TEST("nothing can be traced here");
    // Each query opens, reads and closes files. It reads the pid again before it closes the fdinfo
    // file and /proc.
    for (const operation_row& o : operation_table())
        if (o.fallback_calls != nullptr && !o.finds_cgroup && (!o.enters || geteuid() == 0))
            check(calls, o, o.fallback_calls);
    if (!cgroups_are_at_usual_place())
        SKIP_TEST("cgroup2 is not mounted at a usual place: how many calls it takes is not seen");
    for (const operation_row& o : operation_table())
        if (o.fallback_calls != nullptr && o.finds_cgroup)
            check(calls, o, o.fallback_calls);
}
