"""Every message that the program can show, read from its source: labels, tooltips, sentences, with {names} where values go in.

    python tests/architecture/shown.py      writes the table, messages.txt, anew
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from source import Module, product_modules

TABLE = Path(__file__).with_name("messages.txt")
_TEXT = re.compile(r"[“\"(…]*([A-Z0-9]|\{)", re.DOTALL)
_NAMES = re.compile(r"[A-Z][A-Za-z]*[a-z][A-Z]\w*|[A-Z]\w*_\w*|[A-Z]+|\w+(\.\w+)+|[A-Z]\w*:? ?[\w{}:/.-]*\.\w+|[0-9a-fx]+")
_LOGGING = {"debug", "info", "warning", "error", "exception", "log", "getLogger"}


def table() -> list[str]:
    """One line a message, sorted; a line break in a message stands as \\n."""
    found = {text.replace("\n", "\\n") for module in _modules() for _, text in messages_of(module.tree)}
    return sorted(found)


def _modules() -> list[Module]:
    """The catalogues of translations have a test of their own."""
    return [module for module in product_modules() if ".translations" not in module.name]


def messages_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, text) of what is shown; docstrings, what goes to the log and technical details do not count."""
    hidden = {id(inner) for node in _hidden(tree) for inner in ast.walk(node)}
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in hidden or id(node) in parts:
            continue
        text = _template(node)
        if text and _reads_as_message(text):
            yield node.lineno, text


def _template(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            part.value if isinstance(part, ast.Constant) else f"{{{ast.unparse(part.value)}}}" for part in node.values
        )
    return ""


def _reads_as_message(text: str) -> bool:
    words = re.sub(r"\{[^}]*\}", "", text)
    return not text.startswith("{__package__}") and bool(_TEXT.match(text) and re.search("[a-z]{2}", words) and not _NAMES.fullmatch(text.strip()))


def _hidden(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
            yield node
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if isinstance(node.func, ast.Attribute) and name in _LOGGING:
                yield node
            elif name == "Img23DError":  # the third is for the report
                yield from node.args[2:]
            elif name == "unfit":  # has one sentence of its own
                yield from node.args
            elif name in ("TypeVar", "compile", "RuntimeError", "ValueError", "ProtocolError", "AttributeError", "KeyError", "OSError"):
                yield node
        elif isinstance(node, ast.keyword) and node.arg == "detail":
            yield node.value
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
            yield node.annotation


if __name__ == "__main__":
    TABLE.write_text("\n".join(table()) + "\n", encoding="utf-8")
