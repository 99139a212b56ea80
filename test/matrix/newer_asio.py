#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Unpacks the headers of a newer Asio than the system's into a directory.

usage: newer_asio.py DIRECTORY

They come from the package libasio-dev of a later Debian, from the mirror that apt uses on this
machine. Nothing is installed.
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "kernels"))

from packages import PackageError, Suite  # noqa: E402


def main() -> int:
    directory = Path(sys.argv[1])
    try:
        suite = Suite("trixie", directory / "apt")
        suite.update()
        suite.apt("apt-get", "-qq", "download", "libasio-dev", cwd=directory)
        (archive,) = directory.glob("libasio-dev*.deb")
        subprocess.run(["dpkg-deb", "--extract", archive, directory], check=True)
    except (PackageError, ValueError, OSError, subprocess.CalledProcessError) as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
