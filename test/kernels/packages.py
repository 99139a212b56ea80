# SPDX-License-Identifier: MIT
"""Debian packages from the machine's own mirror, without a trace in the system's apt.

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

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


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
    """The first archive of the system's apt that is not one of security updates alone."""
    targets = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages")
    for uri in targets.splitlines():
        if "security" not in uri:
            return uri
    raise PackageError("apt has no Debian archive configured (apt-get indextargets names none)")


class Suite:
    """The packages of one suite of the archive."""

    def __init__(self, name: str, directory: Path):
        self.name = name
        self.directory = directory / name
        self.environment = dict(os.environ, APT_CONFIG=str(self.directory / "apt.conf"))

    def update(self) -> None:
        for part in ("lists/partial", "archives/partial"):
            (self.directory / part).mkdir(parents=True, exist_ok=True)
        (self.directory / "status").touch()
        source = f"deb [signed-by={KEYRING}] {mirror()} {self.name} main\n"
        (self.directory / "sources.list").write_text(source)
        (self.directory / "apt.conf").write_text(self.configuration())
        self.apt("apt-get", "-qq", "update")

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
