// SPDX-License-Identifier: MIT
// Prints what the running kernel can do. Each line has a kind, a name and an answer. The answer of
// an operation is its path, or the number of the error. The process calls the operations on itself,
// so the user should be root, and /proc and the cgroups should be mounted.
#include "report_identity.hpp"
#include "report_lifecycle.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>
#include <cstring>
#include <sys/utsname.h>
#include <unistd.h>

using namespace pidfd_util;

namespace {

constexpr struct {
    namespace_type type;
    const char* name;
} namespaces[] = {
    {namespace_type::cgroup, "cgroup"}, {namespace_type::ipc, "ipc"},
    {namespace_type::mnt, "mnt"},       {namespace_type::net, "net"},
    {namespace_type::pid, "pid"},       {namespace_type::pid_for_children, "pid_for_children"},
    {namespace_type::time, "time"},     {namespace_type::time_for_children, "time_for_children"},
    {namespace_type::user, "user"},     {namespace_type::uts, "uts"},
};

void print_answer(const char* kind, const char* name, answer_path path, int error) {
    if (error == 0)
        std::printf("%s %s %s\n", kind, name, to_string(path));
    else
        std::printf("%s %s %d\n", kind, name, error);
}

/// Copies standard input to standard output.
int copy_input() {
    char bytes[64];
    ssize_t count = 0;
    while ((count = read(STDIN_FILENO, bytes, sizeof bytes)) > 0)
        if (write(STDOUT_FILENO, bytes, static_cast<std::size_t>(count)) != count)
            return 1;
    return count < 0 ? 1 : 0;
}

} // namespace

int main(int argc, char** argv) {
    // As a child of its own.
    if (argc > 1 && std::strcmp(argv[1], "copy") == 0)
        return copy_input();
    if (argc > 1)
        return pause();
    utsname kernel{};
    if (uname(&kernel) != 0)
        return 1;
    std::printf("kernel release %s\n", kernel.release);

    for (const operation op : all_operations) {
        const auto path = answering_path(op);
        print_answer("operation", to_string(op), path.value_or(answer_path::none),
                     path ? 0 : path.error().value());
    }

    const auto self = pidfd::from_self();
    if (!self)
        return 1;
    for (const auto& ns : namespaces) {
        answer_path path{};
        const auto fd = self->get_namespace(ns.type, &path);
        print_answer("namespace", ns.name, path, fd ? 0 : fd.error().value());
    }

    for (const feature f : all_features) {
        const auto found = availability_of(f);
        if (!found)
            return 1;
        const char* first = first_kernel(f);
        std::printf(*first != '\0' ? "feature %s (%s) %s\n" : "feature %s%s %s\n", to_string(f),
                    first, to_string(*found));
    }
    report_identity();
    report_lifecycle(argv[0]);
}
