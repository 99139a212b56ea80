#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Keeps docs/errors.md in step with the \\errors tables of the headers.

usage: errors.py [--write] PAGE HEADER...
"""
import pathlib
import re
import sys

MARK = "<!-- From here on written by test/docs/errors.py from the headers. -->"


def documented(header):
    """Yields (comment lines, name) of every documented function."""
    comment = []
    for line in pathlib.Path(header).read_text().splitlines():
        line = line.strip()
        if line.startswith("///"):
            comment.append(line[3:].removeprefix(" "))
        elif named := re.search(r"(\w+)\(", line):
            if comment:
                yield comment, named[1]
            comment = []
        elif line.endswith((";", "{")):
            comment = []


def cells(row):
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def rows(comment):
    """The table after \\errors, as (errno, pidfd_errc, when); or its text."""
    text = "\n".join(comment)
    if "\\errors" not in text:
        return []
    after = text.split("\\errors", 1)[1].strip("\n")
    prose = " ".join(after.split("\n\n")[0].split("\n|")[0].split())
    found = [("", "", prose)] if prose and not after.startswith("|") else []
    table = [cells(line) for line in after.splitlines() if line.startswith("|")]
    for row in table[2:]:
        # errno, when; errno, meaning, when; or errno, meaning, step, when
        when = f"{row[2]}: {row[3]}" if len(row) == 4 else row[-1]
        found.append((row[0], row[1] if len(row) > 2 else "", when))
    return found


def page(headers):
    lines = ["", "| operation | errno | `pidfd_errc` | when |", "| --- | --- | --- | --- |"]
    for header in headers:
        for comment, name in documented(header):
            for errno, meaning, when in rows(comment):
                lines.append(f"| `{name}` | {errno} | {meaning} | {when} |")
    return "\n".join(lines) + "\n"


arguments = sys.argv[1:]
write = "--write" in arguments
path, *headers = [a for a in arguments if a != "--write"]
file = pathlib.Path(path)
head = file.read_text().split(MARK)[0]
wanted = head + MARK + "\n" + page(headers)
if write:
    file.write_text(wanted)
elif file.read_text() != wanted:
    sys.exit(f"{path} is not what the headers say: run {sys.argv[0]} --write {' '.join([path, *headers])}")
