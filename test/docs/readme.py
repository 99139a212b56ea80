#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails if the README's first example differs from docs/examples/quickstart.cpp, or prints something
other than the README says.

usage: readme.py README QUICKSTART PROGRAM
"""
import pathlib
import re
import subprocess
import sys

readme, quickstart, program = sys.argv[1:]
text = pathlib.Path(readme).read_text()
example = re.search(r"^```cpp\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)[1]
output = re.search(r"^```text\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)[1]

source = pathlib.Path(quickstart).read_text()
if re.sub(r"\A(//.*\n)*", "", source) != example:
    sys.exit(f"{quickstart} is not the first example of {readme}")
printed = subprocess.run([program], stdout=subprocess.PIPE, text=True)
if printed.returncode != 0 or printed.stdout != output:
    sys.exit(f"exit code {printed.returncode}, expected 0; printed:\n{printed.stdout}expected:\n{output}")
