// SPDX-License-Identifier: MIT
// What no operation may do, however it ends: change the caller's errno, leave a file descriptor
// open.
#include "support/catch.hpp"
#include "support/fds.hpp"
#include "support/isolated.hpp"
#include "support/processes.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// Every operation that does no harm to the caller. Their results do not matter here.
template <class Check>
void use(pidfd_view h, Check check) {
    check("get_pid", [=] { (void)h.get_pid(); });
    check("get_ppid", [=] { (void)h.get_ppid(); });
    check("get_id", [=] { (void)h.get_id(); });
    check("get_creds", [=] { (void)h.get_creds(); });
    check("get_cgroupid", [=] { (void)h.get_cgroupid(); });
    check("get_info", [=] { (void)h.get_info(); });
    check("get_namespace", [=] { (void)h.get_namespace(namespace_type::net); });
    check("open_proc", [=] { (void)h.open_proc(); });
    check("access_proc", [=] { (void)h.access_proc([](int) {}); });
    check("send_signal", [=] { (void)h.send_signal(0); });
    check("send_signal of no signal", [=] { (void)h.send_signal(-1); });
    check("set_namespace", [=] { (void)h.set_namespace(namespace_flags::uts); });
    check("get_remote_fd", [=] { (void)h.get_remote_fd(0); });
    check("get_remote_fd of none", [=] { (void)h.get_remote_fd(-1); });
    check("is_alive", [=] { (void)h.is_alive(); });
    check("try_wait", [=] { (void)h.try_wait(); });
    check("duplicate", [=] { (void)h.duplicate(); });
    check("from_self", [] { (void)pidfd::from_self(); });
    check("from_pid", [] { (void)pidfd::from_pid(-1); });
    check("from_pid of none", [] { (void)pidfd::from_pid(0x7fffffff); });
    check("adopt", [=] {
        unique_fd fd(h.fd());
        auto adopted = pidfd::adopt(std::move(fd));
        // Given back, as it is still the caller's.
        if (adopted)
            (void)adopted->release();
        (void)fd.release();
    });
}

/// What an operation did that it should not have done.
struct blame {
    const char* operation; // a literal: it is the same in the isolated child
    int number;
};

} // namespace

TEST_CASE("no operation touches the caller's errno, on any kernel, whatever it is asked about") {
    constexpr int untouched = 4711;
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : everything()) {
            CAPTURE(kernel.name, s.name);
            surroundings around;
            around.kernel = kernel;
            const auto got = isolated(around, [&] {
                blame first{nullptr, untouched};
                use(pidfd_view(s.fd), [&](const char* name, auto operation) {
                    errno = untouched;
                    operation();
                    if (const int now = errno; now != untouched && first.operation == nullptr)
                        first = {name, now};
                });
                return first;
            });
            REQUIRE(got);
            const std::string operation = got->operation != nullptr ? got->operation : "none";
            CHECK(operation == "none");
            CHECK(got->number == untouched);
        }
    }
}

TEST_CASE("no operation leaks a file descriptor, on any kernel, whatever it is asked about") {
    for (const profile& kernel : all_profiles()) {
        for (const subject& s : everything()) {
            CAPTURE(kernel.name, s.name);
            surroundings around;
            around.kernel = kernel;
            const auto got = isolated(around, [&] {
                blame first{nullptr, 0};
                use(pidfd_view(s.fd), [&](const char* name, auto operation) {
                    const int before = open_fds();
                    operation();
                    if (const int more = open_fds() - before;
                        more != 0 && first.operation == nullptr)
                        first = {name, more};
                });
                return first;
            });
            REQUIRE(got);
            const std::string operation = got->operation != nullptr ? got->operation : "none";
            CHECK(operation == "none");
            CHECK(got->number == 0);
        }
    }
}
