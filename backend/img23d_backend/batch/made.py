"""What a job made of a photo, read from the record in its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from img23d_protocol.files.filenames import is_file_name

RECORD = "run.json"
_LARGEST = 64 * 1024 * 1024  # bytes: two hundred things need a hundredth of it


@dataclass(frozen=True, kw_only=True)
class Thing:
    """`files` are names in the photo's folder, the one to open first; `problem` says why there is none, or none that is whole."""

    name: str
    files: tuple[str, ...] = ()
    preview: str = ""
    count: int = 0  # triangles or splats
    problem: str = ""


@dataclass(frozen=True, kw_only=True)
class Made:
    job: str
    is_finished: bool
    things: tuple[Thing, ...]
    seconds: float


def read_made(folder: Path) -> Made | None:
    """None where there is no record that can be read."""
    path = folder / RECORD
    try:
        if path.stat().st_size > _LARGEST:
            return None
        record: dict[str, Any] = json.loads(path.read_bytes())
        things = tuple(_thing(target, folder) for target in record["targets"])
        return Made(job=record["job"], is_finished=record["state"] == "finished", things=things, seconds=sum(record["seconds"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _thing(target: dict[str, Any], folder: Path) -> Thing:
    """The painted mesh before the plain one, which stays in the folder beside it."""
    results = [one for one in target["results"] if one["piece"]["part"] is None]
    files = tuple(dict.fromkeys(_names(file for one in results for file in one["files"])))
    preview = next(_names([target["files"].get("preview", "")]), "")
    error = target["error"]
    return Thing(
        name=str(target["name"]),
        files=tuple(name for name in files if (folder / name).is_file()),
        preview=preview,
        count=max((int(one["count"]) for one in results), default=0),
        problem=str(error["sentence"]) if error else "",
    )


def _names(found: Any) -> Iterator[str]:
    return (name for name in found if isinstance(name, str) and is_file_name(name))
