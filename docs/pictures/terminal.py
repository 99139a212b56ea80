# SPDX-License-Identifier: MIT
"""Draws a terminal as SVG, from what `tmux capture-pane -ep` prints for one of 64 columns."""
from html import escape
import re

from canvas import WIDTH

COLUMNS = 64
COLUMN = (WIDTH - 20) / COLUMNS
LINE = 18

STYLE = """
text { font: 13px "DejaVu Sans Mono", Menlo, Consolas, monospace; fill: #1b2430; white-space: pre }
rect { fill: #f4f6f9; stroke: #b6c1cf }
.bold { font-weight: bold }
.dim { fill: #6a7686 }
.red { fill: #a8321f }
.green { fill: #1d7042 }
.yellow { fill: #7a5a00 }
@media (prefers-color-scheme: dark) {
  text { fill: #e0e6ee }
  rect { fill: #161d26; stroke: #45566b }
  .dim { fill: #94a3b5 }
  .red { fill: #ff9c8a }
  .green { fill: #7fd6a0 }
  .yellow { fill: #e3c26a }
}
"""
# The numbers of the escape sequences that change the style. Others, such as 39 and 49, set defaults.
CODES = {"1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow"}


def runs(text):
    """Yields (line, column, characters, styles) for each run of one style without two blanks in a row."""
    line, column, styles = 0, 0, set()
    for codes, end, blanks, characters in re.findall(r"\x1b\[([\d;]*)m|(\n)|( {2,})|((?:(?! {2})[^\x1b\n])+)", text):
        if end:
            line, column = line + 1, 0
        elif characters:
            yield line, column, characters, sorted(styles)
        elif not blanks:
            for code in codes.split(";"):
                styles = (set() if code in ("", "0") else styles) | ({CODES[code]} if code in CODES else set())
        column += len(blanks) + len(characters)


def svg(title, text):
    height = LINE * text.count("\n") + 16
    parts = []
    for line, column, characters, styles in runs(text):
        if text.split("\n")[line].startswith("$ "):
            styles = [*styles, "bold"]
        # The length is fixed, so that the columns fit with every font.
        parts.append(f'<text x="{10 + COLUMN * column:.1f}" y="{LINE * line + 22}" textLength="{COLUMN * len(characters):.1f}"'
                     f' lengthAdjust="spacingAndGlyphs" class="{" ".join(styles)}">{escape(characters)}</text>')
    body = "\n".join(parts).replace(' class=""', "")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" role="img">\n<title>{escape(title)}</title>\n<style>{STYLE}</style>\n'
            f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="6"/>\n{body}\n</svg>\n')
