#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the recipe as far as that is possible without Conan, with replacements for its modules.

usage: stand_in.py DIRECTORY

Exports the sources into DIRECTORY, and prints the version and the arguments for `meson setup`.
"""
import pathlib
import shutil
import sys
import types

HERE = pathlib.Path(__file__).resolve().parent
chosen = {}


class Toolchain:
    def __init__(self, recipe):
        self.project_options = chosen

    def generate(self):
        pass


class Invalid(Exception):
    pass


def copy(recipe, pattern, source, target):
    found = sorted(p for p in pathlib.Path(source).resolve().glob(pattern))
    if not found:
        raise SystemExit(f"the recipe exports {pattern}, which is not there")
    for path in found:
        destination = pathlib.Path(target) / path.relative_to(pathlib.Path(source).resolve())
        destination.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if path.is_dir() else shutil.copy)(path, destination)


def module(name, **contents):
    made = types.ModuleType(name)
    vars(made).update(contents)
    sys.modules[name] = made


def ignore(*arguments, **named):
    return None


module("conan", ConanFile=object)
module("conan.errors", ConanInvalidConfiguration=Invalid)
module("conan.tools")
module("conan.tools.build", check_min_cppstd=ignore)
module("conan.tools.files", copy=copy, rmdir=ignore, load=lambda recipe, path: pathlib.Path(path).read_text())
module("conan.tools.gnu", PkgConfigDeps=Toolchain)
module("conan.tools.layout", basic_layout=ignore)
module("conan.tools.meson", Meson=object, MesonToolchain=Toolchain)

sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE))
import conanfile  # noqa: E402

recipe = conanfile.PidfdUtil()
recipe.recipe_folder = str(HERE)
recipe.export_sources_folder = sys.argv[1]
recipe.set_version()
recipe.export_sources()
recipe.settings = types.SimpleNamespace(os="Windows")
try:
    recipe.validate()
    raise SystemExit("the recipe accepts Windows")
except Invalid:
    pass
recipe.settings.os = "Linux"
recipe.validate()
recipe.generate()
print(recipe.version, *(f"-D{name}={value}" for name, value in chosen.items()))
