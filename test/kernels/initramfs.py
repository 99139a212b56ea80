# SPDX-License-Identifier: MIT
"""The guest's file system: programs with the shared libraries that they need, as a cpio archive."""

import re
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path, PurePosixPath


class Initramfs:
    def __init__(self) -> None:
        self.files: dict[str, tuple[int, bytes]] = {}

    def directory(self, path: str, mode: int = 0o755) -> None:
        self.add(path, stat.S_IFDIR | mode, b"")

    def file(self, path: str, content: bytes, mode: int = 0o644) -> None:
        self.add(path, stat.S_IFREG | mode, content)

    def program(self, path: str, source: Path) -> None:
        """The program as `path`, and its shared libraries where the dynamic linker finds them."""
        self.file(path, stripped(source), 0o755)
        for library, place in libraries(source).items():
            self.file(place, library.read_bytes(), 0o755)

    def add(self, path: str, mode: int, content: bytes) -> None:
        parent = str(PurePosixPath(path).parent)
        if parent != "/" and parent not in self.files:
            self.directory(parent)
        self.files[path] = (mode, content)

    def cpio(self) -> bytes:
        """The archive, in the format that the kernel calls "newc"."""
        out = bytearray()
        entries = [*self.files.items(), ("/TRAILER!!!", (0, b""))]
        for number, (path, (mode, content)) in enumerate(entries, start=1):
            name = path.removeprefix("/").encode() + b"\0"
            links = 2 if stat.S_ISDIR(mode) else 1
            # inode, mode, uid, gid, links, mtime, size, device (2), device of a node (2), name, checksum
            fields = (number, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name), 0)
            out += b"070701" + b"".join(b"%08x" % field for field in fields) + name
            out += bytes(-len(out) % 4) + content
            out += bytes(-len(out) % 4)
        return bytes(out)


def stripped(program: Path) -> bytes:
    """The program without its debug information, which would fill the guest's memory."""
    if shutil.which("strip") is None:
        return program.read_bytes()
    with tempfile.NamedTemporaryFile() as result:
        subprocess.run(("strip", "-o", result.name, program), check=True)
        return Path(result.name).read_bytes()


def libraries(program: Path) -> dict[Path, str]:
    """The shared libraries of the program, with their paths here and in the guest.

    All go where libc is: the dynamic linker looks there by itself, also for those that it finds
    through a run path here. Only its own place is part of the program.
    """
    listed = subprocess.run(("ldd", program), text=True, capture_output=True, check=False).stdout
    named = {Path(m[2]): m[1] for m in re.finditer(r"^\s*(\S+) => (/\S+)", listed, re.MULTILINE)}
    home = next((path.parent for path, name in named.items() if name.startswith("libc.so")), None)
    places = {path: f"{home}/{name}" for path, name in named.items()}
    for match in re.finditer(r"^\s*(/\S+) \(", listed, re.MULTILINE):
        places[Path(match[1])] = match[1]
    return places
