#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the symbols that the shared library exports, and their versions, with the checked-in list.

usage: exported_symbols.py NM LIBRARY LIST
"""
import difflib
import pathlib
import subprocess
import sys


def exported(nm, library):
    lines = subprocess.run([nm, "-D", "--defined-only", "--demangle", library],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    versions = {}
    for line in lines:
        kind, symbol = line.split(maxsplit=2)[1:]
        if kind != "A":  # the name of a version itself
            name, _, version = symbol.partition("@")
            versions.setdefault(version.lstrip("@") + ":", []).append(f"{kind} {name}")
    return [line for version in sorted(versions) for line in [version, *sorted(versions[version])]]


nm, library, listed_in = sys.argv[1:]
listed = pathlib.Path(listed_in).read_text().splitlines()
found = exported(nm, library)
if found != listed:
    print("\n".join(difflib.unified_diff(listed, found, listed_in, library, lineterm="")))
    sys.exit("A program that is linked with an installed library needs every symbol of the list. "
             "If the change is meant, the list is written anew.")
print(len(found), "lines, as listed")
