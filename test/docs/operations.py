#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the pages' tables of operations with docs/operations.txt, or rewrites them.

usage: operations.py [--write] TABLE GUIDE KERNELS MANUAL
"""
import pathlib
import re
import sys


def read(path):
    """Returns the lines of each section, without comments."""
    sections = {}
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith("#") or not line:
            continue
        if line.startswith("["):
            lines = sections.setdefault(line.strip("[]"), [])
        else:
            lines.append(line)
    return sections


def split(line):
    return [cell.strip() for cell in line.split(" | ")]


def names_of(sections, column):
    """Returns the operations of each row that this column of [operations] names."""
    found = {}
    for line in sections["operations"]:
        cells = split(line)
        for row in cells[column].split():
            found.setdefault(row, []).append(cells[0])
    found.pop("-", None)
    return found


def markdown(lines, names):
    rows = ""
    for line in lines:
        row, *cells = split(line)
        operations = "" if row == "fixed" else ", ".join(f"`{name}`" for name in names.pop(row))
        rows += f"| {' | '.join(cells).replace('{}', operations)} |\n".replace("|  |", "| |")
    return rows


def manual(lines, names):
    rows = ""
    for line in lines:
        if line.startswith(" "):
            rows += line.strip() + "\n"
        else:
            rows += ".It " + " , ".join(f"Fn {name}" for name in names.pop(line)) + "\n"
    return rows


# Where a page has its table, the section of the rows, and their column in [operations].
TABLES = (
    (r"(?<=\n\| for \| system calls \|\n\| --- \| --- \|\n).*?\n(?=\n)", "system calls", 3, markdown),
    (r"(?<=\n\| operation \| best path \| since Linux \| on older kernels \|\n"
     r"\| --- \| --- \| --- \| --- \|\n).*?\n(?=\n)", "path", 2, markdown),
    (r"(?<=\n\.Ss Operations\n\.Bl -tag -width 4n\n).*?(?=\.El\n)", "manual page", 1, manual),
)

arguments = sys.argv[1:]
write = "--write" in arguments
source, *pages = [a for a in arguments if a != "--write"]
sections = read(source)
wrong = []
for page, (place, section, column, rows) in zip(pages, TABLES, strict=True):
    names = names_of(sections, column)
    table = rows(sections[section], names)
    if names:
        sys.exit(f"{source} has no row of [{section}] for {', '.join(names)}")
    file = pathlib.Path(page)
    text = file.read_text()
    wanted, count = re.subn(place, lambda _, table=table: table, text, count=1, flags=re.DOTALL)
    if count != 1:
        sys.exit(f"{page} has no table of operations")
    if wanted != text:
        wrong.append(page)
        if write:
            file.write_text(wanted)
if wrong and not write:
    sys.exit(f"not what {source} says: {', '.join(wrong)}; meson compile operations-pages rewrites them")
