// SPDX-License-Identifier: MIT
// One measurement: a process that watches, its sleeping children, and how all of them are ended.
#include "scale_measure.hpp"

#include "scale_nursery.hpp"

#include <pidfd_util/pidfd.hpp>
#include <pidfd_util/unique_fd.hpp>
#include <pidfd_util/wait_any.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <malloc.h>
#include <random>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <csignal>

namespace bench {

namespace {

using pidfd_util::pidfd;
using pidfd_util::pidfd_view;

constexpr std::uint32_t most_exits = 100'000;

/// What the measuring process tells its parent, in shared memory.
struct report {
    int error;
    std::uint32_t made;
    char step[64]; // that failed; empty: none
    std::uint32_t exits;
    double figures[4];
    std::int64_t latencies[most_exits];

    void fail(const char* what, int with, std::uint32_t count) noexcept {
        error = with;
        made = count;
        std::snprintf(step, sizeof step, "%s", what);
    }
};

double cpu_microseconds() {
    timespec time{};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

/// Returns the bytes that this process has allocated, with the allocator's own; or, for a C library
/// that does not count them, the size of its anonymous memory in pages. -1: not known.
double own_memory() {
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
    const struct mallinfo2 heap = mallinfo2();
    return static_cast<double>(heap.uordblks + heap.hblkhd);
#else
    char text[4096];
    const pidfd_util::unique_fd file(open("/proc/self/smaps_rollup", O_RDONLY | O_CLOEXEC));
    const ssize_t size = file ? read(file.get(), text, sizeof text - 1) : -1;
    if (size <= 0)
        return -1;
    text[size] = '\0';
    const char* const line = std::strstr(text, "\nAnonymous:");
    return line == nullptr ? -1 : std::atof(line + std::strlen("\nAnonymous:")) * 1024;
#endif
}

/// Puts `count` random slots at the front of the order.
template <class Random>
void shuffle_front(nursery& children, std::uint32_t all, std::uint32_t count, Random& random) {
    std::uint32_t* const order = children.order();
    for (std::uint32_t i = 0; i < count; ++i)
        std::swap(order[i], order[i + static_cast<std::uint32_t>(random() % (all - i))]);
}

/// Watches the processes in the first `count` slots of the order. Returns 0 or an errno.
int watch(way& with, nursery& children, std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t slot = children.order()[i];
        auto process = pidfd::from_pid(children[slot].pid);
        if (!process)
            return process.error().value();
        errno = EIO;
        if (!with.add(slot, std::move(*process)))
            return errno;
    }
    return 0;
}

void run_watching(const way_kind& kind, const effort& how, nursery& children, report& out) {
    const std::uint32_t all = how.processes;
    const double memory_before = own_memory();
    const std::int64_t setup_start = now();
    const std::unique_ptr<way> with = kind.make(all);
    if (const int error = watch(*with, children, all); error != 0)
        return out.fail("watching the processes", error, all);
    const std::int64_t start = now();
    out.figures[2] = static_cast<double>(start - setup_start) / 1e3 / all;
    const double memory = own_memory();
    out.figures[1] = memory < 0 || memory_before < 0 ? -1 : (memory - memory_before) / all;

    // Those that have ended are replaced after each batch, so that nearly all are there always.
    const std::uint32_t batch = std::clamp<std::uint32_t>(all / 10, 1, 50);
    std::mt19937 random(how.seed);
    double cpu = 0;
    while (out.exits < how.exits && now() - start < std::int64_t{how.seconds} * 1'000'000'000) {
        const std::uint32_t count = std::min(batch, how.exits - out.exits);
        shuffle_front(children, all, count, random);
        const double cpu_start = cpu_microseconds();
        if (!children.begin_exits(count))
            return out.fail("asking the helper for exits", EPIPE, all);
        for (std::uint32_t i = 0; i < count; ++i) {
            const auto ended = with->next(children.order()[i]);
            if (!ended || ended->slot != children.order()[i])
                return out.fail("waiting for an exit", EIO, all);
            out.latencies[out.exits++] = ended->time - children[ended->slot].exited;
            children.count_handled();
        }
        cpu += cpu_microseconds() - cpu_start;
        const made again = children.fill(count);
        if (again.error != 0)
            return out.fail("replacing processes that have ended", again.error, again.count);
        if (const int error = watch(*with, children, count); error != 0)
            return out.fail("watching the replacements", error, all);
    }
    out.figures[0] = cpu / out.exits;
    // The watches are not taken down: the process ends here, and its children with it.
    _exit(EXIT_SUCCESS);
}

/// Returns the microseconds of the fastest call, or -1 if one fails.
template <class Call>
double fastest(Call call) {
    double best = -1;
    const std::int64_t start = now();
    for (int i = 0; i < 1000 && (i < 5 || now() - start < 300'000'000); ++i) {
        const std::int64_t before = now();
        if (!call())
            return -1;
        const double time = static_cast<double>(now() - before) / 1e3;
        best = best < 0 ? time : std::min(best, time);
    }
    return best;
}

void run_calls(const effort& how, nursery& children, report& out) {
    const std::uint32_t all = how.processes;
    const pidfd_util::unique_fd epoll(epoll_create1(EPOLL_CLOEXEC));
    std::vector<pidfd> processes;
    for (std::uint32_t i = 0; i < all; ++i) {
        auto process = pidfd::from_pid(children[i].pid);
        if (!process)
            return out.fail("opening the pidfds", process.error().value(), all);
        processes.push_back(std::move(*process));
        epoll_event event{};
        event.events = EPOLLIN;
        if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, processes.back().fd(), &event) != 0)
            return out.fail("watching the processes", errno, all);
    }
    const auto epoll_none = [&] {
        epoll_event event{};
        return epoll_wait(epoll.get(), &event, 1, 0) == 0;
    };
    const auto any_none = [&] {
        const auto which = pidfd_util::wait_any_for(processes, std::chrono::seconds(0));
        return !which && which.error() == std::errc::timed_out;
    };
    out.figures[0] = fastest(epoll_none);
    out.figures[1] = fastest(any_none);

    children.order()[0] = all / 2;
    if (!children.begin_exits(1) || !processes[all / 2].wait_exit())
        return out.fail("waiting for an exit", EIO, all);
    out.figures[2] = fastest([&] { return pidfd_util::wait_any(processes) == all / 2; });

    if (!children.end_all() || !pidfd_util::wait_all(processes))
        return out.fail("waiting for the end of all", EIO, all);
    out.figures[3] = fastest([&] { return pidfd_util::wait_all(processes).has_value(); });
    for (const double figure : out.figures)
        if (figure < 0)
            return out.fail("one of the timed calls", EIO, all);
    _exit(EXIT_SUCCESS);
}

/// Makes the kernel prefer this process and its children if memory runs out.
void be_killed_first() {
    const pidfd_util::unique_fd file(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    if (file)
        (void)!write(file.get(), "1000", 4);
}

template <class Body>
[[noreturn]] void run_child(pid_t parent, const effort& how, report& out, Body body) {
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(EXIT_FAILURE);
    be_killed_first();
    nursery children(how.processes);
    const made first = children.error() == 0 ? children.fill(how.processes) : made{};
    if (children.error() != 0)
        out.fail("starting the helper", children.error(), 0);
    else if (first.error != 0)
        out.fail("making the processes", first.error, first.count);
    else
        body(children, out);
    _exit(EXIT_FAILURE);
}

/// Kills and reaps the processes of this group. The caller is a subreaper, so that all of them are
/// its children once the measuring process has ended.
void clear_group(pid_t group) {
    (void)kill(-group, SIGKILL);
    while (waitpid(-group, nullptr, 0) > 0 || errno == EINTR) {
    }
}

/// Runs a measurement in a child, which leads a process group that all of its processes are in.
template <class Body>
failure run(const effort& how, report& out, Body body) {
    std::fflush(stdout); // or the child would have a copy
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0)
        return {std::string("fork: ") + std::strerror(errno), 0};
    if (child == 0)
        run_child(parent, how, out, body);
    (void)setpgid(child, child);
    const std::chrono::seconds most(60 + 4 * how.seconds + how.processes / 500);
    const auto process = pidfd::from_pid(child);
    if (!process) {
        clear_group(child);
        return {"pidfd_open: " + process.error().message(), 0};
    }
    const auto first = pidfd_util::wait_any_for({pidfd_view(*process), how.starter}, most);
    // Before the group is killed, the leader is not reaped, so that no other group has its number.
    const auto status = process->get_exit_status();
    clear_group(child);
    if (first == 1U)
        throw abandoned();
    if (!first)
        return {"it took more than " + std::to_string(most.count()) + " s", 0};
    if (status && *status && (*status)->success())
        return {};
    if (out.step[0] == '\0')
        return {"the measuring process was ended by something else", 0};
    return {out.step + (": " + std::string(std::strerror(out.error))), out.made};
}

/// A report in memory that the measuring process shares.
class shared_report {
public:
    shared_report()
        : at_(mmap(nullptr, sizeof(report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                   0)) {
        if (at_ == MAP_FAILED) {
            std::perror("mmap");
            std::exit(EXIT_FAILURE);
        }
    }
    shared_report(const shared_report&) = delete;
    shared_report& operator=(const shared_report&) = delete;
    ~shared_report() { (void)munmap(at_, sizeof(report)); }
    [[nodiscard]] report& operator*() const noexcept { return *static_cast<report*>(at_); }

private:
    void* at_;
};

} // namespace

watching measure_watching(const way_kind& kind, const effort& how) {
    const shared_report shared;
    report& out = *shared;
    effort limited = how;
    limited.exits = std::min(how.exits, most_exits);
    watching result;
    result.failed = run(limited, out, [&](nursery& children, report& into) {
        run_watching(kind, limited, children, into);
    });
    result.latencies.assign(out.latencies, out.latencies + out.exits);
    result.cpu_microseconds = out.figures[0];
    result.user_bytes = out.figures[1];
    result.setup_microseconds = out.figures[2];
    return result;
}

calls measure_calls(const effort& how) {
    const shared_report shared;
    report& out = *shared;
    calls result;
    result.failed =
        run(how, out, [&](nursery& children, report& into) { run_calls(how, children, into); });
    result.epoll_none_ended = out.figures[0];
    result.any_none_ended = out.figures[1];
    result.any_one_ended = out.figures[2];
    result.all_ended = out.figures[3];
    return result;
}

} // namespace bench
