#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails if a page of the reference has a broken link, uses a missing file, or cannot be reached from
index.html.

usage: links.py DIRECTORY
"""
import html.parser
import pathlib
import re
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], {""}
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("href", "src", "data"):
                self.links.append(value or "")
            elif name in ("id", "name"):
                self.anchors.add(value)
            elif name == "class" and value:
                # Doxygen gives the members of an unnamed struct a row of this class, but no anchor.
                # A link to one still opens the right page.
                self.anchors.update(re.findall(r"\bmemitem:(\w+)", value))


directory = pathlib.Path(sys.argv[1])
pages = {path.name: Page(path) for path in directory.glob("*.html")}
wrong = []
links = {name: set() for name in pages}
for name, page in pages.items():
    for link in page.links:
        url = urllib.parse.urlparse(link)
        if url.scheme:
            continue
        target = urllib.parse.unquote(url.path) or name
        if not (directory / target).is_file():
            wrong.append(f"{name}: {target} does not exist")
            continue
        links[name].add(target)
        if target in pages and urllib.parse.unquote(url.fragment) not in pages[target].anchors:
            wrong.append(f"{name}: {target} has no anchor {url.fragment}")
reached, left = {"index.html"}, ["index.html"]
while left:
    new = links.get(left.pop(), set()) - reached
    reached |= new
    left += new
# Doxygen also writes lists of inherited members and pages of directories, which our layout leaves out.
unlinked = re.compile(r"dir_|.*-members\.html$")
wrong += [f"no link leads to {name}" for name in pages.keys() - reached if not unlinked.match(name)]
if wrong or not pages:
    sys.exit("\n".join(sorted(set(wrong))) or f"{directory} has no pages")
print(f"{len(pages)} pages, {sum(len(page.links) for page in pages.values())} links")
