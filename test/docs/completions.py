#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails if the completions of a tool differ from its --help, or do not complete in the shells.

usage: completions.py TOOL BASH-FILE ZSH-FILE FISH-FILE

A shell that is not installed is left out, and named in the output.
"""
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tempfile

tool, bash_file, zsh_file, fish_file = (pathlib.Path(a).resolve() for a in sys.argv[1:])
os.environ["PATH"] = f"{tool.parent}:{os.environ['PATH']}"
os.environ["PIDFD_UTIL_UNSET_THIS"] = ""
wrong = []


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout


def expect(what, found, expected):
    if found != expected:
        wrong.append(f"{what}: {found}, and not {expected}")


# How an option takes a value: "" for none, "=" for one that it needs, "?" for one that may be left out.


def options_of_help(text):
    options = {}
    name = r"-\w|--[a-z][a-z-]+"
    for names, value in re.findall(
        rf"^ +((?:{name})(?:, (?:{name}))*)(\[=\w+\]|[= ][A-Z]\S*)?(?:  .*)?$", text, re.MULTILINE
    ):
        for option in names.split(", "):
            options[option] = "?" if value.startswith("[") else "=" if value else ""
    return options


def options_in_bash(text):
    kinds = re.findall(r"^ +\[(-[\w-]+)\]='(.*)'$", text, re.MULTILINE)
    return {n: "?" if kind.endswith("?") else "=" if kind else "" for n, kind in kinds}


def options_in_zsh(text):
    signs = re.findall(r"^ +'(?:\*|\(.*?\))(--?\w[\w-]*?)([=+]-?)?\[.*\](:?:?)", text, re.MULTILINE)
    return {n: {"": "", ":": "=", "::": "?"}[colons] for n, _, colons in signs}


def options_in_fish(text):
    options = {}
    for line in re.findall(r"^complete .* -d .*$", text, re.MULTILINE):
        line = re.sub(r" -n '.*?'", "", line)
        kind = "=" if re.search(r" (-x|-r)\b", line) else "?" if " -f" in line else ""
        for flag, name in re.findall(r" -([sl]) (\S+)", line.split(" -d ")[0]):
            options["-" * (1 + (flag == "l")) + name] = kind
    return options


# What the shells make of a line whose last word is at the cursor.


def candidates_in_bash(words):
    script = """
        source "$1"; shift
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        compopt() { :; } # it works only while bash completes
        "$(complete -p "$1" | sed 's/.*-F \\([^ ]*\\) .*/\\1/')"
        printf '%s\\n' "${COMPREPLY[@]}"
    """
    return output("bash", "-c", script, "bash", bash_file, *words).splitlines()


def candidates_in_fish(words):
    script = f"source {fish_file}; complete -C $argv[1]"
    line = " ".join(words).replace(" = ", "=")
    return [c.split("\t")[0] for c in output("fish", "-N", "-c", script, line).splitlines()]


def lines_in_zsh(lines):
    """The lines after a press of TAB on a terminal."""
    with tempfile.TemporaryDirectory() as directory:
        shutil.copy(zsh_file, directory)
        found = pathlib.Path(directory, "found")
        start = f"""
            PS1= fpath=({directory} $fpath)
            autoload -U compinit && compinit -u -D
            report() {{ print -r -- $BUFFER >>{found}; BUFFER=; }}
            leave() {{ exit; }}
            zle -N report; zle -N leave
            bindkey '^Xr' report; bindkey '^Xl' leave; bindkey '^I' complete-word
        """
        pathlib.Path(directory, ".zshrc").write_text(start)
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ.update(ZDOTDIR=directory, TERM="dumb")
            os.execvp("zsh", ["zsh", "-d", "-i"])
        for line in lines:
            os.write(terminal, f"{line}\t\x18r".encode())
        os.write(terminal, b"\x18l")
        try:
            while os.read(terminal, 4096):
                pass
        except OSError:  # the terminal was closed at the end
            pass
        os.close(terminal)
        os.waitpid(pid, 0)
        return found.read_text().splitlines() if found.exists() else []


name = tool.name
own_pid = str(os.getpid())
# A line without its last word, the beginning of that word, and what it is completed to.
cases = {
    "pidfd-inspect": [
        (["--fea"], "--features"),
        (["--color", "=", "al"], "always"),
        (["--field", "start_t"], "start_time"),
        (["--field", "pid,start_t"], "pid,start_time"),
        ([own_pid], own_pid),
        (["--json", own_pid], own_pid),
        (["--color", own_pid], own_pid),
    ],
    "pidfd-wait": [
        (["--exi"], "--exited"),
        ([own_pid], own_pid),
        (["--timeout", "5", own_pid], own_pid),
        (["-t", "5s", "--exi"], "--exited"),
    ],
    "pidfd-kill": [
        (["--pid-"], "--pid-file"),
        (["--scope", "thr"], "thread"),
        (["--scope", "=", "thr"], "thread"),
        (["--signal", "WINC"], "WINCH"),
        (["-s", "WINC"], "WINCH"),
        (["--stop", "TERM,5s,WINC"], "TERM,5s,WINCH"),
        (["--user", "root"], "root"),
        (["--pid-file", "/etc/passw"], "/etc/passwd"),
        ([own_pid], own_pid),
    ],
    "pidfd-run": [
        (["--stop", "TERM,5s,WINC"], "TERM,5s,WINCH"),
        (["--timeout", "5", "--cgr"], "--cgroup"),
        (["--namespaces", "pid,use"], "pid,user"),
        (["--groups", "root,root"], "root,root"),
        (["--unset-env", "PIDFD_UTIL_UNS"], "PIDFD_UTIL_UNSET_THIS"),
        (["--report", "=", "js"], "json"),
        (["--env", "A", "=", "B", "printen"], "printenv"),
        (["--enter", own_pid], own_pid),
        (["--timeout", "5", "printen"], "printenv"),
        (["cat", "/etc/passw"], "/etc/passwd"),
        (["--", "cat", "/etc/passw"], "/etc/passwd"),
    ],
}

in_help = options_of_help(output(tool, "--help"))
if "--help" not in in_help or "--version" not in in_help:
    wrong.append(f"this is no list of options: {in_help}")
expect("bash: options", options_in_bash(bash_file.read_text()), in_help)
expect("zsh: options", options_in_zsh(zsh_file.read_text()), in_help)
expect("fish: options", options_in_fish(fish_file.read_text()), in_help)

if shutil.which("bash"):
    for words, expected in cases[name]:
        found = candidates_in_bash([name, *words])
        if expected not in found or not all(f.startswith(words[-1]) for f in found):
            wrong.append(f"bash: {words} is completed to {found[:20]}, and not to {expected}")
else:
    print("skipped: there is no bash")
if shutil.which("fish"):
    for words, expected in cases[name]:
        # Fish shows the whole word, also if it has an option and a value.
        whole = "".join(words[-3:-1]) + expected if words[-2:-1] == ["="] else expected
        found = candidates_in_fish([name, *words])
        if whole not in found:
            wrong.append(f"fish: {words} is completed to {found[:20]}, and not to {whole}")
else:
    print("skipped: there is no fish")
if shutil.which("zsh"):
    typed = [" ".join([name, *words]).replace(" = ", "=") for words, _ in cases[name]]
    # A blank is added, and "=" to an option that needs a value.
    found = [line.rstrip(" =") for line in lines_in_zsh(typed)]
    expected = [
        line[: len(line) - len(words[-1])] + whole for line, (words, whole) in zip(typed, cases[name])
    ]
    expect("zsh: lines", found, expected)
else:
    print("skipped: there is no zsh")
if wrong:
    sys.exit("\n".join(wrong))
print(f"{len(in_help)} options, {len(cases[name])} lines")
