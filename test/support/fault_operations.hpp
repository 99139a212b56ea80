// SPDX-License-Identifier: MIT
// Every operation in a form whose answer can be compared: for tests that let system calls fail.
#ifndef PIDFD_UTIL_TEST_FAULT_OPERATIONS_HPP
#define PIDFD_UTIL_TEST_FAULT_OPERATIONS_HPP

#include <pidfd_util/child.hpp>
#include <pidfd_util/features.hpp>
#include <pidfd_util/pidfd.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace support {

/// What came of an operation, in plain data.
struct told {
    int error = 0; // 0 where there is an answer
    pidfd_util::answer_path path{};
    std::size_t count = 0;
    struct {
        bool told;
        std::uint64_t value;
    } fields[12] = {};

    void add(std::uint64_t value) { fields[count++] = {true, value}; }
    void add_nothing() { fields[count++] = {false, 0}; }
};

/// Whether everything that it tells is as in `right`; what is optional may be missing.
bool agrees(const told& answer, const told& right);
/// An answer that nothing is known.
bool says_nothing(const told& answer);
std::string to_string(const told& answer);

/// A child of the asking process.
enum class child_kind {
    none,
    running,
    zombie,
    lost, // it has ended, and was reaped by its number
};

/// What the operations are asked about.
struct scene {
    pidfd_util::pidfd_view stranger; // lives, and is no child
    pid_t stranger_pid = 0;
    pidfd_util::child child;
    pidfd_util::unique_fd made; // by the operation
    pidfd_util::child spawned;

    /// Makes the child anew, where the last one was waited for.
    void prepare(child_kind kind);
    /// Ends what is left of it.
    void clear();
};

struct fault_operation {
    const char* name;
    void (*ask)(scene&, told&);
    child_kind child = child_kind::none;
    /// Looks closer at what came of it, undisturbed; null: at the inode number of what was made.
    void (*look)(scene&, told&) = nullptr;
    bool needs_namespace = false;
    bool kept_by_kernel = false; // the answer, at the kernel's pleasure: it can be "nothing known"
};

extern const fault_operation fault_operations[];
extern const std::size_t fault_operation_count;

/// Asks, and looks.
told perform(const fault_operation& operation, scene& s);
void look_at(const fault_operation& operation, scene& s, told& answer);

} // namespace support

#endif
