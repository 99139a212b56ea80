# SPDX-License-Identifier: MIT
"""A canvas for pictures in SVG that follow the reader's choice of light or dark."""
from html import escape

# At a width of 400 pixels, the text is still 11 pixels high.
WIDTH = 520
LINE = 19

STYLE = """
text { font: 15px "DejaVu Sans", Verdana, sans-serif; text-anchor: middle; fill: #101820 }
.left { text-anchor: start }
.right { text-anchor: end }
.code { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: 14px }
.soft { fill: #566474 }
.bad { fill: #a8321f }
.good { fill: #1d7042 }
rect { stroke-width: 1.5; fill: #e8eef7; stroke: #6b7f9c }
rect.plain { fill: none }
rect.outer { fill: #f7ecd9; stroke: #a8905e }
rect.bad { fill: #f9e2de; stroke: #b5432f }
rect.good { fill: #def0e4; stroke: #2f8a56 }
rect.gone { fill: none; stroke-dasharray: 5 4 }
path { fill: none; stroke: #6b7f9c; stroke-width: 1.5 }
path.bad { fill: none; stroke: #b5432f }
path.good { fill: none; stroke: #2f8a56 }
path.head { fill: #6b7f9c }
path.head.bad { fill: #b5432f }
path.head.good { fill: #2f8a56 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6ebf1 }
  text.soft { fill: #9fadbd }
  text.bad { fill: #ff9c8a }
  text.good { fill: #7fd6a0 }
  rect { fill: #22303f; stroke: #8ea3bf }
  rect.outer { fill: #3a3222; stroke: #c4ab74 }
  rect.bad { fill: #4a2620; stroke: #e8806c }
  rect.good { fill: #1d3a29; stroke: #63bd88 }
  rect.plain, rect.gone { fill: none }
  path { stroke: #8ea3bf }
  path.bad { stroke: #e8806c }
  path.good { stroke: #63bd88 }
  path.head { fill: #8ea3bf }
  path.head.bad { fill: #e8806c }
  path.head.good { fill: #63bd88 }
}
"""


class Canvas:
    def __init__(self, title, height):
        self.title, self.height, self.parts = title, height, []

    def text(self, x, y, text, style=""):
        """Lines of text. The middle of their height is y. `...` in a line is code."""
        lines = text.split("\n")
        top = y - LINE * (len(lines) - 1) / 2 + 5
        for number, line in enumerate(lines):
            spans = [f'<tspan class="code">{escape(part)}</tspan>' if odd % 2 else escape(part)
                     for odd, part in enumerate(line.split("`"))]
            self.parts.append(f'<text x="{x:g}" y="{top + LINE * number:g}" class="{style}">{"".join(spans)}</text>')

    def box(self, left, top, width, height, text="", style=""):
        self.parts.append(f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" rx="5" class="{style}"/>')
        if text:
            self.text(left + width / 2, top + height / 2, text)

    def line(self, *points, style=""):
        path = " L".join(f"{x:g} {y:g}" for x, y in points)
        self.parts.append(f'<path d="M{path}" class="{style}"/>')

    def arrow(self, *points, style=""):
        """A line that ends with a head. Its last part is horizontal or vertical."""
        (x0, y0), (x, y) = points[-2:]
        if x0 == x:
            back = 9 if y > y0 else -9
            end, corners = (x, y - back), ((x - 5, y - back), (x + 5, y - back))
        else:
            back = 9 if x > x0 else -9
            end, corners = (x - back, y), ((x - back, y - 5), (x - back, y + 5))
        self.line(*points[:-1], end, style=style)
        (ax, ay), (bx, by) = corners
        self.parts.append(f'<path d="M{x:g} {y:g} L{ax:g} {ay:g} L{bx:g} {by:g} Z" class="head {style}"/>')

    def svg(self):
        body = "\n".join(self.parts).replace(' class=""', "")
        return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{self.height}" '
                f'viewBox="0 0 {WIDTH} {self.height}" role="img">\n<title>{escape(self.title)}</title>\n'
                f"<style>{STYLE}</style>\n{body}\n</svg>\n")
