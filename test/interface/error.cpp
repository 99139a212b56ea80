// SPDX-License-Identifier: MIT
#include "support/catch.hpp"

#include <pidfd_util/error.hpp>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <type_traits>
#include <unistd.h>

using namespace pidfd_util;

namespace {

constexpr pidfd_errc all_conditions[] = {
    pidfd_errc::unsupported,          pidfd_errc::not_found,
    pidfd_errc::not_a_pidfd,          pidfd_errc::foreign_namespace,
    pidfd_errc::forbidden_by_sandbox, pidfd_errc::no_visible_parent,
    pidfd_errc::foreign_boot,         pidfd_errc::not_a_cgroup,
    pidfd_errc::threaded_cgroup,
};

struct mapping {
    int error;
    pidfd_errc meaning;
};
constexpr mapping mappings[] = {
    {ENOSYS, pidfd_errc::unsupported},           {ENOTTY, pidfd_errc::unsupported},
    {EOPNOTSUPP, pidfd_errc::unsupported},       {ESRCH, pidfd_errc::not_found},
    {EBADFD, pidfd_errc::not_a_pidfd},           {EREMOTE, pidfd_errc::foreign_namespace},
    {ERFKILL, pidfd_errc::forbidden_by_sandbox}, {EADDRNOTAVAIL, pidfd_errc::no_visible_parent},
    {ESTALE, pidfd_errc::foreign_boot},          {EMEDIUMTYPE, pidfd_errc::not_a_cgroup},
    {EPROTOTYPE, pidfd_errc::threaded_cgroup},
};

constexpr int last_errno = 133;

std::error_code code(int error) {
    return {error, pidfd_category()};
}

static_assert(std::is_error_condition_enum_v<pidfd_errc>);
static_assert(!std::is_error_code_enum_v<pidfd_errc>);
static_assert(std::is_convertible_v<pidfd_errc, std::error_condition>);
static_assert(noexcept(pidfd_category()) && noexcept(pidfd_errc_category()) && noexcept(
    make_error_condition(pidfd_errc::not_found)));

/// The file descriptor to which a process reports at its end, or -1.
int report_to = -1;

/// Runs after every destructor of a static object, the library's included.
[[gnu::destructor]] void at_the_very_end() {
    if (report_to < 0)
        return;
    const bool right =
        code(ESRCH) == pidfd_errc::not_found && code(ENOSYS) != pidfd_errc::not_found &&
        code(EPERM) == std::errc::operation_not_permitted &&
        std::string(pidfd_category().name()) == "pidfd" &&
        code(ENOTTY).message() == make_error_condition(pidfd_errc::unsupported).message();
    const char answer = right ? 'y' : 'n';
    (void)!write(report_to, &answer, 1);
}

} // namespace

TEST_CASE("every errno means what the docs say, and nothing else") {
    for (int error = 0; error <= last_errno; ++error) {
        CAPTURE(error);
        for (const pidfd_errc condition : all_conditions) {
            bool expected = false;
            for (const mapping& m : mappings)
                expected = expected || (m.error == error && m.meaning == condition);
            CAPTURE(static_cast<int>(condition));
            CHECK((code(error) == condition) == expected);
            CHECK((condition == code(error)) == expected);
            CHECK((code(error) != condition) == !expected);
        }
    }
}

TEST_CASE("the conditions also know the errnos of the standard categories") {
    for (const mapping& m : mappings) {
        CAPTURE(m.error);
        CHECK(std::error_code(m.error, std::generic_category()) == m.meaning);
        CHECK(std::error_code(m.error, std::system_category()) == m.meaning);
    }
    CHECK(std::make_error_code(std::errc::no_such_process) == pidfd_errc::not_found);
    CHECK(std::make_error_code(std::errc::permission_denied) != pidfd_errc::forbidden_by_sandbox);
    CHECK(std::error_code() != pidfd_errc::unsupported);
}

TEST_CASE("the conditions do not mistake the numbers of other categories for errnos") {
    struct : std::error_category {
        const char* name() const noexcept override { return "other"; }
        std::string message(int) const override { return {}; }
    } const other;
    for (const mapping& m : mappings)
        for (const pidfd_errc condition : all_conditions)
            CHECK(std::error_code(m.error, other) != condition);
    for (const pidfd_errc condition : all_conditions)
        CHECK(std::error_code(static_cast<int>(condition), other) != condition);
}

TEST_CASE("every error code compares with std::errc as its errno does") {
    for (int error = 1; error <= last_errno; ++error) {
        if (error == EBADFD || error == ERFKILL)
            continue; // stand for what is more general: see below
        CAPTURE(error);
        CHECK(code(error) == static_cast<std::errc>(error));
        CHECK(code(error).default_error_condition() ==
              std::error_condition(error, std::generic_category()));
        CHECK(code(error) != static_cast<std::errc>(error == 1 ? 2 : 1));
    }
    CHECK(code(ESRCH) == std::errc::no_such_process);
    CHECK(code(EACCES) == std::errc::permission_denied);
    CHECK(code(EMFILE) == std::errc::too_many_files_open);
}

TEST_CASE("the library's own errnos compare with the more general std::errc") {
    CHECK(code(EBADFD) == std::errc::bad_file_descriptor);
    CHECK(code(ERFKILL) == std::errc::operation_not_permitted);
    // The more general conditions do not match the library's own.
    CHECK(code(EBADF) != pidfd_errc::not_a_pidfd);
    CHECK(code(EPERM) != pidfd_errc::forbidden_by_sandbox);
    CHECK(code(EACCES) != pidfd_errc::forbidden_by_sandbox);
}

TEST_CASE("value of an error code is the errno that the operation returned") {
    for (int error = 0; error <= last_errno; ++error)
        CHECK(code(error).value() == error);
}

TEST_CASE("messages are written for users, and never mention an ioctl") {
    const auto plain = [](const std::string& text) {
        return !text.empty() && text.find("octl") == std::string::npos;
    };
    for (int error = 1; error <= last_errno; ++error) {
        CAPTURE(error);
        CHECK(plain(code(error).message()));
    }
    for (const pidfd_errc condition : all_conditions) {
        CAPTURE(static_cast<int>(condition));
        CHECK(plain(make_error_condition(condition).message()));
    }
    CHECK(code(ENOTTY).message() == "not supported by this kernel or sandbox");
    CHECK(code(EPERM).message() == std::generic_category().message(EPERM));
}

TEST_CASE("an error code and its condition have the same message") {
    for (const mapping& m : mappings)
        CHECK(code(m.error).message() == make_error_condition(m.meaning).message());
}

TEST_CASE("the conditions' messages differ from one another") {
    for (const pidfd_errc a : all_conditions)
        for (const pidfd_errc b : all_conditions)
            if (a != b)
                CHECK(make_error_condition(a).message() != make_error_condition(b).message());
}

TEST_CASE("message of an unknown number returns a text") {
    for (const int number : {-1, 0, 100000}) {
        CAPTURE(number);
        CHECK_FALSE(code(number).message().empty());
        CHECK_FALSE(std::error_condition(number, pidfd_errc_category()).message().empty());
    }
}

TEST_CASE("the categories have names, and there is one object of each") {
    CHECK(std::string(pidfd_category().name()) == "pidfd");
    CHECK(std::string(pidfd_errc_category().name()) == "pidfd_errc");
    CHECK(&pidfd_category() == &pidfd_category());
    CHECK(&pidfd_category() == &abi::code_category(nullptr));
    CHECK(&pidfd_errc_category() == &make_error_condition(pidfd_errc::not_found).category());
    CHECK(pidfd_category() != pidfd_errc_category());
    CHECK(pidfd_category() != std::generic_category());
}

TEST_CASE("an enumerator converts to a condition implicitly") {
    const std::error_condition condition = pidfd_errc::not_found;
    CHECK(condition == pidfd_errc::not_found);
    CHECK(condition != pidfd_errc::unsupported);
    CHECK(condition.value() == static_cast<int>(pidfd_errc::not_found));
    for (const pidfd_errc e : all_conditions)
        CHECK(static_cast<bool>(std::error_condition(e))); // none is zero, which would be success
}

TEST_CASE("the categories still work when all static objects have been destroyed") {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    std::cout.flush();
    std::fflush(nullptr);
    const pid_t pid = fork();
    if (pid == 0) {
        report_to = ends[1];
        std::exit(0);
    }
    close(ends[1]);
    char answer = '?';
    CHECK(read(ends[0], &answer, 1) == 1);
    close(ends[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    CHECK(answer == 'y');
    CHECK(status == 0);
}
