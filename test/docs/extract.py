#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the fenced code blocks of a Markdown file.

usage: extract.py FILE LANGUAGE [N]     the N-th block in that language, from 1
       extract.py --compile FILE        all blocks in C++, as one source for the compiler
       extract.py --manual FILE         the program among the examples of a manual page
       extract.py --calls FILE          the guide's table of system calls, as a list in C++

In the one source every block has an inline namespace of its own, so that it is whatever may stand in
one: functions, or a program with its main. Includes and using-directives go in front. A block that
includes what is not installed is left out.
"""
import pathlib
import re
import sys

IN_FRONT = re.compile(r"^(#include (<.*>)|using namespace .*;)$", re.MULTILINE)


def blocks(file, language):
    """Yields (number of its first line, text) of every block."""
    text = pathlib.Path(file).read_text()
    for block in re.finditer(rf"^```{re.escape(language)}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        yield text.count("\n", 0, block.start(1)) + 1, block[1]


def source(file):
    front, back = [], []
    for number, (first, text) in enumerate(blocks(file, "cpp"), 1):
        moved = list(IN_FRONT.finditer(text))
        condition = " && ".join(f"__has_include({line[2]})" for line in moved if line[2]) or "1"
        front += [f"#if {condition}", *(line[0] for line in moved), "#endif"]
        # The empty lines stay: the compiler's messages then have the page's lines.
        body = IN_FRONT.sub("", text)
        back += [f"#if {condition}", f"inline namespace block_{number} {{", f'#line {first} "{file}"', body, "}", "#endif"]
    return "\n".join([*front, *back])


def calls(file):
    """Whatever stands in code is an operation in the first column, and a system call in the second."""
    _, table = pathlib.Path(file).read_text().split("\n| for | system calls |\n| --- | --- |\n")
    for row in table.split("\n\n")[0].splitlines():
        names, numbers = (re.findall(r"`(\w+)`", cell) for cell in row.strip("|").split("|"))
        yield f'{{"{" ".join(names)}", {{{", ".join(f"SYS_{n}" for n in numbers)}}}}},'


if sys.argv[1] == "--calls":
    print("\n".join(calls(sys.argv[2])))
    sys.exit()
if sys.argv[1] == "--manual":
    _, examples = pathlib.Path(sys.argv[2]).read_text().split("\n.Sh EXAMPLES\n")
    program = re.search(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", examples, re.DOTALL | re.MULTILINE)[1]
    print(program.replace("\\-", "-").replace("\\e", "\\"), end="")
    sys.exit()
if sys.argv[1] == "--compile":
    print(source(sys.argv[2]))
    sys.exit()
file, language, number = sys.argv[1], sys.argv[2], int((sys.argv[3:] or ["1"])[0])
found = [text for _, text in blocks(file, language)]
if len(found) < number:
    sys.exit(f"{file} has {len(found)} blocks of {language}, not {number}")
print(found[number - 1], end="")
