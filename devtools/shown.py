"""Which strings of a Python source the program can show: labels, tooltips, sentences, with {names} where values go in.

A string counts as shown when it reads as text: it begins with a capital letter, a number or a {name}, and goes on with small letters.
Docstrings, what goes to the log and technical details do not count.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

_TEXT = re.compile(r'[“"(…]*([A-Z0-9]|\{(?!"))', re.DOTALL)
_NAMES = re.compile(
    r"[A-Z][A-Za-z]*[a-z][A-Z]\w*:?|[A-Z0-9]\w*_\w*|[A-Z]+|\w+(\.\w+)+|[A-Z]\w*:? ?[\w{}:/.-]*\.[A-Za-z_]\w*|[0-9a-fx]+"
    r"|(?!Go|In|No|On|Up)[A-Z][a-z]"  # two letters that are no word
)
_LOGGING = {"debug", "info", "warning", "error", "exception", "log", "getLogger"}
_NOT_SHOWN = ("TypeVar", "TypeError", "compile", "RuntimeError", "ValueError", "ProtocolError", "AttributeError", "KeyError", "OSError")


@dataclass(frozen=True, kw_only=True)
class Shown:
    """`is_filled` tells an f-string, whose values are in it before anybody could translate it."""

    line: int
    text: str
    is_filled: bool


def shown_in(tree: ast.AST) -> Iterator[Shown]:
    """All of a module, in the source's order."""
    left = [tree]
    while left:
        node = left.pop()
        text, is_filled = _template(node), isinstance(node, ast.JoinedStr)
        if text and _reads_as_message(text, is_filled=is_filled):
            yield Shown(line=node.lineno, text=text, is_filled=is_filled)
        left += reversed(_inner(node))


def _template(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}" for part in node.values)
    return ""


def _reads_as_message(text: str, *, is_filled: bool) -> bool:
    """An f-string counts for the words between its values."""
    words = re.sub(r"\{[^}]*\}", "", text) if is_filled else text
    has_words = re.search("[a-z]{2}" if is_filled else "[a-z]", words)
    return not text.startswith("{__package__}") and bool(_TEXT.match(text) and has_words and not _NAMES.fullmatch(text.strip()))


def _inner(node: ast.AST) -> list[ast.AST]:
    """The parts of a node in which something can be shown."""
    match node:
        case ast.Expr(value=ast.Constant()):  # a docstring
            return []
        case ast.JoinedStr():
            return [inner for part in node.values if isinstance(part, ast.FormattedValue) for inner in ast.iter_child_nodes(part)]
        case ast.Call():
            return _inner_of_call(node)
        case ast.keyword(arg="detail"):
            return []
        case ast.arg():
            return []
        case ast.AnnAssign() if not isinstance(node.annotation, ast.Call):  # Blender's properties are declared as annotations
            return [node.value] if node.value else []
        case _:
            return list(ast.iter_child_nodes(node))


def _inner_of_call(node: ast.Call) -> list[ast.AST]:
    is_method = isinstance(node.func, ast.Attribute)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if (is_method and name in _LOGGING) or name in _NOT_SHOWN:
        return []
    if name == "Img23DError":  # the third is for the report
        return [node.func, *node.args[:2], *node.keywords]
    if name == "unfit":  # has one sentence of its own
        return [node.func, *node.keywords]
    return list(ast.iter_child_nodes(node))
