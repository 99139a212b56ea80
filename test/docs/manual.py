#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails if a manual page renders with a warning, refers to a missing page of this project, or has
punctuation from which a word was lost.

usage: manual.py MANDOC GROFF PAGE...
"""
import pathlib
import re
import subprocess
import sys

mandoc, groff, *pages = sys.argv[1:]
wrong = []


def run(*command):
    # Both tools exit with 0 for some warnings, so any output is a failure.
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.stdout or done.returncode != 0:
        wrong.append(f"{command[0]}: {done.returncode}\n{done.stdout}")


run(mandoc, "-T", "lint", "-W", "warning", *pages)
names = {pathlib.Path(page).name for page in pages}
for page in pages:
    run(groff, "-mdoc", "-ww", "-z", "-Tutf8", page)
    text = pathlib.Path(page).read_text()
    for name, section in re.findall(r"\bXr (pidfd[_-](?:util|inspect|kill|run|wait)\S*) (\d)", text):
        if f"{name}.{section}" not in names:
            wrong.append(f"{page}: {name}({section}) does not exist")
    for line in re.findall(r"^\.[A-Z].*, *[:,.].*$", text, re.MULTILINE):
        wrong.append(f"{page}: a word is missing in {line}")
if wrong:
    sys.exit("\n".join(wrong))
print(f"{len(pages)} pages")
