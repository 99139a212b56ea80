# SPDX-License-Identifier: MIT
"""The archives that kernels come from: their addresses, and the keys that sign them.

A package is trusted because apt finds it, by its hash, in an index that one of these keys signed.
The mirror itself is not trusted.
"""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class KeyPackage:
    """A package that has the archive's keyring, for machines that have not installed one.

    It is downloaded without a signature. Its keyring is used only if it has this SHA-256.
    """

    suite: str
    package: str
    member: str
    sha256: str

    def matches(self, keyring: bytes) -> bool:
        return hashlib.sha256(keyring).hexdigest() == self.sha256


@dataclass(frozen=True)
class Archive:
    """`name` is the last directory of the archive's address on every mirror."""

    name: str
    keyring: str
    hint: str  # the Debian package with the keyring
    key_package: KeyPackage | None = None
    public_address: str | None = None

    def addresses(self, mirror: str) -> list[str]:
        """Where to look, given the Debian mirror of this machine: mirrors often carry several
        distributions side by side."""
        found = []
        root, _, last = mirror.rstrip("/").rpartition("/")
        if last == "debian" and self.name != "debian":
            found.append(f"{root}/{self.name}/")
        elif last == self.name or self.name == "debian":
            found.append(mirror)
        if self.public_address is not None and self.public_address not in found:
            found.append(self.public_address)
        return found


DEBIAN = Archive(
    "debian",
    keyring="/usr/share/keyrings/debian-archive-keyring.gpg",
    hint="debian-archive-keyring",
)

# The keyring has two keys for archives, 790BC7277767219C42C86F933B4FE6ACC0B21F32 of 2012 and
# F6ECB3762474EDA9D21B7022871920D1991BC93C of 2018. The suite "focal" itself never changes again.
UBUNTU = Archive(
    "ubuntu",
    keyring="/usr/share/keyrings/ubuntu-archive-keyring.gpg",
    hint="ubuntu-keyring",
    key_package=KeyPackage(
        suite="focal",
        package="ubuntu-keyring",
        member=r"\./usr/share/keyrings/ubuntu-archive-keyring\.gpg",
        sha256="1a4dd63e5c76728960a2edddae22e2e0fc53df8e8b87806deb971030ac704eb0",
    ),
    public_address="http://archive.ubuntu.com/ubuntu/",
)
