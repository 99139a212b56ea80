#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs Doxygen, from nothing, and leaves only what the pages use.

usage: build.py DOXYGEN DOXYFILE OUTPUT
"""
import pathlib
import shutil
import subprocess
import sys

doxygen, doxyfile, output = sys.argv[1:]
here = pathlib.Path(__file__).resolve().parent
for kind in ("html", "xml"):
    shutil.rmtree(pathlib.Path(output) / kind, ignore_errors=True)
# The filter is called by its name in this directory, whatever is in the path that leads here.
done = subprocess.run([doxygen, pathlib.Path(doxyfile).resolve()], cwd=here)
if done.returncode != 0:
    sys.exit(done.returncode)

html = pathlib.Path(output) / "html"
used = "".join(page.read_text() for page in html.glob("*.html"))
for file in html.iterdir():
    # Scripts and pictures for menus, search and graphs that are not there.
    if file.suffix in (".js", ".png", ".svg", ".css") and file.name != "style.css" and f'"{file.name}"' not in used:
        file.unlink()
