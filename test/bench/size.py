#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the size of the shared library, and how long it takes to compile a file with its headers.

usage: size.py [--json] [--quick] --include DIRECTORY... LIBRARY COMPILER...

The CPU time of a compilation is compared with that of a file that includes what every user of the
library includes anyway: <system_error>, <optional>, <chrono> and the header of `expected`. The files
are compiled in alternating rounds, and the fastest round of each counts. Needs readelf and strip.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

BASELINE = ("system_error", "optional", "chrono", "tl/expected.hpp")
HEADERS = ("pidfd_util/pidfd_util.hpp", "pidfd_util/pidfd.hpp")
MODES = {"-fsyntax-only": ["-fsyntax-only"], "-O2 -c": ["-O2", "-c", "-o", os.devnull]}


def output_of(*command, **options):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def sections(file):
    """The size of each section."""
    rows = re.findall(r"^ *\[ *\d+\] (\S+) +\S+ +\S+ +\S+ +(\S+)", output_of("readelf", "-SW", file), re.M)
    return {name: int(size, 16) for name, size in rows}


def relocations(file):
    """The number of relocations in each section that has them."""
    rows = re.findall(r"section '(\S+)'.* contains (\d+) entr", output_of("readelf", "-rW", file))
    return {name: int(count) for name, count in rows}


def static_initialisers(file):
    """The number of functions that the compiler made for them; None: the file has no symbols."""
    symbols = output_of("readelf", "-sW", file)
    if "'.symtab'" not in symbols:
        return None
    return len(re.findall(r" FUNC .* _GLOBAL__sub_I_", symbols))


def pages_written(library):
    """The number of the library's pages that a program has for itself right after its start; None: it
    was not loaded."""
    maps = output_of("cat", "/proc/self/smaps", env={**os.environ, "LD_PRELOAD": str(library)})
    kilobytes, ours = None, False
    for line in maps.splitlines():
        if re.match("[0-9a-f]+-[0-9a-f]+ ", line):
            ours = line.endswith("/" + library.name)
        elif ours and line.startswith("Private_Dirty:"):
            kilobytes = (kilobytes or 0) + int(line.split()[1])
    return None if kilobytes is None else kilobytes * 1024 // os.sysconf("SC_PAGE_SIZE")


def measure_library(library):
    size = sections(library)
    counts = relocations(library)
    with tempfile.TemporaryDirectory() as directory:
        stripped = Path(directory, library.name)
        subprocess.run(["strip", "-o", stripped, library], check=True)
        stripped_bytes = stripped.stat().st_size
    word = 8 if "ELF64" in output_of("readelf", "-h", library) else 4
    figures = {
        "text_bytes": size[".text"],
        "stripped_bytes": stripped_bytes,
        "relocations": sum(n for name, n in counts.items() if not name.endswith(".plt")),
        "plt_relocations": sum(n for name, n in counts.items() if name.endswith(".plt")),
        "init_array_entries": size.get(".init_array", 0) // word,
        "static_initialisers": static_initialisers(library),
        "pages_written_at_start": pages_written(library),
    }
    return {name: value for name, value in figures.items() if value is not None}


def cpu_milliseconds(command):
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    message = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stderr.close()
    if status != 0:
        raise RuntimeError(message.strip().splitlines()[0])
    return (usage.ru_utime + usage.ru_stime) * 1000


def measure_compilation(compiler, include, rounds):
    """For each way to compile, the fastest time of the baseline and of each header."""
    with tempfile.TemporaryDirectory() as directory:
        sources = {"": BASELINE} | {header: (header,) for header in HEADERS}
        files = {}
        for number, (name, headers) in enumerate(sources.items()):
            files[name] = Path(directory, f"{number}.cpp")
            files[name].write_text("".join(f"#include <{header}>\n" for header in headers))
        command = [*compiler, "-std=c++17", *(f"-I{path}" for path in include)]
        for mode, arguments in MODES.items():
            best = dict.fromkeys(files, float("inf"))
            for _ in range(rounds):
                for name, file in files.items():
                    best[name] = min(best[name], cpu_milliseconds([*command, *arguments, str(file)]))
            yield mode, best


def compilation(compiler, include, rounds):
    try:
        for mode, best in measure_compilation(compiler, include, rounds):
            for header in HEADERS:
                yield {
                    "benchmark": "compile_time",
                    "header": header,
                    "mode": mode,
                    "milliseconds": round(best[header], 1),
                    "baseline_milliseconds": round(best[""], 1),
                    "ratio": round(best[header] / best[""], 3),
                }
    except RuntimeError as error: # such as a missing tl/expected.hpp
        yield {"benchmark": "compile_time", "skipped": str(error)}


def print_row(row, as_json):
    if as_json:
        print(json.dumps(row, separators=(",", ":")))
    elif "skipped" in row:
        print(f"{row['benchmark']}: skipped: {row['skipped']}")
    elif row["benchmark"] == "size":
        for name, value in list(row.items())[2:]:
            print(f"{name:26} {value:8}")
        print(f"\n{'header':28} {'mode':14} {'CPU ms':>8} {'baseline':>8} {'ratio':>6}")
    else:
        print("{header:28} {mode:14} {milliseconds:8.0f} {baseline_milliseconds:8.0f} {ratio:6.2f}".format(**row))
    sys.stdout.flush()


parser = argparse.ArgumentParser()
parser.add_argument("--json", action="store_true")
parser.add_argument("--quick", action="store_true", help="few rounds")
parser.add_argument("--include", action="append", default=[], metavar="DIRECTORY")
parser.add_argument("library", type=lambda path: Path(path).resolve())
parser.add_argument("compiler", nargs="+")
arguments = parser.parse_args()
if "ccache" in Path(arguments.compiler[0]).name: # which would measure the cache
    del arguments.compiler[0]
library = arguments.library
print_row({"benchmark": "size", "library": library.name, **measure_library(library)}, arguments.json)
for row in compilation(arguments.compiler, arguments.include, 2 if arguments.quick else 15):
    print_row(row, arguments.json)
