// SPDX-License-Identifier: MIT
// Stops a child at each of its system calls, by ptrace(2), and can let the call fail.
#ifndef PIDFD_UTIL_TEST_TRACER_HPP
#define PIDFD_UTIL_TEST_TRACER_HPP

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace support {

struct system_call {
    long number = 0;
    std::array<std::uint64_t, 6> arguments{};
};
std::string name_of(const system_call& call);

/// For a forked child: stops until its parent traces it. False where nothing can be traced.
bool be_traced();

/// A system call that no other code makes, as a mark for the tracer. The test chooses the value.
enum class mark : unsigned long { begin = 1, end = 2 };
void make(mark m, std::size_t value = 0);
bool is(const system_call& call, mark m);
std::size_t value_of_mark(const system_call& call);

/// Whether the tracer knows this machine's registers. Otherwise it can watch calls, but not change
/// them.
bool can_falsify();

/// A child in `be_traced`. It is killed and reaped at the end of its scope.
class tracee {
public:
    explicit tracee(pid_t child);
    ~tracee();
    tracee(const tracee&) = delete;
    tracee& operator=(const tracee&) = delete;

    /// False if nothing can be traced. Then the object is of no further use.
    bool traced() const { return traced_; }
    pid_t pid() const { return pid_; }

    /// Lets it run until it is about to make a system call. Empty if it has ended.
    std::optional<system_call> next_call();
    /// Replaces the call: the kernel does nothing, and the call fails.
    void refuse(int error);
    /// Lets the call be made, and seem to fail.
    void falsify(int error);
    /// Lets it run without stops.
    void let_go();
    /// Waits until it has ended, and returns its wait status.
    int wait_for_end();

private:
    bool run(); // to the next entry or return of a system call
    void finish_call(int error);

    pid_t pid_;
    bool traced_ = false;
    bool ended_ = false;
    int status_ = 0;
};

} // namespace support

#endif
