// SPDX-License-Identifier: MIT
#include "spawn_steps.hpp"

#include "kernel/uapi.hpp"
#include "pseudo_terminal.hpp"

#include <pidfd_util/pidfd.hpp>

#include <csignal>
#include <memory>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace support {

using namespace pidfd_util;

namespace {

const fd_mapping null_to_five[] = {{0, 5}};
const resource_limit core_limit[] = {{RLIMIT_CORE, {0, 0}}};

} // namespace

std::vector<rule> answering(const step_taken& step, int error) {
    if (step.number == SYS_clone)
        return {{SYS_clone, error}, {SYS_clone3, error}};
    return {{step.number, error}};
}

std::vector<step_taken> steps_of_spawn() {
    // Made here, where no filter refuses ioctls.
    const auto terminal = std::make_shared<const pseudo_terminal>();
    return {
        {spawn_step::clone, SYS_clone, [](spawn_options&) {}},
        {spawn_step::signal_setup, SYS_rt_sigaction, [](spawn_options&) {}},
        {spawn_step::oom_score_adj, SYS_pwrite64, [](spawn_options& o) { o.oom_score_adj = 999; }},
        {spawn_step::enter_namespaces, SYS_setns,
         [](spawn_options& o) {
             static const pidfd self = *pidfd::from_self();
             o.enter_process = self.fd();
             o.enter_namespaces = namespace_flags::uts;
         }},
        {spawn_step::session, SYS_setsid, [](spawn_options& o) { o.new_session = true; }},
        {spawn_step::process_group, SYS_setpgid, [](spawn_options& o) { o.process_group = 0; }},
        {spawn_step::terminal, SYS_ioctl,
         [terminal](spawn_options& o) {
             o.new_session = true;
             o.terminal = *terminal ? terminal->slave() : 0; // a filter answers
         }},
        {spawn_step::file_descriptors, SYS_dup3, [](spawn_options& o) { o.fds = null_to_five; }},
        {spawn_step::limits, SYS_prlimit64, [](spawn_options& o) { o.limits = core_limit; }},
        {spawn_step::priority, SYS_setpriority, [](spawn_options& o) { o.priority = 1; }},
        {spawn_step::scheduling, SYS_sched_setscheduler,
         [](spawn_options& o) { o.scheduling_policy = SCHED_BATCH; }},
        {spawn_step::cpus, SYS_sched_setaffinity,
         [](spawn_options& o) {
             static const int cpu[] = {sched_getcpu()};
             o.cpus = cpu;
         }},
        {spawn_step::io_priority, SYS_ioprio_set,
         [](spawn_options& o) { o.io_priority = best_effort_io(7); }},
        {spawn_step::umask, SYS_umask, [](spawn_options& o) { o.umask = 0123; }},
        {spawn_step::root, SYS_chroot, [](spawn_options& o) { o.root = "/"; }},
        {spawn_step::groups, uapi::sys_setgroups, [](spawn_options& o) { o.groups = no_groups; }},
        {spawn_step::gid, uapi::sys_setresgid, [](spawn_options& o) { o.gid = getgid() + 1; }},
        {spawn_step::uid, uapi::sys_setresuid,
         [](spawn_options& o) {
             o.uid = getuid() + 1;
             o.gid = getgid();
             o.groups = keep_groups;
         }},
        {spawn_step::directory, SYS_chdir, [](spawn_options& o) { o.directory = "/"; }},
        {spawn_step::parent_death, SYS_prctl,
         [](spawn_options& o) { o.parent_death_signal = SIGTERM; }},
        {spawn_step::no_new_privs, SYS_prctl, [](spawn_options& o) { o.no_new_privs = true; }},
        {spawn_step::exec, SYS_execve, [](spawn_options&) {}},
    };
}

} // namespace support
