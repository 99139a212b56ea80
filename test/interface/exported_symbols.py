#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks that the shared library exports the functions of abi*.hpp, and nothing else.

usage: exported_symbols.py NM LIBRARY HEADER_DIRECTORY

Every function that these headers of the directory mark with PIDFD_UTIL_EXPORT must be exported in
the version PIDFD_UTIL_0, with as many parameters as it has there. The types of the parameters are
the matter of test/abi.
"""
import collections
import pathlib
import re
import subprocess
import sys

VERSION = "PIDFD_UTIL_0"
NAMESPACE = "pidfd_util::abi::"


def parameter_count(text):
    """The number of parameters of a function, whose text begins with `(`."""
    depth = count = 0
    empty = True
    for c in text:
        if c in "([{<":
            depth += 1
        elif c in ")]}>":
            depth -= 1
            if depth == 0:
                break
        elif c == "," and depth == 1:
            count += 1
        if depth > 0 and c not in "( \n":
            empty = False
    return 0 if empty else count + 1


def declared(header):
    """The functions of the header, each with its number of parameters."""
    text = re.sub(r"//.*|/\*.*?\*/|\[\[.*?\]\]|^\s*#.*", "", header, flags=re.MULTILINE)
    functions = collections.Counter()
    for declaration in re.findall(r"\bPIDFD_UTIL_EXPORT\b([^;]*);", text):
        name = re.search(r"(\w+)\s*(\()", declaration)
        if not name:
            raise SystemExit(f"no function: PIDFD_UTIL_EXPORT{declaration}")
        functions[f"{NAMESPACE}{name[1]}", parameter_count(declaration[name.start(2):])] += 1
    return functions


def exported(symbols):
    """The functions in nm's output, in the same form. Anything else counts as it is written there."""
    functions = collections.Counter()
    for line in symbols.splitlines():
        kind, symbol = line.split(maxsplit=2)[1:]
        name, _, version = symbol.partition("@")
        version = version.lstrip("@")
        if kind == "A" and name in (VERSION, ""):  # the version itself
            continue
        function = re.match(r"([\w:]+)(\(.*\))$", name)
        if kind == "T" and version == VERSION and function:
            functions[function[1], parameter_count(function[2])] += 1
        else:
            functions[f"{kind} {name} in {version or 'no version'}", 0] += 1
    return functions


def self_test():
    header = """
        /// PIDFD_UTIL_EXPORT int in_a_comment();
        PIDFD_UTIL_EXPORT const std::error_category&
        category(const std::error_category*) noexcept;
        [[nodiscard]] PIDFD_UTIL_EXPORT int none() noexcept;
        PIDFD_UTIL_EXPORT int wait(const void* where, int (*at)(const void*, std::size_t),
                                   bool& ended) noexcept; // and a comment
    """
    assert declared(header) == {(NAMESPACE + "category", 1): 1, (NAMESPACE + "none", 0): 1,
                                (NAMESPACE + "wait", 3): 1}
    right = f"""
0000000000000000 A {VERSION}
0000000000001000 T {NAMESPACE}category(std::error_category const*)@@{VERSION}
0000000000001000 T {NAMESPACE}none()@@{VERSION}
0000000000001000 T {NAMESPACE}wait(void const*, int (*)(void const*, unsigned long), bool&)@@{VERSION}
""".strip()
    assert exported(right) == declared(header)
    for wrong in (right.replace("none()", "none(int)"), right.replace("T", "W", 1),
                  right.replace("none()@@PIDFD_UTIL_0", "none()@@PIDFD_UTIL_1"),
                  right.replace("::none", "::another"), right.rsplit("\n", 1)[0],
                  right + "\n0000000000001000 T std::swap(int&, int&)"):
        assert exported(wrong) != declared(header), wrong


self_test()
nm, library, directory = sys.argv[1:]
wanted = collections.Counter()
for header in sorted(pathlib.Path(directory).glob("abi*.hpp")):
    wanted += declared(header.read_text())
found = exported(subprocess.run([nm, "-D", "--defined-only", "--demangle", library],
                                check=True, capture_output=True, text=True).stdout)
for (name, count), _ in (wanted - found).items():
    print(f"not exported in {VERSION}: {name}, with {count} parameters")
for (name, count), _ in (found - wanted).items():
    print(f"exported, but not declared in {directory}/abi*.hpp: {name}, with {count} parameters")
if wanted != found or not wanted:
    sys.exit("abi*.hpp and lib/pidfd-util.map have to name the same functions.")
print(len(wanted), "functions, as declared")
