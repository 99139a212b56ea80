#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks one line of JSON, and lists its values for a test program in C++.

usage: json_values.py TEXT

Prints for every value, containers too: its JSON Pointer (RFC 6901), its type, and its text, each with a
NUL after it. The text of an object or array is its number of elements. Fails unless TEXT is one object
on one line of strict JSON: in UTF-8, without half a surrogate pair, and without two members of one name.
"""
import json
import os
import sys


class Number(str):
    """A number as it was written."""


def unique(members):
    if len(dict(members)) < len(members):
        raise ValueError("two members have the same name")
    return dict(members)


def refused(constant):
    raise ValueError(f"{constant} is not JSON")


def values(pointer, value):
    if isinstance(value, dict):
        yield pointer, "object", str(len(value))
        for name, member in value.items():
            yield from values(f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}", member)
    elif isinstance(value, list):
        yield pointer, "array", str(len(value))
        for index, item in enumerate(value):
            yield from values(f"{pointer}/{index}", item)
    elif isinstance(value, Number):
        yield pointer, "number", value
    elif isinstance(value, str):
        yield pointer, "string", value
    else:
        yield pointer, "null" if value is None else "boolean", json.dumps(value)


# The bytes of the argument, whatever the locale is. decode() and encode() refuse bytes that are not UTF-8.
text = os.fsencode(sys.argv[1]).decode("utf-8")
document = json.loads(
    text, object_pairs_hook=unique, parse_int=Number, parse_float=Number, parse_constant=refused
)
if not isinstance(document, dict):
    sys.exit("this is not an object")
if text.count("\n") != 1 or not text.endswith("\n"):
    sys.exit("this is not one line")
for row in values("", document):
    sys.stdout.buffer.write("".join(f"{cell}\0" for cell in row).encode("utf-8"))
