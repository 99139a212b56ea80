// SPDX-License-Identifier: MIT
// A seccomp filter can answer "success, 0" although the kernel does nothing. No operation mistakes
// that for a success, or fd 0 for the file descriptor that it has opened.
#include "kernel/uapi.hpp"
#include "support/catch.hpp"
#include "support/emulated.hpp"
#include "support/error_of.hpp"
#include "support/isolated.hpp"
#include "support/lifecycle.hpp"
#include "support/operations.hpp"
#include "support/processes.hpp"
#include "support/spawn_steps.hpp"
#include "support/unix_sockets.hpp"

#include <pidfd_util/features.hpp>
#include <pidfd_util/message.hpp>
#include <pidfd_util/spawn_with_streams.hpp>
#include <pidfd_util/wait_any.hpp>

#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

surroundings claiming(std::vector<rule> rules) {
    surroundings around;
    around.kernel = {"claims success", std::move(rules)};
    return around;
}
surroundings claiming(long number) {
    return claiming(std::vector<rule>{{number, 0}});
}

/// The system calls that make the file descriptors of operations.
const long openers[] = {SYS_pidfd_open,        uapi::sys_fcntl, SYS_pidfd_getfd, SYS_openat,
                        SYS_openat2,           SYS_ioctl,       SYS_getsockopt,  SYS_recvmsg,
                        SYS_open_by_handle_at, SYS_pipe2,       SYS_socket};

#ifdef SYS_mmap2
constexpr long call_for_mmap = SYS_mmap2;
#else
constexpr long call_for_mmap = SYS_mmap;
#endif

const fd_mapping null_to_itself[] = {{0, 0}};

std::vector<step_taken> steps() {
    std::vector<step_taken> all = steps_of_spawn();
    all.push_back({spawn_step::signal_setup, SYS_rt_sigprocmask, [](spawn_options&) {}});
    all.push_back({spawn_step::file_descriptors, uapi::sys_fcntl, [](spawn_options& o) {
                       o.fds = null_to_itself;
                       o.close_other_fds = false;
                   }});
    return all;
}

} // namespace

TEST_CASE(
    "fd 0, a pidfd of another process, is neither mistaken for a new file descriptor nor closed") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child asked = test_child::running();
    const test_child victim = test_child::running();
    int failed = 0;
    for (const operation_row* o :
         operations_that([](const operation_row& each) { return each.makes_fd; })) {
        const auto right = isolated({}, [&] {
            scene s(asked.fd(), asked.pid());
            return perform(*o, s);
        });
        REQUIRE(right);
        for (const long call : openers) {
            CAPTURE(o->name, call);
            struct result {
                plain_answer answer;
                int fd;
                bool zero_is_open;
            };
            const auto got = isolated({}, [&] {
                dup3(victim.fd().fd(), 0, O_CLOEXEC);
                scene s(asked.fd(), asked.pid());
                result r{};
                if (!install({rule{call, 0}}))
                    return r;
                o->call(s, r.answer);
                r.fd = s.made.get();
                look_at(*o, s, r.answer);
                struct stat st {};
                r.zero_is_open = fstat(0, &st) == 0;
                return r;
            });
            REQUIRE(got);
            CHECK(got->zero_is_open);
            CHECK(got->fd != 0);
            // There may be a second path; or the call is not one of this operation's. Before Linux
            // 6.13 the look at the result of from_self needs openat, too.
            const bool can_look = o->kind != role::opens || call != SYS_openat;
            if (got->answer.error == 0 && can_look)
                CHECK((o->individual || agrees(got->answer, *right)));
            failed += got->answer.error != 0 ? 1 : 0;
        }
    }
    CHECK(failed > 0);
}

TEST_CASE("a filter's empty success makes no pipe, no socket and no message") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child victim = test_child::running();
    struct result {
        int error;
        bool zero_is_open;
    };
    const auto ask = [&](long number, auto call) {
        const auto got = isolated({}, [&] {
            dup3(victim.fd().fd(), 0, O_CLOEXEC);
            result r{};
            r.error = install({{number, 0}}) ? call() : -1;
            struct stat st {};
            r.zero_is_open = fstat(0, &st) == 0;
            return r;
        });
        REQUIRE(got);
        CHECK(got->zero_is_open);
        return got->error;
    };
    const char* const program = spawnee();
    CHECK(ask(SYS_pipe2, [&] {
              standard_streams streams;
              streams.output = stream_choice::new_pipe();
              return error_of(spawn_with_streams(program, arguments({}), {}, streams));
          }) == ENOSYS);
    CHECK(ask(SYS_socket, [] {
              return availability_of(feature::peer_pidfd) == availability::available ? 0 : ENOSYS;
          }) == ENOSYS);
    const socket_ends ends = socket_pair(SOCK_DGRAM);
    char data[1];
    CHECK(ask(SYS_recvmsg, [&] {
              return error_of(receive_message(ends.a.get(), data, sizeof data, {}, MSG_DONTWAIT));
          }) == ENOSYS);
}

TEST_CASE("a step of a spawned child that did nothing does not count as a success") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    for (const step_taken& s : steps()) {
        CAPTURE(static_cast<int>(s.step), s.number);
        struct result {
            int error;
            spawn_step step;
        };
        const auto got = isolated(claiming(answering(s, 0)), [&] {
            spawn_options o;
            s.set(o);
            result r{0, {}};
            auto c = spawn(spawnee(), arguments({"exit", "0"}), o, &r.step);
            r.error = error_of(c);
            return r;
        });
        REQUIRE(got);
        CHECK(got->error == (s.step == spawn_step::clone ? EOPNOTSUPP : ENOSYS));
        CHECK(static_cast<int>(got->step) == static_cast<int>(s.step));
    }
}

TEST_CASE("a filter's empty success makes no ended process look alive, and no wait endless") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child gone = test_child::zombie();
    const test_child here = test_child::running();
    const auto alive =
        isolated(claiming(uapi::sys_ppoll), [&] { return error_of(gone.fd().is_alive()); });
    REQUIRE(alive);
    CHECK(*alive == ENOSYS);
    for (const long call : {long{uapi::sys_ppoll}, long{call_for_mmap}}) {
        CAPTURE(call);
        const auto waited = isolated({}, [&] {
            std::vector<pidfd_view> many(100, here.fd());
            many.back() = gone.fd();
            return install({{call, 0}}) ? error_of(wait_any(many)) : -1;
        });
        REQUIRE(waited);
        CHECK(*waited == ENOSYS);
    }
}

TEST_CASE("a filter's empty success enters no namespace, and sets no close-on-exec flag") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child c = test_child::running();
    const auto entered = isolated(
        claiming(SYS_setns), [&] { return error_of(c.fd().set_namespace(namespace_flags::uts)); });
    REQUIRE(entered);
    CHECK(*entered == ENOSYS);
    const rule set_flag{uapi::sys_fcntl, 0, 1, ~0U, F_SETFD};
    const auto adopted = isolated({}, [&] {
        unique_fd fd(dup(c.fd().fd()));
        if (!install({set_flag}))
            return 0;
        return error_of(pidfd::adopt(std::move(fd)));
    });
    REQUIRE(adopted);
    CHECK(*adopted == ENOSYS);
}

TEST_CASE("a living process has no exit status, whatever a filter makes PIDFD_GET_INFO return") {
    if (emulated())
        SKIP_TEST("no seccomp filters here");
    const test_child c = test_child::running();
    const auto got = isolated(claiming(SYS_ioctl), [&] {
        const auto stranger = pidfd::from_pid(getppid());
        const auto status = stranger->get_exit_status();
        const auto dump = stranger->get_coredump();
        return (status && *status) || (dump && *dump);
    });
    REQUIRE(got);
    CHECK_FALSE(*got);
}
