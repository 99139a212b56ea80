// SPDX-License-Identifier: MIT
// The table of all operations, with the properties that the tests need. Every test about all
// operations goes through this table: a new operation is one more row in operation_table.cpp.
#ifndef PIDFD_UTIL_TEST_OPERATIONS_HPP
#define PIDFD_UTIL_TEST_OPERATIONS_HPP

#include <pidfd_util/child.hpp>
#include <pidfd_util/features.hpp>
#include <pidfd_util/pidfd.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace support {

/// The result of a call as plain data, which an isolated child can return, and which can be
/// compared.
struct plain_answer {
    int error = 0; // 0 where there is an answer
    pidfd_util::answer_path path{};
    std::size_t count = 0;
    struct {
        bool known;
        std::uint64_t value;
    } fields[12] = {};

    void add(std::uint64_t value) { fields[count++] = {true, value}; }
    void add_unknown() { fields[count++] = {false, 0}; }
};

/// Whether all fields are equal to those of `right`. An optional field may be missing.
bool agrees(const plain_answer& answer, const plain_answer& right);
/// Whether the answer is that nothing is known.
bool says_nothing(const plain_answer& answer);
std::string to_string(const plain_answer& answer);

/// Whether the errno means that this kernel or sandbox has no way to answer.
bool refused(int error);

/// A child of the calling process.
enum class child_kind {
    none,
    running,
    zombie,
    lost, // it has ended, and was reaped by its pid
};

/// The processes that an operation is called on, and what it makes.
struct scene {
    pidfd_util::pidfd_view stranger; // lives, and is not a child
    pid_t stranger_pid = 0;
    pidfd_util::pidfd_view process; // the subject of the operation: the stranger, or the child
    pidfd_util::child child;
    pidfd_util::unique_fd made;
    pidfd_util::child spawned;
    /// Reads in a directory of /proc during the operation, unless it is null.
    std::uint64_t (*in_proc)(int dir) = nullptr;
    /// When the subject started, where the test knows it: answers are compared with it.
    std::int64_t started = 0;

    scene() = default;
    explicit scene(pidfd_util::pidfd_view p, pid_t pid = 0)
        : stranger(p), stranger_pid(pid), process(p) {}

    /// Makes the child, unless there is one, and makes it the subject of operations.
    void prepare(child_kind kind);
    /// Ends and reaps the child.
    void clear();
};

enum class role {
    about_process, // can be called on any pidfd, and needs nothing besides it
    about_child,   // an operation of a child's owner
    opens,         // makes a pidfd from something else
    starts,        // makes a process
};

enum class blocking {
    never,
    on_child,   // until a child ends; any other process is ECHILD at once
    on_process, // until any process ends
};

enum class once_reaped {
    gone,     // ESRCH
    no_child, // ECHILD
    answers,  // as before: the answer is about the pidfd
    perhaps,  // what the kernel has kept
};

enum class proc_use {
    none,
    fallback, // where the kernel has no better path
    always,
};

/// A row of the table. The setters return a copy, so that a row names only its special properties.
class operation_row {
    // Declared first, because Clang must know it when it evaluates the setters.
    template <class T>
    constexpr operation_row with(T operation_row::*member, T value) const {
        operation_row r = *this;
        r.*member = value;
        return r;
    }

public:
    using call_function = void (*)(scene&, plain_answer&);

    constexpr operation_row(role r, const char* n, call_function c) : call(c), name(n), kind(r) {}

    call_function call;
    /// Unique; its first word is the function.
    const char* name;
    role kind;
    /// Inspects the result, after the filter or fault has ended; null: adds the inode number of
    /// what was made.
    call_function look = nullptr;
    /// The title of its table in docs/errors.md, if that does not follow from the name.
    const char* errors_title = nullptr;
    /// The operation that the guide's table of system calls lists instead; "": none.
    const char* guide_name = nullptr;
    /// The children that it is tried on by tests that make children; ends with `none`.
    child_kind children[4] = {};
    bool on_stranger = true;
    blocking blocks = blocking::never;
    once_reaped after = once_reaped::gone;
    proc_use proc = proc_use::none;
    /// Finds the directory of a cgroup, on the path through /proc.
    bool finds_cgroup = false;
    /// Needs a type of namespace that some kernels are built without.
    bool needs_namespace = false;
    /// The answer may be "nothing known", because not every kernel keeps it.
    bool kept_by_kernel = false;
    /// Moves the calling thread to other namespaces.
    bool enters = false;
    /// Before Linux 5.8, where setns accepts no pidfd, takes the path through /proc.
    bool by_setns = false;
    /// Ends the process.
    bool kills = false;
    /// Makes more calls where another process is slow.
    bool calls_vary = false;
    /// Has an argument that is wrong on every kernel, and so always fails.
    bool bad_argument = false;
    /// Changes an object that all calls share, so that a call cannot be interrupted by another one.
    bool changes_shared = false;
    /// Makes a file descriptor.
    bool makes_fd = false;
    /// Returns the parent.
    bool about_parent = false;
    /// The answer has the time at which the process started.
    bool about_start = false;
    /// The answer differs between two processes that are alike.
    bool individual = false;
    /// The answer about a new owner of the pid can be equal.
    bool same_for_heir = false;
    /// Without this feature the operation is not supported.
    bool needs_feature = false;
    pidfd_util::feature feature{};
    /// The promised system calls on a kernel with every feature, and on Linux 5.10: names and the
    /// abbreviations of system_calls.cpp, separated by blanks. Null: none are promised.
    const char* calls = nullptr;
    const char* fallback_calls = nullptr;
    /// For the benchmark: the bare system calls that do the same, and their description.
    bool (*bare)(int fd, pid_t pid) = nullptr;
    const char* bare_name = nullptr;

    constexpr operation_row looked_at(call_function f) const {
        return with(&operation_row::look, f);
    }
    constexpr operation_row documented_as(const char* title) const {
        return with(&operation_row::errors_title, title);
    }
    constexpr operation_row listed_as(const char* n) const {
        return with(&operation_row::guide_name, n);
    }
    /// Also tried on these children.
    constexpr operation_row and_on(child_kind a, child_kind b = {}, child_kind c = {}) const {
        operation_row r = *this;
        r.children[0] = a;
        r.children[1] = b;
        r.children[2] = c;
        return r;
    }
    /// Tried on these children, and on no stranger.
    constexpr operation_row only_on(child_kind a, child_kind b = {}, child_kind c = {}) const {
        operation_row r = and_on(a, b, c);
        r.on_stranger = false;
        return r;
    }
    constexpr operation_row blocking_on(blocking b) const {
        return with(&operation_row::blocks, b);
    }
    constexpr operation_row if_reaped(once_reaped a) const {
        return with(&operation_row::after, a);
    }
    constexpr operation_row with_proc(proc_use p) const { return with(&operation_row::proc, p); }
    constexpr operation_row finding_cgroup() const {
        return with(&operation_row::finds_cgroup, true);
    }
    constexpr operation_row of_namespace() const {
        return with(&operation_row::needs_namespace, true);
    }
    constexpr operation_row if_kept() const {
        return with(&operation_row::kept_by_kernel, true).if_reaped(once_reaped::perhaps);
    }
    constexpr operation_row entering() const {
        return with(&operation_row::enters, true).with(&operation_row::by_setns, true);
    }
    constexpr operation_row killing() const { return with(&operation_row::kills, true); }
    constexpr operation_row varying() const { return with(&operation_row::calls_vary, true); }
    constexpr operation_row failing() const { return with(&operation_row::bad_argument, true); }
    constexpr operation_row changing_shared() const {
        return with(&operation_row::changes_shared, true);
    }
    constexpr operation_row making_fd() const { return with(&operation_row::makes_fd, true); }
    constexpr operation_row of_parent() const { return with(&operation_row::about_parent, true); }
    constexpr operation_row of_individual() const { return with(&operation_row::individual, true); }
    constexpr operation_row of_start() const {
        return with(&operation_row::about_start, true).alike_for_heir();
    }
    constexpr operation_row alike_for_heir() const {
        return with(&operation_row::same_for_heir, true);
    }
    constexpr operation_row since(pidfd_util::feature f) const {
        return with(&operation_row::needs_feature, true).with(&operation_row::feature, f);
    }
    constexpr operation_row promising(const char* best, const char* fallback) const {
        return with(&operation_row::calls, best).with(&operation_row::fallback_calls, fallback);
    }
    constexpr operation_row beside(const char* n, bool (*f)(int, pid_t)) const {
        return with(&operation_row::bare_name, n).with(&operation_row::bare, f);
    }

    /// Can be tried on any pidfd without blocking and without harm.
    constexpr bool harmless() const {
        return kind == role::about_process && blocks == blocking::never && !kills;
    }
};

/// The table, for loops.
struct operation_range {
    const operation_row* first;
    const operation_row* last;
    const operation_row* begin() const { return first; }
    const operation_row* end() const { return last; }
};
operation_range operation_table();

/// The rows for which the condition holds.
std::vector<const operation_row*> operations_that(bool (*condition)(const operation_row&));
/// The rows that can be tried on any pidfd by a process without children, where `wait` does not
/// block.
std::vector<const operation_row*> operations_on_any();

constexpr std::size_t most_operations = 160;
std::size_t index_of(const operation_row& o);

/// A value for each operation, in plain data that can leave an isolated child.
template <class T>
struct by_operation {
    T values[most_operations];
    T& operator[](const operation_row& o) { return values[index_of(o)]; }
    const T& operator[](const operation_row& o) const { return values[index_of(o)]; }
};

/// Calls the operation, and inspects the result.
plain_answer perform(const operation_row& o, scene& s);
plain_answer perform(const operation_row& o, pidfd_util::pidfd_view p);
void look_at(const operation_row& o, scene& s, plain_answer& answer);

/// Returns 0 or the errno of the operation. Closes what it makes.
int attempt(const operation_row& o, pidfd_util::pidfd_view p);
/// Returns the errno of each of `operations_on_any`.
by_operation<int> attempt_all(pidfd_util::pidfd_view p);

} // namespace support

#endif
