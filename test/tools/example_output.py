#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails if an example prints something other than its last comment says, or is longer than a screen.

usage: example_output.py SOURCE PROGRAM

The comment is: // Output of "NAME ARGUMENT...", as root, from Linux 5.6 on:
It is followed by the lines, of which "..." stands for any text, and in a line of its own for any lines.
The argument PID is replaced by that of a sleep(1), and CGROUP by the directory of an empty cgroup.
"""
import os
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

SCREEN = 46


def skip(reason):
    print("skipped:", reason)
    sys.exit(77)


def make_cgroup():
    """Makes a cgroup in the cgroup2 hierarchy, if the caller may."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        mount, _, kind = line.partition(" - ")
        if kind.split()[0] == "cgroup2":
            try:
                return tempfile.mkdtemp(prefix="example-", dir=mount.split()[4])
            except OSError:
                break
    return skip("no cgroup2 hierarchy in which this user may make a cgroup")


def pattern_of(lines):
    """A regular expression for the output."""
    parts = [r"(.*\n)*" if line == "..." else ".*".join(map(re.escape, line.split("..."))) + "\n"
             for line in lines]
    return "".join(parts)


def main(source, program):
    text = pathlib.Path(source).read_text()
    said = re.search(r'\n// Output of "([^"]*)"(.*):\n((?://     .*\n)+)\Z', text)
    if not said:
        return f"{source} does not end with its output"
    if text.count("\n") > SCREEN:
        return f"{source} has more than {SCREEN} lines"
    words, conditions, lines = said.groups()
    needed = re.search(r"from Linux (\d+)\.(\d+) on", conditions)
    if needed and tuple(map(int, platform.release().split("-")[0].split(".")[:2])) < tuple(
            map(int, needed.groups())):
        skip("this kernel is older than Linux " + ".".join(needed.groups()))
    if "as root" in conditions and os.geteuid() != 0:
        skip("needs root")

    arguments = words.split()[1:]
    cgroup = make_cgroup() if "CGROUP" in arguments else None
    sleep = subprocess.Popen(["sleep", "0.3"]) if "PID" in arguments else None
    values = {"PID": str(sleep.pid) if sleep else "", "CGROUP": cgroup}
    done = subprocess.run([program] + [values.get(word, word) for word in arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={**os.environ, "LC_ALL": "C"}, timeout=60, check=False)
    if sleep:
        sleep.wait()
    if cgroup:
        os.rmdir(cgroup)
    wanted = [line[len("//     "):] for line in lines.splitlines()]
    if done.returncode != 0 or not re.fullmatch(pattern_of(wanted), done.stdout):
        return f"exit code {done.returncode}, and this output:\n{done.stdout}"
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
