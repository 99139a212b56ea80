#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the tables and the plots of docs/performance.md, and the table of the README.

Without options: from docs/performance.json. PATH names other files of figures, or directories of
them: what the benchmarks print with --json. A table stands between the markers <!-- NAME --> and
<!-- end -->; the text around it is written by hand.

  --collect BUILD   first runs the benchmarks of this build directory, and stores their figures. The
                    machine should be idle. It takes about an hour.
  --only NAME,...   with --collect: runs only these benchmarks, and keeps the other figures
  --quick           with --collect: few rounds, for a trial
  --raise-limits    with --collect, as root: lets the benchmark `scale` raise the system's limits
  --check           changes nothing, and fails if a page differs from the figures

The plots need Matplotlib (Debian: python3-matplotlib), unless --check is given.
"""
import argparse
import re
import sys
from pathlib import Path

from figures import Figures, collect
from tables import TABLES

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "docs/performance.json"
PAGES = (ROOT / "docs/performance.md", ROOT / "README.md")
PICTURES = ROOT / "docs/pictures"


def with_tables(text, figures):
    def table(match):
        if match[1] not in TABLES:
            return match[0]
        return f"<!-- {match[1]} -->\n" + "\n".join(TABLES[match[1]](figures)) + "\n<!-- end -->"

    return re.sub(r"^<!-- ([\w-]+) -->$.*?^<!-- end -->$", table, text, flags=re.DOTALL | re.MULTILINE)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--collect", metavar="BUILD")
parser.add_argument("--only", metavar="NAME,...", default="")
parser.add_argument("--quick", action="store_true")
parser.add_argument("--raise-limits", action="store_true")
parser.add_argument("--check", action="store_true")
parser.add_argument("paths", metavar="PATH", nargs="*", default=[DATA])
arguments = parser.parse_args()

failed = []
if arguments.collect:
    quick = ["--quick"] if arguments.quick else []
    raise_limits = ["--raise-limits"] if arguments.raise_limits else []
    failed = collect(arguments.collect, DATA, {"starts": quick, "scale": quick + raise_limits, "size": quick},
                     set(filter(None, arguments.only.split(","))))
figures = Figures(arguments.paths)
different = []
for page in PAGES:
    old = page.read_text()
    new = with_tables(old, figures)
    if arguments.check and new != old:
        different.append(page.name)
    elif new != old:
        page.write_text(new)
if different:
    sys.exit(f"{', '.join(different)}: the tables differ from the figures: run test/bench/page.py")
if arguments.check:
    print(f"{len(figures.rows)} rows of figures, {len(PAGES)} pages")
else:
    import plots

    plots.draw(figures, PICTURES)
if failed:
    sys.exit(f"failed: {', '.join(failed)}")
