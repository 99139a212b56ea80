#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the table of the code to adopt with the headers: lines.py DIRECTORY

Every header has a row. The row has its number of lines of code, which is at most half of the project's.
"""

import pathlib
import re
import sys


def lines_of_code(header):
    """Counts the lines that are neither empty, nor a comment, nor for the preprocessor or a namespace."""
    ignored = re.compile(r"\s*($|//|#|namespace |\} // namespace)")
    return sum(not ignored.match(line) for line in header.read_text().splitlines())


def main(directory):
    rows = re.findall(r"^\| \[(\w+)\]\(\1\.hpp\) \|.*?\| (\d+) \| (\d+) \|",
                      (directory / "README.md").read_text(), re.MULTILINE)
    wrong = []
    for name, theirs, ours in rows:
        count = lines_of_code(directory / (name + ".hpp"))
        if count != int(ours):
            wrong.append(f"{name} has {count} lines, the table says {ours}")
        if 2 * count > int(theirs):
            wrong.append(f"{name} has {count} lines, which is more than half of {theirs}")
    names = sorted(header.stem for header in directory.glob("*.hpp"))
    if names != [name for name, _, _ in rows]:
        wrong.append(f"the rows of the table are not the headers, in their order: {names}")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
