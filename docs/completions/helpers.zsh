# SPDX-License-Identifier: MIT
# Completes the values that options and operands of the tools have.

_pidfd_util_process() {
    local -a processes
    local dir name
    for dir in /proc/<1->(N/); do
        { read -r name <$dir/comm } 2>/dev/null || continue
        processes+=("${dir:t}:${name//[^[:print:]]/?}")
    done
    _describe -V process processes
}

_pidfd_util_signal() {
    # Without EXIT, the first, and those of the shell, the last.
    compadd "$@" -- ${signals[2,-3]}
}

# A list of signals and times with commas between them.
_pidfd_util_policy() {
    compset -P '*,'
    _pidfd_util_signal -S ''
}

_pidfd_util_list() {
    compset -P '*,'
    compadd -S '' -- "$@"
}

_pidfd_util_field() {
    _pidfd_util_list ${${(f)"$(pidfd-inspect --list-fields 2>/dev/null)"}[2,-1]%% *}
}

_pidfd_util_groups() {
    compset -P '*,'
    _groups -S ''
}

# Paths in the cgroup2 hierarchy, which begin with a slash.
_pidfd_util_cgroup() {
    local root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
    compset -P /
    [[ -z $root ]] || _files -P / -W $root -/
}
