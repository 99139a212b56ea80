#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times Python's subprocess, for the benchmark `starts`.

    starts_python.py PROGRAM MIB

Holds MIB mebibytes of memory and prints "ready". Then reads a number from each line of its standard
input, starts the program that often and waits for it, and prints the microseconds of one start.
"""
import mmap
import subprocess
import sys
import time

program = sys.argv[1]
size = int(sys.argv[2]) << 20
if size > 0:
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    for at in range(0, size, mmap.PAGESIZE):
        memory[at] = 1
print("ready", flush=True)
for line in sys.stdin:
    count = int(line)
    begin = time.perf_counter()
    for _ in range(count):
        subprocess.run([program], check=True)
    print((time.perf_counter() - begin) * 1e6 / count, flush=True)
