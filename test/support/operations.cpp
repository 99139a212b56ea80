// SPDX-License-Identifier: MIT
#include "operations.hpp"

#include "end_with.hpp"
#include "fds.hpp"

#include <cerrno>
#include <sys/wait.h>
#include <unistd.h>

using namespace pidfd_util;

namespace support {

bool agrees(const plain_answer& answer, const plain_answer& right) {
    if (answer.error != 0 || right.error != 0)
        return answer.error == right.error;
    for (std::size_t i = 0; i < answer.count; ++i)
        if (answer.fields[i].known &&
            (!right.fields[i].known || answer.fields[i].value != right.fields[i].value))
            return false;
    return true;
}

bool says_nothing(const plain_answer& answer) {
    return answer.error == 0 && answer.count > 0 && answer.fields[0].value == 0;
}

std::string to_string(const plain_answer& answer) {
    std::string text = "error " + std::to_string(answer.error) + ", path " +
                       pidfd_util::to_string(answer.path) + ", fields:";
    for (std::size_t i = 0; i < answer.count; ++i)
        text += answer.fields[i].known ? " " + std::to_string(answer.fields[i].value) : " -";
    return text;
}

bool refused(int error) {
    return error == EOPNOTSUPP || error == ENOSYS || error == ERFKILL;
}

void scene::prepare(child_kind kind) {
    constexpr int exit_code = 7;
    if (kind == child_kind::none)
        return;
    if (!child) {
        const pid_t parent = getpid();
        const pid_t pid = fork();
        if (pid == 0) {
            end_with(parent); // which may end before it calls `clear`
            while (kind == child_kind::running)
                pause();
            _exit(exit_code);
        }
        child = pidfd_util::child(std::move(*pidfd::from_pid(pid)));
        if (kind != child_kind::running) {
            siginfo_t info;
            const int keep = kind == child_kind::zombie ? WNOWAIT : 0;
            waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | keep);
        }
    }
    process = pidfd_view(child);
}

void scene::clear() {
    if (child) {
        (void)child.kill();
        (void)pidfd_view(child).try_wait();
    }
    child = {};
}

std::vector<const operation_row*> operations_that(bool (*condition)(const operation_row&)) {
    std::vector<const operation_row*> found;
    for (const operation_row& o : operation_table())
        if (condition(o))
            found.push_back(&o);
    return found;
}

std::vector<const operation_row*> operations_on_any() {
    return operations_that([](const operation_row& o) {
        return o.kind == role::about_process && o.blocks != blocking::on_process && !o.kills;
    });
}

std::size_t index_of(const operation_row& o) {
    return static_cast<std::size_t>(&o - operation_table().begin());
}

void look_at(const operation_row& o, scene& s, plain_answer& answer) {
    if (o.look != nullptr)
        o.look(s, answer);
    else if (s.made)
        answer.add(inode_of(s.made.get()));
    s.made.reset();
}

plain_answer perform(const operation_row& o, scene& s) {
    plain_answer answer;
    o.call(s, answer);
    look_at(o, s, answer);
    return answer;
}

plain_answer perform(const operation_row& o, pidfd_view p) {
    scene s(p);
    return perform(o, s);
}

int attempt(const operation_row& o, pidfd_view p) {
    scene s(p);
    plain_answer answer;
    o.call(s, answer);
    return answer.error;
}

by_operation<int> attempt_all(pidfd_view p) {
    by_operation<int> errors{};
    for (const operation_row* o : operations_on_any())
        errors[*o] = attempt(*o, p);
    return errors;
}

} // namespace support
