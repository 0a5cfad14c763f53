"""A lenient JSON parser: of text that is fenced, quoted anyhow, with commas too many or too few, cut off anywhere."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LONGEST = 200_000  # characters; an answer has a few thousand
_DEEPEST = 32  # brackets within brackets; a box needs four
_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![0-9A-Za-z_])"
# A quote ends a string only before a comma, a colon, a bracket or the line's end, so `"12" plate"` is one string; what
# was cut off ends with its line. An apostrophe within a word (kid's) begins nothing.
_TOKEN = re.compile(
    rf"""(?P<double>"(?P<inner>(?:\\.|(?!"[ \t]*(?:[,:\]}})\n]|$))[^\n\\])*)"?)
    |(?<!\w)'(?P<single>(?:\\.|(?!'[ \t]*(?:[,:\]}})\n]|$))[^\n\\]){{0,200}})'
    |(?P<number>{_NUMBER})
    |(?P<open>[\[{{(])|(?P<close>[\]}})])|(?P<mark>[,:\n])
    |(?P<word>[^\s,:\[\]{{}}()"]+)""",
    re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "", "f": ""}


@dataclass(kw_only=True)
class Group:
    """What stands between brackets. `items` in their order; a pair `key: value` is an item of its own.

    `is_whole` is False where the text ended just after the last item, which may therefore be half of one.
    """

    items: list[Item] = field(default_factory=list)
    is_whole: bool = True


@dataclass(frozen=True, kw_only=True)
class Pair:
    key: str
    value: Value


Value = float | str | Group
Item = Value | Pair


def read(text: str) -> Group:
    """Everything in the text as one group; never raises, and never reads deeper than `_DEEPEST` brackets."""
    reader = _Reader()
    for match in _TOKEN.finditer(text[:_LONGEST]):
        reader.take(match)
    return reader.end()


class _Reader:
    """A stack of open groups; closing a bracket closes what was left open within it."""

    def __init__(self) -> None:
        self._stack: list[tuple[str, Group]] = [("", Group())]
        self._keys: list[str | None] = [None]  # of each open group: the key whose value comes next
        self._words: list[str] = []
        self._too_deep = 0
        self._follows_item = False

    def take(self, match: re.Match[str]) -> None:
        kind = match.lastgroup
        if kind == "word":
            self._words.append(match["word"])
            self._follows_item = True
            return
        self._end_words()
        if kind == "mark":
            self._mark(match["mark"])
        elif kind == "open":
            self._open(match["open"])
        elif kind == "close":
            self._close(match["close"])
        else:
            self._add(_scalar(match))
            self._follows_item = True

    def end(self) -> Group:
        """The outermost group, with all that was still open in it."""
        self._end_words()
        self._stack[-1][1].is_whole = not self._follows_item or len(self._stack) == 1
        while len(self._stack) > 1:
            self._pop()
        return self._stack[0][1]

    def _mark(self, mark: str) -> None:
        items = self._stack[-1][1].items
        if mark == ":" and items and isinstance(key := items[-1], str):
            self._keys[-1] = key
            del items[-1]
        if mark != "\n":
            self._follows_item = False

    def _open(self, bracket: str) -> None:
        self._follows_item = False
        if len(self._stack) > _DEEPEST:
            self._too_deep += 1
            return
        self._stack.append((bracket, Group()))
        self._keys.append(None)

    def _close(self, bracket: str) -> None:
        self._follows_item = False
        if self._too_deep:
            self._too_deep -= 1
            return
        opening = {"]": "[", "}": "{", ")": "("}[bracket]
        if all(other != opening for other, _ in self._stack):
            return
        while self._stack[-1][0] != opening:
            self._pop()
        self._pop()

    def _pop(self) -> None:
        _, group = self._stack.pop()
        self._keys.pop()
        self._add(group)

    def _end_words(self) -> None:
        if self._words:
            words, self._words = " ".join(self._words), []
            self._add(words)

    def _add(self, value: Value) -> None:
        key, self._keys[-1] = self._keys[-1], None
        self._stack[-1][1].items.append(value if key is None else Pair(key=key, value=value))


def _scalar(match: re.Match[str]) -> float | str:
    if match["number"] is not None:
        return float(match["number"])
    text = match["single"] if match["single"] is not None else match["inner"]
    return _ESCAPE.sub(_unescaped, text or "")


def _unescaped(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) == 5:
        return chr(int(code[1:], 16)).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return _ESCAPED.get(code, code)
