#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the manual pages of the headers, section 3, from what Doxygen has read in them.

usage: pages.py XML OVERVIEW DIRECTORY HEADER...

XML is Doxygen's output, OVERVIEW the page pidfd-util(7), whose date is that of every page.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

from declarations import Class, Member, Reference, code, fold, template
from mdoc import Flow, argument, escape

LIBRARY = "pidfd_util"
MANUAL = re.compile(r"\b([A-Za-z_][\w.]*)\((\d\w*)\)")
CONSTANT = re.compile(r"\bE[A-Z0-9]{3,}\b")


def page_name(header):
    stem = header.removesuffix(".hpp")
    return stem if stem == LIBRARY else f"{LIBRARY}_{stem}"


class Page:
    def __init__(self, reference, header, date):
        self.reference, self.header, self.date = reference, header, date
        self.out = []
        self.see = set()
        # Those of the function that is told of.
        self.parameters = []

    # Text

    def flow(self, element):
        """The words of a paragraph that has no blocks."""
        return next((piece for piece in self.pieces(element) if isinstance(piece, Flow)), Flow())

    def pieces(self, element):
        """A paragraph as running text, and the blocks in it."""
        flow = Flow()
        self.words(flow, element.text)
        for child in element:
            if child.tag == "computeroutput":
                word = "".join(child.itertext())
                manual = re.fullmatch(MANUAL, word)
                flow.macro(
                    *(
                        ("Xr", self.seen(manual))
                        if manual
                        else self.reference.names.macro(word, self.parameters)
                    )
                )
            elif child.tag in ("ref", "ulink"):
                self.words(flow, "".join(child.itertext()))
            elif child.tag in ("emphasis", "bold"):
                flow.macro("Em", "".join(child.itertext()))
            elif child.tag in ("table", "programlisting", "verbatim"):
                yield flow
                yield child
                flow = Flow()
            elif child.tag != "simplesect":
                sys.exit(f"{self.header}: no way to show <{child.tag}>")
            self.words(flow, child.tail)
        yield flow

    def seen(self, manual):
        self.see.add((manual[2], manual[1]))
        return f"{manual[1]} {manual[2]}"

    def words(self, flow, text):
        at = 0
        text = text or ""
        for found in re.finditer(f"{MANUAL.pattern}|({CONSTANT.pattern})", text):
            flow.text(text[at : found.start()])
            flow.macro(*(("Er", found[3]) if found[3] else ("Xr", self.seen(found))))
            at = found.end()
        flow.text(text[at:])

    def text(self, element):
        """The text of an item, but for its errors."""
        first = True
        for part in ("briefdescription", "detaileddescription"):
            for i, para in enumerate(element.find(part).findall("para")):
                # The brief sentence and what goes on after it are one paragraph.
                gap = [] if first or (part == "detaileddescription" and i == 0) else [".Pp"]
                for piece in self.pieces(para):
                    if not isinstance(piece, Flow):
                        self.block(piece)
                        gap = [".Pp"]
                    elif lines := list(piece.lines()):
                        self.out += gap + lines
                        first, gap = False, []

    def block(self, block):
        if block.tag == "table":
            self.table(block)
        elif block.tag == "verbatim":
            self.literal("".join(block.itertext()), "-offset indent")
        else:
            lines = (
                "".join(" " if t.tag == "sp" else (t.text or "") for t in line.iter())
                for line in block.iter("codeline")
            )
            self.literal("\n".join(lines), "-offset indent")

    def literal(self, text, offset=""):
        self.out += [
            f".Bd -literal {offset}".strip(),
            *(
                escape(line).replace(".", "\\&.", line.startswith("."))
                for line in text.strip("\n").split("\n")
            ),
            ".Ed",
        ]

    def table(self, table):
        """A table of errors: one tagged item for each row."""
        rows = [
            [self.flow_of_cell(cell) for cell in row.findall("entry")]
            for row in table.findall("row")
        ]
        self.out.append(".Bl -tag -width Er")
        for names, *meaning, when in rows[1:]:
            plain = "".join(t for w in names.words for _, t in w)
            errnos = plain.split(",")
            item = (
                " , ".join(f"Er {e}" for e in errnos)
                if all(e.startswith("E") for e in errnos)
                else f"No {plain}"
            )
            self.out.append(f".It Bq {item}")
            if meaning and meaning[0].words[0]:
                word = meaning[0].words[0][0][1]
                self.out.append(f".Pq Dv {word}")
            if len(meaning) > 1:
                # The step of spawn, or several.
                steps = "".join(t for word in meaning[1].words for _, t in word).split(",")
                self.out.append(f".Dv {' , '.join(steps)} :")
            self.out += when.lines()
        self.out.append(".El")

    def flow_of_cell(self, cell):
        para = cell.find("para")
        return self.flow(para) if para is not None else Flow()

    # Sections

    def synopsis(self, classes, members):
        self.out += [".Sh SYNOPSIS", f".In {LIBRARY}/{self.header}"]
        blocks = [(c.line, self.declaration(c)) for c in classes]
        blocks += [(m.line, fold(m.signature(), "")) for m in members]
        if not blocks:
            return
        previous, lines = None, [f"namespace {LIBRARY};"]
        for _, block in sorted(blocks):
            multiple = "\n" in block
            if multiple or previous is not False:
                lines.append("")
            lines.append(block)
            previous = multiple
        self.literal("\n".join(lines))

    @staticmethod
    def declaration(c):
        base = "".join(f" : public {b}" for b in c.bases)
        lines = [template(c.element) + f"{c.element.get('kind')} {c.name}{base} {{"]
        lines += [fold(signature, "    ") for signature in c.declarations()]
        return "\n".join([*lines, "};"])

    def description(self, file, classes, members):
        self.out.append(".Sh DESCRIPTION")
        started = len(self.out)
        paras = file.find("detaileddescription").findall("para")
        for para in paras:
            if len(self.out) > started:
                self.out.append(".Pp")
            self.out += self.flow(para).lines()
        items = sorted([*classes, *members], key=lambda i: i.line)
        if len(items) == 1 and not paras and isinstance(items[0], Member):
            self.member_text(items[0])
            return
        for item in items:
            if isinstance(item, Class):
                self.out.append(f".Ss {item.name}")
                self.text(item.element)
                for base in item.bases:
                    self.out += [".Pp", "It also has the members of"]
                    home = self.home(base)
                    if home == self.header:
                        self.out.append(f".Vt {base} .")
                        continue
                    self.out += [
                        f".Vt {base} ,",
                        "which",
                        f".Xr {page_name(home)} 3",
                        "describes.",
                    ]
                    self.see.add(("3", page_name(home)))
                self.items([m for m in item.members if not m.is_special()])
        loose = [i for i in items if isinstance(i, Member)]
        if loose and classes:
            kinds = {
                "function": "functions",
                "enum": "enumerations",
                "typedef": "types",
                "variable": "constants",
            }
            self.out.append(
                ".Ss "
                + " and ".join(
                    k for m, k in kinds.items() if any(i.kind == m for i in loose)
                ).capitalize()
            )
        self.items(loose)

    def home(self, class_name):
        name = class_name.split("<")[0]  # of a template
        return next(c.header for c in self.reference.classes if c.name == name)

    def items(self, members):
        if not members:
            return
        self.out.append(".Bl -tag -width 4n")
        for m in members:
            if m.kind in ("function", "friend"):
                self.out.append(f".It {self.call(m)}")
            elif m.kind in ("enum", "typedef"):
                self.out.append(f".It Vt {m.name}")
            else:
                self.out.append(f".It Va {m.name}")
            self.member_text(m)
        self.out.append(".El")

    def call(self, m):
        """A function's name; with its parameters where another has the same one."""
        same = [n for n in self.functions if n.name == m.name and not n.is_special()]
        return " ".join(
            ["Fn", argument(m.name), *(argument(p) for p in m.parameters() if len(same) > 1)]
        )

    def member_text(self, m):
        self.parameters = m.parameters()
        self.text(m.element)
        self.parameters = []
        values = m.element.findall("enumvalue")
        if values:
            widest = max((v.findtext("name") for v in values), key=len)
            self.out += [".Pp", f".Bl -tag -width {widest} -compact"]
            for v in values:
                self.out.append(f".It Dv {v.findtext('name')}")
                self.text(v)
                # Doxygen makes a sentence of a single name.
                if re.fullmatch(r"[\w*]+\.", self.out[-1]):
                    self.out[-1] = self.out[-1].removesuffix(".")
            self.out.append(".El")

    def return_value(self):
        returning = [m for m in self.functions if "expected<" in code(m.element.find("type"))]
        if not returning:
            return
        self.out += [
            ".Sh RETURN VALUES",
            "What can fail returns an",
            ".Vt expected",
            "of",
            ".Xr pidfd_util_expected 3 :",
            "the value, or a",
            ".Vt std::error_code",
            "in the category",
            ".Fn pidfd_category",
            "of",
            ".Xr pidfd_util_error 3 .",
        ]
        if all(m.never_throws() for m in returning):
            self.out.append("No function throws.")
        self.see |= {("3", "pidfd_util_expected"), ("3", "pidfd_util_error")}

    def errors(self):
        groups = {}
        for m in self.functions:
            section = m.errors()
            if section is not None:
                groups.setdefault(ElementTree.tostring(section).strip(), []).append(m)
        if not groups:
            return
        self.out.append(".Sh ERRORS")
        if any(
            c.element.find("detaileddescription").find(".//table") is not None for c in self.classes
        ):
            self.out += [
                "In addition to the errors of every operation, listed in the description:",
                ".Pp",
            ]
        for i, group in enumerate(groups.values()):
            if i:
                self.out.append(".Pp")
            *names, last = dict.fromkeys(self.call(m) for m in group)
            self.out += [f".{name} ," for name in names[:-1]]
            self.out += [f".{names[-1]}", "and"] if names else []
            self.out.append(f".{last} :")
            self.parameters = group[0].parameters()
            for para in group[0].errors().findall("para"):
                for piece in self.pieces(para):
                    if isinstance(piece, Flow):
                        self.out += piece.lines()
                    else:
                        self.block(piece)

    def see_also(self, file):
        self.out.append(".Sh SEE ALSO")
        for include in file.findall("includes"):
            header = pathlib.Path(include.text).name
            if header in self.reference.files and self.header != f"{LIBRARY}.hpp":
                self.see.add(("3", page_name(header)))
        self.see |= {("7", "pidfd-util")}
        self.see.discard(("3", page_name(self.header)))
        pages = sorted(self.see, key=lambda p: (p[0], p[1].lower()))
        self.out += [
            f".Xr {name} {section}" + (" ," if i < len(pages) - 1 else "")
            for i, (section, name) in enumerate(pages)
        ]

    def write(self):
        file = self.reference.files[self.header]
        classes = [c for c in self.reference.classes if c.header == self.header]
        members = [m for m in self.reference.members if m.header == self.header]
        self.classes = classes
        self.functions = [
            m for m in [*(m for c in classes for m in c.members), *members] if m.kind == "function"
        ]
        name = page_name(self.header)
        brief = "".join(file.find("briefdescription").itertext()).strip().rstrip(".")
        if brief[1:2].islower() or brief[1:2] == " ":
            brief = brief[0].lower() + brief[1:]
        self.out = [
            '.\\" SPDX-License-Identifier: MIT',
            f'.\\" Made of the comments in {LIBRARY}/{self.header}.',
            self.date,
            f".Dt {name.upper()} 3",
            ".Os pidfd-util",
            ".Sh NAME",
            f".Nm {name}",
            f".Nd {escape(brief)}",
            ".Sh LIBRARY",
            "pidfd\\-util",
            ".Pq Li libpidfd\\-util , Fl lpidfd\\-util ; No pkg\\-config module Li pidfd\\-util",
        ]
        self.synopsis(classes, members)
        self.description(file, classes, members)
        if self.header == f"{LIBRARY}.hpp":
            self.headers(file)
        self.return_value()
        self.errors()
        self.see_also(file)
        return name, "\n".join(self.out) + "\n"

    def headers(self, file):
        """The umbrella's page lists what it includes."""
        self.out += [
            "It includes these headers, each of which can also be included alone:",
            ".Bl -tag -width 4n -compact",
        ]
        for include in file.findall("includes"):
            header = pathlib.Path(include.text).name
            brief = self.reference.files[header].find("briefdescription").find("para")
            self.out += [f".It Xr {page_name(header)} 3", *self.flow(brief).lines()]
        self.out.append(".El")


xml, overview, directory, *headers = sys.argv[1:]
reference = Reference(xml)
date = next(
    line for line in pathlib.Path(overview).read_text().splitlines() if line.startswith(".Dd")
)
for header in headers:
    name, page = Page(reference, header, date).write()
    (pathlib.Path(directory) / f"{name}.3").write_text(page)
