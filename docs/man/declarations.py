# SPDX-License-Identifier: MIT
"""What Doxygen has read in the headers, as declarations and names."""
import pathlib
import re
import xml.etree.ElementTree as ElementTree


def code(element):
    """A type or the like as one writes it; Doxygen puts spaces into the angle brackets."""
    text = "".join(element.itertext()) if element is not None else ""
    text = re.sub(r"\s+", " ", text).strip()
    return text.replace("< ", "<").replace(" >", ">").replace("pidfd_util::", "")


class Names:
    """What a word in code is, so that every page shows it alike."""

    def __init__(self):
        self.functions, self.types, self.constants = set(), set(), set()

    def macro(self, word, parameters):
        if word.lstrip("*") in parameters:
            return "Fa", word
        bare = word.split("::")[-1].removesuffix("()")
        if re.fullmatch(r"[\w:]+(\(\))?", word):
            if bare in self.functions and bare not in self.types:
                return "Fn", word.removesuffix("()")
            if bare in self.types or word.startswith(("std::", "tl::")):
                return "Vt", word
        if word in self.constants or re.fullmatch(r"\w+::\w+", word):
            return "Dv", word
        return ("Ar", word) if word in ("PID", "N") else ("Li", word)


class Member:
    """A function, type, enumeration or variable; of a class, or of the namespace."""

    def __init__(self, element):
        self.element = element
        self.kind = element.get("kind")
        self.name = element.findtext("name")
        location = element.find("location")
        self.header, self.line = pathlib.Path(location.get("file")).name, int(location.get("line"))
        self.arguments = code(element.find("argsstring"))

    def parameters(self):
        return [
            p.findtext("declname") or code(p.find("type")) for p in self.element.findall("param")
        ]

    def signature(self):
        e = self.element
        if self.kind == "enum":
            values = ", ".join(v.findtext("name") for v in e.iter("enumvalue"))
            return f"enum class {self.name} {{ {values} }};"
        if self.kind == "typedef":
            return f"{template(e)}using {self.name} = {code(e.find('type'))};"
        words = code(e.find("type")).split(" ")
        if e.get("explicit") == "yes" and "explicit" not in words:
            words.insert(0, "explicit")
        if self.kind == "friend":
            words.insert(0, "friend")
        if e.get("static") == "yes" and self.kind == "function":
            words.insert(0, "static")
        is_variable = self.kind == "variable"
        kind = " ".join(w for w in words if is_variable or w not in ("constexpr", "inline")).strip()
        arguments = self.arguments.replace("noexcept", "").replace("=default", "")
        arguments = re.sub(r"(?<! )=(?! )", " = ", arguments).strip()
        gap = "" if kind.endswith(("*", "&")) or not kind else " "
        value = code(e.find("initializer")) if is_variable else ""
        value = f" {value}" if value and len(value) < 40 and "{" not in value else ""
        return f"{template(e)}{kind}{gap}{self.name}{arguments}{value};"

    def is_special(self):
        """A constructor, destructor or assignment that every class has."""
        return self.arguments.endswith("delete") or self.name.startswith("~")

    def errors(self):
        return next(
            (s for s in self.element.iter("simplesect") if s.findtext("title") == "Errors"), None
        )

    def never_throws(self):
        return "noexcept" in "".join(self.element.find("argsstring").itertext())


def template(element):
    parameters = element.find("templateparamlist")
    if parameters is None:
        return ""
    return (
        "template <"
        + ", ".join(
            code(p.find("type"))
            + (f" {p.findtext('declname')}" if p.find("declname") is not None else "")
            + (f" = {code(p.find('defval'))}" if p.find("defval") is not None else "")
            for p in parameters
        )
        + ">\n"
    )


class Class:
    def __init__(self, element):
        self.element = element
        self.name = element.findtext("compoundname").split("::", 1)[1]
        location = element.find("location")
        self.header, self.line = pathlib.Path(location.get("file")).name, int(location.get("line"))
        self.bases = [code(b) for b in element.findall("basecompoundref")]
        self.members = sorted(
            (Member(m) for m in element.iter("memberdef") if m.get("prot") == "public"),
            key=lambda m: m.line,
        )

    def declarations(self):
        """The members as one declares them: those of a struct without a name stand in it."""
        lines = []
        for i, m in enumerate(self.members):
            if m.is_special():
                continue
            if "@" not in code(m.element.find("type")):
                lines.append(m.signature())
                continue
            # Doxygen does not say which they are: those in the lines right before its end.
            first = i
            while first > 0 and self.members[first - 1].line == self.members[first].line - 1:
                first -= 1
            inner = " ".join(n.signature() for n in self.members[first:i])
            lines[len(lines) - (i - first) :] = [f"struct {{ {inner} }} {m.name};"]
        return lines


class Reference:
    """All that Doxygen has read."""

    def __init__(self, xml):
        self.files, self.classes, self.members = {}, [], []
        self.names = Names()
        for path in sorted(pathlib.Path(xml).glob("*.xml")):
            if path.name in ("index.xml", "Doxyfile.xml"):
                continue
            for compound in ElementTree.parse(path).getroot().iter("compounddef"):
                kind = compound.get("kind")
                if kind == "file":
                    self.files[compound.findtext("compoundname")] = compound
                elif kind == "namespace":
                    self.members += [Member(m) for m in compound.iter("memberdef")]
                elif kind in ("class", "struct"):
                    self.classes.append(Class(compound))
        self.members.sort(key=lambda m: m.line)
        for c in self.classes:
            self.names.types.add(c.name)
            self.names.functions |= {m.name for m in c.members if m.kind == "function"}
        self.names.functions |= {m.name for m in self.members if m.kind == "function"}
        for m in self.members:
            if m.kind in ("enum", "typedef"):
                self.names.types.add(m.name)
            self.names.constants |= {v.findtext("name") for v in m.element.iter("enumvalue")}


def fold(signature, indent):
    """A declaration in lines of at most 74 columns."""
    lines = []
    for line in signature.split("\n"):
        line = indent + line
        while len(line) > 74:
            # Where no template's arguments are torn apart.
            places = [
                i + 1
                for i, c in enumerate(line[:74])
                if c in ",{("
                and i > len(indent) + 4
                and line[:i].count("<") == line[:i].count(">")
                and line[i + 1] not in ")}"
            ]
            places = places or [
                i + 1 for i, c in enumerate(line[:74]) if c == "," and i > len(indent) + 4
            ]
            if not places:
                break
            lines.append(line[: places[-1]].rstrip())
            line = indent + "    " + line[places[-1] :].lstrip()
        lines.append(line)
    return "\n".join(lines)
