#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of what is trusted when kernels are fetched. They use archives in local directories."""

import contextlib
import dataclasses
import io
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import packages
from archives import DEBIAN, UBUNTU, Archive, KeyPackage
from packages import PackageError, Suite

SKIPPED = 77
KEYRING = b"not a key, but the bytes that are expected\n"


def pack(directory: Path, name: str, member: str, content: bytes) -> None:
    """An archive with one suite, without a signature, whose one package has one file."""
    tree = directory / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: a test\n"
    )
    (tree / member).parent.mkdir(parents=True)
    (tree / member).write_bytes(content)
    pool = directory / "archive/pool"
    pool.mkdir(parents=True)
    subprocess.run(("dpkg-deb", "--build", tree, pool / f"{name}_1_all.deb"), check=True, stdout=subprocess.DEVNULL)
    (package,) = pool.glob("*.deb")
    index = subprocess.run(("dpkg-deb", "--field", package), check=True, text=True, stdout=subprocess.PIPE).stdout
    index += f"Filename: pool/{package.name}\nSize: {package.stat().st_size}\nSHA256: {packages_hash(package)}\n"
    suite = directory / "archive/dists/old"
    place = suite / f"main/binary-{architecture()}"
    place.mkdir(parents=True)
    (place / "Packages").write_text(index)
    listed = f" {packages_hash(place / 'Packages')} {len(index)} {(place / 'Packages').relative_to(suite)}\n"
    (suite / "Release").write_text(
        f"Suite: old\nComponents: main\nArchitectures: {architecture()}\nDate: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n{listed}"
    )


def packages_hash(path: Path) -> str:
    return subprocess.run(("sha256sum", path), check=True, text=True, stdout=subprocess.PIPE).stdout.split()[0]


def architecture() -> str:
    return subprocess.run(("dpkg", "--print-architecture"), check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


class Addresses(unittest.TestCase):
    def test_ubuntu_is_beside_debian_and_at_its_public_address(self):
        self.assertEqual(
            UBUNTU.addresses("https://mirror.example/pub/debian/"),
            ["https://mirror.example/pub/ubuntu/", "http://archive.ubuntu.com/ubuntu/"],
        )

    def test_ubuntu_is_where_the_mirror_of_an_ubuntu_is(self):
        address = "https://mirror.example/ubuntu/"
        self.assertEqual(UBUNTU.addresses(address)[0], address)

    def test_ubuntu_is_not_below_a_mirror_with_another_name(self):
        self.assertEqual(UBUNTU.addresses("https://mirror.example/"), ["http://archive.ubuntu.com/ubuntu/"])

    def test_debian_is_at_the_mirror_alone(self):
        self.assertEqual(DEBIAN.addresses("https://mirror.example/any/"), ["https://mirror.example/any/"])


class Trust(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.cache = self.scratch / "cache"
        self.cache.mkdir()
        pack(self.scratch, "keys", "usr/share/keys.gpg", KEYRING)
        address = f"file:{self.scratch}/archive/"
        self.archive = Archive("some", str(self.scratch / "none.gpg"), "some-keyring", public_address=address)
        patch = mock.patch.object(packages, "mirror", return_value="file:/nowhere/")
        patch.start()
        self.addCleanup(patch.stop)

    def with_keys(self, content: bytes) -> Archive:
        expected = KeyPackage("old", "keys", r"\./usr/share/keys\.gpg", packages_hash(self.write(content)))
        return dataclasses.replace(self.archive, key_package=expected)

    def write(self, content: bytes) -> Path:
        path = self.scratch / "content"
        path.write_bytes(content)
        return path

    def test_an_index_without_a_signature_is_refused(self):
        Path(self.archive.keyring).write_bytes(b"")
        with self.assertRaises(PackageError), open(os.devnull, "w") as null, redirected(null):
            Suite("old", self.cache, self.archive).update()

    def test_a_missing_keyring_is_named(self):
        with self.assertRaisesRegex(PackageError, "apt-get install some-keyring"):
            Suite("old", self.cache, self.archive).update()

    def test_a_downloaded_keyring_has_the_expected_hash(self):
        keyring = Suite("old", self.cache, self.with_keys(KEYRING)).keyring()
        self.assertEqual(Path(keyring).read_bytes(), KEYRING)

    def test_another_keyring_is_not_trusted(self):
        suite = Suite("old", self.cache, self.with_keys(KEYRING + b"and more"))
        with self.assertRaisesRegex(PackageError, "not trusted"):
            suite.keyring()
        self.assertEqual(list(self.cache.glob("*.gpg*")), [])

    def test_a_changed_keyring_in_the_cache_is_fetched_again(self):
        suite = Suite("old", self.cache, self.with_keys(KEYRING))
        Path(suite.keyring()).write_bytes(b"changed")
        self.assertEqual(Path(suite.keyring()).read_bytes(), KEYRING)

    def test_an_installed_keyring_is_used(self):
        Path(self.archive.keyring).write_bytes(b"installed")
        self.assertEqual(Suite("old", self.cache, self.with_keys(KEYRING)).keyring(), self.archive.keyring)


@contextlib.contextmanager
def redirected(file: io.TextIOBase):
    """The standard error of child processes goes to the file."""
    saved = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


if __name__ == "__main__":
    lacking = [name for name in ("apt-get", "dpkg-deb", "dpkg") if shutil.which(name) is None]
    if lacking:
        print(f"skipped: there is no {' and no '.join(lacking)}")
        sys.exit(SKIPPED)
    unittest.main()
