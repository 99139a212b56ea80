# SPDX-License-Identifier: MIT
"""Runs the benchmarks of a build directory, and reads what they printed: one JSON object a line."""
import datetime
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

SKIPPED = 77

# The programs of the rows that do not have their program's name.
PROGRAMS = {"setup": "starts", "start": "starts", "start_throughput": "starts", "scale_calls": "scale",
            "compile_time": "size"}


def introspect(build, what):
    # Meson sets MESONINTROSPECT for the targets that it runs.
    meson = shlex.split(os.environ.get("MESONINTROSPECT", "meson introspect"))
    return json.loads(subprocess.check_output([*meson, what, build], text=True))


def first_line(*command):
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return result.stdout.splitlines()[0] if result.returncode == 0 and result.stdout else ""


def field(file, name):
    """The value in the first line "name : value"."""
    for line in Path(file).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def machine(build):
    """What the figures depend on."""
    command = json.loads(Path(build, "compile_commands.json").read_text())[0]["command"].split()
    compiler = command[1] if command[0].endswith("ccache") else command[0]
    options = {option["name"]: option["value"] for option in introspect(build, "--buildoptions")}
    source = Path(__file__).parent
    changed = first_line("git", "-C", source, "status", "--porcelain", "-uno", ":/lib", ":/include")
    return {
        "benchmark": "machine",
        "cpu": field("/proc/cpuinfo", "model name") or os.uname().machine,
        "cpus": len(os.sched_getaffinity(0)),
        "memory_mib": int(field("/proc/meminfo", "MemTotal").split()[0]) // 1024,
        "kernel": os.uname().release,
        "compiler": first_line(compiler, "--version"),
        "build_type": options["buildtype"],
        "lto": options["b_lto"],
        "date": datetime.date.today().isoformat(),
        "commit": first_line("git", "-C", source, "rev-parse", "--short=10", "HEAD")
        + (", changed" if changed else ""),
    }


def program(row):
    return PROGRAMS.get(row["benchmark"], row["benchmark"])


def place_of(row):
    """When and on which machine the figures below this row were measured."""
    return f"{row['date']}, {row['cpu']}"


def earlier(file, only, now):
    """The rows of the programs that are not run anew, and when and where each of these was measured, if
    that is not what `now` says."""
    machine_row, *rows = map(json.loads, Path(file).read_text().splitlines())
    kept = [row for row in rows if program(row) not in only]
    before = machine_row.get("earlier", {})
    places = {name: before.get(name, place_of(machine_row)) for name in map(program, kept)}
    return kept, {name: place for name, place in places.items() if place != place_of(now)}


def collect(build, file, options, only):
    """Runs the benchmarks, one after the other, and stores their lines. `options`: for each
    benchmark, more arguments. `only`: their names; the stored lines of the others are kept. Returns
    the names of those that failed."""
    failed = []
    build = Path(build).resolve()
    described = machine(build)
    kept, places = earlier(file, only, described) if only else ([], {})
    if places:
        described["earlier"] = places
    # No path of this machine belongs into the figures.
    strip = [str(build) + "/", str(Path(__file__).resolve().parents[2]) + "/"]
    with open(file, "w") as output:
        for row in [described, *kept]:
            print(json.dumps(row, separators=(",", ":")), file=output)
        for benchmark in introspect(build, "--benchmarks"):
            name, command = benchmark["name"], benchmark["cmd"]
            if "bench" not in Path(command[0]).parts:  # an example
                continue
            if only and name not in only:
                continue
            print(f"running {name}", file=sys.stderr)
            command = [command[0], "--json", *options.get(name, []), *command[1:]]
            result = subprocess.run(command, env={**os.environ, **benchmark["env"]}, text=True,
                                    cwd=benchmark["workdir"] or build,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            text = result.stdout
            if result.returncode == SKIPPED:
                reason = result.stderr.strip().splitlines()[-1:] or ["no reason was given"]
                text += json.dumps({"benchmark": name, "skipped": reason[0]}) + "\n"
            elif result.returncode != 0:
                failed.append(f"{name} ({result.returncode})")
                sys.stderr.write(result.stderr)
            for path in strip:
                text = text.replace(path, "")
            output.write(text)
            output.flush()
    return failed


class Figures:
    """The rows of all benchmarks."""

    def __init__(self, paths):
        self.rows = []
        for path in map(Path, paths):
            for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
                self.rows += map(json.loads, filter(str.strip, file.read_text().splitlines()))

    def of(self, benchmark, **values):
        """The rows of a benchmark that were measured, and have these values."""
        return [row for row in self.all_of(benchmark, **values) if "skipped" not in row]

    def all_of(self, benchmark, **values):
        """Also the rows of what was skipped."""
        return [row for row in self.rows if row["benchmark"] == benchmark
                and all(row.get(key) == value for key, value in values.items())]

    def one(self, benchmark, key, **values):
        """The value of the key in the first such row; None: there is none."""
        for row in self.of(benchmark, **values):
            return row.get(key)
        return None


def distinct(rows, key):
    """The values of a key, in the order of their first rows."""
    return list(dict.fromkeys(row[key] for row in rows if key in row))
