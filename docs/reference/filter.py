#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Shows Doxygen a source as its readers should see it: same lines, less machinery.

usage: filter.py FILE
"""
import pathlib
import re
import sys


def header(text):
    # What stands above the include guard says what the header is for.
    intro, guard, rest = text.partition("\n#ifndef")
    lines = intro.splitlines()
    lines[0] = r"/// \file"
    intro = "\n".join(re.sub("^//(?!/)", "///", line) for line in lines)
    # Inline namespaces are the linker's matter, and what is protected the handles'.
    rest = re.sub(
        r"^(inline namespace|\} // namespace) PIDFD_UTIL_\w+.*$", "", rest, flags=re.MULTILINE
    )
    rest = rest.replace("\nprotected:", "\nprivate:")
    # A specialisation in std confuses Doxygen.
    rest = re.sub(r"^template <>\nstruct std::.*$", "\n", rest, flags=re.MULTILINE)
    # Macros between the headers.
    rest = re.sub(r"^#define (?!\w+_HPP$).*$", "", rest, flags=re.MULTILINE)
    # What a template is not for, and how its return type is found out, stands in the text.
    constraint = r",\s*(?:class = std::enable_if_t<.*?>>(?=>\n)|std::enable_if_t<[^;{]*?int> = 0)"
    rest = re.sub(constraint, lambda m: "\n" * m[0].count("\n"), rest, flags=re.DOTALL)
    rest = rest.replace(" -> detail::proc_result<F>", "")
    # Nearly everything is nodiscard: what is everywhere tells nothing.
    rest = rest.replace("[[nodiscard]] ", "")
    return intro + guard + rest


def page(text):
    # Programs among the examples are pages of the reference, and other files stand in the sources.
    text = re.sub(r"\]\((?:\.\./)?(?:docs/)?examples/([\w.-]+\.cpp)\)", r"](@ref \1)", text)
    return re.sub(r"\[([^]\n]+)\]\((?:\.\./|docs/packaging/|packaging/)[\w./-]+\)", r"\1", text)


file = pathlib.Path(sys.argv[1])
sys.stdout.write((page if file.suffix == ".md" else header)(file.read_text()))
