#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints a header or a page in the form that Doxygen documents. Every line keeps its number.

usage: filter.py FILE
"""
import pathlib
import re
import sys


def header(text):
    # The comment above the include guard describes the header.
    intro, guard, rest = text.partition("\n#ifndef")
    lines = intro.splitlines()
    lines[0] = r"/// \file"
    intro = "\n".join(re.sub("^//(?!/)", "///", line) for line in lines)
    # Inline namespaces concern only the linker, and protected members only the handles.
    rest = re.sub(
        r"^(inline namespace|\} // namespace) PIDFD_UTIL_\w+.*$", "", rest, flags=re.MULTILINE
    )
    rest = rest.replace("\nprotected:", "\nprivate:")
    # Friends in `detail` are no interface either.
    friend = r"^ +(?:template <class \w+>\n +)?friend [^;]*\bdetail::[^;]*;$"
    rest = re.sub(friend, lambda m: "\n" * m[0].count("\n"), rest, flags=re.MULTILINE)
    # Doxygen misreads a specialisation in std.
    rest = re.sub(r"^template <>\nstruct std::.*$", "\n", rest, flags=re.MULTILINE)
    # Macros that only the headers use.
    rest = re.sub(r"^#define (?!\w+_HPP$).*$", "", rest, flags=re.MULTILINE)
    # The text describes which types a template accepts and what it returns.
    constraint = r",\s*(?:class = std::enable_if_t<.*?>>(?=>\n)|std::enable_if_t<[^;{]*?int> = 0)"
    rest = re.sub(constraint, lambda m: "\n" * m[0].count("\n"), rest, flags=re.DOTALL)
    rest = rest.replace(" -> detail::proc_result<F>", "")
    # Nearly every function is nodiscard, so the word would only make the signatures longer.
    rest = rest.replace("[[nodiscard]] ", "")
    return intro + guard + rest


def slug(title):
    """Returns the name that code hosts give a heading."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def page(name, text):
    # Doxygen knows no names of headings: they get labels, and links go to the labels.
    text = re.sub(r"^(##+) (.*)$", lambda m: f"{m[0]} {{#{name}-{slug(m[2])}}}", text, flags=re.MULTILINE)
    text = re.sub(r"\]\(#([\w-]+)\)", rf"](#{name}-\1)", text)
    text = re.sub(r"\]\((?:docs/)?([\w-]+)\.md#([\w-]+)\)", r"](#\1-\2)", text)
    # In such a link, Doxygen would show the backticks of code.
    text = re.sub(r"\[([^]\n]*)\]\(#", lambda m: m[0].replace("`", ""), text)
    # Example programs have pages in the reference. Links to other files keep their text only.
    text = re.sub(r"\]\((?:\.\./)?(?:docs/)?examples/([\w.-]+\.cpp)\)", r"](@ref \1)", text)
    return re.sub(r"\[([^]\n]+)\]\((?:\.\./|docs/packaging/|packaging/|docs/examples/)[\w./-]+\)", r"\1", text)


file = pathlib.Path(sys.argv[1])
text = file.read_text()
sys.stdout.write(page(file.stem, text) if file.suffix == ".md" else header(text))
