"""Real photos, annotated by hand in photos.toml: which of the named things each way of cutting out gets right.

Runs in the plain environment: python -m devtools.bench.cutouts.photos OUT.json SHEET.png [FOLDER]
"""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from img23d_backend.images.decode import decode_photo
from img23d_backend.stages import Photo
from img23d_protocol.messages import Wanted

from ...running import DevError
from .scores import SOLID, box_iou, box_of
from .sheet import Cell, write_sheet
from .sources import Package, listed, pictures, read_lock
from .ways import Answer, Way, boxed, timed, ways, whole

TRUTH = Path(__file__).with_name("photos.toml")
FOLDER = "folder"  # the source of what the caller's folder has
NAMED, UNNAMED, BOXED = "names typed", "no names", "a box drawn"
RIGHT, WARNED, WRONG, NOT_FOUND = "right", "wrong, and said to be doubtful", "wrong", "not found"
LEAST_OVERLAP = 0.6  # of the boxes, intersection over union, for a right one
# What in a note tells the artist to look whether it is the thing that was meant; any other note is no warning
WARNINGS = ("does not know the word", "look whether it is", "nothing in it stands apart")


@dataclass(frozen=True, kw_only=True)
class TrueThing:
    """A thing that a person would name. `box` left, top, right, bottom, points `on` the thing and `off` it: shares of the photo."""

    name: str
    isolated: bool
    box: tuple[float, float, float, float]
    on: tuple[tuple[float, float], ...]
    off: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class TruePhoto:
    """`source` is a package of the lock, or FOLDER for a file that has this `sha256`."""

    source: str
    file: str
    things: tuple[TrueThing, ...]
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """One thing of one photo, cut out in one way."""

    photo: str
    name: str
    isolated: bool
    way: str
    asked: str
    verdict: str
    seconds: float
    notes: tuple[str, ...]


def read_truth(path: Path = TRUTH) -> tuple[TruePhoto, ...]:
    with path.open("rb") as file:
        rows = tomllib.load(file)["photo"]
    return tuple(TruePhoto(**row | {"things": tuple(_thing(one) for one in row["things"])}) for row in rows)


def _thing(row: dict) -> TrueThing:
    return TrueThing(**row | {key: tuple(map(tuple, row[key])) for key in ("on", "off")} | {"box": tuple(row["box"])})


def found_photos(truth: Sequence[TruePhoto], packages: Sequence[Package], folders: dict[str, Path], folder: Path | None) -> Iterator[tuple[TruePhoto, Path]]:
    """The photos with their files. What the caller's folder lacks is left out; raises DevError for what a package lacks."""
    own = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in sorted(folder.iterdir()) if path.is_file()} if folder else {}
    by_name = {package.name: package for package in packages}
    for one in truth:
        if one.source == FOLDER:
            if one.sha256 in own:
                yield one, own[one.sha256]
            continue
        package = by_name.get(one.source)
        paths = [path for path in package.photos if path.rsplit("/", 1)[-1] == one.file] if package else []
        if len(paths) != 1:
            raise DevError(f"{one.file} of {one.source} is in photos.toml, but not once in the lock.")
        yield one, listed(package, paths, folders[package.name])[0]


def judged(answer: Answer, thing: TrueThing) -> str:
    """The rule: right is what overlaps the thing's box by LEAST_OVERLAP and more, has all points on the thing and none off it."""
    if answer.alpha is None or (box := box_of(answer.alpha >= SOLID)) is None:
        return NOT_FOUND
    height, width = answer.alpha.shape
    true_box = [share * side for share, side in zip(thing.box, (width, height, width, height), strict=True)]
    fits = box_iou(box, true_box) >= LEAST_OVERLAP
    if fits and all(_solid(answer.alpha, point) for point in thing.on) and not any(_solid(answer.alpha, point) for point in thing.off):
        return RIGHT
    return WARNED if any(warning in note for note in answer.notes for warning in WARNINGS) else WRONG


def _solid(alpha: np.ndarray, point: tuple[float, float]) -> bool:
    """At a point given in shares of the picture."""
    height, width = alpha.shape
    return bool(alpha[min(int(point[1] * height), height - 1), min(int(point[0] * width), width - 1)] >= SOLID)


def measure(out: Path, sheet: Path, folder: Path | None) -> None:
    packages = read_lock()
    compared = [way for way in ways() if way.finds]
    verdicts: list[Verdict] = []
    cells: list[Cell] = []
    for true, path in found_photos(read_truth(), packages, pictures(packages), folder):
        photo = decode_photo(path.read_bytes(), path.name)
        for way in compared:
            for asked, answers, seconds in _asked(true, photo, way):
                told = [(thing, answer, judged(answer, thing)) for thing, answer in zip(true.things, answers, strict=True)]
                verdicts += [_verdict(true, thing, way, asked, verdict, seconds, answer) for thing, answer, verdict in told]
                cells += [_cell(true, photo, thing, way, answer, verdict) for thing, answer, verdict in told if asked == NAMED]
        print(true.file, *(f"{one.asked}: {one.verdict};" for one in verdicts if one.photo == true.file), flush=True)
    out.write_text(json.dumps([asdict(one) for one in verdicts], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_sheet(sheet, cells, [way.label for way in compared])


def _asked(true: TruePhoto, photo: Photo, way: Way) -> Iterator[tuple[str, list[Answer], float]]:
    """With the names, with boxes, and, where there is one thing only, with nothing: one answer a thing each time, and the seconds."""
    named, seconds = timed(way, photo, [Wanted(name=thing.name) for thing in true.things])
    yield NAMED, named[: len(true.things)], seconds
    boxes = [boxed([share * side for share, side in zip(thing.box, (photo.width, photo.height) * 2, strict=True)], photo, thing.name) for thing in true.things]
    drawn, seconds = timed(way, photo, boxes)
    yield BOXED, drawn[: len(true.things)], seconds
    if len(true.things) == 1:
        answers, seconds = timed(way, photo, [])
        came = any(answer.alpha is not None for answer in answers)
        notes = tuple(note for answer in answers for note in answer.notes)
        yield UNNAMED, [Answer(name="", alpha=whole(photo, answers) if came else None, notes=notes)], seconds


def _verdict(true: TruePhoto, thing: TrueThing, way: Way, asked: str, verdict: str, seconds: float, answer: Answer) -> Verdict:
    return Verdict(
        photo=true.file,
        name=thing.name,
        isolated=thing.isolated,
        way=way.label,
        asked=asked,
        verdict=verdict,
        seconds=round(seconds, 3),
        notes=answer.notes,
    )


def _cell(true: TruePhoto, photo: Photo, thing: TrueThing, way: Way, answer: Answer, verdict: str) -> Cell:
    return Cell.of(photo.rgb, answer.alpha, key=f"{true.file}: {thing.name}", way=way.label, said=verdict, good=verdict == RIGHT)


if __name__ == "__main__":
    measure(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) > 3 else None)
