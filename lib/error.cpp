// SPDX-License-Identifier: MIT
// The two error categories: one of errnos, one of conditions.
#include <pidfd_util/error.hpp>

#include <cerrno>
#include <string>

// The categories have virtual functions, and programs query their type: Boost.System uses
// dynamic_cast whenever it makes a boost::system::error_code of a std::error_code. If the class was
// compiled without RTTI, dynamic_cast reads through a null pointer.
#ifndef __cpp_rtti
#error                                                                                             \
    "compile lib/error.cpp with -frtti, and every other file as you like: without RTTI, a dynamic_cast of the error category, as Boost.System does it, crashes the program"
#endif

namespace pidfd_util {

namespace {

/// Returns the condition that an errno has; 0 if it has none.
constexpr int meaning(int error) noexcept {
    switch (error) {
    case ENOSYS:
    case ENOTTY:
    case EOPNOTSUPP:
        return static_cast<int>(pidfd_errc::unsupported);
    case ESRCH:
        return static_cast<int>(pidfd_errc::not_found);
    case EBADFD:
        return static_cast<int>(pidfd_errc::not_a_pidfd);
    case EREMOTE:
        return static_cast<int>(pidfd_errc::foreign_namespace);
    case ERFKILL:
        return static_cast<int>(pidfd_errc::forbidden_by_sandbox);
    case EADDRNOTAVAIL:
        return static_cast<int>(pidfd_errc::no_visible_parent);
    case ESTALE:
        return static_cast<int>(pidfd_errc::foreign_boot);
    case EMEDIUMTYPE:
        return static_cast<int>(pidfd_errc::not_a_cgroup);
    case EPROTOTYPE:
        return static_cast<int>(pidfd_errc::threaded_cgroup);
    default:
        return 0;
    }
}

const char* words(int condition) noexcept {
    switch (static_cast<pidfd_errc>(condition)) {
    case pidfd_errc::unsupported:
        return "not supported by this kernel or sandbox";
    case pidfd_errc::not_found:
        return "no such process: it has ended";
    case pidfd_errc::not_a_pidfd:
        return "the file descriptor is not a pidfd";
    case pidfd_errc::foreign_namespace:
        return "the process is in a pid namespace that the caller cannot see";
    case pidfd_errc::forbidden_by_sandbox:
        return "forbidden by a sandbox";
    case pidfd_errc::no_visible_parent:
        return "the process has no parent that the caller can see";
    case pidfd_errc::foreign_boot:
        return "the id of the process is from another boot or machine";
    case pidfd_errc::not_a_cgroup:
        return "not the directory of a cgroup of version 2";
    case pidfd_errc::threaded_cgroup:
        return "the cgroup is threaded: it holds threads instead of processes";
    }
    return "unknown condition";
}

class condition_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "pidfd_errc"; }
    std::string message(int condition) const override { return words(condition); }
    bool equivalent(const std::error_code& code, int condition) const noexcept override {
        return code.value() != 0 && meaning(code.value()) == condition &&
               (code.category() == pidfd_category() || code.category() == std::generic_category() ||
                code.category() == std::system_category());
    }
};

class code_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "pidfd"; }
    std::string message(int error) const override {
        if (meaning(error) != 0)
            return words(meaning(error));
        if (error == ECHILD)
            return "not a child of this process, or already waited for";
        if (error == ETIMEDOUT)
            return "the time limit has passed";
        return std::generic_category().message(error);
    }
    std::error_condition default_error_condition(int error) const noexcept override {
        switch (error) {
        // The library uses these two errnos in place of more general ones.
        case EBADFD:
            return std::errc::bad_file_descriptor;
        case ERFKILL:
            return std::errc::operation_not_permitted;
        default:
            return {error, std::generic_category()};
        }
    }
};

// From C++20 on, GCC takes the objects for constants, which need no code at program start. In C++17 it
// registers their destructors there, which Clang never does.
#if defined(__cpp_constexpr_dynamic_alloc) && !defined(__clang__)
#define PIDFD_UTIL_CONSTANT constexpr
#else
#define PIDFD_UTIL_CONSTANT
#endif

/// Keeps its object alive for ever: static destructors may still compare error codes.
template <class T>
union immortal {
    constexpr immortal() noexcept : object() {}
    PIDFD_UTIL_CONSTANT ~immortal() {}
    T object;
    char literal; // a union is a literal type if one of its members is
};

PIDFD_UTIL_CONSTANT immortal<code_category> the_code_category;
PIDFD_UTIL_CONSTANT immortal<condition_category> the_condition_category;

} // namespace

namespace abi {

const std::error_category& code_category(const std::error_category*) noexcept {
    return the_code_category.object;
}

const std::error_category& condition_category(const std::error_category*) noexcept {
    return the_condition_category.object;
}

} // namespace abi
} // namespace pidfd_util
