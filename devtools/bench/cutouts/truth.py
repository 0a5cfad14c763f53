"""Composites with a known matte through every way of cutting out: once as by an artist who typed no name, once with a box drawn.

Runs in the plain environment: python -m devtools.bench.cutouts.truth OUT.json [HOW_MANY]
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from img23d_backend.images.decode import decode_photo
from img23d_backend.stages import Photo

from .composites import SEED, Composite, composites, grounds, things
from .scores import NOTHING, MatteScore, score
from .sources import pictures, read_lock
from .ways import Way, boxed, timed, ways, whole

ALONE, BOXED = "no names", "a box drawn"
_DRAWN = 0.02  # of the box's longer side: an artist draws it a little too large


@dataclass(frozen=True, kw_only=True)
class Result:
    """One picture cut out in one way. `score` of a matte that came; of none it is NOTHING."""

    thing: str
    look: str
    ground: str
    kind: str
    way: str
    asked: str
    seconds: float
    score: MatteScore


def measure(out: Path, count: int | None = None) -> None:
    """`count` of the things, for a quick look. They come in a drawn order, so that the first of them stand for all."""
    packages = read_lock()
    folders = pictures(packages)
    found, paths = list(things(packages, folders)), grounds(packages, folders)
    compared = ways()
    results: list[Result] = []
    order = np.random.default_rng(SEED).permutation(len(found))[:count]
    for one in composites(found, paths, order.tolist()):
        results += [result for way in compared for result in _both(one, way)]
        print(one.thing, one.kind, *(f"{result.score.iou:.3f}" for result in results[-2 * len(compared) :]), flush=True)
        _keep(out, len(found), len(paths), results)  # each time: a run of an hour may be cut off


def _keep(out: Path, things: int, grounds: int, results: Sequence[Result]) -> None:
    data = {"things": things, "grounds": grounds, "results": [asdict(one) for one in results]}
    out.write_text(json.dumps(data) + "\n", encoding="utf-8")


def _both(one: Composite, way: Way) -> list[Result]:
    photo = decode_photo(one.jpeg, "composite.jpg")
    return [_result(one, way, photo, ALONE, []), _result(one, way, photo, BOXED, [boxed(_drawn(one, photo), photo)])]


def _result(one: Composite, way: Way, photo: Photo, asked: str, wanted: Sequence) -> Result:
    answers, seconds = timed(way, photo, wanted)
    came = any(answer.alpha is not None for answer in answers)
    scored = score(whole(photo, answers), one.alpha) if came else NOTHING
    return Result(thing=one.thing, look=one.look, ground=one.ground, kind=one.kind, way=way.label, asked=asked, seconds=round(seconds, 3), score=scored)


def _drawn(one: Composite, photo: Photo) -> tuple[int, int, int, int]:
    left, top, right, bottom = one.box
    more = round(_DRAWN * max(right - left, bottom - top)) + 1
    return max(0, left - more), max(0, top - more), min(photo.width, right + more), min(photo.height, bottom + more)


if __name__ == "__main__":
    measure(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
