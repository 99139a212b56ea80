// SPDX-License-Identifier: MIT
// Runs a function in a child process, in separate surroundings, and returns its result.
#ifndef PIDFD_UTIL_TEST_ISOLATED_HPP
#define PIDFD_UTIL_TEST_ISOLATED_HPP

#include "seccomp.hpp"

#include <optional>
#include <string>
#include <sys/types.h>
#include <type_traits>

namespace support {

/// For a forked child: resets the signals that the test runner catches to their default action, so
/// that they kill the child and the parent reports it.
void restore_signals();
/// For a forked child: writes the coverage data, if coverage is measured, and calls _exit.
[[noreturn]] void end_child(int code);

/// The surroundings. By default, everything is as in the test itself.
struct surroundings {
    profile kernel = native();
    bool user_namespace = false; // with root mapped to the caller's own id
    bool pid_namespace = false;  // the function runs as pid 1 of it
    bool mount_namespace = false;
    std::string proc;         // "": as it is; "none": unmounted; else a fresh one with these
                              // options, "fresh" for no options
    std::optional<uid_t> uid; // becomes this user and group, without further groups
    unsigned long file_limit = 0;
};
/// Keeps what is mounted from here on in a mount namespace of the caller's own, which it makes.
bool keep_mounts_here();

/// This kernel, and otherwise the surroundings of the test itself.
surroundings on(const profile& kernel);

namespace detail {

enum class end { returned, cannot_set_up, died };

struct report {
    end how;
    std::string text; // why it could not be set up, or how it died
};

report run(const surroundings& s, void* result, std::size_t size, void (*call)(void*, void*),
           void* function);

} // namespace detail

/// The result of the function, or the reason why the surroundings cannot be set up here. If the
/// child died, the calling test case fails. If only the native kernel is possible, the rest of the
/// calling test case is skipped: its checks on the native kernel count.
template <class T>
struct outcome {
    std::optional<T> value;
    std::string missing;

    explicit operator bool() const { return value.has_value(); }
    const T& operator*() const { return *value; }
    const T* operator->() const { return &*value; }
};

void fail(const std::string& text);

/// The value must be trivially copyable. The child must not use Catch's macros: it returns facts,
/// and the test judges them.
template <class F>
auto isolated(const surroundings& s, F f) -> outcome<std::invoke_result_t<F>> {
    using result = std::invoke_result_t<F>;
    static_assert(std::is_trivially_copyable_v<result>);
    result value{};
    const auto call = [](void* function, void* where) {
        *static_cast<result*>(where) = (*static_cast<F*>(function))();
    };
    const detail::report r = detail::run(s, &value, sizeof value, call, &f);
    switch (r.how) {
    case detail::end::returned:
        return {value, {}};
    case detail::end::cannot_set_up:
        return {{}, r.text};
    case detail::end::died:
        fail(r.text);
    }
    return {{}, r.text};
}

} // namespace support

#endif
