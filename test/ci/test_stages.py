#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of .ci. A stage in which nothing ran must fail, and so must a name that selects nothing."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

CI = Path(__file__).resolve().parents[2] / ".ci"

PROJECT = """
project('some')
counter = find_program('counter')
test('one', counter, args: ['1', '0'], suite: 'unit')
test('two', counter, args: ['1', '1'], suite: 'unit')
test('plain', find_program('true'))
test('empty', counter, args: ['0', '0'], suite: 'empty')
test('slow', find_program('true'), suite: 'slow')
test('unable', find_program('sh'), args: ['-c', 'echo first; echo skipped: no way; exit 77'], suite: 'slow')
add_test_setup('default', exclude_suites: ['slow', 'empty'], is_default: true)
"""

KERNELS = """
project('some')
booted = find_program('booted')
foreach label : ['5.4', '6.1', 'uml-6.1']
  foreach name : ['suite-@0@-part-1', 'suite-@0@-part-2', 'page-@0@', 'reboot-@0@']
    test(name.format(label), booted, args: label, suite: 'kernels')
  endforeach
endforeach
test('kernel-runner', find_program('true'), suite: 'kernels')
"""

BOOTED = """#!/bin/sh
[ -e "$FETCHED/$1" ] && exit
echo "skipped: no kernel $1 yet"
exit 77
"""

FETCH = """#!/bin/sh
[ "$1" = --list ] && exec printf '%s\\n' 5.4 6.1 uml-6.1
echo "fetch: no mirror" >&2
exit 1
"""

COUNTER = """#!/bin/sh
line="$1 passed, 0 failed, $2 skipped"
echo "$line"
echo "$line" >>"$PIDFD_UTIL_TALLY"
"""


class Scratch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)

    def call(self, *command, **environment) -> tuple[int, str]:
        done = subprocess.run(
            command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=dict(os.environ, **environment), cwd=self.scratch,
        )  # fmt: skip
        return done.returncode, done.stdout


class Stages(Scratch):
    def stages(self, text: str, *selected: str) -> tuple[int, str]:
        script = f'set -uo pipefail\nsource "{CI}/stages.sh"\nall() {{\n{text}\n}}\nrun_stages all "$@"\n'
        return self.call("bash", "-c", script, "stages", *selected)

    def assert_fails(self, text: str, *said: str):
        status, output = self.stages(text)
        self.assertNotEqual(status, 0, output)
        for part in (*said, "failed: some"):
            self.assertIn(part, output)

    def test_a_stage_that_checked_something_passes(self):
        status, output = self.stages("stage some checked 3 things")
        self.assertEqual(status, 0, output)
        self.assertTrue(output.endswith("\n3 passed, 0 failed, 0 skipped\n"), output)

    def test_a_stage_that_counts_nothing_fails(self):
        self.assert_fails("stage some true", "nothing ran", "0 passed, 1 failed, 0 skipped")

    def test_a_stage_that_checked_nothing_fails(self):
        self.assert_fails("stage some checked 0 things", "nothing was checked")
        self.assert_fails("stage some checked '' things", "nothing was checked")

    def test_a_stage_whose_counts_are_all_zero_fails(self):
        self.assert_fails("count() { echo '0 passed, 0 failed, 0 skipped' >>$PIDFD_UTIL_TALLY; }; stage some count", "nothing ran")

    def test_a_stage_that_skipped_everything_fails(self):
        self.assert_fails("count() { echo '0 passed, 0 failed, 9 skipped' >>$PIDFD_UTIL_TALLY; }; stage some count", "nothing ran")

    def test_a_line_that_is_not_a_count_counts_nothing(self):
        self.assert_fails("count() { echo '7 tests passed, hooray' >>$PIDFD_UTIL_TALLY; }; stage some count", "nothing ran")

    def test_a_count_of_an_earlier_stage_does_not_count_again(self):
        self.assert_fails("stage first checked 1 thing; stage some true", "1 passed, 1 failed, 0 skipped")

    def test_a_missing_tool_fails(self):
        self.assert_fails("stage some no-such-tool --check", "status 127")
        self.assert_fails("tool() { no-such-tool && checked 1 file; }; stage some tool", "status 127")

    def test_a_stage_that_exits_with_an_error_fails_whatever_it_counted(self):
        self.assert_fails("bad() { checked 1 thing; return 3; }; stage some bad", "1 passed, 1 failed, 0 skipped")

    def test_a_counted_failure_fails_although_the_stage_exits_with_0(self):
        self.assert_fails("count() { echo '1 passed, 2 failed, 0 skipped' >>$PIDFD_UTIL_TALLY; }; stage some count", "1 passed, 2 failed")

    def test_stages_after_a_failed_one_are_run(self):
        _, output = self.stages("stage some false; stage other checked 1 thing")
        self.assertIn("==== other: 1 passed", output)

    def test_a_stage_cannot_change_the_next_one(self):
        status, output = self.stages("leave() { cd / && passed=9 && checked 1 thing; }; stage some leave; stage other test \"$PWD\" = /")
        self.assertIn("1 passed, 1 failed", output)
        self.assertNotEqual(status, 0)

    def test_an_unknown_name_fails_before_any_stage_is_run(self):
        status, output = self.stages("stage some checked 1 thing", "some", "TYPO")
        self.assertNotEqual(status, 0)
        self.assertIn("no stage has 'TYPO' in its name", output)
        self.assertNotIn("==== some", output)

    def test_only_selected_stages_are_run(self):
        status, output = self.stages("stage one checked 1 thing; stage two checked 1 thing; long three checked 1 thing", "two", "hree")
        self.assertEqual((status, output.count("passed, 0 failed, 0 skipped in ")), (0, 2), output)
        self.assertNotIn("==== one", output)

    def test_long_stages_are_run_on_request(self):
        text = "stage one checked 1 thing; long two checked 1 thing"
        self.assertNotIn("==== two", self.stages(text)[1])
        self.assertIn("==== two", self.stages(text, "all")[1])

    def test_no_stages_at_all_fail(self):
        self.assertNotEqual(self.stages("long some checked 1 thing")[0], 0)


class Meson(Scratch):
    def setUp(self):
        super().setUp()
        source = self.scratch / "source"
        source.mkdir()
        (source / "meson.build").write_text(PROJECT)
        (source / "counter").write_text(COUNTER)
        (source / "counter").chmod(0o755)
        self.tally = self.scratch / "tally"
        self.tally.touch()
        status, output = self.call("meson", "setup", "source", "build")
        self.assertEqual(status, 0, output)

    def run_tests(self, *arguments: str) -> tuple[int, str]:
        return self.call(str(CI / "meson-test"), *arguments, PIDFD_UTIL_TALLY=str(self.tally))

    def assert_fails(self, said: str, *arguments: str):
        status, output = self.run_tests(*arguments)
        self.assertNotEqual(status, 0, output)
        self.assertIn(said, output)

    def test_selected_tests_run_and_are_counted(self):
        status, output = self.run_tests("build", "one", "two", "plain")
        self.assertEqual(status, 0, output)
        self.assertIn("3 of 3 tests were run", output)
        lines = ["1 passed, 0 failed, 0 skipped"] * 2 + ["1 passed, 0 failed, 1 skipped"]
        self.assertEqual(sorted(self.tally.read_text().splitlines()), sorted(lines))

    def test_a_suite_that_the_default_setup_excludes_runs_by_its_name(self):
        status, output = self.run_tests("--suite", "slow", "build", "slow")
        self.assertEqual(status, 0, output)

    def test_a_test_that_the_default_setup_excludes_is_missed(self):
        # Meson says "No suitable tests defined" and ends with 0.
        self.assert_fails("nothing ran", "build", "slow")
        self.assert_fails("slow did not run", "--no-suite", "empty", "build")

    def test_a_suite_that_does_not_exist_fails(self):
        self.assert_fails("nothing to run", "--suite", "sloow", "build")

    def test_one_wrong_name_among_right_ones_fails(self):
        self.assert_fails("not among the selected tests: tow", "build", "one", "tow")

    def test_a_name_of_another_suite_fails(self):
        self.assert_fails("not among the selected tests: one", "--suite", "slow", "build", "one")

    def test_a_test_program_that_ran_no_case_fails(self):
        self.assert_fails("empty exited with 0, but ran nothing", "--suite", "empty", "build")

    def test_a_build_directory_that_does_not_exist_fails(self):
        self.assertNotEqual(self.run_tests("elsewhere", "one")[0], 0)

    def test_a_skipped_test_fails_on_request(self):
        self.assertEqual(self.run_tests("--suite", "slow", "build", "slow", "unable")[0], 0)
        self.assertEqual(self.run_tests("--refuse-skips", "--suite", "slow", "build", "slow")[0], 0)
        self.assert_fails("unable was skipped: no way", "--refuse-skips", "--suite", "slow", "build", "slow", "unable")

    def test_the_log_of_a_run_that_is_over_is_judged(self):
        log = self.scratch / "build/meson-logs/testlog.json"
        self.assert_fails("nothing ran", "--log", str(log), "build")
        self.call("meson", "test", "-C", "build", "one", PIDFD_UTIL_TALLY=str(self.tally))
        self.assertEqual(self.run_tests("--log", str(log), "build", "one")[0], 0)
        self.assert_fails("two did not run", "--log", str(log), "--suite", "unit", "build")


class Run(Scratch):
    """The real .ci/run, in a repository that lacks something."""

    def setUp(self):
        super().setUp()
        shutil.copytree(CI, self.scratch / ".ci")
        self.call("git", "init", "--quiet", ".")

    def without(self, tool: str) -> str:
        tools = self.scratch / "tools"
        tools.mkdir()
        for directory in os.environ["PATH"].split(":"):
            for path in Path(directory).iterdir() if Path(directory).is_dir() else ():
                if path.name != tool and not (tools / path.name).is_symlink():
                    (tools / path.name).symlink_to(path)
        return str(tools)

    def run_stages(self, *stages: str, **environment: str) -> tuple[int, str]:
        status, output = self.call(".ci/run", *stages, **environment)
        self.assertNotEqual(status, 0, output)
        return output

    def test_an_unknown_stage_fails(self):
        self.assertIn("no stage has 'clang-fromat' in its name", self.run_stages("clang-fromat"))

    def test_quick_runs_the_format_and_the_unit_tests_only(self):
        output = self.run_stages("quick")
        names = re.findall(r"^==== (.*?): ", output, re.MULTILINE)
        self.assertEqual(names, ["clang-format", "build and unit tests"], output)

    def test_quick_is_not_mixed_with_other_names(self):
        self.assertIn("no stage has 'quick' in its name", self.run_stages("quick", "cppcheck"))

    def test_a_stage_without_files_fails(self):
        for stage in ("clang-format", "clang-tidy", "cppcheck", "shellcheck", "Python"):
            output = self.run_stages(stage)
            self.assertIn("no source files", output)
            self.assertIn(f"failed: {stage}", output)

    def test_a_stage_without_its_tool_fails(self):
        for path in ("lib/some.cpp", "docs/examples/some.cpp"):
            (self.scratch / path).parent.mkdir(parents=True)
            (self.scratch / path).write_text("int some() { return 0; }\n")
        self.call("git", "add", ".ci", "lib", "docs")
        tools = {"clang-format": "clang-format", "cppcheck": "cppcheck", "shellcheck": "shellcheck", "Python": "pyflakes3"}
        for stage, tool in tools.items():
            path = self.without(tool)
            output = self.run_stages(stage, PATH=path)
            self.assertIn("status 127", output)
            shutil.rmtree(path)

    def write_program(self, path: str, text: str):
        (self.scratch / path).parent.mkdir(parents=True, exist_ok=True)
        (self.scratch / path).write_text(text)
        (self.scratch / path).chmod(0o755)

    def test_a_stage_whose_tests_pass_fails_without_the_tool_that_it_names(self):
        self.write_program("lib/some.cpp", "int some() { return 0; }\n")
        self.write_program("docs/examples/some.cpp", "int some() { return 0; }\n")
        self.call("git", "add", ".ci", "lib", "docs")
        # The build succeeds and every test passes, so only the tool is missing.
        self.write_program(".ci/meson-test", '#!/bin/sh\necho "1 passed, 0 failed, 0 skipped" >>"$PIDFD_UTIL_TALLY"\n')
        tools = {"clang-tidy": "clang-tidy", "clang-tidy of the examples": "clang-tidy", "coverage": "gcovr", "Valgrind": "dpkg-deb"}
        for stage, tool in tools.items():
            path = self.without(tool)
            Path(path, "meson").unlink()
            Path(path, "meson").symlink_to(shutil.which("true"))
            # Without a Valgrind in the cache, a new enough one must be unpacked.
            Path(path, "valgrind").unlink(missing_ok=True)
            self.assertIn(f"failed: {stage}", self.run_stages(stage, PATH=path, XDG_CACHE_HOME=str(self.scratch / "cache")))
            shutil.rmtree(path)

    def test_a_stage_without_its_compiler_or_emulator_fails(self):
        for directory in ("test/abi", "test/cross", "test/support"):
            shutil.copytree(CI.parent / directory, self.scratch / directory)
        (self.scratch / "meson.build").write_text("project('some', 'cpp')\ntest('some', find_program('true'))\n")
        tools = {
            "fuzzing": ("clang++", "fuzzing of the parsers"),
            "TSan": ("clang++", "TSan, with Clang"),
            "32-bit": ("i686-linux-gnu-g++", "a 32-bit machine"),
            "ABI": ("abidiff", "ABI"),
        }
        for text, (tool, stage) in tools.items():
            path = self.without(tool)
            self.assertIn(f"failed: {stage}", self.run_stages(text, PATH=path))
            shutil.rmtree(path)

    def lint(self, stage: str, **files: str) -> tuple[int, str]:
        for name, text in files.items():
            (self.scratch / name).write_text(text)
        self.call("git", "add", *files)
        return self.call(".ci/run", stage)

    def test_scripts_are_found_by_their_first_line(self):
        status, output = self.lint("shellcheck", good="#!/bin/sh\necho some\n", text="a line\n#!/bin/sh\n")
        self.assertEqual(status, 0, output)
        self.assertIn("checked: 1 files", output)
        status, output = self.lint("Python", other="#!/usr/bin/env python3\nprint()\n")
        self.assertEqual(status, 0, output)
        self.assertIn("checked: 1 files", output)

    def test_a_mistake_in_a_script_fails(self):
        output = self.lint("shellcheck", bad="#!/bin/bash\nrm $1\n")[1]
        self.assertIn("SC2086", output)
        self.assertIn("failed: shellcheck", output)
        output = self.lint("Python", worse="#!/usr/bin/env python3\nprint(undefined)\n")[1]
        self.assertIn("undefined name", output)
        self.assertIn("failed: Python", output)

    def test_a_stage_without_its_script_fails(self):
        self.assertIn("failed: compile matrix", self.run_stages("compile matrix"))

    @unittest.skipIf(os.getuid() != 0, "only root can become another user")
    def test_the_unit_tests_are_run_as_nobody_and_counted(self):
        counter = COUNTER.replace("line=", '[ "$(id -u) $(id -g) $(id -G)" = "65534 65534 65534" ] || exit 1\nline=')
        self.write_program("counter", counter)
        self.write_program("meson.build", PROJECT)
        self.scratch.chmod(0o755)  # an ordinary user enters the directories of the tree and of the tests
        status, output = self.call(".ci/run", "unit tests as nobody")
        self.assertEqual(status, 0, output)
        self.assertIn("==== unit tests as nobody: 2 passed, 0 failed, 1 skipped", output)

    def test_the_attacks_run_in_the_long_mode(self):
        self.write_program("counter", COUNTER.replace("line=", '[ "$PIDFD_UTIL_LONG" = 1 ] || exit 1\nline='))
        self.write_program("meson.build", PROJECT.replace("'unit'", "'attack'"))
        status, output = self.call(".ci/run", "attacks in the long mode")
        self.assertEqual(status, 0, output)
        self.assertIn("==== attacks in the long mode: 2 passed, 0 failed, 1 skipped", output)

    def run_kernels(self, stage: str, *fetched: str) -> tuple[int, str]:
        self.write_program("meson.build", KERNELS)
        self.write_program("booted", BOOTED)
        self.write_program("test/kernels/fetch", FETCH)
        directory = self.scratch / "fetched"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        for label in fetched:
            (directory / label).touch()
        return self.call(".ci/run", stage, FETCHED=str(directory))

    def test_a_kernel_stage_passes_if_the_kernels_that_it_names_have_booted(self):
        for stage, label in {"kernel 5.4": "5.4", "other kernels": "6.1", "User-mode Linux": "uml-6.1"}.items():
            status, output = self.run_kernels(stage, label)
            self.assertEqual(status, 0, output)
            self.assertIn("5 of 5 tests were run", output)

    def test_a_kernel_stage_fails_if_only_another_kernel_has_booted(self):
        for stage, label in {"kernel 5.4": "5.4", "other kernels": "6.1", "User-mode Linux": "uml-6.1"}.items():
            for others in ([], [other for other in ("5.4", "6.1", "uml-6.1") if other != label]):
                status, output = self.run_kernels(stage, *others)
                self.assertNotEqual(status, 0, output)
                self.assertIn(f"suite-{label}-part-1 was skipped: no kernel {label} yet", output)
                self.assertIn(f"failed: {stage}", output)

    def test_kernels_without_a_list_fail(self):
        self.assertIn("failed: other kernels", self.run_stages("other kernels"))


if __name__ == "__main__":
    unittest.main()
