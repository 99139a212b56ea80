#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that include, lib, test and docs have none of the words that make a sentence hard to read.

usage: language.py SOURCE_ROOT

"what is not a pidfd" is fine; "what is no pidfd" is not.
"""
import pathlib
import re
import sys

GAP = r"(?:\s|[/#*])+"  # also across the lines of a comment
WORDS = (
    rf"(?:what|that){GAP}is{GAP}no",
    "told",
    "whosever",
    "whoever",
    rf"of{GAP}whom",
    rf"is{GAP}nobody",
)
PATTERN = re.compile(rf"\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)
FOLDERS = ("include", "lib", "test", "docs")
LAYOUT = pathlib.Path(__file__).resolve().parent  # these files name the words


def problems(root):
    files = 0
    for folder in FOLDERS:
        for file in sorted(p for p in (root / folder).rglob("*") if p.is_file()):
            if LAYOUT in file.resolve().parents or "__pycache__" in file.parts:
                continue
            try:
                text = file.read_text()
            except UnicodeDecodeError:
                continue  # not text: an input of a fuzzer, say
            files += 1
            for found in PATTERN.finditer(text):
                line = text.count("\n", 0, found.start()) + 1
                yield f"{file.relative_to(root)}:{line}: {' '.join(found[0].split())}"
    if files == 0:
        yield "no files"


if __name__ == "__main__":
    if all_problems := list(problems(pathlib.Path(sys.argv[1]).resolve())):
        sys.exit("\n".join(all_problems))
