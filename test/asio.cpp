// SPDX-License-Identifier: MIT
// Asynchronous waits; built for standalone Asio, and again for Boost's.
#include "support/catch.hpp"
#include "support/isolated.hpp"
#include "support/net.hpp"
#include "support/processes.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace pidfd_util;
using namespace std::chrono_literals;

namespace {

/// A child that exits with code 3 once `go` is called.
class worker {
public:
    worker() : worker(support::child::that([] { return 3; })) {}
    explicit worker(support::child c) : owner(std::move(c)), process(*owner.fd().duplicate()) {
        owner.disown();
    }
    ~worker() {
        if (!process.status() && process) {
            (void)process.process().kill();
            (void)process.wait();
        }
    }
    void go() { owner.go(); }

    support::child owner;
    pidfd_util::child process;
};

/// What a handler was called with.
struct outcome {
    int calls = 0;
    net_error error;
    std::optional<exit_status> status;

    auto handler() {
        return [this](net_error e, exit_status s) {
            ++calls;
            error = e;
            status = s;
        };
    }
    auto exit_handler() {
        return [this](net_error e) {
            ++calls;
            error = e;
        };
    }
    bool aborted() const { return calls == 1 && error == net::error::operation_aborted; }
    bool exited_with(int code) const { return calls == 1 && !error && status->code() == code; }
};

int errno_of(const std::error_code& error) {
    return error.value();
}

int flags(pidfd_view process) {
    return fcntl(process.fd(), F_GETFL);
}

} // namespace

TEST_CASE("async_wait gives the status, and the child remembers it") {
    net::io_context io;
    worker w;
    outcome got;
    async_wait(io, w.process, got.handler());
    io.poll();
    CHECK(got.calls == 0);
    w.go();
    io.restart();
    io.run();
    CHECK(got.exited_with(3));
    CHECK(w.process.status() == got.status);
    CHECK(w.process.wait()->code() == 3);
}

TEST_CASE("async_wait tells of a child that a signal killed") {
    net::io_context io;
    worker w;
    outcome got;
    async_wait(io.get_executor(), w.process, got.handler());
    REQUIRE(w.process.process().kill());
    io.run();
    CHECK(got.calls == 1);
    CHECK(!got.error);
    CHECK(got.status->signal() == SIGKILL);
    CHECK(!got.status->code());
}

TEST_CASE("async_wait never calls the handler before it returns") {
    net::io_context io;
    worker w;
    w.go();
    REQUIRE(w.process.wait());
    outcome known;
    async_wait(io, w.process, known.handler());
    CHECK(known.calls == 0);
    pidfd_util::child none;
    outcome failed;
    async_wait(io, none, failed.handler());
    CHECK(failed.calls == 0);
    io.run();
    CHECK(known.exited_with(3));
    CHECK(failed.calls == 1);
    CHECK(errno_of(failed.error) == EBADF);
}

TEST_CASE("async_wait gives a future, which throws what went wrong") {
    net::io_context io;
    worker w;
    auto status = async_wait(io, w.process, net::use_future);
    pidfd_util::child none;
    auto failure = async_wait(io, none, net::use_future);
    w.go();
    io.run();
    CHECK(status.get().code() == 3);
    CHECK_THROWS_AS(failure.get(), net_system_error);
}

TEST_CASE("an error of async_wait comes with a status that cannot be misread") {
    net::io_context io;
    pidfd_util::child none;
    outcome got;
    async_wait(io, none, got.handler());
    io.run();
    REQUIRE(got.error);
    CHECK(!got.status->success());
    CHECK(!got.status->code());
    CHECK(!WIFEXITED(got.status->wait_status()));
    CHECK(!WIFSIGNALED(got.status->wait_status()));
}

TEST_CASE("an asynchronous wait leaves the pidfd in its blocking mode") {
    net::io_context io;
    worker w;
    const int before = flags(w.process.process());
    REQUIRE((before & O_NONBLOCK) == 0);
    outcome status;
    outcome end;
    async_wait(io, w.process, status.handler());
    async_wait_exit(io, w.process.process(), end.exit_handler());
    io.poll();
    CHECK(flags(w.process.process()) == before);
    w.go();
    io.restart();
    io.run();
    CHECK(status.exited_with(3));
    CHECK((end.calls == 1 && !end.error));
    CHECK(flags(w.process.process()) == before);
}

TEST_CASE("async_wait works for a pidfd in non-blocking mode, and leaves it so") {
    net::io_context io;
    worker w;
    REQUIRE(fcntl(w.process.fd(), F_SETFL, O_NONBLOCK) == 0);
    outcome got;
    async_wait(io, w.process, got.handler());
    io.poll();
    w.go();
    io.restart();
    io.run();
    CHECK(got.exited_with(3));
    CHECK((flags(w.process.process()) & O_NONBLOCK) != 0);
}

TEST_CASE("two asynchronous waits for one child both get its status") {
    net::io_context io;
    worker w;
    outcome first;
    outcome second;
    async_wait(io, w.process, first.handler());
    async_wait(io, w.process, second.handler());
    io.poll();
    w.go();
    io.restart();
    io.run();
    CHECK(first.exited_with(3));
    CHECK(second.exited_with(3));
}

TEST_CASE("a wait of another kind meanwhile takes nothing from async_wait") {
    net::io_context io;
    worker w;
    outcome got;
    async_wait(io, w.process, got.handler());
    io.poll();
    w.go();
    CHECK(w.process.wait()->code() == 3);
    io.restart();
    io.run();
    CHECK(got.exited_with(3));
}

TEST_CASE(
    "async_wait of a child that was reaped elsewhere has the kernel's record, or says ECHILD") {
    net::io_context io;
    worker w;
    outcome got;
    async_wait(io, w.process, got.handler());
    io.poll();
    w.go();
    REQUIRE(waitpid(w.owner.pid(), nullptr, 0) == w.owner.pid());
    io.restart();
    io.run();
    CHECK(got.calls == 1);
    if (const auto kept = w.process.process().get_exit_status(); kept && *kept)
        CHECK(got.exited_with(3));
    else
        CHECK(errno_of(got.error) == ECHILD);
    w.process = {};
}

TEST_CASE("async_wait waits for a child that reaps itself, too") {
    const auto got = support::isolated({}, [] {
        signal(SIGCHLD, SIG_IGN);
        int code = -1;
        worker w;
        net::io_context io;
        async_wait(io, w.process, [&](net_error e, exit_status s) {
            code = e ? -errno_of(e) : s.code().value_or(-2);
        });
        io.poll();
        w.go();
        io.restart();
        io.run();
        const auto kept = w.process.process().get_exit_status();
        return code == (kept && *kept ? 3 : -ECHILD);
    });
    REQUIRE(got);
    CHECK(*got);
}

TEST_CASE("cancelling a waiter aborts its waits, and the child keeps its status") {
    net::io_context io;
    worker w;
    outcome first;
    outcome second;
    child_waiter waiter(io.get_executor(), w.process);
    waiter.async_wait(first.handler());
    waiter.async_wait(second.handler());
    io.poll();
    w.go();
    w.owner.wait_for_end();
    waiter.cancel();
    io.restart();
    io.run();
    // The end may have come first: then the status is there, and none is lost in either case.
    CHECK((first.aborted() || first.exited_with(3)));
    CHECK((second.aborted() || second.exited_with(3)));
    outcome again;
    waiter.async_wait(again.handler());
    io.restart();
    io.run();
    CHECK(again.exited_with(3));
}

TEST_CASE("a wait for a child that runs on is aborted by cancel, and by the end of the waiter") {
    net::io_context io;
    worker w;
    outcome cancelled;
    outcome destroyed;
    outcome replaced;
    {
        child_waiter waiter(io.get_executor(), w.process);
        waiter.async_wait(cancelled.handler());
        waiter.cancel();
        child_waiter other(io.get_executor(), w.process);
        other.async_wait(replaced.handler());
        other = std::move(waiter);
        other.async_wait(destroyed.handler());
    }
    io.run();
    CHECK(cancelled.aborted());
    CHECK(destroyed.aborted());
    CHECK(replaced.aborted());
    CHECK(!*w.process.try_wait());
    w.go();
    CHECK(w.process.wait()->code() == 3);
}

TEST_CASE("a waiter for the end of any process can be cancelled and used again") {
    net::io_context io;
    worker w;
    outcome cancelled;
    outcome again;
    exit_waiter waiter(io.get_executor(), w.process.process());
    waiter.async_wait_exit(cancelled.exit_handler());
    waiter.cancel();
    io.run();
    CHECK(cancelled.aborted());
    waiter.async_wait_exit(again.exit_handler());
    w.go();
    io.restart();
    io.run();
    CHECK((again.calls == 1 && !again.error));
}

#if PIDFD_UTIL_ASIO_VERSION >= 101900
TEST_CASE("a cancellation slot aborts the wait, by every type of cancellation") {
    for (const auto type : {net::cancellation_type::terminal, net::cancellation_type::partial,
                            net::cancellation_type::total}) {
        net::io_context io;
        worker w;
        outcome status;
        outcome end;
        net::cancellation_signal stop_status;
        net::cancellation_signal stop_end;
        async_wait(io, w.process,
                   net::bind_cancellation_slot(stop_status.slot(), status.handler()));
        async_wait_exit(io, w.process.process(),
                        net::bind_cancellation_slot(stop_end.slot(), end.exit_handler()));
        io.poll();
        stop_status.emit(type);
        stop_end.emit(type);
        io.restart();
        io.run();
        CHECK(status.aborted());
        CHECK(end.aborted());
        CHECK(!w.process.status());
        w.go();
        CHECK(w.process.wait()->code() == 3);
    }
}
#endif

TEST_CASE("async_wait_exit waits for a process that is no child, and for one that was reaped") {
    net::io_context io;
    // A grandchild: its parent lives until it is told to end.
    int pids[2];
    REQUIRE(pipe2(pids, O_CLOEXEC) == 0);
    auto parent = support::child::that([&] {
        const pid_t grandchild = fork();
        if (grandchild == 0) {
            usleep(20000);
            _exit(0);
        }
        (void)!write(pids[1], &grandchild, sizeof grandchild);
        pause();
        return 0;
    });
    parent.go();
    pid_t pid = 0;
    REQUIRE(read(pids[0], &pid, sizeof pid) == sizeof pid);
    const auto process = pidfd::from_pid(pid);
    REQUIRE(process);
    outcome end;
    async_wait_exit(io, *process, end.exit_handler());
    io.run();
    CHECK((end.calls == 1 && !end.error));
    CHECK(*process->is_alive() == false);

    const auto gone = support::child::reaped();
    outcome past;
    async_wait_exit(io.get_executor(), gone.fd(), past.exit_handler());
    io.restart();
    io.run();
    CHECK((past.calls == 1 && !past.error));
    close(pids[0]);
    close(pids[1]);
}

TEST_CASE("async_wait_exit goes on when the user closes the pidfd, and reaps nobody") {
    net::io_context io;
    worker w;
    outcome end;
    auto copy = *w.process.process().duplicate();
    async_wait_exit(io, copy, end.exit_handler());
    copy.reset();
    io.poll();
    CHECK(end.calls == 0);
    w.go();
    io.restart();
    io.run();
    CHECK((end.calls == 1 && !end.error));
    CHECK(w.process.wait()->code() == 3);
}

TEST_CASE("an asynchronous wait for what is no pidfd says so") {
    net::io_context io;
    for (const support::subject& s : support::impostors()) {
        CAPTURE(s.name);
        outcome end;
        async_wait_exit(io, pidfd_view(s.fd), end.exit_handler());
        io.restart();
        io.run();
        CHECK(end.calls == 1);
        CHECK(errno_of(end.error) == EBADFD);
        CHECK(end.error == pidfd_errc::not_a_pidfd);
        CHECK(end.error != pidfd_errc::not_found);
        CHECK(end.error.message() == "the file descriptor is not a pidfd");
        CHECK(end.error == std::errc::bad_file_descriptor);
    }
    outcome empty;
    async_wait_exit(io, pidfd_view(), empty.exit_handler());
    io.restart();
    io.run();
    CHECK(errno_of(empty.error) == EBADF);
}

TEST_CASE(
    "a wait that is pending when the context is destroyed neither leaks nor calls its handler") {
    worker w;
    const int before = support::count_fds();
    outcome got;
    outcome end;
    {
        auto io = std::make_unique<net::io_context>();
        async_wait(*io, w.process, got.handler());
        async_wait_exit(*io, w.process.process(), end.exit_handler());
        io->poll();
        CHECK(support::count_fds() > before);
    }
    CHECK(got.calls == 0);
    CHECK(end.calls == 0);
    CHECK(support::count_fds() == before);
    w.go();
    CHECK(w.process.wait()->code() == 3);
}

TEST_CASE("a waiter may outlive the run of its context, and its handler may destroy it") {
    net::io_context io;
    worker w;
    outcome got;
    auto waiter = std::make_unique<child_waiter<net::io_context::executor_type>>(io.get_executor(),
                                                                                 w.process);
    waiter->async_wait([&](net_error e, exit_status s) {
        waiter.reset();
        got.handler()(e, s);
    });
    w.go();
    io.run();
    CHECK(got.exited_with(3));
}

TEST_CASE("asynchronous waits leak no file descriptor") {
    net::io_context io;
    {
        worker warm_up;
        outcome got;
        async_wait(io, warm_up.process, got.handler());
        warm_up.go();
        io.run();
    }
    const int before = support::count_fds();
    for (int i = 0; i < 50; ++i) {
        worker w;
        outcome first;
        outcome cancelled;
        async_wait(io, w.process, first.handler());
        {
            child_waiter waiter(io.get_executor(), w.process);
            waiter.async_wait(cancelled.handler());
        }
        w.go();
        io.restart();
        io.run();
        CHECK(first.exited_with(3));
        CHECK(cancelled.aborted());
    }
    CHECK(support::count_fds() == before);
}

TEST_CASE(
    "an asynchronous wait without a file descriptor left says so, and the child is not lost") {
    struct facts {
        int error;
        int later;
    };
    support::surroundings few;
    few.file_limit = 20;
    const auto got = support::isolated(few, [] {
        worker w;
        net::io_context io;
        const net::steady_timer timer(io); // makes what the context itself needs
        while (dup(0) >= 0) {
            // until none is left
        }
        facts f{};
        async_wait(io, w.process, [&](net_error e, exit_status) { f.error = errno_of(e); });
        io.restart();
        io.run();
        w.go();
        f.later = w.process.wait()->code().value_or(-1);
        return f;
    });
    REQUIRE(got);
    CHECK(got->error == EMFILE);
    CHECK(got->later == 3);
}

TEST_CASE("a child that a tracer must wait for first is waited for without blocking or spinning") {
    // The tracer is a process of its own: it seizes the child, lets it die, and waits for it late.
    net::io_context io;
    worker w;
    int ready[2];
    int release[2];
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    REQUIRE(pipe2(release, O_CLOEXEC) == 0);
    auto tracer = support::child::that([&, pid = w.owner.pid()] {
        char ok = ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0 ? 'y' : 'n';
        (void)!write(ready[1], &ok, 1);
        (void)!read(release[0], &ok, 1);
        return waitpid(pid, nullptr, __WALL) == pid ? 0 : 1;
    });
    tracer.go();
    char ok = 'n';
    REQUIRE(read(ready[0], &ok, 1) == 1);
    if (ok != 'y')
        SKIP_TEST("no right to trace a child");
    outcome got;
    async_wait(io, w.process, got.handler());
    io.poll();
    REQUIRE(w.process.process().kill());
    REQUIRE(w.process.process().wait_exit());
    // Ready, yet not to be had: each turn of the loop is a pause, so that a loop that spun would
    // have made many more in this time.
    std::size_t turns = 0;
    const auto until = std::chrono::steady_clock::now() + 150ms;
    io.restart();
    while (std::chrono::steady_clock::now() < until)
        turns += io.run_for(50ms);
    CHECK(got.calls == 0);
    CHECK(turns < 30);
    CHECK(write(release[1], "x", 1) == 1);
    io.restart();
    io.run();
    CHECK(got.calls == 1);
    CHECK(!got.error);
    CHECK(got.status->signal() == SIGKILL);
    for (const int fd : {ready[0], ready[1], release[0], release[1]})
        close(fd);
}

TEST_CASE("a wait that pauses for a tracer can be cancelled") {
    net::io_context io;
    worker w;
    int ready[2];
    REQUIRE(pipe2(ready, O_CLOEXEC) == 0);
    auto tracer = support::child::that([&, pid = w.owner.pid()] {
        const char ok = ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0 ? 'y' : 'n';
        (void)!write(ready[1], &ok, 1);
        pause();
        return 0;
    });
    tracer.go();
    char ok = 'n';
    REQUIRE(read(ready[0], &ok, 1) == 1);
    if (ok != 'y')
        SKIP_TEST("no right to trace a child");
    outcome got;
    child_waiter waiter(io.get_executor(), w.process);
    waiter.async_wait(got.handler());
    REQUIRE(w.process.process().kill());
    REQUIRE(w.process.process().wait_exit());
    while (io.poll() == 0) {
        // until the wait has seen that it is ready, and pauses
    }
    waiter.cancel();
    io.restart();
    io.run();
    CHECK(got.aborted());
    tracer.reap(); // lets go of the child
    CHECK(w.process.wait()->signal() == SIGKILL);
    close(ready[0]);
    close(ready[1]);
}

TEST_CASE("waits on a strand work while several threads run the context") {
    constexpr int count = 16;
    net::io_context io;
    std::vector<std::unique_ptr<worker>> workers;
    std::vector<outcome> got(count);
    for (int i = 0; i < count; ++i) {
        workers.push_back(std::make_unique<worker>());
        const auto n = static_cast<std::size_t>(i);
        const auto strand = net::make_strand(io);
        for (int twice = 0; twice < 2; ++twice)
            async_wait(strand, workers[n]->process, net::bind_executor(strand, got[n].handler()));
    }
    for (auto& w : workers)
        w->go();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] { io.run(); });
    for (auto& t : threads)
        t.join();
    for (const outcome& o : got) {
        CHECK(o.calls == 2);
        CHECK(!o.error);
        CHECK(o.status->code() == 3);
    }
}
