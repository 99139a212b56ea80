#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads the files for Bazel as far as that is possible without Bazel, with replacements for its functions.

usage: stand_in.py ROOT DIRECTORY

Copies the sources and headers that the library has below ROOT into DIRECTORY. Prints the version, and then
the arguments for the compiler.
"""
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
root, directory = map(pathlib.Path, sys.argv[1:])
found = {}


def glob(patterns):
    files = []
    for pattern in patterns:
        matched = sorted(path.relative_to(root) for path in root.glob(pattern))
        if not matched:
            raise SystemExit(f"nothing matches {pattern}")
        files += matched
    return files


def keep(rule):
    def kept(**arguments):
        if rule in found:
            raise SystemExit(f"more than one {rule}")
        found[rule] = arguments

    return kept


loaded = []
scope = {"glob": glob, "load": lambda *words: loaded.extend(words[1:]), "bazel_dep": lambda name, version: None}
scope |= {rule: keep(rule) for rule in ("module", "cc_library")}
for name in ("MODULE.bazel", "BUILD.bazel"):
    exec((HERE / name).read_text(), scope)
if loaded != ["cc_library"]:
    raise SystemExit(f"not loaded: cc_library, but {loaded}")

library = found["cc_library"]
if {"name", "srcs", "hdrs", "copts", "includes", "target_compatible_with", "visibility"} != set(library):
    raise SystemExit("the library has other attributes than this program knows")
for file in [*library["srcs"], *library["hdrs"]]:
    (directory / file).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(root / file, directory / file)
print(found["module"]["version"], *library["copts"], *(f"-I{include}" for include in library["includes"]))
