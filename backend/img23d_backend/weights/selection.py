"""Which of a repository's files belong to a row: the patterns' ones and the licence and notice files, never code.

A pickle is taken only where a row names it, since nothing else is published; torch's reader that runs no code opens it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from .disk import is_inside
from .hub import HubFile
from .registry import NOTICE_FILES, WeightSet

_WEIGHTS_SUFFIX = ".safetensors"
_PICKLES = (".bin", ".ckpt", ".pth")
_SHARD = re.compile(r"(.*)-(\d+)-of-(\d+)\.safetensors")


def wanted(row: WeightSet, files: Iterable[HubFile]) -> tuple[HubFile, ...]:
    """The row's files among the repository's."""
    return tuple(file for file in files if is_wanted(row, file.name))


def notices(files: Iterable[HubFile]) -> tuple[HubFile, ...]:
    """Licence and notice files in the root."""
    return tuple(file for file in files if is_inside(file.name) and _matches_any(file.name.lower(), NOTICE_FILES))


def is_wanted(row: WeightSet, name: str) -> bool:
    return is_inside(name) and _matches_any(name, row.files)


def is_weights(row: WeightSet, name: str) -> bool:
    return name.endswith(_WEIGHTS_SUFFIX) or (name.endswith(_PICKLES) and is_wanted(row, name))


def lacking(row: WeightSet, names: Iterable[str]) -> list[str]:
    """What the row requires and is not among the names: patterns, and parts of weights that come in parts."""
    present = set(names)
    patterns = [pattern for pattern in row.required if not any(_matches_any(name, (pattern,)) for name in present)]
    return patterns + sorted(_parts(present) - present)


def _parts(names: Iterable[str]) -> set[str]:
    """All parts that names such as model-00001-of-00002.safetensors speak of."""
    shards = [match for name in names if (match := _SHARD.fullmatch(name))]
    return {
        f"{stem}-{number:0{len(first)}}-of-{count}.safetensors"
        for stem, first, count in (shard.groups() for shard in shards)
        for number in range(1, int(count) + 1)
    }


def _matches_any(name: str, patterns: Iterable[str]) -> bool:
    """As a shell would: `*` stays within one folder."""
    parts = name.split("/")
    return any(len(parts) == len(wanted_parts) and all(map(fnmatchcase, parts, wanted_parts)) for wanted_parts in (pattern.split("/") for pattern in patterns))
