# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completes the values that options and operands of the tools have.

# Offers the lines of standard input that begin with the text.
_pidfd_util_offer() { # TEXT
    local line
    while read -r line; do
        [[ $line != "$1"* ]] || COMPREPLY+=("$line")
    done
}

# Offers pids. A list of them, which is not inserted, shows the names too.
_pidfd_util_processes() { # TEXT
    local dir name pid
    local -a named=()
    for dir in /proc/[1-9]*; do
        pid=${dir##*/}
        if [[ $pid == "$1"* ]] && { read -r name <"$dir/comm"; } 2>/dev/null; then
            COMPREPLY+=("$pid")
            named+=("$pid  ${name//[^[:print:]]/?}")
        fi
    done
    # See COMP_TYPE in bash(1): these list, and insert no more than what the pids have in common.
    if ((${#named[@]} > 1)) && [[ ${COMP_TYPE:-9} == 63 || $COMP_TYPE == 33 || $COMP_TYPE == 64 ]]; then
        COMPREPLY=("${named[@]}")
    fi
}

_pidfd_util_signals() {
    compgen -A signal | sed -n 's/^SIG//p'
}

# Offers the next item of a list with commas between the items.
_pidfd_util_list() { # TEXT, items on standard input
    local before=${1%"${1##*,}"} i
    _pidfd_util_offer "${1##*,}"
    for i in "${!COMPREPLY[@]}"; do
        COMPREPLY[i]=$before${COMPREPLY[i]}
    done
    compopt -o nospace 2>/dev/null
}

# Prints where the cgroup2 hierarchy is mounted.
_pidfd_util_hierarchy() {
    awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts
}

# Offers paths in the cgroup2 hierarchy, which begin with a slash.
_pidfd_util_cgroups() { # TEXT
    local path root
    root=$(_pidfd_util_hierarchy)
    [[ -n $root ]] || return
    while read -r path; do
        COMPREPLY+=("${path#"$root"}/")
    done < <(compgen -A directory -- "$root/${1#/}")
    compopt -o nospace 2>/dev/null
}

_pidfd_util_paths() { # TEXT ACTION
    _pidfd_util_offer "$1" < <(compgen -A "$2" -- "$1")
    compopt -o filenames 2>/dev/null
}

_pidfd_util_value() { # TEXT KIND
    case $2 in
    process) _pidfd_util_processes "$1" ;;
    signal) _pidfd_util_offer "$1" < <(_pidfd_util_signals) ;;
    policy) _pidfd_util_list "$1" < <(_pidfd_util_signals) ;;
    field) _pidfd_util_list "$1" < <(pidfd-inspect --list-fields 2>/dev/null | awk 'NR > 1 { print $1 }') ;;
    user | group) _pidfd_util_offer "$1" < <(compgen -A "$2") ;;
    groups) _pidfd_util_list "$1" < <(compgen -A group) ;;
    variable) _pidfd_util_offer "$1" < <(compgen -A export) ;;
    file | directory) _pidfd_util_paths "$1" "$2" ;;
    cgroup) _pidfd_util_cgroups "$1" ;;
    cgroup-directory) _pidfd_util_paths "${1:-$(_pidfd_util_hierarchy)/}" directory ;;
    command)
        _pidfd_util_offer "$1" < <(compgen -A command -- "$1" | sort -u)
        [[ $1 != */* ]] || _pidfd_util_paths "$1" file
        ;;
    *'|'*) _pidfd_util_offer "$1" < <(tr '|' '\n' <<<"$2") ;;
    *,*) _pidfd_util_list "$1" < <(tr , '\n' <<<"$2") ;;
    esac
}

# Completes the arguments of the command that begins at this word.
_pidfd_util_arguments() { # INDEX TEXT
    if declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset "$1" # bash-completion 2.12
    elif declare -F _command_offset >/dev/null; then
        _command_offset "$1"
    else
        _pidfd_util_paths "$2" file
    fi
}

# Completes the word at the cursor. The array has the kind of each option's value.
_pidfd_util_complete() { # ARRAY OPERANDS
    local -n kinds=$1
    local text=${COMP_WORDS[COMP_CWORD]} kind='' options=1 i word
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        # Bash makes three words of --option=value, and of name=value.
        if [[ -n $kind ]]; then
            [[ $word == = ]] || kind=''
        elif [[ $word == [=:] ]]; then
            ((i++))
        elif [[ -n $options && $word == -- ]]; then
            options=''
        elif [[ -n $options && $word == -?* ]]; then
            kind=${kinds[$word]-}
            if [[ $kind == *'?' && ${COMP_WORDS[i + 1]} != = ]]; then
                kind=''
            fi
        elif [[ $2 == command ]]; then
            _pidfd_util_arguments "$i" "$text"
            return
        fi
    done
    if [[ -n $kind ]]; then
        [[ $text != = ]] || text=''
        _pidfd_util_value "$text" "${kind%'?'}"
    elif [[ -n $options && $text == -* ]]; then
        _pidfd_util_offer "$text" < <(printf '%s\n' "${!kinds[@]}" | sort)
    else
        _pidfd_util_value "$text" "$2"
    fi
}
