"""What an engine makes of one pair after the other: how near it is to the truth, and how long it took.

One line of JSON a pair goes to the disk as soon as it is known, so that a run that was ended goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from img23d_protocol import Img23DError
from img23d_protocol.files.filenames import safe_stem

from ..mesh.topology.samples import sample_surface
from .orbit import ORBITS, Orbit, seen, to_camera
from .pairs import Pair
from .pictures import psnr, ssim
from .shapes import SAMPLES, compare, framed
from .surfaces.glb_file import read_glb
from .surfaces.surface import Surface

LINES = "scores.jsonl"
_TURNS = tuple(Orbit(azimuth=azimuth, elevation=15.0) for azimuth in (0, 60, 120, 180, 240, 300))  # of the pictures in the report
_TURN_SIDE, _QUALITY = 160, 80  # pixels, and of JPEG
_LONGEST_LINE = 20_000  # characters: a longer one is none of ours

Perceived = Callable[[np.ndarray, np.ndarray], float]  # two pictures (H, W, 3) in 0..1 to how far or near they are


@dataclass(frozen=True, kw_only=True)
class Made:
    """`mesh` is the GLB, None where nothing was made of the picture and `problem` says why; bytes are 0 where they are not known."""

    mesh: Path | None = None
    problem: str = ""
    seconds: float = 0.0
    memory_bytes: int = 0
    card_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class Row:
    """The scores of one pair; None where there are none, and `problem` says why. `f_scores` are at 0.2 and 0.05."""

    name: str
    problem: str = ""
    chamfer: float | None = None
    f_scores: list[float] = field(default_factory=list)
    normals: float | None = None
    psnr: float | None = None
    ssim: float | None = None
    lpips: float | None = None
    faces: int = 0
    seconds: float = 0.0
    memory_bytes: int = 0
    card_bytes: int = 0
    strip: str = ""  # the name of its picture


def evaluate(pairs: Iterable[Pair], make: Callable[[Path, Path], Made], out: Path, perceived: Perceived | None = None) -> Iterator[Row]:
    """Each pair's row as soon as it is there, those of an earlier run in the same folder at once. `make` gets a picture and a folder for
    what it makes; LPIPS is told where `perceived` is given. Raises OSError where the folder cannot be written; what is wrong with one pair is told in its row.
    """
    for folder in ("pictures", "made", "strips"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    known = {row.name: row for row in rows_of(out)}
    for pair in pairs:
        if pair.name not in known:
            row = known[pair.name] = _row(pair, make, out, perceived)
            _append(out / LINES, row)
        yield known[pair.name]


def rows_of(out: Path) -> Iterator[Row]:
    """Those that are on the disk; a line that was cut off in the middle counts as not there."""
    path = out / LINES
    if not path.is_file():
        return
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            row = _read(line)
            if row is not None:
                yield row


def _read(line: str) -> Row | None:
    try:
        values: dict[str, Any] = json.loads(line[:_LONGEST_LINE])
        return Row(**values)
    except (ValueError, TypeError):
        return None


def _append(path: Path, row: Row) -> None:
    """Behind a line's end, also where the one before was cut off."""
    with open(path, "ab+") as file:
        if file.tell() and _last(file) != b"\n":
            file.write(b"\n")
        file.write(json.dumps(asdict(row), ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _last(file: Any) -> bytes:
    file.seek(-1, os.SEEK_END)
    return file.read(1)


def _row(pair: Pair, make: Callable[[Path, Path], Made], out: Path, perceived: Perceived | None) -> Row:
    stem = _stem(pair.name)
    try:
        truth = facing(pair.truth(), pair.camera)
        wanted = sample_surface(truth.mesh, SAMPLES, seed=1)
        made = make(pair.picture_in(out / "pictures"), out / "made" / stem)
    except Img23DError as error:
        return Row(name=pair.name, problem=error.sentence)
    except (OSError, ValueError) as error:
        return Row(name=pair.name, problem=f"The truth cannot be used: {error}")
    cost = {"seconds": made.seconds, "memory_bytes": made.memory_bytes, "card_bytes": made.card_bytes}
    if made.mesh is None:
        return Row(name=pair.name, problem=made.problem, **cost)
    try:
        result = read_glb(made.mesh)
        result = result.moved(framed(result.mesh.vertices))
        scores = compare(sample_surface(result.mesh, SAMPLES, seed=0), wanted)
    except (Img23DError, ValueError, OSError) as error:
        return Row(name=pair.name, problem=f"The result cannot be used: {error}", **cost)
    strip = out / "strips" / f"{stem}.jpg"
    strip.write_bytes(turntable(truth, result))
    views = [(seen(result, orbit), seen(truth, orbit)) for orbit in ORBITS]
    return Row(
        name=pair.name,
        chamfer=scores.chamfer,
        f_scores=list(scores.f_scores.values()),
        normals=scores.normals,
        psnr=_mean(lambda *pair: min(psnr(*pair), 100.0), views),  # of two equal pictures it has no end
        ssim=_mean(ssim, views),
        lpips=perceived and _mean(perceived, views),
        faces=len(result.mesh.faces),
        strip=strip.name,
        **cost,
    )


def _stem(name: str) -> str:
    """Two names that look alike in a file are kept apart."""
    stem = safe_stem(name)
    return stem if stem == name else f"{stem}_{zlib.crc32(name.encode('utf-8', 'replace')):08x}"


def facing(truth: Surface, camera: Orbit) -> Surface:
    """Turned so that the camera is in front, upright as it was, in the cube from -1 to 1. Raises ValueError without an extent."""
    if not len(truth.mesh.faces):
        raise ValueError("it has no faces")
    turn = to_camera(Orbit(azimuth=camera.azimuth, elevation=0.0))
    return truth.moved(framed(truth.mesh.vertices.astype(np.float64) @ turn.T))


def _mean(score: Perceived, views: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    return float(np.mean([score(*pair) for pair in views]))


def turntable(truth: Surface, result: Surface) -> bytes:
    """A JPEG: the result once around above the truth once around."""
    rows = [np.hstack([seen(surface, orbit, _TURN_SIDE) for orbit in _TURNS]) for surface in (result, truth)]
    picture = np.rint(np.vstack(rows)[:, :, ::-1] * 255).astype(np.uint8)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
