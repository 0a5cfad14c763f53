"""The program that a painter's publisher keeps beside its weights: compared with the known ones, and never fetched or run.

The publisher's own software runs the file `unet/modules.py` of the repository that it downloads, so that a painter may compute in a way
that is told nowhere else. What is done here was compared with the four versions that the publisher's source has had; another file means
that results may differ. The hub's listing names each small file's git blob, which is enough to compare: the file itself stays there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from .hub import HubFile
from .registry import WeightSet

_FILE = "unet/modules.py"
# The versions in Tencent-Hunyuan/Hunyuan3D-2, hy3dgen/texgen/hunyuanpaint/unet/modules.py: git blob -> day of its commit
_KNOWN: Mapping[str, str] = MappingProxyType(
    {
        "git-sha1:f558cd76d4e0785f4662bd88ff41c2a2414c843e": "2025-04-01",
        "git-sha1:185478bf14391fcbcaab123e9ae9dac937a04797": "2025-03-31",
        "git-sha1:e2ee269a74fa3941ffaacf8401b4c1a5935b74a7": "2025-03-19",
        "git-sha1:5d16bc6b6bb1ebc72c602dcb298d122429fe847d": "2025-01-21",
    }
)


class Program(StrEnum):
    """How the publisher's program compares."""

    KNOWN = "known"
    OTHER = "other"
    NOT_LISTED = "not listed"


def has_program(row: WeightSet) -> bool:
    """Whether the publisher's software would run a program beside this set's weights: the painters, and not their additions."""
    return f"{row.subfolder}/unet/config.json" in row.files and not row.is_addition


def listed_program(row: WeightSet, files: Iterable[HubFile]) -> str:
    """The digest of the set's program as the hub lists it; empty where it lists none."""
    return next((file.digest for file in files if file.name == f"{row.subfolder}/{_FILE}"), "")


def compared(digest: str) -> Program:
    if not digest:
        return Program.NOT_LISTED
    return Program.KNOWN if digest in _KNOWN else Program.OTHER


def in_words(digest: str) -> str:
    """For the report, such as "known, of 2025-04-01"."""
    match compared(digest):
        case Program.KNOWN:
            return f"known, of {_KNOWN[digest]}"
        case Program.OTHER:
            return f"another than the known ones, {digest}"
        case Program.NOT_LISTED:
            return "not listed"
