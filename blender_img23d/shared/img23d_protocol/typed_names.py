"""How a line of names becomes single names: the same in the panel and on the command line."""

from __future__ import annotations

import re
import unicodedata

# Commas of Latin, Chinese, Japanese and Arabic keyboards.
_COMMAS = ",，、،"
_END = rf"\s*(?:[{_COMMAS}]|$)"
# A quote protects commas only where it wraps a whole name, so that `12" plate, kid's cup` are two names.
_NAME = re.compile(rf"""\s*(?:"(?P<straight>(?:[^"]|"")*)"|“(?P<curly>[^”]*)”|'(?P<single>[^']*)'){_END}|(?P<bare>[^{_COMMAS}]*)(?:[{_COMMAS}]|$)""")


def split_names(text: str) -> tuple[str, ...]:
    """`'red mug, "cup, blue"\\nbook'` -> `("red mug", "cup, blue", "book")`.

    Splits at commas and line ends; quotes around a name protect its commas (`""` inside stands for one quote). White
    space is trimmed and collapsed, empty names are dropped, duplicates stay: two cups are two targets.
    """
    names = (_tidy(name) for line in text.splitlines() for name in _split_line(line))
    return tuple(name for name in names if name)


def _split_line(line: str) -> list[str]:
    names = []
    position = 0
    while position < len(line):
        match = _NAME.match(line, position)
        assert match is not None  # the bare alternative matches anything
        names.append(_content(match))
        position = match.end()
    return names


def _content(match: re.Match[str]) -> str:
    kind = match.lastgroup
    content = match[kind] if kind else ""
    return content.replace('""', '"') if kind == "straight" else content


def _tidy(name: str) -> str:
    readable = name.encode("utf-8", "replace").decode("utf-8")  # lone surrogates fit into no file and no message
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in readable).split())
