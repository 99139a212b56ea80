# SPDX-License-Identifier: MIT
"""Debian and Ubuntu packages from the machine's own mirror, without any change to the system's apt.

Every suite gets an apt of its own: configuration, index, and an empty list of installed packages.
Of the system's configuration it takes the mirror's address and what leads there (proxies and the
like), but no hooks, as those act on the system's own caches.
"""

import os
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

from archives import DEBIAN, Archive


class PackageError(Exception):
    pass


def run(*command: str, **options) -> str:
    try:
        return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, **options).stdout
    except FileNotFoundError:
        raise PackageError(f"{command[0]}: no such program; fetching needs apt and dpkg") from None
    except subprocess.CalledProcessError as error:
        raise PackageError(f"{command[0]} {command[1]} failed, with status {error.returncode}") from None


def mirror() -> str:
    """The first archive of the system's apt that is not only for security updates."""
    targets = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages")
    for uri in targets.splitlines():
        if "security" not in uri:
            return uri
    raise PackageError("apt has no Debian archive configured (apt-get indextargets names none)")


class Suite:
    """The packages of one suite of an archive."""

    def __init__(self, name: str, directory: Path, archive: Archive = DEBIAN):
        self.name = name
        self.archive = archive
        self.parent = directory
        self.directory = directory / name
        self.environment = dict(os.environ, APT_CONFIG=str(self.directory / "apt.conf"))

    def update(self) -> None:
        self.read_index(f"signed-by={self.keyring()}")

    def keyring(self) -> str:
        """The installed keyring, or the archive's own after a check of its hash."""
        if os.path.exists(self.archive.keyring):
            return self.archive.keyring
        source = self.archive.key_package
        if source is None:
            raise PackageError(f"{self.archive.keyring} is missing, get it with: apt-get install {self.archive.hint}")
        target = self.parent / f"{self.archive.name}-keyring.gpg"
        if target.exists() and source.matches(target.read_bytes()):
            return str(target)
        unsigned = Suite(f"unsigned-{source.suite}", self.parent, self.archive)
        # Apt warns of the missing key on its standard error.
        unsigned.read_index("trusted=yes", source.suite, stderr=subprocess.DEVNULL)
        fresh = target.with_suffix(f".{os.getpid()}")
        try:
            if not unsigned.extract(source.package, source.member, fresh):
                raise PackageError(f"no keyring in {source.package}")
            if not source.matches(fresh.read_bytes()):
                raise PackageError(f"the keyring in {source.package} is another one than expected: not trusted")
            fresh.rename(target)
        finally:
            fresh.unlink(missing_ok=True)
        return str(target)

    def read_index(self, trust: str, name: str | None = None, **options) -> None:
        for part in ("lists/partial", "archives/partial"):
            (self.directory / part).mkdir(parents=True, exist_ok=True)
        (self.directory / "status").touch()
        (self.directory / "apt.conf").write_text(self.configuration())
        addresses = self.archive.addresses(mirror())
        for address in addresses:
            source = f"deb [{trust}] {address} {name or self.name} main\n"
            (self.directory / "sources.list").write_text(source)
            try:
                self.apt("apt-get", "-qq", "-o", "APT::Update::Error-Mode=any", "update", **options)
                return
            except PackageError:
                if address == addresses[-1]:
                    raise

    def configuration(self) -> str:
        own = {
            "Dir::Etc::main": "/dev/null",
            "Dir::Etc::parts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::Etc::sourcelist": self.directory / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State": self.directory,
            "Dir::State::status": self.directory / "status",
            "Dir::Cache": self.directory,
            "Acquire::Languages": "none",
            "Acquire::Retries": "2",
            "APT::Sandbox::User": "",  # it could not write here
        }
        lines = [f'{name} "{value}";' for name, value in own.items()]
        return run("apt-config", "dump", "Acquire") + "\n".join(lines) + "\n"

    def apt(self, *command: str, **options) -> str:
        return run(*command, env=self.environment, **options)

    def matching(self, pattern: str) -> list[str]:
        names = self.apt("apt-cache", "pkgnames").splitlines()
        return [name for name in names if re.fullmatch(pattern, name)]

    def version(self, package: str) -> str:
        record = self.apt("apt-cache", "show", "--no-all-versions", package)
        found = re.search(r"^Version: (.*)$", record, re.MULTILINE)
        if found is None:
            raise PackageError(f"no version of {package} in {self.name}")
        return found[1]

    def extract(self, package: str, member: str, target: Path) -> bool:
        """Downloads the package and writes its one file whose name matches to `target`."""
        with tempfile.TemporaryDirectory(dir=self.directory) as scratch:
            self.apt("apt-get", "-qq", "download", package, cwd=scratch)
            (archive,) = Path(scratch).glob("*.deb")
            command = ("dpkg-deb", "--fsys-tarfile", archive)
            with subprocess.Popen(command, stdout=subprocess.PIPE) as unpacker:
                with tarfile.open(fileobj=unpacker.stdout, mode="r|") as files:
                    for file in files:
                        if file.isfile() and re.fullmatch(member, file.name):
                            target.write_bytes(files.extractfile(file).read())
                            unpacker.kill()
                            return True
        return False
