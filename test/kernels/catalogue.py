# SPDX-License-Identifier: MIT
"""The kernels that the tests run on, and the directories of fetched ones."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from archives import DEBIAN, UBUNTU, Archive


@dataclass(frozen=True)
class Kernel:
    """One line of the list below; `package` and `file` match whole names."""

    label: str
    suites: tuple[str, ...]
    package: str
    file: str = r"\./(boot|usr/lib/modules/[^/]+)/vmlinuz.*"
    user_mode: bool = False
    archive: Archive = DEBIAN

    @property
    def directory(self) -> Path:
        return cache() / "kernels" / self.label

    @property
    def image(self) -> Path:
        return self.directory / "image"

    @property
    def origin(self) -> Path:
        """A file with the name and version of the package that the image comes from."""
        return self.directory / "package"

    @property
    def fetched(self) -> bool:
        return self.origin.exists()


def cloud(label: str, release: str, *suites: str) -> Kernel:
    # From 6.19 on, linux-image-* only depends on linux-binary-*, which has the kernel.
    return Kernel(label, suites, rf"linux-(image|binary)-{release}[0-9.+deb-]*-cloud-amd64")


def generic(label: str, release: str, *suites: str) -> Kernel:
    # "unsigned" has no signature for Secure Boot; it is the same kernel.
    return Kernel(label, suites, rf"linux-image-unsigned-{release}[0-9-]+-generic", archive=UBUNTU)


def user_mode(label: str, suite: str) -> Kernel:
    return Kernel(label, (suite,), "user-mode-linux", r"\./usr/bin/linux\.uml", user_mode=True)


# One line for each generation of the pidfd interface that Debian still has, and 5.4, which only Ubuntu
# has. Among the packages that match, the newest counts: "7" is the newest 7.x. User-mode Linux has
# another configuration, and starts faster.
KERNELS = {
    kernel.label: kernel
    for kernel in (
        generic("5.4", r"5\.4\.", "focal", "focal-updates", "focal-security"),
        cloud("5.10", r"5\.10\.", "bullseye"),
        cloud("6.1", r"6\.1\.", "bookworm"),
        cloud("6.12", r"6\.12\.", "bookworm-backports", "trixie"),
        cloud("6.18", r"6\.18\.", "trixie-backports"),
        cloud("7", r"7\.", "trixie-backports", "sid"),
        user_mode("uml-5.10", "bullseye"),
        user_mode("uml-6.1", "bookworm"),
    )
}


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pidfd-util-kernels"


def natural(version: str) -> list[tuple[int, str]]:
    """A sort key that puts 6.9 before 6.12."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", version)]
