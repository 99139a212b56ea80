#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves on small trees that layout.py, records.py and language.py find what they are there to find."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import language  # noqa: E402
import layout  # noqa: E402
import records  # noqa: E402

IN_ORDER = {
    "include/pidfd_util/abi.hpp": "",
    "lib/kernel/sys.hpp": "#include <pidfd_util/abi.hpp>\n#include <cerrno>\n",
    "lib/kernel/sys.cpp": '#include "sys.hpp"\n#include "uapi.hpp"\n',
    "lib/kernel/uapi.hpp": "",
    "lib/paths/procfs.hpp": '#include "../kernel/sys.hpp"\n',
    "lib/choose/choose.hpp": '#include "../paths/procfs.hpp"\n',
    "lib/operations/get_pid.cpp": '#include "../choose/choose.hpp"\n#include "../kernel/sys.hpp"\n',
    "lib/spawn/spawn.cpp": '#include "../operations/open.hpp"\n',
    "lib/operations/open.hpp": "",
    "docs/examples/quickstart.cpp": "#include <pidfd_util/pidfd_util.hpp>\n",
    "docs/examples/tool/main.cpp": '#include "report.hpp"\n',
    "docs/examples/tool/report.hpp": "",
    "test/paths/parsers.cpp": '#include "paths/procfs.hpp"\n',
}


class Layout(unittest.TestCase):
    def found(self, changes):
        """The problems of the tree above with these files besides or instead."""
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {**IN_ORDER, **changes}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return layout.problems(root)

    def check(self, expected, files):
        found = self.found(files)
        self.assertEqual(len(found), 1, found)
        self.assertIn(expected, found[0])

    def test_a_tree_in_order_has_no_problems(self):
        self.assertEqual(self.found({}), [])

    def test_an_include_of_a_higher_folder_is_found(self):
        self.check("lib/kernel/uapi.hpp includes lib/operations/open.hpp, of a higher folder",
                   files={"lib/kernel/uapi.hpp": '#include "../operations/open.hpp"\n'})

    def test_an_include_of_the_next_higher_folder_is_found(self):
        self.check("of a higher folder",
                   files={"lib/operations/open.hpp": '  #  include "../spawn/ids.hpp"\n',
                          "lib/spawn/ids.hpp": ""})

    def test_a_cycle_within_a_folder_is_found(self):
        self.check("kernel/sys -> kernel/uapi -> kernel/sys",
                   files={"lib/kernel/uapi.hpp": '#include "sys.hpp"\n'})

    def test_a_cycle_that_only_sources_close_is_found(self):
        # The header includes nothing; its source does.
        self.check("a cycle of includes",
                   files={"lib/kernel/uapi.cpp": '#include "uapi.hpp"\n#include "sys.hpp"\n'})

    def test_an_unknown_folder_is_found(self):
        self.check("lib/misc/text.hpp is not in one of the folders",
                   files={"lib/misc/text.hpp": ""})

    def test_a_folder_below_a_folder_is_found(self):
        self.check("lib/kernel/x86/sys.hpp is not in one of the folders",
                   files={"lib/kernel/x86/sys.hpp": ""})

    def test_a_file_in_no_folder_is_found(self):
        self.check("lib/text.cpp is not in one of the folders", files={"lib/text.cpp": ""})

    def test_a_file_that_stands_alone_may_include_public_headers_only(self):
        self.assertEqual(self.found({"lib/error.cpp": "#include <pidfd_util/error.hpp>\n"}), [])
        self.check("although it stands alone", files={"lib/error.cpp": '#include "kernel/sys.hpp"\n'})

    def test_an_include_that_depends_on_the_compilers_path_is_found(self):
        self.check("which is not a file of lib/",
                   files={"lib/paths/procfs.hpp": '#include "kernel/sys.hpp"\n'})

    def test_an_include_of_lib_by_a_public_header_is_found(self):
        self.check("include/pidfd_util/abi.hpp includes",
                   files={"include/pidfd_util/abi.hpp": '#include "../../lib/kernel/sys.hpp"\n'})

    def test_an_include_of_lib_by_an_example_is_found(self):
        for text in ('#include "kernel/uapi.hpp"\n', "#include <kernel/uapi.hpp>\n"):
            self.check("docs/examples/quickstart.cpp includes",
                       files={"docs/examples/quickstart.cpp": text})

    def test_a_library_that_lacks_a_folder_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in layout.FOLDERS:
                run = subprocess.run([sys.executable, layout.__file__, folder], capture_output=True, text=True)
                self.assertEqual(run.returncode, 1)
                self.assertIn(f"lib/ has no folder {name}", run.stderr)
                (pathlib.Path(folder) / "lib" / name).mkdir(parents=True)


class Records(unittest.TestCase):
    def test_a_record_that_is_passed_with_its_size_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            headers = pathlib.Path(folder) / "include/pidfd_util"
            headers.mkdir(parents=True)
            (headers / "abi_new.hpp").write_text(
                "int f(int fd, new_record& to,\n      std::size_t size) noexcept;\n"
                "int g(std::size_t& length, char* buffer, std::size_t size) noexcept;\n"
                "int h(const streams& s, std::size_t streams_size) noexcept;\n"
            )
            self.assertEqual(records.records(pathlib.Path(folder)), ["new_record", "streams"])


class Language(unittest.TestCase):
    def found(self, text):
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "docs").mkdir()
            (pathlib.Path(folder) / "docs/page.md").write_text(text)
            return list(language.problems(pathlib.Path(folder)))

    def test_each_of_the_words_is_found(self):
        for words in ("what is no pidfd", "That is no child", "is told", "Whoever", "whosever", "of whom", "is nobody"):
            self.assertEqual(len(self.found(f"a line\nIt {words}.\n")), 1, words)
        self.assertEqual(self.found("a line\nis told\n"), ["docs/page.md:2: told"])

    def test_words_are_found_across_the_lines_of_a_comment(self):
        self.assertEqual(len(self.found("// a process that is\n// no child\n")), 1)

    def test_other_words_are_not_found(self):
        self.assertEqual(self.found("what is not a pidfd, that is normal, untold, told_pid, whom\n"), [])


if __name__ == "__main__":
    unittest.main()
