#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails if a Markdown page has a link to a file or to a heading that does not exist.

usage: pages.py DIRECTORY PAGE...
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])


def slug(title):
    """The name that code hosts give a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def text_of(page):
    """The page without its blocks of code, and without code in its lines."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"(?<!\[)`[^`\n]*`(?!\])", "", text)


def headings(page):
    return {slug(title) for title in re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)}


wrong, count = [], 0
for name in sys.argv[2:]:
    page = root / name
    for link in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if "://" in link:
            continue
        count += 1
        path, _, heading = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists():
            wrong.append(f"{name}: {path} does not exist")
        elif heading and heading not in headings(target):
            wrong.append(f"{name}: {path or name} has no heading {heading}")
if wrong or not count:
    sys.exit("\n".join(wrong) or "no links")
print(f"{count} links")
