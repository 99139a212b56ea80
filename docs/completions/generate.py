#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the completion of a tool for a shell.

usage: generate.py bash|zsh|fish HELPERS TABLE

The helpers complete values in the language of the shell. The table has these lines, whose columns are
separated by two or more blanks:

    operands  KIND
    -s, --long  KIND  what the option does

A line of an option has a short name, a long name, or both. KIND is "-" if the option has no value.
Otherwise it is process, signal, policy (signals and times), field, user, group, groups, variable, file,
directory, cgroup (a path in the hierarchy), cgroup-directory, command, or text, which is not completed.
always|never is one of these words, and pid,user a list of such words with commas between them. A "?" after
it means that the value is optional, and a "*" that the option can be repeated.
"""
import pathlib
import re
import sys


class Option:
    def __init__(self, names, kind, text):
        if re.search(r"['\[\]:\\]", text):
            sys.exit(f"generate.py: a shell would misread: {text}")
        self.names = names.split(", ")
        self.kind = kind.rstrip("?*")
        self.optional = "?" in kind
        self.repeated = "*" in kind
        self.has_value = kind[0] != "-"
        self.text = text


def read_table(path):
    operands = None
    options = []
    for line in path.read_text().splitlines():
        columns = re.split(r"  +", line)
        if line.startswith("#") or not line:
            continue
        if columns[0] == "operands":
            operands = columns[1]
        else:
            options.append(Option(*columns))
    return operands, options


def words_of(kind):
    """The words that can be meant, with blanks between them, and whether a list of them can."""
    return re.sub("[|,]", " ", kind) if re.search("[|,]", kind) else None, "," in kind


def bash(tool, operands, options):
    function = "_" + tool.replace("-", "_")
    yield f"{function}() {{"
    yield "    # shellcheck disable=SC2034 # _pidfd_util_complete reads it"
    yield "    local -A kinds_of_options=("
    for option in options:
        for name in option.names:
            mark = "?" if option.optional else ""
            kind = option.kind + mark if option.has_value else ""
            yield f"        [{name}]='{kind}'"
    yield "    )"
    yield f"    _pidfd_util_complete kinds_of_options {operands}"
    yield "}"
    yield f"complete -F {function} {tool}"


def zsh_action(kind):
    words, is_list = words_of(kind)
    if words:
        return f"{{_pidfd_util_list {words}}}" if is_list else f"({words})"
    return {
        "user": "_users",
        "group": "_groups",
        "file": "_files",
        "directory": "_files -/",
        "cgroup-directory": "_files -/",
        "variable": r"_parameters -g \*export\*",
        "text": "",
    }.get(kind, f"_pidfd_util_{kind}")


def zsh(tool, operands, options):
    yield "_arguments -s -S \\"
    for option in options:
        others = "*" if option.repeated else f"({' '.join(option.names)})"
        for name in option.names:
            sign = ""
            value = ""
            if option.has_value:
                sign = "=" if name.startswith("--") else "+"
                sign = sign + "-" if option.optional else sign
                colons = "::" if option.optional else ":"
                label = "word" if words_of(option.kind)[0] else option.kind
                value = f"{colons}{label}:{zsh_action(option.kind)}"
            yield f"    '{others}{name}{sign}[{option.text}]{value}' \\"
    if operands == "command":
        yield "    '(-)1:command: _command_names -e' \\"
        yield "    '*::arguments: _normal'"
    else:
        yield f"    '*:{operands}:{zsh_action(operands)}'"


def fish_words(kind):
    words, is_list = words_of(kind)
    if words:
        return f"(__fish_append , {words})" if is_list else words
    return {
        "user": "(__fish_complete_users)",
        "group": "(__fish_complete_groups)",
        "directory": "(__fish_complete_directories)",
        "variable": "(set -xn)",
    }.get(kind, f"(__pidfd_util_{kind.replace('-', '_')})")


def fish(tool, operands, options):
    takers = [name for o in options if o.has_value and not o.optional for name in o.names]
    condition = ""
    if operands == "command":
        takers = " ".join(takers)
        condition = f" -n 'not __pidfd_util_typed_command {takers} | string length -q'"
        yield f"complete -c {tool} -f -a '(__pidfd_util_command {takers})'"
    else:
        yield f"complete -c {tool} -f -a '{fish_words(operands)}'"
    for option in options:
        line = f"complete -c {tool}{condition}"
        for name in option.names:
            line += f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}"
        line += f" -d '{option.text}'"
        if option.kind == "file":
            line += " -r -F"
        elif option.has_value:
            line += " -f" if option.optional else " -x"
            line += f" -a '{fish_words(option.kind)}'" if option.kind != "text" else ""
        yield line


def main():
    shell, helpers, table = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    tool = table.stem
    if shell == "zsh":
        print(f"#compdef {tool}")
    print(f"# Made by generate.py of pidfd-util from {table.name} and {helpers.name}.")
    print(helpers.read_text())
    for line in {"bash": bash, "zsh": zsh, "fish": fish}[shell](tool, *read_table(table)):
        print(line)


main()
