#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that every record which crosses the boundary with its size is documented and tested.

usage: records.py SOURCE_ROOT

Such a record is an argument of a function of abi*.hpp that is followed by its size. It must be in a
table of docs/abi.md, and in test/interface/record_growth.cpp.
"""
import pathlib
import re
import sys

SIZED = re.compile(r"(\w+)& \w+,\s+std::size_t (?:\w+_)?size\b")


def records(root):
    found = set()
    for header in (root / "include/pidfd_util").glob("abi*.hpp"):
        found |= set(SIZED.findall(header.read_text()))
    return sorted(found)


def main():
    root = pathlib.Path(sys.argv[1])
    found = records(root)
    if len(found) < 2:
        sys.exit("no records: the pattern finds nothing")
    page = "\n".join(line for line in (root / "docs/abi.md").read_text().splitlines() if line.startswith("| "))
    test = (root / "test/interface/record_growth.cpp").read_text()
    problems = [f"{name} is in no table of docs/abi.md" for name in found if f"`{name}`" not in page]
    problems += [f"{name} is not in record_growth.cpp" for name in found if not re.search(rf"\b{name}\b", test)]
    if problems:
        sys.exit("\n".join(problems))
    print(len(found), "records:", ", ".join(found))


if __name__ == "__main__":
    main()
