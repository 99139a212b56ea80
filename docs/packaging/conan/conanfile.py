# SPDX-License-Identifier: MIT
"""Builds pidfd-util for Conan 2, from the sources around this file: conan create docs/packaging/conan"""
import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load, rmdir
from conan.tools.gnu import PkgConfigDeps
from conan.tools.layout import basic_layout
from conan.tools.meson import Meson, MesonToolchain


class PidfdUtil(ConanFile):
    name = "pidfd-util"
    description = "Linux pidfds for C++: every kernel, one typed interface"
    license = "MIT"
    topics = ("pidfd", "process", "linux")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False]}
    default_options = {"shared": False, "fPIC": True}

    def set_version(self):
        header = load(self, os.path.join(self._root(), "include/pidfd_util/version.hpp"))
        words = [line.split() for line in header.splitlines()]
        numbers = [w[2] for w in words if len(w) == 3 and w[1].startswith("PIDFD_UTIL_VERSION_")]
        self.version = ".".join(numbers)

    def _root(self):
        return os.path.join(self.recipe_folder, "../../..")

    def export_sources(self):
        for name in ("meson.build", "meson_options.txt", "LICENSE", "include/*", "lib/*", "docs/meson.build",
                     "docs/man/*"):
            copy(self, name, self._root(), self.export_sources_folder)

    def configure(self):
        if self.options.shared:
            self.options.rm_safe("fPIC")

    def layout(self):
        basic_layout(self)

    def requirements(self):
        # The headers always use tl::expected: one binary serves users of every standard.
        self.requires("tl-expected/1.1.0", transitive_headers=True)

    def build_requirements(self):
        self.tool_requires("meson/[>=1.0 <2]")
        self.tool_requires("pkgconf/[>=2 <3]")

    def validate(self):
        if self.settings.os != "Linux":
            raise ConanInvalidConfiguration(f"{self.name} is not supported on {self.settings.os}")
        check_min_cppstd(self, 17)

    def generate(self):
        toolchain = MesonToolchain(self)
        toolchain.project_options.update(
            expected="tl", tests="disabled", examples="disabled", docs="disabled")
        toolchain.generate()
        PkgConfigDeps(self).generate()

    def build(self):
        meson = Meson(self)
        meson.configure()
        meson.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        Meson(self).install()
        for directory in ("lib/pkgconfig", "lib/cmake", "share"):
            rmdir(self, os.path.join(self.package_folder, directory))

    def package_info(self):
        self.cpp_info.libs = ["pidfd-util"]
        self.cpp_info.set_property("cmake_file_name", "pidfd-util")
        self.cpp_info.set_property("cmake_target_name", "pidfd-util::pidfd-util")
        self.cpp_info.set_property("pkg_config_name", "pidfd-util")
