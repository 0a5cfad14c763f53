"""Everything that the extension shows, read from its source: what a translation has to know.

A string counts as shown when it reads as text: it begins with a capital letter or a number and goes on with small letters. Docstrings, parts of
f-strings and what goes to the log do not count.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator

from .places import EXTENSION

_TRANSLATIONS = EXTENSION / "translations"

# Where nothing is shown, or what is shown there is not the extension's own
_SKIPPED = {"translations", "process", "shared"}
_SHOWN_OF_SHARED = {"choices.py", "names.py"}
_TEXT = re.compile(r"[“\"(]*(Img23D: )?([A-Z{]|\d+ )[^_]*[a-z]", re.DOTALL)
_IDENTIFIER = re.compile(r"[A-Z][A-Za-z]*[a-z][A-Z]\w*|[A-Z]\w*_\w*|[A-Za-z]+(\.[A-Za-z_]+)+")
_LOGGING = {"debug", "info", "warning", "error", "exception", "log", "getLogger"}


def messages() -> dict[str, list[str]]:
    """Text -> where it stands, in the order of the files."""
    found: dict[str, list[str]] = {}
    for path in sorted(EXTENSION.rglob("*.py")):
        inner = path.relative_to(EXTENSION)
        if inner.parts[0] in _SKIPPED and not (inner.parts[0] == "shared" and path.name in _SHOWN_OF_SHARED):
            continue
        for line, text in shown_in(path.read_text(encoding="utf-8")):
            found.setdefault(text, []).append(f"{inner.as_posix()}:{line}")
    return found


def shown_in(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of a module's strings that are shown."""
    tree = ast.parse(source)
    hidden = {id(inner) for node in _hidden(tree) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in hidden and _reads_as_text(node.value):
            yield node.lineno, node.value


def _reads_as_text(value: str) -> bool:
    return _TEXT.match(value) is not None and _IDENTIFIER.fullmatch(value) is None


def _hidden(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring
            yield node
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LOGGING:
            yield node
        elif isinstance(node, ast.arg) and node.annotation is not None:
            yield node.annotation


def catalogues() -> dict[str, dict[str, str]]:
    """Language -> text -> translation."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(_TRANSLATIONS.glob("*.json"))}


def report(language: str, *, prune: bool) -> list[str]:
    """What a catalogue lacks, and what it has that is not shown any more, which `prune` takes out of it."""
    shown, catalogue = messages(), catalogues().get(language, {})
    stale = [text for text in catalogue if text not in shown]
    if prune and stale:
        kept = {text: translation for text, translation in catalogue.items() if text in shown}
        text = json.dumps(kept, ensure_ascii=False, indent=1) + "\n"
        (_TRANSLATIONS / f"{language}.json").write_text(text, encoding="utf-8", newline="\n")
    missing = [f"missing: {json.dumps(text, ensure_ascii=False)}  {places[0]}" for text, places in shown.items() if text not in catalogue]
    return missing + [f"stale: {json.dumps(text, ensure_ascii=False)}" for text in stale]
