# SPDX-License-Identifier: MIT
"""Draws the plots of docs/performance.md as SVG, with Matplotlib."""
import matplotlib
from matplotlib import lines, pyplot, ticker

from figures import distinct
from tables import bend

# Each colour has a contrast of at least 4 to 1 both to white and to nearly black. So one picture serves
# light and dark pages, also those that invert their pictures.
INK = "#747c87"
BLUE, ORANGE, GREEN, VIOLET, PINK, BROWN = "#3478d4", "#c2600f", "#258a52", "#9a62c9", "#c8508c", "#94702a"

# The library is the thick line. Ways of one origin have one colour.
START_STYLES = {
    "pidfd_util": (BLUE, "o"),
    "posix_spawn": (ORANGE, "s"),
    "vfork": (ORANGE, "^"),
    "fork": (ORANGE, "v"),
    "g_spawn_sync, LEAVE": (GREEN, "s"),
    "g_spawn_sync": (GREEN, "^"),
    "g_spawn_async": (GREEN, "v"),
    "GSubprocess": (GREEN, "D"),
    "libuv": (VIOLET, "o"),
    "Boost.Process, use_vfork": (PINK, "s"),
    "Boost.Process": (PINK, "v"),
    "Python": (BROWN, "D"),
}
SCALE_STYLES = {"epoll": (BLUE, "o"), "wait_any": (ORANGE, "s"), "asio": (GREEN, "^"), "wait": (INK, "D")}
SCALE_NAMES = {"asio": "Asio", "wait": "wait for the one that exits"}

SETTINGS = {
    "svg.fonttype": "none", # text stays text
    "svg.hashsalt": "pidfd-util", # the same file on every run
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": INK,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "savefig.transparent": True,
}
WIDTH = 4 # inches: narrow, so that the text stays legible on a telephone


def style_of(styles, way):
    """The style of the first name that the way begins with."""
    return next((style for name, style in styles.items() if way.startswith(name)), (INK, "x"))


def prepare(axes, title):
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_title(title)
    axes.grid(True)
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:,g}"))


def save(figure, file, title):
    figure.savefig(file, bbox_inches="tight", pad_inches=0.05,
                   metadata={"Title": title, "Date": None, "Creator": None})
    pyplot.close(figure)


def draw_starts(figures, file):
    rows = figures.of("start")
    sizes = sorted(distinct(rows, "resident_mib"))
    figure, axes = pyplot.subplots(figsize=(WIDTH, 3.2))
    prepare(axes, "microseconds to start a program and wait for it")
    # 0 has no place on the axis.
    places = {size: max(size, 1) for size in sizes}
    axes.set_xticks(list(places.values()), [f"{size // 1024} GiB" if size >= 1024 else f"{size} MiB" for size in sizes])
    axes.set_xlabel("memory that the caller holds")
    for way in distinct(rows, "way"):
        colour, marker = style_of(START_STYLES, way)
        ours = way.startswith("pidfd_util")
        points = sorted((places[row["resident_mib"]], row["microseconds"]) for row in rows if row["way"] == way)
        axes.plot(*zip(*points), color=colour, marker=marker, markersize=4.5, linewidth=2.5 if ours else 1.2,
                  zorder=3 if ours else 2, label=way)
    figure.legend(loc="upper center", bbox_to_anchor=(0.5, 0), handlelength=1.8)
    save(figure, file, "Start times")


def draw_scale(figures, file):
    rows = figures.of("scale")
    figure, axes = pyplot.subplots(2, 1, figsize=(WIDTH, 5.4), sharex=True, constrained_layout=True)
    panels = (("latency_median_microseconds", "microseconds from exit to handler (dotted: 99 %)"),
              ("cpu_per_exit_microseconds", "microseconds of CPU time per exit"))
    for panel, (key, title) in zip(axes, panels):
        prepare(panel, title)
        for way in distinct(rows, "way"):
            colour, marker = style_of(SCALE_STYLES, way)
            ours = sorted((row for row in rows if row["way"] == way), key=lambda row: row["processes"])
            counts = [row["processes"] for row in ours]
            panel.plot(counts, [row[key] for row in ours], color=colour, marker=marker, markersize=4.5,
                       linewidth=1.5, label=SCALE_NAMES.get(way, way))
            if key.startswith("latency"):
                panel.plot(counts, [row["latency_p99_microseconds"] for row in ours], color=colour,
                           linewidth=1.2, linestyle=":")
            bent = bend(figures, way, key)
            if bent:
                panel.plot(bent["processes"], bent[key], color=colour, marker="o", markersize=11,
                           markerfacecolor="none", linestyle="none")
    counts = distinct(rows, "processes")
    axes[1].set_xticks(counts, [f"{count:,}" for count in counts], rotation=30)
    axes[1].set_xlabel("processes that are watched")
    handles, labels = axes[1].get_legend_handles_labels()
    handles.append(lines.Line2D([], [], color=INK, marker="o", markersize=9, markerfacecolor="none",
                                           linestyle="none"))
    labels.append("twice the cost of the fewest")
    figure.legend(handles, labels, loc="upper center", bbox_to_anchor=(0.5, 0), ncol=2, columnspacing=1)
    save(figure, file, "The cost of watching many processes")


def draw(figures, directory):
    with matplotlib.rc_context(SETTINGS):
        if figures.of("start"):
            draw_starts(figures, directory / "performance-starts.svg")
        if figures.of("scale"):
            draw_scale(figures, directory / "performance-scale.svg")
