#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of the runner itself, on the first kernel that is there: test_runner.py INIT"""

import errno
import os
import signal
import sys
import unittest
from pathlib import Path
from unittest import mock

import guest
import user_mode
from catalogue import KERNELS

SKIPPED = 77
init = Path()
kernel = KERNELS["5.10"]


def script(text: str) -> guest.Program:
    return guest.Program(Path("/bin/sh"), ["-c", text])


def run(*scripts: str, seconds: float = 60) -> list[guest.Outcome]:
    return guest.run(kernel, init, [script(text) for text in scripts], seconds)


class Ended(guest.Boot):
    """A boot in which the runner gets SIGTERM, as from Meson after a time limit."""

    group = 0

    def lines(self, process, seconds):
        Ended.group = process.pid
        os.kill(os.getpid(), signal.SIGTERM)
        yield from super().lines(process, seconds)


class Runner(unittest.TestCase):
    def test_reports_how_each_program_ended_and_what_it_wrote(self):
        outcomes = run("echo one; exit 3", "printf 'no line end'", "kill -9 $$", "echo error >&2; exit 77")
        self.assertEqual([o.status for o in outcomes], [3, 0, 137, 77])
        self.assertEqual([o.output.strip() for o in outcomes], ["one", "no line end", "", "error"])

    def test_believes_no_verdict_of_a_program(self):
        nonce = "$(cat /guest/nonce)"
        (outcome,) = run(f"echo '{nonce} exit 0'; echo {nonce} exit 0; echo exit 0; echo end; exit 5")
        self.assertEqual(outcome.status, 5)
        self.assertIn("/guest/nonce: No such file", outcome.output)

    def test_ends_at_the_time_limit(self):
        with self.assertRaises(guest.TimeLimit):
            run("sleep 1000", seconds=2)

    def test_ends_what_a_program_leaves_behind(self):
        outcomes = run("sleep 1000 & exit 0", "for p in /proc/[0-9]*; do cat $p/comm; done")
        self.assertNotIn("sleep", outcomes[1].output)

    def test_does_not_try_again_once_a_program_has_begun(self):
        with mock.patch.object(guest, "Boot", wraps=guest.Boot) as boot:
            with self.assertRaises(guest.NoVerdict):
                run("echo c > /proc/sysrq-trigger; sleep 1000", seconds=20)
        self.assertEqual(boot.call_count, 1)

    def test_tries_a_boot_that_reaches_no_program_again(self):
        with mock.patch.object(guest, "Boot", wraps=guest.Boot) as boot:
            with mock.patch.object(guest, "emulator", return_value=["false"]):
                with self.assertRaises(guest.NoVerdict):
                    run("exit 0")
        self.assertEqual(boot.call_count, guest.BOOT_ATTEMPTS)

    def test_gives_a_program_root_users_and_file_systems(self):
        (outcome,) = run("cat /proc/self/status /etc/passwd /proc/self/mounts; : > /tmp/writable || exit 1")
        self.assertEqual(outcome.status, 0)
        parts = ("Uid:\t0\t0\t0\t0", "nobody:x:65534:", "/proc proc", "/sys sysfs", "/sys/fs/cgroup cgroup2")
        for part in parts:
            self.assertIn(part, outcome.output)

    def test_gives_a_program_the_links_of_dev(self):
        (outcome,) = run("echo one | cat /dev/fd/0 && echo two > /dev/stdout && echo three > /dev/stderr")
        self.assertEqual((outcome.status, outcome.output.split()), (0, ["one", "two", "three"]))

    def test_ends_the_machine_if_the_runner_is_ended(self):
        with self.assertRaises(SystemExit), mock.patch.object(guest, "Boot", Ended):
            run("exit 0")
        with self.assertRaises(ProcessLookupError):
            os.killpg(Ended.group, 0)


class NotBuilt(unittest.TestCase):
    def test_what_is_not_built_is_named(self):
        with self.assertRaisesRegex(guest.NoVerdict, "/nowhere/init is not built yet"):
            guest.run(kernel, Path("/nowhere/init"), [script("exit 0")], 60)


class UserMode(unittest.TestCase):
    """Each on the first user-mode kernel that is there."""

    def setUp(self):
        there = [k for k in KERNELS.values() if k.user_mode and guest.missing(k) is None]
        if not there:
            self.skipTest("no user-mode kernel is there")
        patch = mock.patch.dict(globals(), kernel=there[0])
        patch.start()
        self.addCleanup(patch.stop)

    def test_runs_where_the_processor_has_more_registers_than_the_kernel_knows(self):
        (outcome,) = run("cat /proc/self/environ; exit 7")
        self.assertEqual(outcome.status, 7)
        self.assertIn("GLIBC_TUNABLES=", outcome.output)

    def test_a_host_that_refuses_ptrace_is_named_as_the_reason(self):
        with mock.patch.object(user_mode, "prepare_host", lambda: user_mode.refuse(errno.EPERM)):
            with self.assertRaisesRegex(guest.HostRefuses, "ptrace: Operation not permitted|check_ptrace"):
                run("exit 0")

    def test_a_kernel_that_panics_for_another_reason_is_not_excused(self):
        with mock.patch.object(guest, "emulator", return_value=["echo", "Kernel panic - not syncing"]):
            with self.assertRaises(guest.NoVerdict) as raised:
                run("exit 0")
        self.assertNotIsInstance(raised.exception, guest.HostRefuses)

    def test_words_of_a_program_about_ptrace_excuse_nothing(self):
        with self.assertRaises(guest.NoVerdict) as raised:
            run("echo ptrace failed: Operation not permitted; echo o > /proc/sysrq-trigger; sleep 1000")
        self.assertNotIsInstance(raised.exception, guest.HostRefuses)


if __name__ == "__main__":
    init = Path(sys.argv.pop(1))
    kernel = next((k for k in KERNELS.values() if guest.missing(k) is None), kernel)
    if (reason := guest.missing(kernel)) is not None:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)
    unittest.main()
