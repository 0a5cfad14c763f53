"""What a download will consist of, and what came of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from img23d_protocol import Img23DError

from .hub import HubFile
from .record import size_of
from .registry import WeightSet
from .sources import Source
from .transfer import part_path

PARTS_NAME = ".parts"  # in a set's folder: files that are still growing


@dataclass(frozen=True, kw_only=True)
class DownloadPlan:
    """What one set will consist of. `cache` is a folder of another program that seems to have all of the weights."""

    row: WeightSet
    source: Source
    folder: Path
    commit: str
    files: tuple[HubFile, ...]
    notices: tuple[HubFile, ...]
    cache: Path | None
    program: str = ""  # digest of the published program beside the weights, see published_program.py

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files + self.notices)

    @property
    def missing_bytes(self) -> int:
        """Of the files to download, as far as sizes tell."""
        files = self.notices if self.cache else self.files + self.notices
        absent = [file for file in files if size_of(self.folder / file.name) != file.size]
        begun = sum(max(0, size_of(part_path(self.folder / PARTS_NAME, file))) for file in absent)
        return max(0, sum(file.size for file in absent) - begun)


def together(rows: Sequence[WeightSet], errors: Sequence[Img23DError], asked: int) -> Img23DError:
    """The failures as one: whose each is, the reasons that several share once, and how many came."""
    if asked == 1:
        return errors[0]
    labels: dict[str, list[str]] = {}
    for row, error in zip(rows, errors, strict=True):
        labels.setdefault(error.sentence, []).append(row.label)
    reasons = " ".join(f"{', '.join(of)}: {sentence}" for sentence, of in labels.items())
    detail = "\n".join(f"{row.id}: {error.detail}" for row, error in zip(rows, errors, strict=True))
    came = f"{asked - len(rows)} of {asked} models are there." if asked > len(rows) else "None of the models came."
    return Img23DError(errors[0].code, f"{came} {reasons}", detail)
