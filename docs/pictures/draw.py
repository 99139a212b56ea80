#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws the pictures of the documents, beside this file: diagrams, and the terminals of the directory
terminal. (test/bench/page.py draws the plots.)

usage: draw.py [--check]

With --check, changes nothing, and fails if a picture is not what this program draws.
"""
import pathlib
import sys

from canvas import Canvas
import terminal


def pid_reuse():
    c = Canvas("A pid over time, and a pidfd of the process that had it first", 268)
    c.text(0, 52, "pid 4711", "left")
    c.text(0, 172, "a pidfd of\nthe worker", "left")
    for x, text, side in ((226, "it is reaped", "right"), (336, "the pid is reused", "left")):
        c.text(x, 14, text, f"{side} soft")
    c.line((232, 4), (232, 152))
    c.line((330, 4), (330, 32))
    c.box(96, 32, 136, 40, "the worker")
    c.box(232, 32, 98, 40, "nobody", "gone")
    c.box(330, 32, 184, 40, "your database")
    c.arrow((446, 102), (446, 72), style="bad")
    c.text(514, 115, "`kill(4711)` hits the database", "right bad")
    c.box(96, 152, 136, 40, "the worker")
    c.box(232, 152, 282, 40, "nobody, for good", "gone")
    c.arrow((446, 222), (446, 192), style="good")
    c.text(514, 235, "`worker.kill()` fails: `not_found`", "right good")
    c.arrow((96, 258), (514, 258))
    c.text(0, 256, "time", "left soft")
    return c


def handles():
    c = Canvas("Which handle to take", 318)
    for top, question, answer, what in (
            (6, "Did your program start the process,\nand does it want the exit status?", "child", "owns the pidfd\nand the status"),
            (126, "Must the handle live longer\nthan the call of your function?", "pidfd", "owns the pidfd")):
        c.box(2, top, 300, 56, question)
        c.arrow((302, top + 28), (372, top + 28))
        c.text(334, top + 17, "yes", "soft")
        c.box(372, top, 146, 76, style="good")
        c.text(445, top + 18, f"`{answer}`")
        c.text(445, top + 50, what, "soft")
        c.arrow((152, top + 56), (152, top + 120))
        c.text(172, top + 86, "no", "soft")
    c.box(2, 246, 300, 66, style="good")
    c.text(152, 264, "`pidfd_view`")
    c.text(152, 292, "borrows a file descriptor", "soft")
    c.arrow((445, 82), (445, 126))
    c.text(438, 105, "`duplicate()`", "right soft")
    c.arrow((445, 202), (445, 279), (302, 279))
    c.text(384, 238, "by itself, for\na parameter", "soft")
    return c


def spawn():
    c = Canvas("The steps of spawn", 582)
    c.text(110, 14, "your program")
    c.text(390, 14, "the child")
    c.box(2, 30, 216, 62, "check the options\nand write the plan;\nblock all signals")
    c.arrow((110, 92), (110, 112))
    c.box(2, 112, 216, 44, "`clone(CLONE_PIDFD`\n`CLONE_VM CLONE_VFORK)`")
    c.arrow((218, 134), (268, 134))
    c.box(268, 112, 250, 44, "runs on a stack of its own,\nin your memory")
    c.box(2, 168, 216, 264, "sleeps", "gone")
    steps = ("1  signals to their defaults\n2  namespaces\n3  session, group, terminal\n4  your files to their numbers\n"
             "5  limits, priorities, CPUs\n6  root, ids, directory\n7  your `before_exec`\n8  all other files closed\n9  signal mask")
    c.arrow((393, 156), (393, 174))
    c.box(268, 174, 250, 196)
    for number, step in enumerate(steps.split("\n")):
        c.text(280, 194 + 19.5 * number, step, "left")
    c.arrow((330, 370), (330, 398))
    c.box(268, 398, 120, 34, "`execve`", "good")
    c.arrow((460, 370), (460, 454), style="bad")
    c.text(468, 412, "a step\nfails", "left bad")
    c.arrow((300, 432), (300, 511), (218, 511), style="good")
    c.text(258, 527, "it runs", "good")
    c.box(400, 454, 118, 62, "stores errno\nand step,\nexits", "bad")
    c.box(2, 486, 216, 46, "returns the `child`,\nwith its pidfd", "good")
    c.arrow((459, 516), (459, 562), (218, 562), style="bad")
    c.box(2, 542, 216, 38, "reaps it, returns the error", "bad")
    return c


def epoll():
    c = Canvas("What wakes an epoll loop", 376)
    c.box(2, 4, 164, 46, "a child ends:\nits pidfd is readable", "good")
    c.box(178, 4, 164, 46, "a socket has data", "plain")
    c.box(354, 4, 164, 46, "a timerfd expires", "plain")
    for x in (84, 260, 436):
        c.arrow((x, 50), (x, 80))
    c.box(2, 80, 516, 44, "`epoll_wait` returns the key of the file descriptor")
    c.arrow((84, 124), (84, 160))
    c.text(96, 142, "the key of a child", "left soft")
    c.box(2, 160, 164, 40, "`child.try_wait()`")
    c.arrow((84, 200), (84, 242))
    c.text(96, 222, "a status", "left soft")
    c.arrow((166, 180), (300, 180))
    c.text(234, 168, "no status yet", "soft")
    c.box(300, 156, 218, 50, "a debugger takes it first:\nepoll reports it again")
    c.arrow((436, 156), (436, 124))
    c.box(2, 242, 340, 40, "it is reaped; the `child` keeps the status", "good")
    c.arrow((84, 282), (84, 318))
    c.box(2, 318, 516, 54, "`EPOLL_CTL_DEL`, and only then close the pidfd: a copy\nin another child would keep it in the loop")
    return c


def architecture():
    c = Canvas("The layers of the library", 554)
    c.box(180, 2, 160, 34, "the program", "outer")
    layers = (
        (60, "`include/pidfd_util`\nhandles, options, `expected<T>`; inline", ""),
        (134, "`abi.hpp`: the binary boundary\n0 or an errno, no `expected`", "outer"),
        (290, "`lib/choose`\nchoose between two paths; probe features", ""),
        (366, "`lib/paths`\nioctls, fdinfo, /proc; what an fd is", ""),
        (442, "`lib/kernel`\nsystem calls, errnos, text", ""))
    c.arrow((260, 36), (260, 60))
    c.arrow((260, 110), (260, 134))
    for top, text, style in layers:
        c.box(80, top, 360, 50, text, style)
    c.box(2, 212, 236, 50, "`lib/spawn`\nthe parent, the child's steps")
    c.box(282, 212, 236, 50, "`lib/operations`\na file for each operation")
    c.arrow((150, 184), (150, 212))
    c.arrow((370, 184), (370, 212))
    c.arrow((238, 237), (282, 237))
    c.arrow((370, 262), (370, 290))
    for top in (340, 416, 492):
        c.arrow((260, top), (260, top + 26))
    c.box(180, 518, 160, 32, "Linux", "outer")
    return c


DIAGRAMS = {"architecture": architecture, "epoll": epoll, "handles": handles, "pid-reuse": pid_reuse, "spawn": spawn}

place = pathlib.Path(__file__).parent
pictures = {name: draw().svg() for name, draw in DIAGRAMS.items()}
for text in sorted((place / "terminal").glob("*.txt")):
    pictures[text.stem] = terminal.svg(f"{text.stem} in a terminal", text.read_text())
stale = []
for name, drawn in pictures.items():
    file = place / f"{name}.svg"
    if "--check" not in sys.argv:
        file.write_text(drawn)
    elif not file.is_file() or file.read_text() != drawn:
        stale.append(file.name)
if stale:
    sys.exit(f"{', '.join(stale)}: docs/pictures/draw.py draws something else")
print(f"{len(pictures)} pictures")
