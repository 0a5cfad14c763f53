"""Which files in a run's folder are Img23D's: by the names that its record gives rise to, and by no other sign.

An artist keeps renders, edited cut-outs and .blend files there, too; a suffix says nothing about whose a file is.
"""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from ...shared.img23d_protocol.files.filenames import safe_stem
from ...shared.img23d_protocol.files.whole_files import passing_for
from ..jobs import Job
from .history import RECORD_NAME

# What the backend adds to a target's number and name
_OF_A_TARGET = re.compile(r"(_shape|)\.glb|_(cutout|edited|side_[a-z]+|form_[a-z]+|texture|preview|preview_shape|painting_\d{3,})\.png|_uv\.npy")
_OF_A_RUN = {RECORD_NAME, f"{RECORD_NAME}.part", "mesh.npz", "grown.npz", "layout_uv.npy"}  # .part: as older versions saved it
_OF_THE_SYSTEM = {".ds_store", "thumbs.db", "desktop.ini"}  # what file browsers leave behind


@dataclass(frozen=True, kw_only=True)
class FolderContents:
    """`ours` are names of files, the record last: a folder that is deleted halfway still says what it was."""

    ours: tuple[str, ...]
    others: tuple[str, ...]
    size: int  # bytes of ours


def folder_contents(folder: Path, job: Job | None) -> FolderContents:
    """`job` is what the folder's record says, None where it has none. Links and folders are never ours. Raises OSError."""
    stems = [f"{index:02d}_{safe_stem(target.name)}" for index, target in enumerate(job.targets if job is not None else ())]
    edited = Path(job.edited).name if job is not None else ""
    ours, others, size = [], [], 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and (entry.name == edited or _is_ours(entry.name, stems)):
                ours.append(entry.name)
                size += entry.stat(follow_symlinks=False).st_size
            else:
                others.append(entry.name)
    ours.sort(key=lambda name: (name == RECORD_NAME, name))
    return FolderContents(ours=tuple(ours), others=tuple(sorted(others)), size=size)


def _is_ours(name: str, stems: list[str]) -> bool:
    if name.lower() in _OF_THE_SYSTEM:
        return True
    name = unicodedata.normalize("NFC", passing_for(name) or name)  # Apple's older file system takes letters and accents apart
    return name in _OF_A_RUN or any(name.startswith(stem) and _OF_A_TARGET.fullmatch(name, len(stem)) for stem in stems)
