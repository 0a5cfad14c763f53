"""Tables of shown strings: all messages, so that a change of any is seen and read, and for each language those of the extension."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable

from .places import BACKEND, EXTENSION, ROOT
from .shown import shown_in

TABLE = ROOT / "tests" / "architecture" / "messages.txt"
_TRANSLATIONS = EXTENSION / "translations"

# Of the extension, where nothing is shown, or what is shown there is not its own
_SKIPPED = {"translations", "process", "shared"}
_SHOWN_OF_SHARED = {"address.py", "sentences.py", "choices.py", "names.py"}  # and what is told of the options


def messages() -> dict[str, list[str]]:
    """What can be translated: text -> where it stands, in the order of the files."""
    found: dict[str, list[str]] = {}
    for path in sorted(EXTENSION.rglob("*.py")):
        inner = path.relative_to(EXTENSION)
        if inner.parts[0] in _SKIPPED and not (inner.parts[0] == "shared" and (path.name in _SHOWN_OF_SHARED or "options" in inner.parts)):
            continue
        for one in shown_in(ast.parse(path.read_text(encoding="utf-8"))):
            if not one.is_filled:
                found.setdefault(one.text, []).append(f"{inner.as_posix()}:{one.line}")
    return found


def table(trees: Iterable[ast.AST]) -> list[str]:
    """All messages of these modules, a line each, sorted; a line break in a message stands as \\n."""
    return sorted({one.text.replace("\n", "\\n") for tree in trees for one in shown_in(tree)})


def write_table() -> list[str]:
    """Write the table of all messages anew, and tell what has changed."""
    files = [path for root in (EXTENSION, BACKEND / "img23d_backend") for path in root.rglob("*.py") if path.parent != _TRANSLATIONS]
    now, before = table(ast.parse(path.read_text(encoding="utf-8")) for path in files), TABLE.read_text(encoding="utf-8").splitlines()
    TABLE.write_text("\n".join(now) + "\n", encoding="utf-8", newline="\n")
    return [f"gone: {text}" for text in sorted(set(before) - set(now))] + [f"new: {text}" for text in sorted(set(now) - set(before))]


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
