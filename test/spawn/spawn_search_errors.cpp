// SPDX-License-Identifier: MIT
// The errnos of execve after which the search in PATH continues, and the errno that it finally
// returns. A tracer injects the errnos, because a test cannot produce those of a dead mount.
#include "support/catch.hpp"
#include "support/lifecycle.hpp"
#include "support/newborn.hpp"
#include "support/tracer.hpp"

#include <cerrno>
#include <string>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <vector>

using namespace pidfd_util;
using namespace support;

namespace {

/// Instead of an errno: the call is made.
constexpr int made = 0;

struct search_result {
    bool traced;
    int error; // of spawn; 0: the program runs
    int tried; // how many calls of execve there were
};

/// The path that execve is called with.
std::string path_of(const system_call& call, pid_t caller) {
    char text[4096] = {};
    const iovec here{text, sizeof text - 1};
    const iovec there{reinterpret_cast<void*>(call.arguments[0]), sizeof text - 1};
    // It may end at the end of a page: what can be read counts.
    (void)process_vm_readv(caller, &here, 1, &there, 1, 0);
    return text;
}

/// Searches a program in as many directories as there are errnos, in each of which execve fails
/// with that errno.
search_result search(const std::vector<int>& errors) {
    const std::string path = spawnee();
    const std::string directory = path.substr(0, path.rfind('/'));
    std::string list = directory;
    for (std::size_t i = 1; i < errors.size(); ++i)
        list += ":" + directory;
    const variable v("PATH", list.c_str());
    test_child caller = test_child::that([] {
        spawn_options o;
        o.search_path = true;
        const auto c = spawn("pidfd-util-spawnee", arguments({}), o);
        return c ? 0 : c.error().value();
    });
    search_result got{};
    {
        const pid_t child = child_at_birth(caller);
        got.traced = child > 0;
        if (!got.traced)
            return got;
        tracee t(child);
        got.traced = t.traced();
        for (auto call = t.next_call(); call; call = t.next_call()) {
            if (call->number != SYS_execve || path_of(*call, child).empty())
                continue; // the empty path: whether a filter forbids all calls
            const auto index = static_cast<std::size_t>(got.tried++);
            if (index < errors.size() && errors[index] != made)
                t.refuse(errors[index]);
        }
    }
    got.error = exit_code_of(caller);
    return got;
}

} // namespace

TEST_CASE("the search continues if the program is not there, or its file system is dead") {
    if (!can_falsify())
        SKIP_TEST("the registers of this machine are not known to the tests");
    for (const int error : {ENOENT, ENOTDIR, EACCES, ESTALE, ENODEV, ETIMEDOUT}) {
        CAPTURE(error);
        const search_result next = search({error, made});
        if (!next.traced)
            SKIP_TEST("nothing can be traced here");
        CHECK(next.error == 0);
        CHECK(next.tried == 2);
        const search_result last = search({error});
        CHECK(last.error == (error == ENOTDIR ? ENOENT : error));
        CHECK(last.tried == 1);
    }
}

TEST_CASE("the search ends at every other errno") {
    if (!can_falsify())
        SKIP_TEST("the registers of this machine are not known to the tests");
    for (const int error : {E2BIG, EAGAIN, EFAULT, EINVAL, EIO, EISDIR, ELIBBAD, ELOOP, EMFILE,
                            ENAMETOOLONG, ENFILE, ENOEXEC, ENOMEM, EPERM, ETXTBSY, EHOSTDOWN}) {
        CAPTURE(error);
        const search_result got = search({error, made});
        if (!got.traced)
            SKIP_TEST("nothing can be traced here");
        CHECK(got.error == error);
        CHECK(got.tried == 1);
    }
}

TEST_CASE("a search that finds nothing returns the most specific errno") {
    if (!can_falsify())
        SKIP_TEST("the registers of this machine are not known to the tests");
    struct example {
        std::vector<int> errors;
        int outcome;
    };
    const example examples[] = {
        {{EACCES, ENOENT, ENOTDIR}, EACCES}, {{ENOENT, ESTALE, EACCES}, EACCES},
        {{EACCES, ENODEV}, EACCES},          {{ENOENT, ESTALE, ENOENT}, ESTALE},
        {{ESTALE, ENODEV}, ESTALE},          {{ENOTDIR, ENOENT}, ENOENT},
        {{ENOTDIR, ETIMEDOUT}, ETIMEDOUT},   {{ESTALE, EACCES, EIO}, EIO},
    };
    for (const example& e : examples) {
        CAPTURE(e.errors, e.outcome);
        const search_result got = search(e.errors);
        if (!got.traced)
            SKIP_TEST("nothing can be traced here");
        CHECK(got.error == e.outcome);
        CHECK(got.tried == static_cast<int>(e.errors.size()));
    }
}
