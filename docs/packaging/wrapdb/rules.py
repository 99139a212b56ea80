#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the wrap file and its fragments by the rules that WrapDB has for a new release.

usage: rules.py WRAP VERSION

VERSION is the version of the project. Prints the words of the fragment's build options, each with -D.
"""
import configparser
import json
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
NAME = "pidfd-util"
CI_KEYS = {"_comment", "build_on", "build_options", "test_options", "skip_tests", "debian_packages", "alpine_packages"}
PLATFORMS = {"alpine", "darwin", "linux", "msys2", "windows"}


def require(right, rule):
    if not right:
        raise SystemExit(f"against a rule of WrapDB: {rule}")


def fragment(file):
    text = (HERE / file).read_text()
    content = json.loads(text)
    require(list(content) == [NAME], f"{file} has one entry, {NAME}")
    return text, content, content[NAME]


wrap = configparser.ConfigParser(interpolation=None)
wrap.read(sys.argv[1])
version = sys.argv[2]
require(wrap.sections() == ["wrap-file", "provide"], "the sections are wrap-file and then provide")
source = wrap["wrap-file"]
require(re.fullmatch("[a-z][a-z0-9._-]*", NAME), "the name has lower-case letters, digits, and . _ -")
require(
    set(source) == {"directory", "source_url", "source_filename", "source_hash"},
    "a wrap whose source has a build of Meson has no patch, and only what is needed",
)
require(re.fullmatch("[0-9a-f]{64}", source["source_hash"]), "source_hash is a SHA-256")
for key in ("directory", "source_filename"):
    require(not re.search(r"[/\\]", source[key]), f"{key} has no slashes")
stem = re.sub(r"(\.tar)?\.[a-z0-9]+$", "", source["source_filename"])
require(
    stem in (source["directory"], f"{source['directory']}-{version}", f"{NAME}-{version}"),
    "source_filename is named after the directory, or after the wrap and its version",
)
require(version in source["source_url"], "source_url contains the version")
require(not re.search("/[0-9a-f]{40}", source["source_url"]), "source_url is a release, not a commit")

text, content, release = fragment("releases.json")
require(text == json.dumps(content, indent=2, sort_keys=True) + "\n", "releases.json is sorted, and indented by two")
require(set(release) <= {"dependency_names", "program_names", "versions"}, "releases.json has known keys")
require(release["versions"][0] == f"{version}-1", "the newest version is the project's, with revision 1")
for key in ("dependency_names", "program_names"):
    provided = [name.strip() for name in wrap["provide"].get(key, "").split(",") if name.strip()]
    require(sorted(provided) == release.get(key, []), f"the wrap and releases.json have the same {key}")
require(
    set(wrap["provide"]) <= {"dependency_names", "program_names"} and release.get("dependency_names"),
    "the wrap provides something, by meson.override_dependency()",
)

_, _, ci = fragment("ci_config.json")
require(set(ci) <= CI_KEYS, "ci_config.json has known keys")
require(set(ci["build_on"]) <= PLATFORMS, "build_on has known platforms")
require(not any(ci["build_on"].values()), "build_on names only platforms where the project does not build")
require(
    all(option.startswith(f"{NAME}:") for option in ci["build_options"]), "the options are those of the subproject"
)
print(*(f"-D{option}" for option in ci["build_options"]))
