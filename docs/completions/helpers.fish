# SPDX-License-Identifier: MIT
# Completes the values that options and operands of the tools have.

function __pidfd_util_process
    __fish_complete_pids
end

function __pidfd_util_signal
    kill -l | string match -ra '[A-Z][A-Z0-9]+' | string replace -r '^SIG' ''
end

# A list of signals and times with commas between them.
function __pidfd_util_policy
    __fish_append , (__pidfd_util_signal)
end

function __pidfd_util_field
    __fish_append , (pidfd-inspect --list-fields 2>/dev/null | string match -rv '^FIELD' | string replace -r ' .*' '')
end

function __pidfd_util_groups
    __fish_append , (__fish_complete_groups | string replace -r '\t.*' '')
end

# Prints where the cgroup2 hierarchy is mounted.
function __pidfd_util_hierarchy
    awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts
end

# Paths in the cgroup2 hierarchy, which begin with a slash.
function __pidfd_util_cgroup
    set -l typed (commandline -ct | string replace -r '^--[^=]*=' '' | string trim -l -c /)
    set -l root (__pidfd_util_hierarchy)
    string length -q -- $root; or return
    for path in $root/$typed*/
        string sub -s (math (string length $root) + 1) -- $path
    end
end

function __pidfd_util_cgroup_directory
    __fish_complete_directories
    set -l root (__pidfd_util_hierarchy)
    string length -q -- $root; and echo $root/
end

# Prints the words before the cursor from the command on that the tool runs. The arguments are the options
# that have a value.
function __pidfd_util_typed_command
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        switch $words[1]
            case --
                set -e words[1]
                break
            case '-*'
                contains -- $words[1] $argv; and set -e words[1]
                set -e words[1]
            case '*'
                break
        end
    end
    printf '%s\n' $words
end

# Completes the command, or its arguments.
function __pidfd_util_command
    set -l words (__pidfd_util_typed_command $argv) (commandline -ct)
    complete -C "$words"
end
