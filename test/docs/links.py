#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails if a link of the reference leads nowhere, or if a page needs a file that is not there.

usage: links.py DIRECTORY
"""
import html.parser
import pathlib
import sys
import urllib.parse


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.places = [], {""}
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("href", "src"):
                self.links.append(value or "")
            elif name in ("id", "name"):
                self.places.add(value)


directory = pathlib.Path(sys.argv[1])
pages = {path.name: Page(path) for path in directory.glob("*.html")}
wrong = []
for name, page in pages.items():
    for link in page.links:
        url = urllib.parse.urlparse(link)
        if url.scheme:
            continue
        target = urllib.parse.unquote(url.path) or name
        if not (directory / target).is_file():
            wrong.append(f"{name}: there is no {target}")
        elif target in pages and urllib.parse.unquote(url.fragment) not in pages[target].places:
            wrong.append(f"{name}: {target} has no place {url.fragment}")
if wrong or not pages:
    sys.exit("\n".join(sorted(set(wrong))) or f"{directory} has no pages")
print(f"{len(pages)} pages, {sum(len(page.links) for page in pages.values())} links")
