"""Where a row's files come from: the registry's place, unless a person or a studio has named another one.

Named in the file sources.toml in the models folder, one table a row:

    [birefnet-general]
    repository = "studio/BiRefNet"
    revision = "main"
    mirror = "https://models.studio.example"

or in the variable IMG23D_SOURCES, which goes before the file: `ROW=[MIRROR] [REPOSITORY][@REVISION]`, several of them with
semicolons between. What is not named stays as the registry has it. A mirror is asked as the hub would be, without its log-in.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from img23d_protocol import ErrorCode, Img23DError

from .registry import WEIGHT_SETS, WeightSet

FILE_NAME = "sources.toml"  # in the models folder
VARIABLE = "IMG23D_SOURCES"

_FORMS = {
    "repository": re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII),
    "revision": re.compile(r"\w[\w./-]*", re.ASCII),
    "mirror": re.compile(r"https?://[^\s/?#@]+(/[^\s?#@]*)?"),
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """`revision` is a commit or a branch; `mirror` the address of another hub, empty for the usual one."""

    repository: str
    revision: str
    mirror: str = ""


def sources(folder: Path, environment: Mapping[str, str]) -> dict[str, Source]:
    """Every row's source by its identifier. Raises Img23DError(BAD_REQUEST) for a file or a variable that makes no sense."""
    named = _from_file(folder / FILE_NAME), _from_variable(environment.get(VARIABLE, ""))
    found = {row.id: _registered(row) for row in WEIGHT_SETS}
    for where, entries in zip((FILE_NAME, VARIABLE), named, strict=True):
        for row, fields in entries.items():
            if row not in found:
                raise _refused(where, f"there are no weights called “{row}”")
            found[row] = replace(found[row], **_checked(where, row, fields))
    return found


def _registered(row: WeightSet) -> Source:
    return Source(repository=row.repository, revision=row.revision)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows' editor may begin a file with a mark
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise _refused(FILE_NAME, error.strerror or "it cannot be read") from error
    except ValueError as error:
        raise _refused(FILE_NAME, str(error)) from error


def _from_variable(text: str) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for entry in filter(None, map(str.strip, text.split(";"))):
        row, equals, words = entry.partition("=")
        if not equals:
            raise _refused(VARIABLE, f"“{entry}” has no equals sign")
        entries[row.strip()] = _fields(words.split())
    return entries


def _fields(words: Iterable[str]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for word in words:
        if "://" in word:
            fields["mirror"] = word
        else:
            repository, at, revision = word.partition("@")
            fields |= {"repository": repository} if repository else {}
            fields |= {"revision": revision} if at else {}
    return fields


def _checked(where: str, row: str, fields: object) -> dict[str, str]:
    """The fields as a Source has them. Raises Img23DError(BAD_REQUEST)."""
    if not isinstance(fields, dict):
        raise _refused(where, f"what is said about “{row}” is no table")
    for name, value in fields.items():
        if name not in _FORMS:
            raise _refused(where, f"“{row}” can have {', '.join(_FORMS)}, and no “{name}”")
        if not isinstance(value, str) or not _FORMS[name].fullmatch(value) or ".." in value:
            raise _refused(where, f"“{value}” is no {name}")
    return {name: value.rstrip("/") for name, value in fields.items()}


def _refused(where: str, why: str) -> Img23DError:
    sentence = f"Your own list of places for the models, {where}, cannot be used: {why.rstrip('.')}. Correct it, or take it away."
    return Img23DError(ErrorCode.BAD_REQUEST, sentence, where)
