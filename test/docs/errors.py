#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares docs/errors.md with the \\errors tables of the headers, or rewrites it.

usage: errors.py [--write] PAGE HEADER...
       errors.py --codes PAGE               prints each operation with its errnos, as a list in C++

The list also has the rows "every operation", "/proc" and "cgroup", from the tables that many operations
share.
"""
import pathlib
import re
import sys

MARK = "<!-- From here on written by test/docs/errors.py from the headers. -->"

# The class that the page names instead of a base class.
CLASSES = {"pidfd_operations": "pidfd", "pidfd_facts": "pidfd", "pidfd_identity": "pidfd",
           "cgroup_operations": "cgroup"}


def documented(header):
    """Yields (comment lines, class or "", name, names of parameters) for every documented function."""
    comment = []
    scope = ""
    begun = ""  # a declaration whose parameters continue on the next line
    for line in pathlib.Path(header).read_text().splitlines():
        if line == "};":
            scope = ""
        elif opened := re.match(r"class (?:\[\[nodiscard\]\] )?(\w+).*\{$", line):
            scope = CLASSES.get(opened[1], opened[1])
        line = f"{begun} {line.strip()}".strip()
        begun = ""
        if line.startswith("///"):
            comment.append(line[3:].removeprefix(" "))
        elif comment and re.search(r"\w\([^()]*,$", line):
            begun = line
        elif named := re.search(r"(\w+)\(([^()]*)", re.sub(r"<[^<>]*>", "", line)):
            if comment:
                yield comment, scope, named[1], re.findall(r"(\w+)(?=,|$)", named[2])
            comment = []
        elif line.endswith((";", "{")):
            comment = []


def cells(row):
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def rows(comment):
    """Returns the table after \\errors as a list of (errno, pidfd_errc, when), or the text after it."""
    text = "\n".join(comment)
    if "\\errors" not in text:
        return []
    after = text.split("\\errors", 1)[1].strip("\n")
    prose = " ".join(after.split("\n\n")[0].split("\n|")[0].split()).rstrip(".")
    if prose.endswith((", and", ":")):
        prose += " these"
    found = [("", "", prose)] if prose and not after.startswith("|") else []
    table = [cells(line) for line in after.splitlines() if line.startswith("|")]
    for row in table[2:]:
        # A row has 2 to 4 cells: errno, when; errno, meaning, when; or errno, meaning, step, when.
        when = f"{row[2]}: {row[3]}" if len(row) == 4 else row[-1]
        found.append((row[0], row[1] if len(row) > 2 else "", when))
    return found


def table(headers):
    """Yields (operation, errno, pidfd_errc, when) with the full name of each operation."""
    functions = [function for header in headers for function in documented(header) if rows(function[0])]
    members = {(scope, name) for _, scope, name, _ in functions}

    def full(scope, name):
        owner = next((s for s in (scope, "pidfd") if s and (s, name) in members), "")
        return f"{owner}::{name}" if owner else name

    seen = {}
    for comment, scope, name, parameters in functions:
        operation = full(scope, name)
        before = seen.get(operation)
        if before is not None:  # an overload
            operation += f"({', '.join(parameters)})"
        seen.setdefault(operation, f"{operation}({', '.join(parameters)})")
        for errno, meaning, when in rows(comment):
            when = re.sub(r"`(\w+)`", lambda m: f"`{full(scope, m[1])}`", when)
            when = when.replace("as above", f"as for `{before}`")
            yield operation, errno, meaning, when


def page(headers):
    lines = ["", "| operation | errno | `pidfd_errc` | when |", "| --- | --- | --- | --- |"]
    lines += [f"| `{name}` | {errno} | {meaning} | {when} |" for name, errno, meaning, when in table(headers)]
    return "\n".join(lines) + "\n"


def codes(page):
    """Yields (operation, errnos). They include the errnos of the operations that its rows refer to."""
    head, table = page.split(MARK)
    shared = re.split(r"^## ", head, flags=re.MULTILINE)[0].split("Every operation can fail with these")[1]
    parts = re.split("The paths through /proc can also fail|The operations of `cgroup`", shared)
    for name, part in zip(("every operation", "/proc", "cgroup"), parts, strict=True):
        yield name, sorted(set(re.findall(r"\bE[A-Z0-9]+\b", " ".join(
            cells(row)[0] for row in part.splitlines() if row.startswith("| E")))))
    own, refers = {}, {}
    for row in table.splitlines():
        if not row.startswith("| `"):
            continue
        name, errnos, _, when = cells(row)
        name = name.strip("`")
        found = own.setdefault(name, set())
        found |= set(re.findall(r"\bE[A-Z0-9]+\b", errnos))
        if errnos == "any":
            found.add("any_errno")
        if not errnos:
            refers.setdefault(name, set()).update(re.findall(r"`([^`]+)`", when))
            found |= set(re.findall(r"\bE[A-Z0-9]+\b", when))

    def all_of(name, seen=()):
        found = set(own.get(name, ()))
        for other in refers.get(name, ()):
            known = other if other in own else other.split("(")[0]
            if known not in seen:
                found |= all_of(known, (*seen, name))
        return found

    for name in own:
        yield name, sorted(all_of(name))


arguments = sys.argv[1:]
if arguments[0] == "--codes":
    for name, errnos in codes(pathlib.Path(arguments[1]).read_text()):
        print(f'{{"{name}", {{{", ".join(errnos)}}}}},')
    sys.exit()
write = "--write" in arguments
path, *headers = [a for a in arguments if a != "--write"]
file = pathlib.Path(path)
head = file.read_text().split(MARK)[0]
wanted = head + MARK + "\n" + page(headers)
if write:
    file.write_text(wanted)
elif file.read_text() != wanted:
    sys.exit(f"{path} does not match the headers: meson compile errors-page rewrites it")
