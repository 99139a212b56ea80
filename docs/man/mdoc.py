# SPDX-License-Identifier: MIT
"""Running text as mdoc(7): words, some of which are macros."""
import re

OPENING = '(["'
CLOSING = ".,:;)]?!"


def escape(text):
    return text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")


def argument(text):
    """Text as an argument of a macro: as one word, and never as punctuation or another macro."""
    text = escape(text).replace('"', "\\(dq")
    if " " in text:
        return f'"{text}"'
    return "\\&" + text if len(text) <= 3 else text


class Flow:
    """Collects pieces of text and macros, and sets them in lines: a sentence begins a line."""

    def __init__(self):
        self.words = [[]]  # each a list of (macro or None, text)

    def text(self, text):
        for i, part in enumerate(re.split(r"(\s+)", text)):
            if i % 2:
                if self.words[-1]:
                    self.words.append([])
            elif part:
                self.words[-1].append((None, part))

    def macro(self, name, text):
        self.words[-1].append((name, text))

    def lines(self):
        line = ""
        for word in filter(None, self.words):
            if all(macro is None for macro, _ in word):
                plain = escape("".join(text for _, text in word))
                if plain[0] == ".":
                    plain = "\\&" + plain
                if line and len(line) + len(plain) >= 78:
                    yield line
                    line = plain
                else:
                    line = f"{line} {plain}" if line else plain
                ends = re.search(r"[.?!][)\"]?$", plain) is not None
            else:
                if line:
                    yield line
                line = ""
                yield macro_line(word)
                continue
            if ends:
                yield line
                line = ""
        if line:
            yield line


def macro_line(word):
    """One word with macros in it, as a line: .No ( Ns Fn wait ) ."""
    parts = []
    for i, (macro, text) in enumerate(word):
        if macro:
            parts.append(
                ("Ns " if i else "") + f"{macro} {text if macro == 'Xr' else argument(text)}"
            )
            continue
        closing = ""
        while i and text and text[-1] in CLOSING:
            closing = f" {text[-1]}{closing}"
            text = text[:-1]
        if text:
            parts.append(("Ns " if i else "") + f"No {argument(text)}")
        if closing:
            parts.append(closing.strip())
    return "." + " ".join(parts)
