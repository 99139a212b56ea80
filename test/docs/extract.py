#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the fenced code blocks of a Markdown file.

usage: extract.py FILE LANGUAGE [N]     block number N in that language; the first is 1
       extract.py --compile FILE        all C++ blocks, as one source file
       extract.py --manual FILE         the program in the EXAMPLES section of a manual page
       extract.py --calls FILE          the guide's table of system calls, as a list in C++

With --compile, each block gets its own inline namespace, so it may contain functions or a program with
a main. Includes and using-directives move to the top. A block whose includes are not installed is
omitted. The array PAGE_outputs has what the page shows as the output of its functions: the pairs of
name and text in "`NAME` prints:" with a text block.
"""
import pathlib
import re
import sys

IN_FRONT = re.compile(r"^(#include (<.*>)|using namespace .*;)$", re.MULTILINE)


def blocks(file, language):
    """Yields (number of its first line, text) for each block."""
    text = pathlib.Path(file).read_text()
    for block in re.finditer(rf"^```{re.escape(language)}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        yield text.count("\n", 0, block.start(1)) + 1, block[1]


def source(file):
    front, back = [], []
    page = re.sub(r"\W", "_", pathlib.Path(file).stem)
    for number, (first, text) in enumerate(blocks(file, "cpp"), 1):
        moved = list(IN_FRONT.finditer(text))
        condition = " && ".join(f"__has_include({line[2]})" for line in moved if line[2]) or "1"
        front += [f"#if {condition}", *(line[0] for line in moved), "#endif"]
        # Keep the empty lines, so that the compiler's messages show the line numbers of the page.
        body = IN_FRONT.sub("", text)
        back += [f"#if {condition}", f"inline namespace {page}_{number} {{", f'#line {first} "{file}"', body, "}", "#endif"]
    shown = [f'    {{"{name}", R"text({text})text"}},' for name, text in outputs(file)]
    if shown:
        back += [f"inline constexpr const char* {page}_outputs[][2] = {{", *shown, "};"]
    return "\n".join([*front, *back])


def outputs(file):
    """Yields (function, text) for each block that shows what a function prints."""
    shown = r"`(\w+)` prints[^`\n]*:\n\n```text\n(.*?)^```$"
    return re.findall(shown, pathlib.Path(file).read_text(), re.DOTALL | re.MULTILINE)


def calls(file):
    """Yields each row. Names in code style are operations in column 1 and system calls in column 2."""
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
