#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs Doxygen, from nothing, and leaves only what the pages use.

usage: build.py DOXYGEN DOXYFILE OUTPUT
"""
import pathlib
import re
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

# What is for scripts, and what leads to pages that tell nothing of their own: folders, and lists
# of the members that stand on the class's page already.
SUPERFLUOUS = [
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r'<div id="nav-path".*?</div>\n',
        r'( &#124;\n)?<a href="[^"]*-members\.html">List of all members</a>',
        r' onclick="[^"]*"',
        r'<span style="width:[^"]*">&#160;</span>',
        r'<span class="icona">.*?</span></span>|<span class="icondoc"></span>',
        r'<div class="levels">.*?</div>',
        r'<img src="closed\.png"[^>]*>&#160;',
        r'<tr id="row_[^"]*"[^>]*><td class="entry">(?:(?!</tr>).)*class="(?:iconfopen|iconfclosed)".*?</tr>\n',
    )
]
SIGNATURE = re.compile(
    r'^.*(?:class="(?:mem\w+|param\w+|fieldtype)"|^template&lt;|^<li>|^static |^constexpr |<h3 class=|^<a class="el").*$',
    re.MULTILINE,
)
html = pathlib.Path(output) / "html"
pages = {}
for file in html.iterdir():
    if file.suffix == ".html" and not file.match("*-members.html") and not file.match("dir_*.html"):
        text = file.read_text()
        for pattern in SUPERFLUOUS:
            text = pattern.sub("", text)
        pages[file.name] = text
    elif file.name != "style.css":
        file.unlink()
for name, text in pages.items():
    # Members of a struct without a name have no place of their own.
    text = re.sub(
        r'"([\w-]+\.html)#(\w+)"',
        lambda m: m[0] if f'id="{m[2]}"' in pages[m[1]] else f'"{m[1]}"',
        text,
    )
    # expected<T>, and not expected< T >.
    pages[name] = SIGNATURE.sub(
        lambda m: m[0].replace("&lt; ", "&lt;").replace(" &gt;", "&gt;").replace(" ,", ","), text
    )
pages["functions.html"] = pages["functions.html"].replace(
    '<div class="contents">', '<div class="title">Members</div>\n<div class="contents members">', 1
)
# What cannot be reached from the first page is another order of what can.
reached, new = set(), {"index.html"}
while new:
    reached |= new
    new = {
        link for name in new for link in re.findall(r'href="([\w-]+\.html)', pages[name])
    } - reached
for name in pages:
    if name in reached:
        (html / name).write_text(pages[name])
    else:
        (html / name).unlink()
