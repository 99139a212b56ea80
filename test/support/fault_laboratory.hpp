// SPDX-License-Identifier: MIT
// Calls an operation in a separate process, in which a tracer lets one system call fail.
#ifndef PIDFD_UTIL_TEST_FAULT_LABORATORY_HPP
#define PIDFD_UTIL_TEST_FAULT_LABORATORY_HPP

#include "operations.hpp"
#include "processes.hpp"
#include "seccomp.hpp"
#include "tracer.hpp"

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

namespace support {

enum class repetition {
    once,   // only the call itself
    twice,  // and the next one of its kind
    always, // and all further ones of its kind
};

struct fault {
    std::size_t position; // in the sequence of the operation's calls
    long number;
    int error;
    repetition times;
    std::string call; // its name

    bool is_sandbox() const { return error == EPERM || error == EACCES; }
};

/// The results of the process that calls the operation, in memory that it shares with the test.
struct report {
    plain_answer disturbed;
    plain_answer undisturbed; // the next call
    int fds_lost;
    bool errno_kept;
    bool complete;
};

/// An operation, and the process that it is called on: the stranger, or a child in this state.
struct trial {
    const operation_row& operation;
    child_kind child;

    std::string name() const {
        constexpr const char* kinds[] = {"", ", a running child", ", a zombie", ", a lost child"};
        return operation.name + std::string(kinds[static_cast<int>(child)]);
    }
};

enum class end_of_case { reported, died, does_not_end };

struct outcome_of_case {
    end_of_case how = end_of_case::reported;
    int status = 0;
    bool met = false; // the call that should fail was made
    std::vector<system_call> calls;
    report got;
};

class laboratory {
public:
    laboratory();
    ~laboratory();
    laboratory(const laboratory&) = delete;
    laboratory& operator=(const laboratory&) = delete;

    /// Empty where nothing can be traced.
    std::optional<outcome_of_case> run(const profile& kernel, const trial& tried, const fault* f);

private:
    [[noreturn]] void ask(const profile& kernel, const trial& tried);

    test_child stranger_;
    report* shared_ = nullptr;
};

} // namespace support

#endif
