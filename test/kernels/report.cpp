// SPDX-License-Identifier: MIT
// Prints what the kernel that it runs on can do, a line for each thing: what kind of thing it is,
// its name, and the answer. For an operation that is the path, or the number of the error. The
// process asks about itself, so the user should be root and /proc and the cgroups mounted.
#include "report_lifecycle.hpp"

#include <pidfd_util/pidfd_util.hpp>

#include <cstdio>
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

} // namespace

int main(int argc, char** argv) {
    if (argc > 1)
        return pause(); // as a child of its own
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
        const auto found = query(f);
        if (!found)
            return 1;
        const char* first = first_kernel(f);
        std::printf(*first != '\0' ? "feature %s (%s) %s\n" : "feature %s%s %s\n", to_string(f),
                    first, to_string(*found));
    }
    report_lifecycle(argv[0]);
}
