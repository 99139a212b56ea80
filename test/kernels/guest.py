# SPDX-License-Identifier: MIT
"""Boots a kernel in an emulator, runs programs in it as root, and returns how they ended."""

import contextlib
import os
import platform
import re
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator, Sequence

import user_mode
from catalogue import Kernel
from initramfs import Initramfs

BOOT_ATTEMPTS = 6
BOOT_SECONDS = 60
MEMORY = "1G"

COLOUR = re.compile(r"\x1b\[[0-9;]*m")  # programs see a terminal

USERS = {"root": 0, "daemon": 1, "bin": 2, "user": 1000, "nobody": 65534}
COMMANDS = ("sh", "true", "false", "sleep", "cat")  # for tests that start programs


class NoVerdict(Exception):
    """The guest did not report how the programs ended."""


class TimeLimit(NoVerdict):
    pass


class HostRefuses(NoVerdict):
    """The kernel cannot run here: it says so, in every attempt, before its first process."""


@dataclass
class Program:
    path: Path
    arguments: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    status: int
    output: str


def missing(kernel: Kernel) -> str | None:
    """What this machine lacks for booting the kernel, and the command that installs it."""
    if platform.machine() != "x86_64":
        return "these kernels are for x86-64 machines"
    if not kernel.fetched:
        return f"no kernel {kernel.label} yet, get it with: {Path(__file__).with_name('fetch')} {kernel.label}"
    if not kernel.user_mode and shutil.which("qemu-system-x86_64") is None:
        return "no emulator, get it with: apt-get install qemu-system-x86"
    return None


def run(
    kernel: Kernel, init: Path, programs: list[Program], seconds: float, *, tools: Sequence[Path] = (), echo: bool = False
) -> list[Outcome]:
    """Runs the programs one after the other in one boot, as root. They find the tools under the same
    paths as here. With `echo`, shows what they write at once."""
    for path in (init, *tools, *(program.path for program in programs)):
        if not path.exists():
            raise NoVerdict(f"{path} is not built yet; without --no-rebuild, meson test builds it")
    nonce = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "initramfs"
        environment = user_mode.ENVIRONMENT if kernel.user_mode else {}
        image.write_bytes(file_system(init, programs, tools, nonce, environment).cpio())
        command = emulator(kernel, image, Path(scratch))
        prepare = user_mode.prepare_host if kernel.user_mode else None
        refusals = []
        for attempt in range(1, BOOT_ATTEMPTS + 1):
            boot = Boot(command, Path(scratch), nonce, echo, prepare)
            try:
                outcomes = boot.follow(seconds)
                if len(outcomes) != len(programs):
                    raise NoVerdict(f"{len(outcomes)} of {len(programs)} programs were run")
                return outcomes
            except NoVerdict as problem:
                # QEMU's translator now and then crashes a kernel while it starts (seen: 7.2 with
                # Linux 6.12). Once a program has begun, the program is responsible for a crash.
                if boot.begun:
                    raise
                if kernel.user_mode and (refusal := user_mode.refusal(boot.console)) is not None:
                    refusals.append(refusal)
                if len(refusals) == BOOT_ATTEMPTS:
                    raise HostRefuses(f"this host cannot run user-mode Linux: {refusals[-1]}") from None
                if attempt == BOOT_ATTEMPTS:
                    raise
                print(f"{kernel.label}: boot {attempt} failed ({problem}), again", file=sys.stderr)
    raise AssertionError("unreachable")


def file_system(
    init: Path, programs: list[Program], tools: Sequence[Path], nonce: str, environment: dict[str, str]
) -> Initramfs:
    files = Initramfs()
    for directory in ("/dev", "/proc", "/sys", "/root"):
        files.directory(directory)
    files.directory("/tmp", 0o1777)  # all of this is in memory, and can be written to
    files.file("/init", init.read_bytes(), 0o755)
    files.file("/guest/nonce", nonce.encode())
    files.file("/guest/environment", "".join(f"{name}={value}\0" for name, value in environment.items()).encode())
    users = [f"{name}:x:{uid}:{uid}::/root:/bin/sh\n" for name, uid in USERS.items()]
    groups = [f"{name}:x:{gid}:\n" for name, gid in USERS.items()]
    files.file("/etc/passwd", "".join(users).encode())
    files.file("/etc/group", "".join(groups).encode())
    for name in COMMANDS:
        if (path := shutil.which(name)) is not None:
            files.program(f"/bin/{name}", Path(path))
    for tool in tools:
        # Some are found by their path in the build, others in the directory of the program.
        files.program(str(tool.absolute()), tool)
        files.program(f"/programs/{tool.name}", tool)
    for number, program in enumerate(programs):
        place = f"/programs/{program.path.name}"
        files.program(place, program.path)
        words = [place, *program.arguments]
        files.file(f"/guest/program.{number}", "".join(word + "\0" for word in words).encode())
    return files


def emulator(kernel: Kernel, image: Path, scratch: Path) -> list[str]:
    if kernel.user_mode:
        return [
            str(kernel.image), f"mem={MEMORY}", f"initrd={image}", f"uml_dir={scratch}/",
            "con=null", "con0=null,fd:1", "con1=null", "quiet", "panic=-1",
        ]  # fmt: skip
    # One processor: with two, whose threads wait for each other, a guest takes nearly as long and
    # uses twice as much of this machine. Races are tested on the machine's own kernel.
    return [
        "qemu-system-x86_64", "-M", "pc", "-accel", "tcg", "-cpu", "max,la57=off", "-smp", "1",
        "-m", MEMORY, "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-serial", "stdio", "-kernel", str(kernel.image), "-initrd", str(image),
        "-append", "console=ttyS0 quiet panic=-1 nokaslr no_timer_check mitigations=off",
    ]  # fmt: skip


class Boot:
    """One run of an emulator, read line by line."""

    def __init__(
        self, command: list[str], scratch: Path, nonce: str, echo: bool, prepare: Callable[[], None] | None
    ):
        self.command = command
        self.scratch = scratch
        self.nonce = nonce
        self.echo = echo
        self.prepare = prepare  # called in the process that becomes the emulator
        self.begun = False
        self.console: list[str] = []  # what the kernel writes before the first program

    def follow(self, seconds: float) -> list[Outcome]:
        outcomes = []
        lines: list[str] = []
        with self.emulator() as process:
            for line in self.lines(process, seconds):
                word, _, verdict = line.partition(" ")
                if word != self.nonce:
                    lines.append(line)
                    if not self.begun:
                        self.console.append(line)
                    if self.echo and self.begun:
                        print(line, flush=True)
                elif verdict == "begin":
                    self.begun = True
                    lines = []
                elif verdict == "end":
                    return outcomes
                else:
                    output = "\n".join(lines).rstrip("\n")
                    outcomes.append(Outcome(int(verdict.removeprefix("exit ")), output))
        raise NoVerdict("\n    ".join(["the machine stopped, after:", *lines[-10:]]))

    @contextlib.contextmanager
    def emulator(self) -> Iterator[subprocess.Popen]:
        # User-mode Linux keeps the guest's memory in TMPDIR, and a directory of its own in HOME.
        environment = dict(os.environ, HOME=str(self.scratch), TMPDIR=str(self.scratch))
        process = subprocess.Popen(
            self.command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=self.prepare,
        )  # fmt: skip
        # SIGTERM would otherwise end this program alone, and leave the machine running.
        before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        try:
            yield process
        finally:
            signal.signal(signal.SIGTERM, before)
            # The whole session: user-mode Linux has a process for each of its own processes.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            process.stdout.close()

    def lines(self, process: subprocess.Popen, seconds: float) -> Iterator[str]:
        """The lines of the console, within the time limits for the boot and for the programs."""
        selector = selectors.DefaultSelector()
        selector.register(process.stdout, selectors.EVENT_READ)
        deadline = time.monotonic() + BOOT_SECONDS
        running = False
        rest = b""
        while True:
            if self.begun and not running:
                running = True
                deadline = time.monotonic() + seconds
            if not selector.select(max(0, deadline - time.monotonic())):
                raise TimeLimit(f"no end after {seconds if running else BOOT_SECONDS:g} seconds")
            part = os.read(process.stdout.fileno(), 65536)
            if not part:
                return
            *complete, rest = (rest + part).split(b"\n")
            for line in complete:
                yield COLOUR.sub("", line.rstrip(b"\r").decode(errors="replace"))
