#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints a fenced code block of a Markdown file.

usage: extract.py FILE LANGUAGE [N]     the N-th block in that language, from 1
"""
import pathlib
import re
import sys

file, language, number = sys.argv[1], sys.argv[2], int((sys.argv[3:] or ["1"])[0])
blocks = re.findall(rf"^```{re.escape(language)}\n(.*?)^```$", pathlib.Path(file).read_text(),
                    re.DOTALL | re.MULTILINE)
if len(blocks) < number:
    sys.exit(f"{file} has {len(blocks)} blocks of {language}, not {number}")
print(blocks[number - 1], end="")
