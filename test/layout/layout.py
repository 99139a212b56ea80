#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the includes of lib/: data flows from operations down to the kernel, and so do includes.

usage: layout.py SOURCE_ROOT

- Every source file of lib/ is in one of the folders below, except those that stand alone.
- No file includes one of a higher folder.
- Includes between folders are relative: "../FOLDER/NAME.hpp". Within a folder: "NAME.hpp".
- The components, each a header and the source of the same name, include each other in no cycle.
- Outside of lib/, only tests include its files.
"""
import pathlib
import re
import sys

FOLDERS = ("kernel", "paths", "choose", "operations", "spawn")  # from the lowest to the highest
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)
ALONE = ("error.cpp",)  # in no folder, as it is compiled with RTTI: it includes no file of lib/


def sources(folder):
    return sorted(p for p in folder.rglob("*") if p.name.endswith((".cpp", ".hpp", ".hpp.in")))


def includes(file):
    """Yields (bracket or quote, name) of every include directive."""
    for found in INCLUDE.finditer(file.read_text()):
        yield found[1], found[2]


def cycle(graph):
    """The names of a cycle in order, or nothing. `graph` maps a name to a set of names."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return []
        path.append(node)
        for following in sorted(graph.get(node, ())):
            if found := visit(following):
                return found
        path.pop()
        done.add(node)
        return []

    for node in sorted(graph):
        if found := visit(node):
            return found
    return []


def problems_in_lib(lib):
    graph = {}
    for file in sources(lib):
        name = file.relative_to(lib)
        if str(name) in ALONE:
            for kind, included in includes(file):
                if kind == '"':
                    yield f'lib/{name} includes "{included}", although it stands alone'
            continue
        if len(name.parts) != 2 or name.parts[0] not in FOLDERS:
            yield f"lib/{name} is not in one of the folders {', '.join(FOLDERS)}"
            continue
        component = graph.setdefault(str(name.with_suffix("")), set())
        for kind, included in includes(file):
            if kind == "<":
                continue
            target = (file.parent / included).resolve()
            if lib not in target.parents or not target.is_file():
                yield f'lib/{name} includes "{included}", which is not a file of lib/ from there'
                continue
            other = target.relative_to(lib)
            if other.parts[0] not in FOLDERS:
                continue  # named above
            if FOLDERS.index(other.parts[0]) > FOLDERS.index(name.parts[0]):
                yield f"lib/{name} includes lib/{other}, of a higher folder"
            if other.with_suffix("") != name.with_suffix(""):
                component.add(str(other.with_suffix("")))
    if found := cycle(graph):
        yield f"a cycle of includes: {' -> '.join(found)}"


def problems_outside(root, lib):
    """The files of lib/ that folders other than lib/ and test/ include."""
    names = {str(file.relative_to(lib)) for file in sources(lib)}
    names |= {f"lib/{name}" for name in names}
    for folder in ("include", "docs"):
        for file in sources(root / folder):
            for kind, included in includes(file):
                target = (file.parent / included).resolve()
                if kind == '"' and target.is_file() and lib not in target.parents:
                    continue
                if included in names or lib in target.parents:
                    yield f"{file.relative_to(root)} includes {included}, of lib/"


def problems(root):
    root = root.resolve()
    return [*problems_in_lib(root / "lib"), *problems_outside(root, root / "lib")]


if __name__ == "__main__":
    tree = pathlib.Path(sys.argv[1])
    for folder in FOLDERS:
        if not (tree / "lib" / folder).is_dir():
            sys.exit(f"lib/ has no folder {folder}")
    if not sources(tree / "lib"):
        sys.exit("no source files in lib/")
    if found_problems := problems(tree):
        sys.exit("\n".join(found_problems))
    print(len(sources(tree / "lib")), "files of lib/ are in order")
