# SPDX-License-Identifier: MIT
"""Makes the tables of docs/performance.md and of the README from the figures."""
import re

from figures import distinct

# The fallbacks whose other side is what people use, not the least that a right answer needs.
PEERS = ("status, by iostreams", "status, by stdio")


def number(value):
    """With three digits, and commas."""
    if value is None:
        return "–"
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    if 0 < abs(value) < 0.1:
        return f"{value:.2g}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def nanoseconds(value):
    for unit in ("ns", "µs"):
        if value < 1000:
            return f"{number(value)} {unit}"
        value /= 1000
    return f"{number(value)} ms"


def table(head, rows):
    """Columns of numbers are aligned to the right."""
    def rule(column):
        return "---:" if rows and all(re.match(r"[\d–]", row[column]) for row in rows) else "---"

    lines = [head, [rule(column) for column in range(len(head))], *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def skipped(rows, label):
    """A list of what was skipped: each reason once, with what it concerns."""
    reasons = {}
    for row in rows:
        if "skipped" in row:
            reasons.setdefault(row["skipped"], []).append(label(row))
    lines = [f"- Skipped: {', '.join(dict.fromkeys(labels))}: {reason}." for reason, labels in reasons.items()]
    return ["", *lines] if lines else []


def machine(figures):
    names = {"cpu": "CPU", "cpus": "CPUs", "memory_mib": "memory, MiB", "kernel": "kernel", "compiler": "compiler",
             "build_type": "Meson's buildtype", "lto": "LTO", "date": "date", "commit": "commit"}
    rows = figures.of("machine") + figures.of("setup")
    facts = [(names.get(key, key), value) for row in rows for key, value in row.items()
             if key not in ("benchmark", "earlier")]
    facts += [(f"figures of `{name}`", place) for row in rows for name, place in row.get("earlier", {}).items()]
    words = {True: "yes", False: "no"}
    return table(["fact", "value"], [[name, words[value] if isinstance(value, bool) else number(value)
                             if isinstance(value, int) else value] for name, value in facts])


def counted(row, key):
    return " / ".join(str(row.get(name, "–")) for name in (key, "bare_" + key))


def comparison(figures, benchmark, chosen):
    rows = [row for row in figures.all_of(benchmark) if "bare" not in row or chosen(row["bare"])]
    measured = [row for row in rows if "skipped" not in row]
    return table(
        ["operation", "beside", "time", "beside it", "ratio", "system calls", "heap allocations"],
        [[f"`{row['operation']}`", row["bare"], nanoseconds(row["nanoseconds"]), nanoseconds(row["bare_nanoseconds"]),
          f"{row['ratio']:.2f}", counted(row, "system_calls"), counted(row, "heap_allocations")] for row in measured],
    ) + skipped(rows, lambda row: f"`{row['operation']}`" if "operation" in row else row["benchmark"])


def instructions(figures):
    return table(["operation", "instructions", "bare call", "above it"],
                 [[f"`{row['operation']}`", number(row["instructions"]), number(row["bare_instructions"]),
                   number(row["above"])] for row in figures.of("instructions")]
                 ) + skipped(figures.all_of("instructions"), lambda row: "all")


def resident(mib):
    return f"{mib // 1024} GiB" if mib >= 1024 else f"{mib} MiB"


def posix_spawn(figures, mib):
    return figures.one("start", "microseconds", way="posix_spawn", resident_mib=mib)


def starts(figures):
    rows = [row for row in figures.all_of("start") if "resident_mib" in row]
    sizes = sorted(distinct(rows, "resident_mib"))
    sizes_measured = [mib for mib in sizes if figures.of("start", resident_mib=mib)]

    def cell(way, mib):
        time = figures.one("start", "microseconds", way=way, resident_mib=mib)
        base = posix_spawn(figures, mib)
        return "–" if time is None else f"{number(time)} ({number(time / base)})" if base else number(time)

    def label(row):
        mib = row.get("resident_mib")
        if mib is None:
            return row["way"]
        return f"{row['way'] if mib in sizes_measured else 'every way'} with {resident(mib)}"

    return table(["way"] + [resident(mib) for mib in sizes_measured],
                 [[way] + [cell(way, mib) for mib in sizes_measured] for way in distinct(rows, "way")]
                 ) + skipped(figures.all_of("start"), label)


def throughput(figures):
    base = figures.one("start_throughput", "starts_per_second", way="posix_spawn, waitpid(-1)")
    return table(["way", "starts per second", "beside posix_spawn"],
                 [[row["way"], number(round(row["starts_per_second"])),
                   number(row["starts_per_second"] / base) if base else "–"]
                  for row in figures.of("start_throughput")]
                 ) + skipped(figures.all_of("start_throughput"), lambda row: row["way"])


def by_processes(figures, benchmark, cell):
    rows = figures.all_of(benchmark)
    ways = distinct(rows, "way")
    body = []
    for processes in distinct(rows, "processes"):
        cells = [figures.of(benchmark, way=way, processes=processes) for way in ways]
        body.append([number(processes)] + [cell(found[0]) if found else "–" for found in cells])
    return table(["processes", *ways], body)


def skipped_scale(figures, benchmark):
    return skipped(figures.all_of(benchmark), lambda row: f"{row['way']} with {number(row['processes'])} processes"
                   f" ({number(row['possible_processes'])} are possible)" if "way" in row else benchmark)


def streams(figures):
    return table(["size", "of the reader", "`communicate`", "bare reads", "ratio"], [
        [f"{number(row['mib'])} MiB", name, f"{row[key]:.3f} s", f"{row['bare_' + key]:.3f} s", f"{row[ratio]:.2f}"]
        for row in figures.of("streams")
        for name, key, ratio in (("time", "seconds", "ratio"), ("CPU time", "cpu_seconds", "cpu_ratio"))
    ]) + skipped(figures.all_of("streams"), lambda row: "all")


def latency(figures):
    return by_processes(figures, "scale", lambda row: number(row["latency_median_microseconds"]) + " / "
                        + number(row["latency_p99_microseconds"])) + skipped_scale(figures, "scale")


def bend(figures, way, key):
    """The first number of processes for which the figure is twice that of the smallest number."""
    rows = sorted(figures.of("scale", way=way), key=lambda row: row["processes"])
    return next((row for row in rows if row[key] >= 2 * rows[0][key]), None)


def bends(figures):
    keys = ("latency_median_microseconds", "cpu_per_exit_microseconds")
    found = {way: [bend(figures, way, key) for key in keys] for way in distinct(figures.of("scale"), "way")}
    return table(["way", "median latency", "CPU time per exit"],
                 [[way] + [number(row["processes"]) if row else "never here" for row in rows]
                  for way, rows in found.items()])


def size(figures):
    names = {"text_bytes": "`.text`, bytes", "stripped_bytes": "stripped file, bytes", "relocations": "relocations",
             "plt_relocations": "relocations of functions (PLT)", "init_array_entries": "entries of `.init_array`",
             "static_initialisers": "static initialisers", "pages_written_at_start": "pages written at start"}
    return table(["fact", "value"], [[names[key], number(value)] for row in figures.of("size")
                            for key, value in row.items() if key in names])


def compile_time(figures):
    return table(["header", "compiled with", "CPU time", "baseline", "ratio"],
                 [[f"`<{row['header']}>`", f"`{row['mode']}`", f"{number(row['milliseconds'])} ms",
                   f"{number(row['baseline_milliseconds'])} ms", f"{row['ratio']:.2f}"]
                  for row in figures.of("compile_time")]
                 ) + skipped(figures.all_of("compile_time"), lambda row: "all")


def goals(figures):
    """Each goal with its limit and the figure."""
    def worst(benchmark, key, operations=None, **values):
        rows = [row for row in figures.of(benchmark, **values)
                if key in row and (operations is None or row["operation"] in operations)]
        return max((row[key] for row in rows), default=None)

    def start(mib):
        time = figures.one("start", "microseconds", way="pidfd_util::spawn", resident_mib=mib)
        return time / posix_spawn(figures, mib) if time and posix_spawn(figures, mib) else None

    def fallback(operation, bare):
        return figures.one("fallbacks", "ratio", operation=operation, bare=bare)

    between = "status, with fdinfo before and after"
    rows = [
        ("`get_pid`, `get_ppid`, `get_creds`, `get_info`: time beside the bare call", 1.02,
         worst("operations", "ratio", ("get_pid", "get_ppid", "get_creds", "get_info"))),
        ("`get_id`: time beside fstat", 1.03, worst("operations", "ratio", ("get_id",))),
        ("`send_signal`, `try_wait`: time beside the bare call", 1.02,
         worst("operations", "ratio", ("send_signal", "try_wait"))),
        ("instructions above the bare call", 60, worst("instructions", "above")),
        ("heap allocations of an operation", 0, max(
            (worst(name, "heap_allocations") or 0 for name in ("operations", "fallbacks")), default=None)
         if worst("operations", "heap_allocations") is not None else None),
        ("start and wait beside posix_spawn, small caller", 1.0, start(0)),
        ("start and wait beside posix_spawn, 1 GiB resident", 1.0, start(1024)),
        ("fallback of `get_pid` beside its reads", 1.4, fallback("get_pid", "fdinfo")),
        ("fallback of `get_ppid` beside its reads", 1.2, fallback("get_ppid", between)),
        ("fallback of `get_creds` beside its reads", 1.2, fallback("get_creds", between)),
        ("fallback of `get_cgroupid` beside the cgroup file alone", 3.0, fallback("get_cgroupid", "cgroup")),
        ("fallback of `get_info` beside its reads", 2.0, fallback("get_info", "status and cgroup")),
        ("`access_proc` beside an unsafe read of comm", 2.0, fallback("access_proc", "comm")),
        ("`.text` of the shared library, bytes", 64 * 1024, figures.one("size", "text_bytes")),
        ("stripped shared library, bytes", 100 * 1024, figures.one("size", "stripped_bytes")),
        ("static initialisers", 0, figures.one("size", "static_initialisers")),
        ("compile time of the umbrella header beside the baseline", 1.15,
         worst("compile_time", "ratio", header="pidfd_util/pidfd_util.hpp")),
        ("compile time of `<pidfd_util/pidfd.hpp>` beside the baseline", 1.15,
         worst("compile_time", "ratio", header="pidfd_util/pidfd.hpp")),
    ]
    return table(["goal", "at most", "measured", "reached"],
                 [[name, number(limit), number(value),
                   "–" if value is None else "yes" if round(value, 2) <= limit else "no"]
                  for name, limit, value in rows])


def summary(figures):
    """The table of the README: the library beside what people use instead."""
    rows = []

    def add(what, time, peer, peer_time):
        if time and peer_time:
            rows.append([what, nanoseconds(time), peer, nanoseconds(peer_time), number(time / peer_time)])

    def compared(what, benchmark, operation, bare, peer):
        for row in figures.of(benchmark, operation=operation, bare=bare)[:1]:
            add(what, row["nanoseconds"], peer, row["bare_nanoseconds"])

    def started(what, mib, way, peer):
        times = [figures.one("start", "microseconds", way=w, resident_mib=mib) for w in ("pidfd_util::spawn", way)]
        if all(times):
            add(what, times[0] * 1000, peer, times[1] * 1000)

    compared("`get_ppid`", "operations", "get_ppid", "PIDFD_GET_INFO", "the bare ioctl")
    compared("`get_ppid` before Linux 6.13", "fallbacks", "get_ppid", PEERS[0],
             "`std::ifstream` on `/proc/PID/status`, which can read another process")
    compared("`send_signal`", "operations", "send_signal", "pidfd_send_signal", "the bare system call")
    started("`spawn` and `wait`", 0, "posix_spawn", "`posix_spawn`, `waitpid`")
    with_1_gib = "`spawn` and `wait`, with 1 GiB resident"
    started(with_1_gib, 1024, "posix_spawn", "`posix_spawn`, `waitpid`")
    started(with_1_gib, 1024, "fork, execv", "`fork`, `execv`, `waitpid`")
    started(with_1_gib, 1024, "Python subprocess.run", "Python's `subprocess.run`")
    return table(["what", "time", "beside", "its time", "ratio"], rows)


TABLES = {
    "machine": machine,
    "goals": goals,
    "operations": lambda figures: comparison(figures, "operations", lambda bare: True),
    "instructions": instructions,
    "fallbacks": lambda figures: comparison(figures, "fallbacks", lambda bare: bare not in PEERS),
    "fallbacks-peers": lambda figures: comparison(figures, "fallbacks", lambda bare: bare in PEERS),
    "starts": starts,
    "throughput": throughput,
    "streams": streams,
    "latency": latency,
    "cpu": lambda figures: by_processes(figures, "scale", lambda row: number(row["cpu_per_exit_microseconds"])),
    "memory": lambda figures: by_processes(figures, "scale", lambda row: number(
        round(row["user_memory_per_process_bytes"]))),
    "bends": bends,
    "calls": lambda figures: by_processes(figures, "scale_calls", lambda row: number(row["microseconds"])),
    "size": size,
    "compile-time": compile_time,
    "summary": summary,
}
